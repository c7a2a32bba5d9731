"""Where on their pages the words of citations stand."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from appliance.domain import Box, Citation
from appliance.services.page_layout import PageLayout
from appliance.storage import pages
from appliance.storage.database import Connection


def placed(tx: Connection, citations: Sequence[Citation]) -> tuple[Citation, ...]:
    """The citations with the boxes of their words; without, where the page's layout is unknown."""
    return tuple(
        replace(
            citation,
            boxes=_boxes(
                pages.layout_of_chunk(tx, citation.document_id, citation.chunk_id),
                citation.char_start,
                citation.char_end,
            ),
        )
        for citation in citations
    )


def boxes(
    tx: Connection, document_id: str, revision: int, page: int, char_start: int, char_end: int
) -> tuple[Box, ...]:
    """Around characters of a page's text, one for each line (see `PageLayout`)."""
    return _boxes(pages.layout_of(tx, document_id, revision, page), char_start, char_end)


def _boxes(layout: bytes | None, start: int, end: int) -> tuple[Box, ...]:
    return () if layout is None else PageLayout.unpacked(layout).boxes(start, end)
