"""What retrieval sees, on the wire."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, Field

from appliance.api.fields import Body, Line, Output, Prose
from appliance.domain import Passage
from appliance.services.knowledge_search import Found


def _words(text: str) -> str:
    if not text.strip():
        raise ValueError("must not be empty")
    return text


class SearchBody(Body):
    query: Annotated[Prose, Field(max_length=2000), AfterValidator(_words)]
    limit: int = Field(10, ge=1, le=50)
    category: Annotated[Line, Field(max_length=100)] | None = None


class SearchHit(Output):
    """`score` in 0..1 ranks; `similarity` is the cosine of query and passage."""

    chunk_id: str
    document_id: str
    title: str
    category: str | None
    page: int
    section: str | None
    score: float
    similarity: float
    text: str
    char_start: int
    char_end: int

    @classmethod
    def of(cls, passage: Passage) -> SearchHit:
        chunk, document = passage.chunk, passage.document
        return cls(
            chunk_id=chunk.id,
            document_id=document.id,
            title=document.title,
            category=document.category,
            page=chunk.page,
            section=chunk.place,
            score=round(passage.score, 4),
            similarity=round(passage.similarity, 4),
            text=chunk.text,
            char_start=chunk.char_start,
            char_end=chunk.char_end,
        )


class SearchOut(Output):
    """`evidence`: whether a question in these words would be answered rather than refused."""

    query: str
    results: list[SearchHit]
    total: int
    took_ms: float
    evidence: bool

    @classmethod
    def of(cls, query: str, found: Found) -> SearchOut:
        return cls(
            query=query,
            results=[SearchHit.of(passage) for passage in found.passages],
            total=len(found.passages),
            took_ms=round(found.took_ms, 1),
            evidence=found.has_evidence,
        )
