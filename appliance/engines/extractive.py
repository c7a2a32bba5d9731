"""Answers by quotation: the sentences of the passages that answer a question, word for word.

Each candidate is judged by what it means (the cosine of its vector and the question's), by which
of the question's words it or its heading holds, by the rank of its passage, and by whether it has
the form that the kind of question asks for.
"""

from __future__ import annotations

import asyncio
import math
import re
from collections import Counter
from collections.abc import AsyncGenerator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from appliance.domain import Passage, Question
from appliance.engines.asked_numbers import gives_number
from appliance.engines.case_values import Case
from appliance.engines.introductions import introduction
from appliance.engines.protocols import Embedder
from appliance.engines.question_forms import (
    asked_section,
    form_bonus,
    only_a_section,
    other_population,
)
from appliance.engines.quotable import populations
from appliance.engines.quotes import Quote, quotes
from appliance.errors import Unavailable
from appliance.sentences.invisible import visible
from appliance.sentences.marks import rebracketed
from appliance.sentences.words import FORM_WORDS, stem, terms

MOST_QUOTES = 6
MOST_CHARACTERS = 1_800
MOST_CANDIDATES = 40  # what is embedded for one question
FLOOR = 0.45  # the best candidate must reach this, or there is no answer
MARGIN = 0.14  # candidates this far below the best one are left out
SAME = 0.93  # cosine from which two quotes say the same
_MEANING, _WORDS, _RANK = 0.55, 0.35, 0.10
_TITLE_WORTH = 0.5  # a word found in the document's title only, beside one found in the quote
_EMBEDDED_CHARACTERS = 500
_OTHER_POPULATION = 0.3
NUMBER_WORTH = 0.06  # of a number such as the question asks for, and the cost of having none
CASE_WORTH = 0.18  # of a range that holds the patient's value, and the cost of one that does not
UNASKED_COST = 0.08  # of standing under a heading on patients that the question does not name
WHOLE_SLACK = 0.04  # a whole this much below its part is quoted in its place
# Words of titles that name no drug.
_PREPARATIONS = frozenset(
    stem(word)
    for word in (
        "tablet tablets capsule capsules suspension solution injection infusion cream ointment "
        "drops spray patch inhaler syrup powder gel oral label labels guide guideline information"
    ).split()
)
# "single-dose" is more than "single" and "dose"
_COMPOUND = re.compile(r"(?<![^\W_])[^\W_]+(?:-[^\W_]+)+")
_NUMBER = re.compile(r"\d+(?:[.,]\d+)*")
_REFERENCE = re.compile(r"[(\[](?:see\s)?[^()\[\]]*\d[)\]]|\(\s*\d[\d., ]*\)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class _Candidate:
    quote: Quote
    cover: float  # weighted share of the question's words found, 0..1
    bonus: float


class ExtractiveAnswerer:
    """The AnswerEngine protocol without a language model."""

    def __init__(self, embedder: Embedder) -> None:
        """`embedder` is shared and stays open."""
        self._embedder = embedder
        # One: it is Python code, of which only one thread runs at a time.
        self._executor = ThreadPoolExecutor(1, thread_name_prefix="quotes")
        self._closed = False

    @property
    def name(self) -> str:
        return "extractive"

    @property
    def writes(self) -> bool:
        return False

    async def answer(self, question: Question) -> AsyncGenerator[str]:
        """Where from, and then quote by quote, each line with its [n]; nothing when nothing
        answers. Raises Unavailable once closed.
        """
        chosen = await self._choose(question)
        lead: tuple[int, str] | None = None
        quoted = [question.passages[quote.passage] for quote in chosen]
        for place, quote in enumerate(chosen):
            yield f"{introduction(quoted)}\n\n" if place == 0 else "\n"
            yield written(quote, with_lead=(quote.passage, quote.lead) != lead)
            lead = quote.passage, quote.lead

    async def close(self) -> None:
        """End the thread after what it was given; the embedder stays open."""
        self._closed = True
        await asyncio.to_thread(self._executor.shutdown)

    async def _choose(self, question: Question) -> list[Quote]:
        if self._closed:
            raise Unavailable("The answers by quotation are closed.")
        # Tens of milliseconds for long passages, which the event loop has not got.
        loop = asyncio.get_running_loop()
        candidates = await loop.run_in_executor(self._executor, _candidates, question)
        if not candidates:
            return []
        vectors = await self._embedder.embed(
            [question.text, *(_embedded(candidate.quote) for candidate in candidates)]
        )
        ranks = [passage.score for passage in question.passages]
        best_rank = max(ranks) or 1.0
        meaning = vectors[1:] @ vectors[0]
        scores = [
            _MEANING * float(cosine)
            + _WORDS * candidate.cover
            + _RANK * ranks[candidate.quote.passage] / best_rank
            + candidate.bonus
            for cosine, candidate in zip(meaning, candidates, strict=True)
        ]
        return _selected(
            question.text, [candidate.quote for candidate in candidates], scores, vectors[1:]
        )


def written(quote: Quote, *, with_lead: bool = True) -> str:
    """A quote as it stands in an answer, each line with its marker; below a lead are items."""
    mark = f"[{quote.passage + 1}]"
    lines = [f"{_shown(line)} {mark}" for line in quote.lines]
    if not quote.lead:
        return "\n".join(lines)
    lead = [f"{_shown(line)} {mark}" for line in quote.lead.split("\n")] if with_lead else []
    return "\n".join(lead + [f"- {line}" for line in lines])


def _shown(line: str) -> str:
    """Its own marks are none of the answer's; what nobody sees could turn the answer's words."""
    return rebracketed(visible(line))


def _embedded(quote: Quote) -> str:
    """The heading says what a sentence below it leaves out."""
    if quote.heading and quote.heading != quote.lead:
        return f"{quote.heading}: {quote.text}"[:_EMBEDDED_CHARACTERS]
    return quote.text[:_EMBEDDED_CHARACTERS]


def _candidates(question: Question) -> list[_Candidate]:
    """Every quote once, the most promising by words and form when there are too many."""
    asked = list(dict.fromkeys(terms(question.text)))
    passages = [_PassageTerms.of(passage) for passage in question.passages]
    named = {term for term in asked if any(term in passage.title for passage in passages)}
    subject = named - _PREPARATIONS or named
    case = Case.of(question.case)
    found: list[Quote] = []
    seen: set[tuple[str, ...]] = set()
    for number, passage in enumerate(question.passages):
        for quote in quotes(number, passage):
            key = quote.lead, *quote.lines
            if key not in seen and _is_about(
                quote, question.text, subject, passages[number], asked
            ):
                seen.add(key)
                found.append(quote)
    compounds = {
        match: re.compile(r"[-\s]+".join(map(re.escape, match.split("-"))), re.IGNORECASE)
        for match in _COMPOUND.findall(question.text)
    }
    asked += compounds
    own = []
    for quote in found:
        text = f"{quote.heading} {quote.text}"
        own.append({name for name, pattern in compounds.items() if pattern.search(text)})
        own[-1].update(terms(text))
    counts = Counter(term for held in own for term in held)
    weights = {term: math.log(1 + len(found) / (0.5 + counts[term])) for term in asked}
    total = sum(weights.values()) or 1.0
    candidates = []
    for quote, held in zip(found, own, strict=True):
        cover = sum(
            weight
            * (1.0 if term in held else _TITLE_WORTH * (term in passages[quote.passage].title))
            for term, weight in weights.items()
        )
        bonus = form_bonus(question.text, quote.heading, quote.text)
        fits = gives_number(question.text, quote.text)
        bonus += 0.0 if fits is None else NUMBER_WORTH if fits else -NUMBER_WORTH
        fits = case.fits(quote.text)
        bonus += 0.0 if fits is None else CASE_WORTH if fits else -CASE_WORTH
        if (who := populations(quote.heading)) and not who & case.patients:
            bonus -= UNASKED_COST
        if other_population(case, f"{quote.heading} {quote.text}"):
            bonus -= _OTHER_POPULATION
        candidates.append(_Candidate(quote, cover / total, bonus))
    if len(candidates) > MOST_CANDIDATES:
        candidates.sort(key=lambda c: c.cover + c.bonus - 0.02 * c.quote.passage, reverse=True)
        del candidates[MOST_CANDIDATES:]
    return candidates


@dataclass(frozen=True, slots=True)
class _PassageTerms:
    title: frozenset[str]
    whole: frozenset[str]

    @classmethod
    def of(cls, passage: Passage) -> _PassageTerms:
        title = frozenset(terms(passage.document.title))
        text = f"{passage.chunk.section or ''} {passage.chunk.text}"
        return cls(title, title.union(terms(text)))


def _is_about(
    quote: Quote, question: str, subject: set[str], passage: _PassageTerms, asked: Sequence[str]
) -> bool:
    """Of the document that the question names, or naming it itself; another drug's dose is no
    answer.

    A list that only a heading introduces must have a word of the question in the heading or an
    item, or a number such as it asks for.
    """
    held = set(terms(f"{quote.heading} {quote.text}"))
    if subject and not subject & passage.title and not subject <= held:
        return False
    topics = set(asked) - FORM_WORDS
    if topics and not topics & (held | passage.title):
        return False
    if quote.lead and quote.lead == quote.heading and len(quote.lines) > 1:
        return bool(held & set(asked)) or gives_number(question, quote.text) is True
    return True


def _selected(
    question: str, found: Sequence[Quote], scores: Sequence[float], vectors: NDArray[np.float32]
) -> list[Quote]:
    """The best and those near it, none saying what another says; the best passage first."""
    order = sorted(range(len(found)), key=lambda place: -scores[place])
    if not order or scores[order[0]] < FLOOR:
        return []
    least = max(FLOOR - 0.05, scores[order[0]] - MARGIN)
    whole = [place for place in order if asked_section(question, found[place].heading)]
    if not whole and only_a_section(question):
        return []
    if whole:
        # The section that was asked for, from the passage that has it best, then what others add.
        first = found[whole[0]].passage
        order = sorted(whole, key=lambda place: (found[place].passage != first, found[place].start))
        least = FLOOR - 0.05
    kept: list[int] = []
    for place in order:
        if scores[place] < least:
            continue
        parts = [other for other in kept if found[place].holds(found[other])]
        if parts:
            # A whole in the place of its parts.
            if scores[place] < max(scores[other] for other in parts) - WHOLE_SLACK:
                continue
        elif any(_repeats(found, vectors, place, other) for other in kept):
            continue
        rest = [other for other in kept if other not in parts]
        size = sum(len(found[other].text) for other in rest)
        if len(rest) == MOST_QUOTES or (rest and size + len(found[place].text) > MOST_CHARACTERS):
            continue
        kept = [*rest, place]
    best = {
        passage: max(scores[place] for place in kept if found[place].passage == passage)
        for passage in {found[place].passage for place in kept}
    }
    kept.sort(
        key=lambda place: (-best[found[place].passage], found[place].passage, found[place].start)
    )
    return [found[place] for place in kept]


def _repeats(found: Sequence[Quote], vectors: NDArray[np.float32], one: int, other: int) -> bool:
    """Alike in meaning and with the same numbers: "10 mg" and "20 mg" are near in meaning too."""
    if found[other].holds(found[one]):
        return True
    if set(found[one].lines) & set(found[other].lines) and found[one].lead == found[other].lead:
        return True
    if float(vectors[one] @ vectors[other]) <= SAME:
        return False
    return _numbers(found[one]) == _numbers(found[other])


def _numbers(quote: Quote) -> set[str]:
    return set(_NUMBER.findall(_REFERENCE.sub("", quote.text)))
