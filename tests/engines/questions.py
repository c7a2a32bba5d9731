"""Questions and passages for engine tests, from plain text."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from appliance.domain import Chunk, Document, DocumentStatus, Passage, Question, Turn


def passage(
    text: str, number: int = 1, *, similarity: float = 0.6, title: str = "Guide"
) -> Passage:
    """Page `number` of a document of its own, holding `text` and nothing else."""
    document = Document(
        id=f"document-{number}",
        title=title,
        category=None,
        filename="guide.pdf",
        file_type="pdf",
        size=1,
        sha256="0" * 64,
        status=DocumentStatus.INDEXED,
        uploaded_by=None,
        upload_date=datetime(2026, 1, 1, tzinfo=UTC),
    )
    chunk = Chunk(
        id=f"chunk-{number}",
        document_id=document.id,
        ordinal=number,
        page=number,
        section=None,
        char_start=0,
        char_end=len(text),
        text=text,
    )
    return Passage(chunk, document, score=similarity, similarity=similarity)


def question(text: str, texts: Sequence[str] = (), history: Sequence[Turn] = ()) -> Question:
    return Question(text, tuple(passage(t, n) for n, t in enumerate(texts, 1)), tuple(history))
