"""Boxes of words: kept exactly enough, found by the characters of the text."""

from __future__ import annotations

import pytest

from appliance.domain import Box, PlacedWord
from appliance.services.page_layout import PageLayout

TEXT = "The dose is\n5 mg once adminis\u00adtered"
HIGH, LOW = (700.0, 711.0), (688.0, 699.5)


def word(text: str, left: float, line: tuple[float, float]) -> PlacedWord:
    start = TEXT.index(text)
    return PlacedWord(start, start + len(text), (left, line[0], left + 5 * len(text), line[1]))


LAYOUT = PageLayout(
    [
        word("The", 50.0, HIGH),
        word("dose", 70.0, HIGH),
        word("is", 95.5, HIGH),
        word("5", 50.0, LOW),
        word("mg", 60.1, LOW),
        word("once", 75.0, LOW),
        word("adminis\u00ad", 100.0, LOW),
        word("tered", 50.0, (676.0, 687.0)),
    ]
)


@pytest.mark.parametrize(
    ("words", "boxes"),
    [
        ("dose", [(70.0, 700.0, 90.0, 711.0)]),
        ("os", [(70.0, 700.0, 90.0, 711.0)]),
        ("dose is", [(70.0, 700.0, 105.5, 711.0)]),
        ("is\n5 mg", [(95.5, 700.0, 105.5, 711.0), (50.0, 688.0, 70.1, 699.5)]),
        (" ", []),
        ("", []),
        (TEXT, [(50, 700, 105.5, 711), (50, 688, 140, 699.5), (50, 676, 75, 687)]),
    ],
)
def test_a_box_for_each_line(words: str, boxes: list[Box]) -> None:
    start = TEXT.index(words)
    assert list(LAYOUT.boxes(start, start + len(words))) == boxes


@pytest.mark.parametrize("place", [(5_000, 6_000), (7, 7), (9, 3)])
def test_places_that_are_none(place: tuple[int, int]) -> None:
    assert LAYOUT.boxes(*place) == ()


def test_packed_and_unpacked_is_the_same() -> None:
    again = PageLayout.unpacked(LAYOUT.packed())
    assert [tuple(w) for w in again.words] == [tuple(w) for w in LAYOUT.words]
    assert PageLayout.unpacked(PageLayout([]).packed()).words == []


def test_a_page_of_words_is_kept_small() -> None:
    words = [
        PlacedWord(
            8 * n, 8 * n + 7, (50 + 37.3 * (n % 12), 700 - n // 12, 84 + 37.3 * (n % 12), 711)
        )
        for n in range(600)
    ]
    assert len(PageLayout(words).packed()) < 6 * 600


def test_characters_that_were_taken_out_shift_what_follows() -> None:
    at = TEXT.index("\u00ad")
    layout = LAYOUT.without([at])
    text = TEXT.replace("\u00ad", "")
    assert [text[w.start : w.end] for w in layout.words] == [
        TEXT[w.start : w.end].replace("\u00ad", "") for w in LAYOUT.words
    ]
