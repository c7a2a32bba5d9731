"""What the chunks of real labels hold whole."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from appliance.domain import Chunk
from appliance.engines.pdf import PdfReader
from appliance.services.chunking import chunked
from appliance.services.extraction import _stored, _whole
from tests.shared_data import shared_data

DOCUMENT = "7d9c1b9e-6e5e-4d9f-8d7e-0c7b4dd7a001"


async def chunks_of(name: str) -> list[Chunk]:
    data = shared_data(f"pdf_clinical/{name}").read_bytes()

    async def pieces() -> AsyncIterator[bytes]:
        yield data

    pages = [_stored(page) async for page in PdfReader().pages(pieces())]
    return chunked(DOCUMENT, _whole(pages))


@pytest.mark.parametrize(
    ("name", "page", "first", "last"),
    [
        (
            "fda_ciprofloxacin_highlights_2025.pdf",
            1,
            "EXACERBATION OF MYASTHENIA GRAVIS",
            "Acute sinusitis",
        ),
        ("fda_metformin_highlights_2026.pdf", 1, "WARNING: LACTIC ACIDOSIS", "hemodialysis is"),
        ("fda_metformin_highlights_2026.pdf", 4, "WARNING: LACTIC ACIDOSIS", "hemodialysis is"),
        ("fda_warfarin_label_2025.pdf", 1, "WARNING: BLEEDING RISK", "( 17)"),
    ],
)
async def test_a_boxed_warning_is_one_chunk(name: str, page: int, first: str, last: str) -> None:
    (box,) = [
        chunk for chunk in await chunks_of(name) if chunk.page == page and first in chunk.text
    ]
    assert last in box.text
    assert "INDICATIONS AND USAGE\n" not in box.text


async def test_each_half_of_a_row_over_two_pages_says_of_which_infection_it_is() -> None:
    chunks = await chunks_of("fda_amoxicillin_highlights_2025.pdf")
    (upper,) = [chunk for chunk in chunks if chunk.text.startswith("Mild/Moderate\t500 mg")]
    assert upper.lead is not None
    title, head, key = upper.lead.split("\n")
    assert title.startswith("Table 1.") and head.startswith("Infection\tSeverity")
    assert key == "Ear/Nose/Throat Skin/Skin Structure Genitourinary Tract\t"
    (lower,) = [chunk for chunk in chunks if "\t250 mg every 8 hours" in chunk.text]
    assert (lower.page, (lower.lead or "").split("\n")) == (5, [title, head, "\tMild/Moderate\t"])
