"""Whether the passages found can answer a question at all. Code decides to refuse, never a prompt.

A drug that no passage names is not answered by another drug's dose, however alike the sentences
are. So what counts, beside how near the best passage is, is which of the question's words it holds,
each by its weight: how rare it is in the hospital's documents, and how far the question's meaning
moves when it is left out. Names are rare and carry the meaning; "kept" and "performed" are neither.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from appliance.domain import Passage
from appliance.engines.protocols import Embedder
from appliance.sentences.wording import AskedWord, Wording, asked_words
from appliance.services.term_rarity import Rarity, TermRarity

MOST_WORDS = 24  # of a question, the rarest; a longer one tells a story
LEAST_SIMILARITY = 0.25  # below this cosine nothing is about the same thing, whatever its words
_MOST_COUNTED = 3  # mentions of the subject in a passage; more say no more

# A logistic model of "these passages answer it", fitted by `tests/quality/refusals.py` on the
# development halves of its sets.
_BIAS = -8.7
_SIMILARITY = 9.4
_COVER = 6.7
_MISSING = -2.1
_MENTIONS = 0.0
_LENGTH = 0.0

# What a question says of its own case: an eGFR, a weight, an age or a year stands in no passage.
_AMOUNT = re.compile(
    r"(?<![\w-])\d[\d.,]*(?:[\s-]*(?:kg|g|mg|mcg|µg|ml|dl|l|mmol|meq|units?|iu|cm|mm)\b(?:/\w+)*|"
    r"[\s-]*(?:years?|months?|weeks?|days?)[\s-]olds?\b|(?![\w-]))",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Signs:
    """What speaks for an answer. All but `words` are in 0..1.

    `similarity` and `cover` (of the question's words, by weight) are the best passage's, as is
    `mentions`, how often it has the weightiest word; `missing` is the weight of the weightiest word
    that no passage holds.
    """

    similarity: float
    cover: float
    missing: float
    mentions: float
    words: int

    @property
    def score(self) -> float:
        """Positive where an answer is more likely worth giving than not."""
        return (
            _BIAS
            + _SIMILARITY * self.similarity
            + _COVER * self.cover
            + _MISSING * self.missing
            + _MENTIONS * self.mentions
            + _LENGTH * math.log(self.words)
        )


class EvidenceRule:
    def __init__(self, embedder: Embedder, rarity: TermRarity) -> None:
        """Both are shared and stay open."""
        self._embedder = embedder
        self._rarity = rarity

    async def holds(self, question: str, passages: Sequence[Passage]) -> bool:
        """Whether `passages` are evidence enough to answer `question` from."""
        words = subject_words(question)
        if not words or not passages:
            return False
        rarity = await self._rarity.current()
        words = sorted(words, key=lambda word: -rarity.of(word.term))[:MOST_WORDS]
        moves = await self._moves(question, words)
        found = signs(weights(words, rarity, moves), passages, rarity)
        return found.similarity >= LEAST_SIMILARITY and found.score > 0

    async def _moves(self, question: str, words: Sequence[AskedWord]) -> list[float]:
        """How far the question's vector moves without each word (occlusion): 1 - cosine."""
        vectors = await self._embedder.embed(
            [question, *(without(question, word.word) for word in words)]
        )
        return [max(0.0, 1.0 - float(cosine)) for cosine in vectors[1:] @ vectors[0]]


def subject_words(question: str) -> list[AskedWord]:
    """The words that passages are asked for: amounts only where there is nothing else."""
    return asked_words(_AMOUNT.sub(" ", question)) or asked_words(question)


def without(question: str, word: str) -> str:
    """`question` without a word of it, which is in lower case."""
    left = re.sub(rf"(?<![^\W_]){re.escape(word)}(?![^\W_])", "", question, flags=re.IGNORECASE)
    return " ".join(left.split())


def weights(
    words: Sequence[AskedWord], rarity: Rarity, moves: Sequence[float]
) -> dict[AskedWord, float]:
    """0..1 for each: the geometric mean of its rarity and of its part in the question's meaning."""
    most = max(moves, default=0.0) or 1.0
    return {
        word: math.sqrt(rarity.of(word.term) * move / most)
        for word, move in zip(words, moves, strict=True)
    }


def signs(weighed: Mapping[AskedWord, float], passages: Sequence[Passage], rarity: Rarity) -> Signs:
    """Of the passage that is nearest and holds most; `weighed` and `passages` are not empty."""
    total = sum(weighed.values()) or 1.0
    main = max(weighed, key=lambda word: weighed[word])
    missing = dict(weighed)
    best: tuple[float, float, float] = (-1.0, 0.0, 0.0)
    for passage in passages:
        chunk = passage.chunk
        wording = Wording(f"{passage.document.title}\n{chunk.section or ''}\n{chunk.text}")
        held = {
            word: wording.holds(word, may_be_slip=not rarity.knows(word.term)) for word in weighed
        }
        cover = sum(weight * held[word] for word, weight in weighed.items()) / total
        for word, weight in weighed.items():
            missing[word] = min(missing[word], weight * (1 - held[word]))
        mentions = min(wording.counts[main.term], _MOST_COUNTED) / _MOST_COUNTED
        if passage.similarity + cover > best[0] + best[1]:
            best = passage.similarity, cover, mentions
    similarity, cover, mentions = best
    return Signs(similarity, cover, max(missing.values()), mentions, len(weighed))
