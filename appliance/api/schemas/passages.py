"""A cited passage on the wire, with the page around it."""

from __future__ import annotations

from appliance.api.fields import Output
from appliance.services.document_pages import OpenedPassage


class PassageOut(Output):
    """`char_start`..`char_end` delimit `text` in `page_text`, in Unicode characters."""

    document_id: str
    chunk_id: str
    title: str
    category: str | None
    page: int
    page_count: int
    section: str | None
    text: str
    char_start: int
    char_end: int
    page_text: str
    version: str | None
    effective_date: str | None
    review_by: str | None
    previous_chunk_id: str | None
    next_chunk_id: str | None

    @classmethod
    def of(cls, opened: OpenedPassage) -> PassageOut:
        chunk, document = opened.chunk, opened.document
        return cls(
            document_id=document.id,
            chunk_id=chunk.id,
            title=document.title,
            category=document.category,
            page=chunk.page,
            page_count=document.pages or 0,
            section=chunk.place,
            text=chunk.text,
            char_start=chunk.char_start,
            char_end=chunk.char_end,
            page_text=opened.page_text,
            version=document.version,
            effective_date=document.effective_date,
            review_by=document.review_by,
            previous_chunk_id=opened.previous_id,
            next_chunk_id=opened.next_id,
        )
