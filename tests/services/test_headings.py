"""Headings, told from list items, references and running heads by their form."""

from __future__ import annotations

from pathlib import Path

import pytest

from appliance.domain import Page
from appliance.services.chunking import chunked
from appliance.services.headings import furniture_of, lines_of
from appliance.services.plain_text import pages_of

NONE: frozenset[str] = frozenset()


def headings(page: str) -> list[str]:
    return [line.text for line in lines_of(page, NONE) if line.is_heading]


@pytest.mark.parametrize(
    "line",
    [
        "2.1 Recommended Dosage",
        "5.6 Limb Ischemia, Necrosis, and Gangrene in Patients with HIT and HITTS",
        "5 WARNINGS AND PRECAUTIONS",
        "17 Information for Patients",
        "WARNING: BLEEDING RISK",
        "CONTRAINDICATIONS",
        "Section 1: Facility Demographics",
    ],
)
def test_headings(line: str) -> None:
    assert headings(f"Some text before\n{line}\nsome text after.") == [line]


@pytest.mark.parametrize(
    "line",
    [
        "1. Facilities should ensure that reusable",
        "5. Maki DG, Crnich CJ. History Forgotten is History Relived",
        "2.5 mg twice a day",
        "10 mg Tablets",
        "INR",
        "12.5",
        "PRECAUTIONS (5.10)]",
        "See Warnings and Precautions.",
        "Take one tablet daily",
        "• Pregnancy",
        "x" * 200,
    ],
)
def test_no_headings(line: str) -> None:
    assert headings(f"Some text before\n{line}\nsome text after.") == []


def test_a_caption_stands_alone_above_a_sentence() -> None:
    page = "The end of it.\nRisk Assessment\nFacilities are encouraged to use the checklist."
    assert headings(page) == ["Risk Assessment"]
    assert headings("goes on with\nRisk Assessment\nFacilities are encouraged to use it.") == []
    assert headings("The end of it.\nRisk Assessment\nand what follows goes on.") == []


def test_running_heads_are_no_headings() -> None:
    pages = [f"WARD HANDBOOK {n}\nText of page {n}.\n{n}.1 Own Heading" for n in range(1, 9)]
    pages[3] += "\nSPECIAL NOTES"
    furniture = furniture_of(pages)
    assert [line.text for line in lines_of(pages[3], furniture) if line.is_heading] == [
        "SPECIAL NOTES"
    ] or "4.1 Own Heading" in {line.text for line in lines_of(pages[3], furniture)}
    assert not any(
        line.is_heading for line in lines_of(pages[3], furniture) if "HANDBOOK" in line.text
    )


def test_places_are_exact() -> None:
    page = "  first line \n\n\t second\nthird"
    assert [page[line.start : line.end] for line in lines_of(page, NONE)] == [
        "first line",
        "second",
        "third",
    ]


def test_numbered_titles_written_as_sentences_are_stand_below_a_gap() -> None:
    text = "It is checked every hour."
    for title in ("5 Potassium replacement: monitoring", "2 Crash call"):
        assert headings(f"{text}\n\n{title}\n{text}") == [title]
        assert headings(f"{title}\n{text}") == [title]
        assert headings(f"{text}\n{title}\n{text}") == []


@pytest.mark.parametrize(
    "line",
    [
        "1. Do not administer medications from a vial to more than one patient",
        "2 Tablets are taken with water",
        "2 Crash call.",
        "2 Things to keep in mind:",
        "2 crash call",
        "1 Check the airway\n\n2 Call for help",
    ],
)
def test_numbered_lines_below_a_gap_that_are_no_titles(line: str) -> None:
    assert headings(f"It goes on.\n\n{line}\n\nIt is checked every hour.") == []


def test_every_section_of_the_sample_handbook_is_its_own() -> None:
    path = Path(__file__).parents[2] / "data" / "sample_ward_handbook.txt"
    pages = [Page(number, text) for number, text in enumerate(pages_of(path.read_bytes()), 1)]
    chunks = chunked("7d9c1b9e-6e5e-4d9f-8d7e-0c7b4dd7a001", pages)
    for words, section in {
        "before a clean or aseptic procedure": "1 Hand hygiene",
        "The crash call number is 4444": "2 Calling the emergency team",
        "No more than two visitors": "3 Visiting hours",
        "Bed rails are not used": "4 Prevention of falls",
        "never given as a bolus": "5 Potassium replacement: monitoring",
        "above 10 mmol per hour": "5 Potassium replacement: monitoring",
        "Hypoglycaemia means": "6 Low blood glucose in an adult",
        "because of one low reading": "6 Low blood glucose in an adult",
    }.items():
        sections = [chunk.section or "" for chunk in chunks if words in chunk.text]
        assert len(sections) == 1, words
        assert sections[0].startswith(section)
