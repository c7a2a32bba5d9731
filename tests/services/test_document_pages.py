"""Opening documents: audited, a few at a time, never more than was asked for."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any

import pypdfium2
import pytest

from appliance.domain import Box
from appliance.errors import Busy, Invalid, NotFound
from appliance.services.document_pages import (
    MAX_RENDERING,
    MAX_WAITING,
    DocumentPages,
    Highlight,
)
from appliance.storage.segments import DamagedFile
from tests import pdf_writer
from tests.library import Library, library
from tests.services.test_knowledge import ADMIN, ORIGIN, audit_rows

PDF = pdf_writer.pdf([["The dose is 5 mg."], ["The dose is 7 mg, twice."]])


class Painter:
    """Records what it is asked to paint; `gate`, where set, holds it up."""

    def __init__(self) -> None:
        self.asked: list[tuple[int, str | None, str | None]] = []
        self.boxes: list[tuple[Box, ...]] = []
        self.now = self.most = 0
        self.gate: asyncio.Event | None = None
        self.error: Exception | None = None

    async def __call__(
        self,
        source: AsyncIterator[bytes],
        page: int,
        words: str | None,
        before: str | None,
        boxes: Sequence[Box],
    ) -> bytes:
        self.asked.append((page, words, before))
        self.boxes.append(tuple(boxes))
        self.now += 1
        self.most = max(self.now, self.most)
        try:
            content = b"".join([piece async for piece in source])
            if self.gate is not None:
                await self.gate.wait()
            if self.error is not None:
                raise self.error
            return content
        finally:
            self.now -= 1


def words_in(data: bytes, page: int, box: Box) -> str:
    """The words that another call of the reader finds in a box."""
    left, bottom, right, top = box
    with pypdfium2.PdfDocument(data) as document:
        text_page = document[page - 1].get_textpage()
        text = str(text_page.get_text_bounded(left, bottom, right, top))
        text_page.close()
    return " ".join(text.split())


def opening(lib: Library, painter: Painter) -> DocumentPages:
    return DocumentPages(lib.db, lib.files, painter)


async def image(
    pages: DocumentPages, document_id: str, number: int = 1, highlight: Highlight | None = None
) -> bytes:
    return await pages.image(
        document_id, number, highlight, indexed_only=True, actor=ADMIN, origin=ORIGIN
    )


@pytest.mark.parametrize(
    ("highlight", "words", "before", "boxed"),
    [
        (None, None, None, None),
        (Highlight(text="7 mg"), "7 mg", None, None),
        (Highlight(start=12, end=16), None, None, "7 mg,"),
        (Highlight(start=17, end=9_999_999), None, None, "twice."),
        (Highlight(start=5_000, end=6_000), "", "The dose is 7 mg, twice.", None),
    ],
)
async def test_what_is_marked(
    tmp_path: Path,
    highlight: Highlight | None,
    words: str | None,
    before: str | None,
    boxed: str | None,
) -> None:
    painter = Painter()
    async with library(tmp_path) as lib:
        document = await lib.added("a.pdf", PDF)
        assert await image(opening(lib, painter), document.id, 2, highlight) == PDF
    assert painter.asked == [(2, words, before)]
    assert [words_in(PDF, 2, box) for box in painter.boxes[0]] == ([boxed] if boxed else [])


async def test_without_a_layout_the_words_are_sought(tmp_path: Path) -> None:
    """As in a document that was indexed before layouts were kept."""
    painter = Painter()
    async with library(tmp_path) as lib:
        document = await lib.added("a.pdf", PDF)
        await lib.db.write(lambda tx: tx.execute("UPDATE pages SET layout = NULL").rowcount)
        place = Highlight(start=12, end=16)
        await image(opening(lib, painter), document.id, 2, place)
    assert painter.asked == [(2, "7 mg", "The dose is ")]
    assert painter.boxes == [()]


async def test_reading_is_audited_by_its_place_alone(tmp_path: Path) -> None:
    async with library(tmp_path) as lib:
        document = await lib.added("secret_name.pdf", PDF)
        pages = opening(lib, Painter())
        await image(pages, document.id, 2, Highlight(text="7 mg, twice"))
        opened = await pages.original(document.id, actor=ADMIN, origin=ORIGIN)
        assert b"".join([piece async for piece in opened.content]) == PDF
        rows = (await audit_rows(lib))[-2:]
        details = [json.loads(str(row["details"])) for row in rows]
        assert [row["action"] for row in rows] == ["document.read"] * 2
        assert [row["resource_id"] for row in rows] == [document.id] * 2
        assert [d["part"] for d in details] == ["page", "file"]
        assert details[0]["page"] == 2
        assert not any(word in str(rows) for word in ("twice", "secret_name"))


async def test_what_is_not_there_is_neither_shown_nor_audited(tmp_path: Path) -> None:
    painter = Painter()
    async with library(tmp_path) as lib:
        text = await lib.added("a.txt", b"Give oxygen.")
        document = await lib.added("a.pdf", PDF)
        before, pages = await audit_rows(lib), opening(lib, painter)
        absent = "4d0f1e1c-0000-4000-8000-00000000000f"
        for document_id, number in ((absent, 1), (text.id, 1), (document.id, 3)):
            with pytest.raises(NotFound):
                await image(pages, document_id, number)
        with pytest.raises(NotFound):
            await pages.original(absent, actor=ADMIN, origin=ORIGIN)
        assert await audit_rows(lib) == before
    assert painter.asked == []


async def test_a_document_not_yet_indexed_opens_for_its_keepers_only(tmp_path: Path) -> None:
    async with library(tmp_path, working=False) as lib:
        document = await lib.add("a.pdf", PDF)
        pages = opening(lib, Painter())
        with pytest.raises(NotFound):
            await image(pages, document.id)
        place = Highlight(start=0, end=5)  # there is no text to find it in
        shown = await pages.image(
            document.id, 1, place, indexed_only=False, actor=ADMIN, origin=ORIGIN
        )
        assert shown == PDF


async def test_a_superseded_document_opens_as_its_citations_do(tmp_path: Path) -> None:
    async with library(tmp_path) as lib:
        old = await lib.added("old.pdf", PDF)
        await lib.added("new.txt", b"The dose is 9 mg.", supersedes=old.id)
        assert await image(opening(lib, Painter()), old.id) == PDF


async def test_what_the_reader_refuses_is_not_there(tmp_path: Path) -> None:
    painter = Painter()
    painter.error = Invalid("This PDF is damaged and cannot be read.", field="file")
    async with library(tmp_path) as lib:
        document = await lib.added("a.pdf", PDF)
        with pytest.raises(NotFound, match="damaged"):
            await image(opening(lib, painter), document.id)


async def test_a_damaged_file_is_told_as_such(tmp_path: Path) -> None:
    async with library(tmp_path) as lib:
        document = await lib.added("a.pdf", PDF)
        (tmp_path / "files" / document.sha256).unlink()
        with pytest.raises(DamagedFile):
            await image(lib.pages, document.id)
        opened = await lib.pages.original(document.id, actor=ADMIN, origin=ORIGIN)
        with pytest.raises(DamagedFile):
            [_ async for _ in opened.content]


async def test_only_a_few_images_are_made_at_once(tmp_path: Path) -> None:
    painter = Painter()
    painter.gate = asyncio.Event()
    async with library(tmp_path) as lib:
        document = await lib.added("a.pdf", PDF)
        pages = opening(lib, painter)
        calls: list[asyncio.Task[Any]] = [
            asyncio.create_task(image(pages, document.id))
            for _ in range(MAX_RENDERING + MAX_WAITING)
        ]
        await asyncio.sleep(0.05)
        with pytest.raises(Busy) as refused:
            await image(pages, document.id)
        assert refused.value.retry_after
        calls.pop().cancel()  # one that gave up leaves its place
        await asyncio.sleep(0)
        calls.append(asyncio.create_task(image(pages, document.id)))
        painter.gate.set()
        assert await asyncio.gather(*calls) == [PDF] * len(calls)
        assert painter.most == MAX_RENDERING
        assert await image(pages, document.id) == PDF
