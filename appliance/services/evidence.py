"""Whether the passages found can answer a question at all. Code decides to refuse, never a prompt.

A drug that no passage names is not answered by another drug's dose, however alike the sentences
are. So what counts, beside how near the best passage is, is which of the question's words it holds,
each by its weight: how rare it is in the hospital's documents, and how far the question's meaning
moves when it is left out. Names are rare and carry the meaning; "kept" and "performed" are neither.
A common word that is missing may be said otherwise in the passage ("biggest", "maximum"); a name
may not, and all its words stand together. Which words are common, the vocabulary of the embedding
model tells.
"""

from __future__ import annotations

import asyncio
import math
import re
from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, field

from appliance.domain import Passage
from appliance.engines.protocols import Embedder
from appliance.sentences import split_sentences
from appliance.sentences.wording import FAMILY_WORTH, AskedWord, Wording, asked_words, phrase_of
from appliance.services.diversity import chosen
from appliance.services.lexicon import Lexicon
from appliance.services.retrieval import PASSAGES
from appliance.services.routes import speaks_of_route
from appliance.services.term_rarity import Rarity, TermRarity
from appliance.services.title_forms import asked_name
from appliance.services.wordings import other_measures
from appliance.storage.terms import without_accents

_TELLING = 0.25  # the part in the meaning of the 2 in "type 2": models see little of it
MOST_WORDS = 24  # of a question, the rarest; a longer one tells a story
LEAST_SIMILARITY = 0.25  # below this cosine nothing is about the same thing

_COMMON = 0.8  # of a common word's weight, where the weightiest word is looked for
_SUBJECT_SHARE = 0.6  # of the weightiest word's weight, at least, for the name of a subject
_BEST = 2  # passages with the most evidence are never left out for others that rank before them
_COMPANY = 1.5  # beside a passage that answers, one with odds this much lower may add to it

