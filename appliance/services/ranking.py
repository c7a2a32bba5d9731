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
# a chunk matters and how often hardly does; and with its words weighed by a power of the inverse
# document frequency, since the rare ones name the subject.
_K1 = 0.1
_B = 0.5
_IDF_POWER = 1.5
_COVER_WEIGHT = 0.5  # to the cosine's 1
_OPENING_SHARE = 0.3
_OTHER_NAME = 0.9  # what an abbreviation or another name is worth of the name that was asked for


@dataclass(frozen=True, slots=True)
class Hit:
    """A chunk that was found: `score` in 0..1 ranks it, `cosine` compares it to the question."""

    chunk_id: str
    score: float
    cosine: float


@dataclass(frozen=True, slots=True)
class Candidates:
    """Chunks to be ranked.

    `cosines` and `words` have a row for each of `ids` and, after these, for first chunks of their
    documents that were not found themselves; `openings` has the row of each candidate's. The first
    `asked` columns of `words` are the question's. `names`: columns that were asked for, and those
    of another name that stands for them together.
    """

    ids: Sequence[str]
    openings: NDArray[np.int64]
    cosines: NDArray[np.float64]
    words: TermCounts
    asked: int
    names: Sequence[tuple[Sequence[int], Sequence[int]]] = ()


def ranked(found: Candidates) -> list[Hit]:
    """Hits for all candidates, best first; equal ones in the order of their ids."""
    rows = len(found.ids)
    near = np.clip(found.cosines, 0.0, 1.0)
    own = (near + _COVER_WEIGHT * cover(found)) / (1 + _COVER_WEIGHT)
    scores = (1 - _OPENING_SHARE) * own[:rows] + _OPENING_SHARE * own[found.openings]
    hits = [
        Hit(chunk_id, float(score), float(cosine))
        for chunk_id, score, cosine in zip(found.ids, scores, found.cosines[:rows], strict=True)
    ]
    return sorted(hits, key=lambda hit: (-hit.score, hit.chunk_id))


def cover(found: Candidates) -> NDArray[np.float64]:
    """How much of what is asked each chunk's words hold, rare words counting more: 0..1."""
    words = found.words
    length = words.lengths[:, None] / max(words.mean_length, 1.0)
    held = words.counts / (words.counts + _K1 * (1 - _B + _B * length))
    rest = words.total - words.frequencies
    weights = np.log1p((rest + 0.5) / (words.frequencies + 0.5)) ** _IDF_POWER
    for asked, other in found.names:
        share = held[:, other] @ weights[list(other)] / weights[list(other)].sum()
        held[:, asked] = np.maximum(held[:, asked], _OTHER_NAME * share[:, None])
    asked_for = weights[: found.asked]
    covered: NDArray[np.float64] = held[:, : found.asked] @ asked_for / max(asked_for.sum(), 1e-9)
    return covered
