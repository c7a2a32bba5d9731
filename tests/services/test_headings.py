"""Headings, told from list items, references and running heads by their form."""

from __future__ import annotations

import pytest

from appliance.services.headings import furniture_of, lines_of

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