# What a question says of its own case: an eGFR, a weight, an age or a year stands in no passage.
_BEFORE_AMOUNT = (
    r"\b(?:of|at|is|was|by|the|in|to|than|over|under|above|below|aged?|and)\s+|[<>=≤≥]\s*"
)
_AMOUNT = re.compile(
    rf"(?:{_BEFORE_AMOUNT}|(?<![\w-]))\d[\d.,]{{0,20}}"
    r"(?:[\s-]*(?:kg|g|mg|mcg|µg|ml|dl|l|mmol|meq|units?|iu|cm|mm)\b(?:/\w+)*|"
    r"[\s-]*(?:years?|months?|weeks?|days?)[\s-]olds?\b)|"
    rf"(?:{_BEFORE_AMOUNT})\d[\d.,]{{0,20}}%?(?![\w-])|"
    r"\(?\s{0,3}\bmL\s{0,3}/\s{0,3}min\w{0,5}\b(?:\s{0,3}/\s{0,3}1\.73\s{0,3}m\s?[²2])?\s{0,3}\)?",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Weights:
    """Of a logistic model of "this passage answers it": of each sign, and of none."""

    bias: float
    similarity: float
    cover: float
    missing: float
    apart: float
    titled: float


# Fitted on the development halves of questions on drug labels, MedQuAD and BioASQ, each asked with
# its documents there and with those of its topic taken out (`tests/quality/evidence_fit.py` fits
# them on such questions). On all of them, missed and wrong refusals: drug labels 3 % and 4 %, the
# same asked in a ward's words 5 % and 12 %, BioASQ 5 % and 23 %, MedQuAD 18 % and 1 % (where
# documents on related diseases hold nearly all the words). The bias is set by hand between the two
# mistakes.
WEIGHTS = Weights(bias=-5.7, similarity=6.78, cover=3.06, missing=-1.37, apart=-2.26, titled=4.0)


@dataclass(frozen=True, slots=True)
class Signs:
    """What speaks for one passage, each in 0..1.

    `cover`: of the question's words, by weight, what its best sentence holds, its title and the
    headings above it included; `missing`: the weight of the weightiest name that it holds nowhere;
    `apart`: of the name that the question turns on, the weight of the weightiest word that does not
    stand in the sentence which holds most of that name; `titled`: how weighty the weightiest word
    in its title is beside the weightiest of all. `is_about`: whether it holds the subject, where
    the question names that of a document, and the kind, where the name tells one.
    """

    similarity: float
    cover: float
    missing: float
    apart: float
    titled: float
    is_about: bool = True

    @property
    def score(self) -> float:
        """Log odds that the passage answers: positive where more likely than not."""
        if not self.is_about:
            return -math.inf
        return (
            WEIGHTS.bias
            + WEIGHTS.similarity * self.similarity
            + WEIGHTS.cover * self.cover
            + WEIGHTS.missing * self.missing
            + WEIGHTS.apart * self.apart
            + WEIGHTS.titled * self.titled
        )


@dataclass(frozen=True, slots=True)
class Sought:
    """What is asked for of passages: words with their weights, in 0..1, and what is known of them.

    `names`: those that are no common words of the language, or tell kinds apart; `phrase`: those of
    the name that the question turns on; `others`: words that stand for one of them where all of
    them stand, as "blood pressure" does for "BP".
    """

    weighed: Mapping[AskedWord, float]
    rarity: Rarity
    names: frozenset[AskedWord]
    phrase: Sequence[AskedWord]
    others: Mapping[AskedWord, Sequence[Sequence[AskedWord]]] = field(default_factory=dict)

    def held(self, wording: Wording) -> dict[AskedWord, float]:
        """How well `wording` holds each word, in 0..1."""
        return {word: self._held(word, wording) for word in self.weighed}

    def _held(self, word: AskedWord, wording: Wording) -> float:
        itself = wording.holds(word, may_be_slip=not self.rarity.knows(word.term))
        others = (
            FAMILY_WORTH * min(wording.holds(part) for part in other)
            for other in self.others.get(word, ())
        )
        return max(itself, *others, 0.0)


class EvidenceRule:
    def __init__(
        self,
        embedder: Embedder,
        rarity: TermRarity,
        lexicon: Lexicon | None = None,
        *,
        limit: int = PASSAGES,
    ) -> None:
        """All are shared and stay open. Without `lexicon` nothing has another name. `limit`:
        passages of an answer, at most.
        """
        self._embedder = embedder
        self._rarity = rarity
        self._lexicon = lexicon
        self._limit = limit

    async def bearing(self, question: str, passages: Sequence[Passage]) -> list[Passage]:
        """Those of `passages` to answer `question` from, in their order; none is a refusal.

        One of them must bear on the question by itself; those that nearly do come along. Of more
        than an answer takes, the best and those that rank before others, of several sources where
        these are as good.
        """
        passages = [
            p for p in passages if speaks_of_route(question, f"{_above(p)}\n{p.chunk.text}")
        ]
        scores = [signs.score for signs in await self.signs(question, passages)]
        if not scores or max(scores) <= 0:
            return []
        bearing = {
            passage.chunk.id: (passage, score)
            for passage, score in zip(passages, scores, strict=True)
            if score > -_COMPANY and passage.similarity >= LEAST_SIMILARITY
        }
        best = sorted(bearing, key=lambda chunk_id: -bearing[chunk_id][1])[:_BEST]
        return chosen([passage for passage, _ in bearing.values()], self._limit, first=best)

    async def signs(self, question: str, passages: Sequence[Passage]) -> list[Signs]:
        """What speaks for each of `passages`; nothing where `question` has no words to look for."""
        words = subject_words(question)
        if not words or not passages:
            return []
        rarity = await self._rarity.current()
        words = sorted(words, key=lambda word: -rarity.of(word.term))[:MOST_WORDS]
        common = self._embedder.words
        learned = () if self._lexicon is None else self._lexicon.known.names(question)
        weighed = weights(words, rarity, await self._moves(question, words))
        names = frozenset(w for w in words if w.tells or unaccented(w.word) not in common)
        weightiest = max(words, key=lambda w: weighed[w] * (1 if w in names else _COMMON))
        sought = Sought(
            weighed,
            rarity,
            names,
            phrase_of(weightiest, words, question),
            other_names(words, (*learned, *other_measures(question))),
        )
        # In a thread: reading every sentence of all of them takes some milliseconds.
        return await asyncio.to_thread(signs_of_all, sought, passages)

    async def _moves(self, question: str, words: Sequence[AskedWord]) -> list[float]:
        """How far the question's vector moves without each word (occlusion): 1 - cosine."""
        vectors = await self._embedder.embed(
            [question, *(without(question, word.word) for word in words)]
        )
        return [max(0.0, 1.0 - float(cosine)) for cosine in vectors[1:] @ vectors[0]]


def _read(passage: Passage) -> str:
    return f"{_above(passage)}\n{passage.chunk.text}"


def _above(passage: Passage) -> str:
    """What is read with the words of `passage`: its title, the headings above it, its lead."""
    title, chunk = passage.document.title, passage.chunk
    return "\n".join((title, *chunk.path, asked_name(chunk.section), chunk.lead or ""))


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


def titled_subject(
    weighed: Mapping[AskedWord, float], rarity: Rarity, names: Set[AskedWord]
) -> AskedWord | None:
    """The word by which the question names a document's subject: the weightiest that a title has,
    one of `names` before others, where no other word weighs much more. The storage of another drug
    is no answer about this one.
    """
    titled = [word for word in weighed if word.term in rarity.titled]
    subject = max(titled, key=lambda word: (word in names, weighed[word]), default=None)
    if subject is None or weighed[subject] < _SUBJECT_SHARE * max(weighed.values()):
        return None
    return subject


def other_names(
    words: Sequence[AskedWord], names: Iterable[tuple[str, str]]
) -> dict[AskedWord, list[list[AskedWord]]]:
    """Of `words`: the words of the other names of what they name, or are part of the name of."""
    found: dict[AskedWord, list[list[AskedWord]]] = {}
    for name, other in names:
        terms = {word.term for word in asked_words(name)}
        if stands_for := asked_words(other):
            for word in words:
                if word.term in terms:
                    found.setdefault(word, []).append(stands_for)
    return found


def signs_of_all(sought: Sought, passages: Sequence[Passage]) -> list[Signs]:
    subject = titled_subject(sought.weighed, sought.rarity, sought.names)
    return [signs(sought, passage, subject) for passage in passages]


def signs(sought: Sought, passage: Passage, subject: AskedWord | None = None) -> Signs:
    """Of one passage; `sought` has words, and `subject` is one of them."""
    chunk, weighed, phrase = passage.chunk, sought.weighed, sought.phrase
    title, above = passage.document.title, _above(passage)
    in_title = sought.held(Wording(title))
    in_above = sought.held(Wording(above))
    held = sought.held(Wording(_read(passage)))
    sentences = [
        {word: max(in_above[word], has) for word, has in sought.held(Wording(text)).items()}
        for text in (chunk.text[start:end] for start, end in split_sentences(chunk.text))
    ] or [in_above]

    def weight(words: Iterable[AskedWord], of: Mapping[AskedWord, float]) -> float:
        return sum(weighed[word] * of[word] for word in words)

    best = max(sentences, key=lambda sentence: weight(phrase, sentence))
    subject_is_there = (
        held[subject] > 0 if subject else all(held[word] > 0 for word in phrase if word.tells_kind)
    )
    return Signs(
        similarity=passage.similarity,
        cover=max(weight(weighed, s) for s in sentences) / (sum(weighed.values()) or 1.0),
        missing=max((weighed[word] * (1 - held[word]) for word in sought.names), default=0.0),
        apart=max(weighed[word] * (1 - best[word]) for word in phrase),
        titled=max(weighed[word] * in_title[word] for word in weighed)
        / (max(weighed.values()) or 1.0),
        is_about=subject_is_there,
    )


def unaccented(word: str) -> str:
    """`word` in small letters, without accents and a genitive's ending."""
    return without_accents(re.sub(r"['’]s?$", "", word.casefold()))
