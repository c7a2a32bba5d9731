"""Running heads and feet are told from text that stands at the edge of a page."""

from __future__ import annotations

import pytest

from appliance.services.furniture import without_furniture
from appliance.services.page_lines import lines_of

TEXT = "It is taken with food.\nIt is halved in renal impairment.\nIt is stopped before surgery."


def kept(*pages: str) -> list[str]:
    texts: list[list[str]] = [[] for _ in pages]
    for line in without_furniture(lines_of(pages)):
        texts[line.page].append(line.text)
    return ["\n".join(lines) for lines in texts]


@pytest.mark.parametrize(
    ("head", "foot"),
    [
        ("WARD HANDBOOK {n}", ""),
        ("WARD HANDBOOK", "{n}"),
        ("", "Page {n} of 8"),
        ("Version 2.3 - September 2016\n{n}", ""),
        ("", "Reference ID: 4567{n}01"),
        ("", "Antibiotic policy · page {n}\n- {n} -"),
        ("1/31/26, 7:17 PM Drug Facts", "https://drugs.example/facts {n}/8"),
    ],
)
@pytest.mark.parametrize("count", [2, 3, 8])
def test_what_runs_through_the_pages_goes(head: str, foot: str, count: int) -> None:
    texts = [TEXT.replace("It is", f"Drug {letter} is") for letter in "abcdefgh"[:count]]
    pages = [
        "\n".join([head.format(n=n), text, foot.format(n=n)])
        for n, text in enumerate(texts, start=1)
    ]
    assert kept(*pages) == texts


def test_in_a_short_document_only_the_outermost_line_runs_without_counting() -> None:
    texts = [TEXT.replace("It is", f"Drug {letter} is") for letter in "abcd"]
    pages = [f"{text}\nAntibiotic policy\nWard 7, Bern" for text in texts]
    assert kept(*pages) == texts
    assert kept(*pages[:2]) == [f"{text}\nAntibiotic policy" for text in texts[:2]]


def test_doses_that_differ_by_their_numbers_stay() -> None:
    pages = [
        f"Drug {n}\nStart with {n * 5} mg\nDrug{n} is given as {n} mg once a day."
        for n in range(1, 9)
    ]
    texts = kept(*pages)
    doses = [page.split("\n", 1)[1] for page in pages]
    assert all(text.endswith(dose) for text, dose in zip(texts, doses, strict=True))


def test_a_page_of_nothing_else_is_kept() -> None:
    pages = ["WARD HANDBOOK 1\nA text.", *[f"WARD HANDBOOK {n}" for n in range(2, 6)]]
    assert kept(*pages) == ["A text.", *pages[1:]]


def test_a_stamp_goes_from_a_single_page() -> None:
    assert kept(f"{TEXT}\nReference ID: 4567001\nPage 1 of 1") == [TEXT]


def test_what_stands_in_the_middle_stays() -> None:
    pages = [f"{n}1\n{n}2\n{n}3\n{n}4\nWARD HANDBOOK\n{n}5\n{n}6\n{n}7\n{n}8" for n in "abcde"]
    assert kept(*pages) == pages


@pytest.mark.parametrize(
    "pages",
    [
        [TEXT, TEXT],  # sentences
        ["• rash\n• fever", "• rash\n• cough"],
        ["2\ndoses a day are the rule.", "7\ndays are enough."],  # numbers that count no pages
        ["Take 2 tablets\nwith food", "Take 2 tablets\nwith water", "Take 5 tablets\nalone"],
        ["Age\tDose\n6\t250 mg\n9\t500 mg", "Age\tDose\n12\t750 mg\n15\t1 g"],  # a head, repeated
        ["Revised: 1/2026\nText.", "Other text."],
    ],
)
def test_text_at_the_edges_stays(pages: list[str]) -> None:
    assert kept(*pages) == pages


def test_a_sentence_that_starts_many_pages_of_many_is_no_head_when_it_is_long() -> None:
    pages = [
        f"{'This sentence is the same on every page of it and is long. ' * 3}\n{n}."
        for n in "abcde"
    ]
    assert kept(*pages) == [page.replace(". \n", ".\n") for page in pages]
