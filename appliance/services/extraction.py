"""From a stored file to pages and chunks."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from contextlib import aclosing
from dataclasses import dataclass

from appliance.domain import Chunk, Document, Page
from appliance.errors import Invalid
from appliance.services import plain_text
from appliance.services.chunking import chunked
from appliance.services.hyphens import mended
from appliance.storage.files import FileStore

# From the bytes of a PDF: (page number, number of pages, text or None for an unreadable page).
PdfPages = Callable[[AsyncIterator[bytes]], AsyncGenerator[tuple[int, int, str | None]]]
_TOLD_PAGES = 20


@dataclass(frozen=True, slots=True)
class Extracted:
    """`note` says what was left out of it, for people to read."""

    pages: list[Page]
    chunks: list[Chunk]
    note: str | None


class Extraction:
    def __init__(self, files: FileStore, pdf_pages: PdfPages) -> None:
        self._files = files
        self._pdf_pages = pdf_pages

    async def read(
        self, document: Document, key: bytes, on_progress: Callable[[float], Awaitable[None]]
    ) -> Extracted:
        """Read the document's file, which `key` opens; `on_progress` hears of the share done.

        Raises `Invalid` with a reason for what can never be read, and `DamagedFile`.
        """
        unreadable: list[int] = []
        hidden = False
        source = self._files.read(document.sha256, key)
        async with aclosing(source):
            if document.file_type == "txt":
                data = b"".join([piece async for piece in source])
                texts = await asyncio.to_thread(plain_text.pages_of, data)
                hidden = await asyncio.to_thread(plain_text.hides_text, data)
            else:
                texts = []
                async with aclosing(self._pdf_pages(source)) as found:
                    async for number, total, text in found:
                        texts.append(text or "")
                        if text is None:
                            unreadable.append(number)
                        await on_progress(number / total)
                texts = await asyncio.to_thread(mended, texts)
        pages = [Page(number, text) for number, text in enumerate(texts, start=1)]
        chunks = await asyncio.to_thread(chunked, document.id, pages)
        if not chunks:
            raise Invalid("This document holds no text.", field="file")
        note = plain_text.HIDDEN_TEXT if hidden else _note(unreadable)
        return Extracted(pages, chunks, note)


def _note(unreadable: list[int]) -> str | None:
    if not unreadable:
        return None
    shown = ", ".join(map(str, unreadable[:_TOLD_PAGES]))
    more = " and more" if len(unreadable) > _TOLD_PAGES else ""
    return f"These pages cannot be read and are left out of answers: {shown}{more}."
