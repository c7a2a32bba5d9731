"""What became of one question, and why that counts as wrong."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from appliance.domain import Citation, Message, MessageStatus, Passage
from appliance.services.evaluation.measures import ranks_of
from appliance.services.evaluation.quantities import lacking
from appliance.services.evaluation.questions import SetQuestion
from appliance.services.questions import REFUSAL_MODEL

_BREAK = re.compile(r"\u00ad\s*")


class Fault(StrEnum):
    """Why an answer counts as wrong."""

    FAILED = "failed"
    WRONG_REFUSAL = "wrong refusal"
    MISSED_REFUSAL = "missed refusal"
    WRONG_PLACE = "expected place not cited"
    MISSING_PHRASE = "phrase not in the cited words"
    MISSING_NUMBER = "number not in the answer"
    NUMBER_ERROR = "number not in the cited words"
    NOT_VERBATIM = "snippet not in the page"


@dataclass(frozen=True, slots=True)
class Cited:
    """A citation as it was judged: at an expected place, and word for word in its page."""

    index: int
    title: str
    page: int
    section: str | None
    snippet: str
    expected: bool
    verbatim: bool


@dataclass(frozen=True, slots=True)
class Outcome:
    """One question asked. Ranks are those (from 1) of the expected documents and pages found.

    `targets` is how many places citations are expected at: pages where pages are named, documents
    otherwise; `places` how many of them the answer cites. `error` says why there is no whole
    answer.
    """

    question: SetQuestion
    answer: str
    refused: bool
    model: str | None
    error: str | None
    first_token_ms: float | None
    document_ranks: tuple[int, ...]
    page_ranks: tuple[int, ...]
    targets: int
    places: int
    citations: tuple[Cited, ...]
    missing_phrases: tuple[str, ...]
    missing_numbers: tuple[str, ...]
    number_errors: tuple[str, ...]
    withheld: int

    @property
    def right(self) -> bool:
        return not self.faults

    @property
    def faults(self) -> tuple[Fault, ...]:
        if self.error is not None:
            return (Fault.FAILED,)
        if self.refused:
            return () if self.question.refuse else (Fault.WRONG_REFUSAL,)
        if self.question.refuse:
            return (Fault.MISSED_REFUSAL,)
        found = {
            Fault.WRONG_PLACE: not self.places,
            Fault.MISSING_PHRASE: self.missing_phrases,
            Fault.MISSING_NUMBER: self.missing_numbers,
            Fault.NUMBER_ERROR: self.number_errors,
            Fault.NOT_VERBATIM: not all(citation.verbatim for citation in self.citations),
        }
        return tuple(fault for fault, holds in found.items() if holds)


@dataclass(frozen=True, slots=True)
class EvaluationRun:
    """All questions of a set, asked once of the knowledge base as it was."""

    id: str
    set_name: str
    created_at: datetime
    accepted_at: datetime | None
    version: str  # of the appliance
    embedding: str
    documents: int  # that could be found
    outcomes: tuple[Outcome, ...]


@dataclass(frozen=True, slots=True)
class Places:
    """Where an answer is expected. Each target is met by any of its items: a title may be that of
    several documents, and each page named answers. `documents` holds ids, `pages` pairs of id and
    page.
    """

    documents: tuple[frozenset[str], ...]
    pages: tuple[frozenset[tuple[str, int]], ...]

    @classmethod
    def of(cls, question: SetQuestion, ids: Mapping[str, frozenset[str]]) -> Places:
        """`ids`: the documents that go by each name."""
        named = [ids[name] for name in question.documents]
        pages = [
            frozenset((document_id, page) for document_id in documents for page in question.pages)
            for documents in named
            if question.pages
        ]
        return cls(tuple(named), tuple(pages))

    @property
    def count(self) -> int:
        return len(self.pages or self.documents)

    def cited(self, citations: Sequence[Citation]) -> int:
        """How many of the expected places are cited."""
        if self.pages:
            pages = {(citation.document_id, citation.page) for citation in citations}
            return sum(not target.isdisjoint(pages) for target in self.pages)
        documents = {citation.document_id for citation in citations}
        return sum(not target.isdisjoint(documents) for target in self.documents)


def judge(
    question: SetQuestion,
    places: Places,
    answer: Message,
    ranking: Sequence[Passage],
    *,
    page_texts: Mapping[tuple[str, int], str],
    error: str | None,
    first_token_ms: float | None,
) -> Outcome:
    """`ranking`: what retrieval finds, the best first; `page_texts`: the cited pages, by document
    and number.
    """
    cited = [
        _cited(one, places, page_texts.get((one.document_id, one.page), ""))
        for one in answer.citations
    ]
    words = _folded(" ".join(citation.snippet for citation in cited))
    said = " ".join(_supported(answer))
    if error is None and answer.status is not MessageStatus.COMPLETE:
        error = f"The answer is {answer.status.value}."
    return Outcome(
        question=question,
        answer=answer.content,
        refused=answer.model == REFUSAL_MODEL,
        model=answer.model,
        error=error,
        first_token_ms=first_token_ms,
        document_ranks=tuple(
            ranks_of(places.documents, list(dict.fromkeys(p.document.id for p in ranking)))
        ),
        page_ranks=tuple(
            ranks_of(
                places.pages, list(dict.fromkeys((p.document.id, p.chunk.page) for p in ranking))
            )
        ),
        targets=places.count,
        places=places.cited(answer.citations),
        citations=tuple(cited),
        missing_phrases=tuple(p for p in question.phrases if _folded(p) not in words),
        missing_numbers=tuple(n for n in question.numbers if lacking(n, said, per=False)),
        number_errors=tuple(_number_errors(answer)),
        withheld=answer.withheld,
    )


def _cited(citation: Citation, places: Places, page_text: str) -> Cited:
    quoted = " ".join(page_text[citation.char_start : citation.char_end].split())
    return Cited(
        index=citation.index,
        title=citation.title,
        page=citation.page,
        section=citation.section,
        snippet=citation.snippet,
        expected=places.cited([citation]) > 0,
        verbatim=bool(quoted) and quoted == " ".join(citation.snippet.split()),
    )


def _supported(answer: Message) -> list[str]:
    return [
        answer.content[sentence.start : sentence.end]
        for sentence in answer.sentences
        if sentence.supported
    ]


def _number_errors(answer: Message) -> list[str]:
    """Numbers of sentences shown as supported that the words cited for them do not hold."""
    snippets = {citation.index: citation.snippet for citation in answer.citations}
    return [
        number
        for sentence in answer.sentences
        if sentence.supported
        for number in lacking(
            answer.content[sentence.start : sentence.end],
            " ".join(snippets.get(index, "") for index in sentence.citations),
        )
    ]


def _folded(text: str) -> str:
    """White space, case and hyphens at line ends aside."""
    return " ".join(_BREAK.sub("", text).split()).casefold()
