"""Difficult files: each is read or refused with a reason, soon, and none is indexed as empty."""

from __future__ import annotations

import asyncio
import csv
import re
from contextlib import aclosing
from dataclasses import dataclass

import pytest

from appliance.engines.pdf import ExtractionFailed, PdfReader
from tests.engines.test_pdf import in_pieces
from tests.shared_data import ROOT, shared_data

LONGEST_S = 30.0
# Another reader gave the whole file up for one bad page.
PARTLY = {"pdfjs/Pages-tree-refs.pdf"}


@dataclass(frozen=True)
class Difficult:
    file: str
    password: str
    pages: int | None
    characters: int | None
    error: str

    @property
    def expected(self) -> str:
        if "password" in self.error.lower():
            return "password_needed"
        if self.error:
            return "damaged"
        return "indexed" if self.characters else "no_text"


def manifest() -> list[Difficult]:
    path = ROOT / "pdf_torture" / "MANIFEST.tsv"
    if not path.exists():
        return []
    with path.open(encoding="utf-8") as file:
        return [
            Difficult(
                row["file"],
                row["password"],
                int(row["pages_seen"]) if row["pages_seen"] else None,
                int(row["chars_seen"]) if row["chars_seen"] else None,
                row["reader_error"],
            )
            for row in csv.DictReader(file, delimiter="\t")
        ]


async def outcome_of(data: bytes) -> tuple[str, list[str]]:
    texts = []
    try:
        async with asyncio.timeout(LONGEST_S):
            async with aclosing(PdfReader().pages(in_pieces(data, 1 << 16))) as pages:
                texts = [page.text or "" async for page in pages]
    except ExtractionFailed as error:
        assert error.message
        return error.reason, []
    return "indexed", texts


@pytest.mark.parametrize("difficult", manifest(), ids=lambda difficult: difficult.file)
async def test_a_difficult_file(difficult: Difficult) -> None:
    data = shared_data(f"pdf_torture/{difficult.file}").read_bytes()
    outcome, texts = await outcome_of(data)
    assert outcome == ("indexed" if difficult.file in PARTLY else difficult.expected)
    if outcome == "indexed":
        assert any(re.search(r"\S", text) for text in texts)
        assert difficult.pages in (None, len(texts))
    else:
        assert texts == []


def test_the_files_are_there() -> None:
    shared_data("pdf_torture/MANIFEST.tsv")
    assert len(manifest()) == 87
