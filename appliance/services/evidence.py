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

_TELLING = 0.25  # the part in the meaning of the 2 in "type 2": models see little of it
MOST_WORDS = 24  # of a question, the rarest; a longer one tells a story
LEAST_SIMILARITY = 0.25  # below this cosine nothing is about the same thing

# A logistic model of "this passage answers it", fitted on the development halves of questions on
# drug labels, MedQuAD and BioASQ, each asked with its documents there and with those of its topic
# taken out. On the other halves, missed and wrong refusals: labels 1 % and 5 %, BioASQ 3 % and
# 23 %, MedQuAD 24 % and 6 % (where documents on related diseases hold all the words).
_BIAS = -6.25
_SIMILARITY = 8.0
_COVER = 4.55
_MISSING = -2.45
_SUBJECT_SHARE = 0.6  # of the weightiest word's weight, at least, for the name of a subject
_COMPANY = 1.5  # beside a passage that answers, one with odds this much lower may add to it

# What a question says of its own case: an eGFR, a weight, an age or a year stands in no passage.
_BEFORE_AMOUNT = (
    r"\b(?:of|at|is|was|by|the|in|to|than|over|under|above|below|aged?|and)\s+|[<>=≤≥]\s*"
)
_AMOUNT = re.compile(
    rf"(?:{_BEFORE_AMOUNT}|(?<![\w-]))\d[\d.,]{{0,20}}"
    r"(?:[\s-]*(?:kg|g|mg|mcg|µg|ml|dl|l|mmol|meq|units?|iu|cm|mm)\b(?:/\w+)*|"
    r"[\s-]*(?:years?|months?|weeks?|days?)[\s-]olds?\b)|"
    rf"(?:{_BEFORE_AMOUNT})\d[\d.,]{{0,20}}%?(?![\w-])",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Signs:
    """What speaks for one passage, each in 0..1.

    `cover`: of the question's words, by weight, what the passage holds, its title and the headings
    above it included; `missing`: the weight of the weightiest word that it does not hold.
    `is_about`: whether it holds the subject, where the question names that of a document.
    """

    similarity: float
    cover: float
    missing: float
    is_about: bool = True

    @property
    def score(self) -> float:
        """Log odds that the passage answers: positive where more likely than not."""
        if not self.is_about:
            return -math.inf
        return _BIAS + _SIMILARITY * self.similarity + _COVER * self.cover + _MISSING * self.missing


class EvidenceRule:
    def __init__(self, embedder: Embedder, rarity: TermRarity) -> None:
        """Both are shared and stay open."""
        self._embedder = embedder
        self._rarity = rarity

    async def bearing(self, question: str, passages: Sequence[Passage]) -> list[Passage]:
        """Those of `passages` to answer `question` from, in their order; none is a refusal.

        One of them must bear on the question by itself; those that nearly do come along.
        """
        words = subject_words(question)
        if not words or not passages:
            return []
        rarity = await self._rarity.current()
        words = sorted(words, key=lambda word: -rarity.of(word.term))[:MOST_WORDS]
        weighed = weights(words, rarity, await self._moves(question, words))
        subject = titled_subject(weighed, rarity)
        scores = [signs(weighed, passage, rarity, subject).score for passage in passages]
        if max(scores) <= 0:
            return []
        return [
            passage
            for passage, score in zip(passages, scores, strict=True)
            if score > -_COMPANY and passage.similarity >= LEAST_SIMILARITY
        ]

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
        word: math.sqrt(rarity.of(word.term) * (_TELLING if word.tells else move / most))
        for word, move in zip(words, moves, strict=True)
    }


def titled_subject(weighed: Mapping[AskedWord, float], rarity: Rarity) -> AskedWord | None:
    """The word by which the question names a document's subject: the weightiest that a title has,
    where no other word weighs much more. The storage of another drug is no answer about this one.
    """
    titled = [word for word in weighed if word.term in rarity.titled]
    subject = max(titled, key=lambda word: weighed[word], default=None)
    if subject is None or weighed[subject] < _SUBJECT_SHARE * max(weighed.values()):
        return None
    return subject


def signs(
    weighed: Mapping[AskedWord, float],
    passage: Passage,
    rarity: Rarity,
    subject: AskedWord | None = None,
) -> Signs:
    """Of one passage; `weighed` is not empty, and `subject` is one of it."""
    chunk = passage.chunk
    above = (passage.document.title, *chunk.path, chunk.section or "", chunk.lead or "")
    wording = Wording("\n".join((*above, chunk.text)))
    held = {word: wording.holds(word, may_be_slip=not rarity.knows(word.term)) for word in weighed}
    total = sum(weighed.values()) or 1.0
    return Signs(
        similarity=passage.similarity,
        cover=sum(weight * held[word] for word, weight in weighed.items()) / total,
        missing=max(weight * (1 - held[word]) for word, weight in weighed.items()),
        is_about=subject is None or held[subject] > 0,
    )
