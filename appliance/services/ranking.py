"""Ranks the chunks that the two legs of a search found: how near each is, and how much of what
the question asks its words cover. Pure.

A convex combination of the two ranks better than reciprocal ranks (Bruch, Gai and Ingber, "An
Analysis of Fusion Functions for Hybrid Retrieval", TOIS 2023).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from appliance.storage.exact_terms import TermCounts

# BM25's saturation (Robertson and Zaragoza 2009) with so small a k1 that whether a word stands in
# a chunk matters and how often hardly does; and the square of the inverse document frequency, since
# the rare words name the subject.
_K1 = 0.05
_B = 0.5
_COVER_WEIGHT = 0.6  # to the cosine's 1
# A chunk of a few words, a heading or a reference to another document, is near to a question and
# answers nothing. To the logarithm of its words, up to those of a usual chunk.
_LENGTH_WEIGHT = 0.04
_USUAL_LENGTH = 100


@dataclass(frozen=True, slots=True)
class Hit:
    """A chunk that was found: `score` in 0..1 ranks it, `cosine` compares it to the question."""

    chunk_id: str
    score: float
    cosine: float


@dataclass(frozen=True, slots=True)
class Candidates:
    """Chunks to be ranked.

    `cosines` and `words` have a row for each of `ids`. The first `asked` columns of `words` are
    the question's own. `names`: columns that were asked for, and those of other words that say the
    same together.
    """

    ids: Sequence[str]
    cosines: NDArray[np.float64]
    words: TermCounts
    asked: int
    names: Sequence[tuple[Sequence[int], Sequence[int]]] = ()


def ranked(found: Candidates) -> list[Hit]:
    """Hits for all candidates, best first; equal ones in the order of their ids."""
    length = np.log1p(np.minimum(found.words.lengths, _USUAL_LENGTH))
    scores = np.clip(found.cosines, 0.0, 1.0)
    scores = scores + _COVER_WEIGHT * cover(found) + _LENGTH_WEIGHT * length
    scores /= 1 + _COVER_WEIGHT + _LENGTH_WEIGHT * np.log1p(_USUAL_LENGTH)
    hits = [
        Hit(chunk_id, float(score), float(cosine))
        for chunk_id, score, cosine in zip(found.ids, scores, found.cosines, strict=True)
    ]
    return sorted(hits, key=lambda hit: (-hit.score, hit.chunk_id))


def cover(found: Candidates) -> NDArray[np.float64]:
    """How much of what is asked each candidate's words hold, by the rarity of each: 0..1."""
    words = found.words
    length = words.lengths[:, None] / max(words.mean_length, 1.0)
    held = words.counts / (words.counts + _K1 * (1 - _B + _B * length))
    rest = words.total - words.frequencies
    weights = np.log1p((rest + 0.5) / (words.frequencies + 0.5)) ** 2
    own = held.copy()
    for asked, other in found.names:
        share = own[:, other] @ weights[list(other)] / weights[list(other)].sum()
        held[:, asked] = np.maximum(held[:, asked], share[:, None])
    weights = weights[: found.asked]
    covered: NDArray[np.float64] = held[:, : found.asked] @ weights / max(weights.sum(), 1e-9)
    return covered
