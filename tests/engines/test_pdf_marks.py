"""Our words found among the characters of a page, whatever its line ends made of them."""

from __future__ import annotations

import pytest

from appliance.engines.pdf_marks import find, letters_before, lines_of

PAGE = (
    "Dose\r\nGive 5 mg twice a day.\r\nGive\u00a05 mg of the adminis\ufffetration, "
    "alco\u0002hol-based.\r\n\uf0b7 2-5 mg or 25 mg \ufb01rst\r\n"
)


def words(page: str, wanted: str, near: int | None = None) -> list[str]:
    return [page[first : last + 1] for first, last in find(page, wanted, near)]


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ("twice a day", ["twice a day"]),
        ("day. Give", ["day.\r\nGive"]),
        ("give 5 mg", ["Give 5 mg", "Give\u00a05 mg"]),
        ("administration", ["adminis\ufffetration"]),
        ("adminis-tration", ["adminis\ufffetration"]),
        ("alcohol-based", ["alco\u0002hol-based"]),
        ("25 mg", ["25 mg"]),  # not "2-5 mg", another dose
        ("2-5 mg", ["2-5 mg"]),
        ("\u2022 2-5", ["2-5"]),
        ("\u2022 twice a day", ["twice a day"]),  # a mark that the page draws is no character
        ("first", ["\ufb01rst"]),
        ("\ufb01rst", ["\ufb01rst"]),
        ("absent", []),
        ("", []),
        (" \n\u200b", []),
        ("-", []),
        (".*", []),
        ("(", []),
        ("\ud800\x00", []),
    ],
)
def test_words_are_found_across_lines_and_broken_words(wanted: str, found: list[str]) -> None:
    assert words(PAGE, wanted) == found


def test_a_place_picks_one_of_many() -> None:
    ours = "Dose\nGive 5 mg twice a day.\nGive 5 mg of the administration, alcohol-based."
    for at in (ours.index("Give"), ours.rindex("Give")):
        near = letters_before(ours[:at])
        ((first, _),) = find(PAGE, "Give 5 mg", near)
        assert PAGE[:first].count("Give") == ours[:at].count("Give")


def test_a_place_is_the_same_with_and_without_the_hyphens() -> None:
    page = "alpha\ufffebeta-gamma delta delta"
    for ours in ("alphabeta-gamma delta delta", "alpha-beta-gamma delta delta"):
        for number, at in enumerate((ours.index("delta"), ours.rindex("delta"))):
            ((first, _),) = find(page, "delta", letters_before(ours[:at]))
            assert first == (page.index("delta"), page.rindex("delta"))[number]


def test_characters_on_a_line_become_one_box() -> None:
    line = [(10.0 + 5 * n, 100.0, 15.0 + 5 * n, 110.0) for n in range(4)]
    after_a_gap = (33.0, 99.0, 38.0, 111.0)
    next_line = (10.0, 86.0, 15.0, 96.0)
    other_column = (300.0, 86.0, 305.0, 96.0)
    assert lines_of([*line, after_a_gap, next_line, other_column]) == [
        (10.0, 99.0, 38.0, 111.0),
        next_line,
        other_column,
    ]
    assert lines_of([]) == []


def test_characters_that_nobody_sees_do_not_stand_in_the_way() -> None:
    page = "Give\u202e 5\ufe0f mg\u3164 twice a d\u200bay."
    assert words(page, "Give 5 mg twice a day") == [page[:-1]]
