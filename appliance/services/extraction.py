"""From a stored file to pages and chunks."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass, replace

from appliance.domain import Chunk, Document, Page, ReadPage
from appliance.errors import Invalid
from appliance.services import plain_text
from appliance.services.chunking import chunked
from appliance.services.hyphens import mended
from appliance.services.page_layout import PageLayout
from appliance.storage.files import FileStore

# From the bytes of a PDF: its pages in order.
PdfPages = Callable[[AsyncIterator[bytes]], AsyncGenerator[ReadPage]]
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
        source = self._files.read(document.sha256, key)
        async with aclosing(source):
            if document.file_type == "txt":
                data = b"".join([piece async for piece in source])
                texts = await asyncio.to_thread(plain_text.pages_of, data)
                hidden = await asyncio.to_thread(plain_text.hides_text, data)
                pages = [Page(n, text, hidden=hidden) for n, text in enumerate(texts, start=1)]
            else:
                pages = []
                async with aclosing(self._pdf_pages(source)) as found:
                    async for page in found:
                        pages.append(_stored(page))
                        if page.text is None:
                            unreadable.append(page.number)
                        await on_progress(page.number / page.total)
                pages = await asyncio.to_thread(_whole, pages)
        chunks = await asyncio.to_thread(chunked, document.id, pages)
        if not chunks:
            raise Invalid("This document holds no text.", field="file")
        return Extracted(pages, chunks, _note(unreadable))


def listed(numbers: Sequence[int]) -> str:
    """Numbers of pages for people to read: the first of them."""
    shown = ", ".join(map(str, numbers[:_TOLD_PAGES]))
    return f"{shown} and more" if len(numbers) > _TOLD_PAGES else shown


def _stored(page: ReadPage) -> Page:
    """Packed page by page: the words of a long document take a lot of room."""
    if page.text is None:
        return Page(page.number, "")
    layout = PageLayout(page.words).packed()
    return Page(page.number, page.text, page.width, page.height, layout, page.hidden)


def _whole(pages: list[Page]) -> list[Page]:
    """With broken words put together."""
    return [
        replace(
            page,
            text=text.text,
            layout=PageLayout.unpacked(page.layout).without(text.dropped).packed()
            if text.dropped and page.layout is not None
            else page.layout,
        )
        for page, text in zip(pages, mended([page.text for page in pages]), strict=True)
    ]


def _note(unreadable: list[int]) -> str | None:
    if not unreadable:
        return None
    return f"These pages cannot be read and are left out of answers: {listed(unreadable)}."
