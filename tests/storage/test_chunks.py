"""Chunks come back from their rows as they were cut, with all that they must be read with."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from appliance.domain import Page
from appliance.services.chunking import chunked
from appliance.services.plain_text import pages_of
from appliance.storage import chunks
from tests.library import library

ITEM = "• Disease number {} of the liver, the kidneys, the heart or the lungs"
TEXT = "\n".join(
    [
        "5 WARNINGS",
        "5.1 Bleeding",
        "Do not use it in:",
        *map(ITEM.format, range(40)),
        "",
        "The dose is halved in patients who have been given any other drug that may be\fthe cause",
        "of bleeding.",
    ]
)


async def test_a_chunk_is_stored_whole(tmp_path: Path) -> None:
    async with library(tmp_path) as lib:
        document = await lib.added("label.txt", TEXT.encode())
        pages = [Page(number, text) for number, text in enumerate(pages_of(TEXT.encode()), 1)]
        cut = chunked(document.id, pages)
        assert {chunk.path for chunk in cut} == {("5 WARNINGS",)}
        assert {chunk.lead for chunk in cut} >= {None, "Do not use it in:"}
        assert {(chunk.torn_start, chunk.torn_end) for chunk in cut} > {(False, False)}
        ids = [chunk.id for chunk in cut]
        found = await lib.db.read(lambda tx: chunks.passages(tx, ids))
        assert [found[chunk_id][0] for chunk_id in ids] == cut
        for chunk in cut:
            find = partial(chunks.opened, document_id=document.id, chunk_id=chunk.id)
            opened = await lib.db.read(find)
            assert opened is not None
            assert opened.chunk == chunk
