"""Answers by quotation: the sentences of the passages that answer a question, word for word.

Each candidate is judged by what it means (the cosine of its vector and the question's), by which
of the question's words it or its heading holds, by the rank of its passage, and by whether it has
the form that the kind of question asks for.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Sequence
from concurrent.futures import ThreadPoolExecutor

from appliance.domain import Passage, Question
from appliance.engines.candidates import candidates
from appliance.engines.choice import Choice, chosen
from appliance.engines.introductions import continuation, introduction
from appliance.engines.protocols import Embedder
from appliance.engines.quote_vectors import QuoteVectors
from appliance.engines.quotes import Quote
from appliance.errors import Unavailable
from appliance.sentences.invisible import visible
from appliance.sentences.marks import rebracketed

_MEANING, _WORDS, _RANK = 0.55, 0.35, 0.10
_EMBEDDED_CHARACTERS = 500
_BEHIND = 2  # chunks that a list or a section may go on for


class ExtractiveAnswerer:
    """The AnswerEngine protocol without a language model."""

    def __init__(self, embedder: Embedder) -> None:
        """`embedder` is shared and stays open."""
        self._vectors = QuoteVectors(embedder)
        # One: it is Python code, of which only one thread runs at a time.
        self._executor = ThreadPoolExecutor(1, thread_name_prefix="quotes")
        self._closed = False

    @property
    def name(self) -> str:
        return "extractive"

    @property
    def writes(self) -> bool:
        return False

    @property
    def device(self) -> None:
        return None

    async def check(self) -> None:
        """Raises Unavailable once closed."""
        if self._closed:
            raise Unavailable("The answers by quotation are closed.")

    async def answer(self, question: Question) -> AsyncGenerator[str]:
        """Where from, then quote by quote, each line with its [n], and where it goes on; nothing
        when nothing answers. Raises Unavailable once closed.
        """
        choice = await self._choose(question)
        lead: tuple[int, str] | None = None
        quoted = [question.passages[n] for quote in choice.quotes for n in quote.passages]
        for place, quote in enumerate(choice.quotes):
            yield f"{introduction(quoted)}\n\n" if place == 0 else "\n"
            yield written(quote, with_lead=(quote.passage, quote.lead) != lead)
            lead = quote.passage, quote.lead
        more = [question.passages[number] for number in choice.more]
        for place, passage in enumerate(p for p in more if _goes_on(p, quoted)):
            yield ("\n\n" if place == 0 else "\n") + continuation(passage)

    async def close(self) -> None:
        """End the thread after what it was given; the embedder stays open."""
        self._closed = True
        await asyncio.to_thread(self._executor.shutdown)

    async def _choose(self, question: Question) -> Choice:
        await self.check()
        # Tens of milliseconds for long passages, which the event loop has not got.
        loop = asyncio.get_running_loop()
        judged = await loop.run_in_executor(self._executor, candidates, question)
        if not judged:
            return Choice()
        vectors = await self._vectors.beside(
            question.spelt_out or question.text,
            [_embedded(candidate.quote) for candidate in judged],
        )
        ranks = [passage.score for passage in question.passages]
        best_rank = max(ranks) or 1.0
        meaning = vectors[1:] @ vectors[0]
        scores = [
            _MEANING * float(cosine)
            + _WORDS * candidate.cover
            + _RANK * ranks[candidate.quote.passage] / best_rank
            + candidate.bonus
            for cosine, candidate in zip(meaning, judged, strict=True)
        ]
        return chosen(question.text, judged, scores, vectors[1:])


def _goes_on(passage: Passage, quoted: Sequence[Passage]) -> bool:
    """`passage` is quoted in part, or stands right behind one that is quoted: what a document says
    of the same in another place is no part of it.
    """
    return any(
        passage.document.id == other.document.id
        and 0 <= passage.chunk.ordinal - other.chunk.ordinal <= _BEHIND
        for other in quoted
    )


def written(quote: Quote, *, with_lead: bool = True) -> str:
    """A quote as it stands in an answer, each line with its marker; below a lead are items."""
    mark = f"[{quote.passage + 1}]"
    lines = [f"{_shown(line)} {mark}" for line in quote.lines]
    rest = [] if quote.rest is None else [f"{_shown(quote.rest[1])} [{quote.rest[0] + 1}]"]
    if not quote.lead:
        return "\n".join(lines + rest)
    lead = [f"{_shown(line)} {mark}" for line in quote.lead.split("\n")] if with_lead else []
    return "\n".join(lead + [f"- {line}" for line in lines] + rest)


def _shown(line: str) -> str:
    """Its own marks are none of the answer's; what nobody sees could turn the answer's words."""
    return rebracketed(visible(line))


def _embedded(quote: Quote) -> str:
    """The heading says what a sentence below it leaves out."""
    if quote.heading and quote.heading != quote.lead:
        return f"{quote.heading}: {quote.text}"[:_EMBEDDED_CHARACTERS]
    return quote.text[:_EMBEDDED_CHARACTERS]
