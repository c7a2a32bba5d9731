"""Pages laid out from characters with places: what is read after what, and where it stands."""

from __future__ import annotations

from itertools import pairwise

import pytest

from appliance.engines.pdf_places import Box, Run, turned, upright
from tests.engines.characters import HEIGHT, SIZE, WIDTH, end_of, line, page, text_of

LEFT = ["Left column begins with", "a paragraph of some", "lines that go on down", "to its end."]
RIGHT = ["The right column is", "read after the left", "one, and its lines are", "never mixed."]


def column(lines: list[str], left: float, top: float, pitch: float = 12.0) -> list[Run]:
    return [line(text, left, top - number * pitch) for number, text in enumerate(lines)]


def grid(xs: list[float], ys: list[float]) -> list[Box]:
    across = [(min(xs), y, max(xs), y) for y in ys]
    return across + [(x, min(ys), x, max(ys)) for x in xs]


@pytest.mark.parametrize("shift", [0.0, 5.0])
@pytest.mark.parametrize("mixed", [False, True])
def test_columns_are_read_one_after_the_other(shift: float, mixed: bool) -> None:
    """Whether or not their lines are level, and whatever the order of the file."""
    head = line("A head that goes over both of the columns of this page", 50, 700)
    left = column(LEFT, 50, 660)
    right = column(RIGHT, 250, 660 - shift)
    body = (
        [run for pair in zip(left, right, strict=True) for run in pair] if mixed else left + right
    )
    text = text_of(head, *body)
    expected = [head_text(), "\n".join(LEFT), "\n".join(RIGHT)]
    assert text.split("\n\n") == expected


def head_text() -> str:
    return "A head that goes over both of the columns of this page"


def test_what_stands_below_columns_is_read_after_them() -> None:
    foot = line("And one more line below that goes over both of the columns", 50, 500)
    text = text_of(*column(LEFT, 50, 660), *column(RIGHT, 250, 660), foot)
    assert text.split("\n\n")[-1] == "And one more line below that goes over both of the columns"


def test_a_sentence_goes_on_from_column_to_column() -> None:
    left = [*LEFT[:3], "to its foot, where it"]
    right = ["goes on in the next", "column of the page", "and comes to its end", "down there."]
    text = text_of(*column(left, 50, 660), *column(right, 250, 660))
    assert "where it\ngoes on" in text


@pytest.mark.parametrize("label", ["\u2022", "1.", "(a)"])
def test_bullets_and_numbers_stay_before_their_text(label: str) -> None:
    runs = []
    for number in range(4):
        runs.append(line(label, 50, 700 - 14 * number))
        runs.append(line(f"item number {number} of the list", 80, 700 - 14 * number))
    lines = text_of(*runs).split("\n")
    assert lines == [f"{label} item number {number} of the list" for number in range(4)]


def test_paragraphs_are_parted_by_a_blank_line() -> None:
    first = column(["First paragraph that", "has three lines", "of text."], 50, 700)
    second = column(["Second paragraph."], 50, 700 - 2 * 12 - 20)
    assert text_of(*first, *second).split("\n\n")[1] == "Second paragraph."


def test_loose_lines_are_one_paragraph() -> None:
    text = text_of(*column(["One line", "and the next", "far below"], 50, 700, pitch=18))
    assert text == "One line\nand the next\nfar below"


@pytest.mark.parametrize(
    ("above", "below", "joined"),
    [
        ("is adminis-", "tered once", "is adminis\u00adtered once"),
        ("is adminis\u0002", "tered once", "is adminis\u00adtered once"),
        ("of COVID-", "19 in adults", "of COVID\u00ad19 in adults"),
        ("this is -", "not a word", "this is -\nnot a word"),
        ("two- or", "threefold", "two- or\nthreefold"),
        ("a soft\u00adhyphen", "within", "a soft-hyphen\nwithin"),
    ],
)
def test_words_broken_by_a_hyphen(above: str, below: str, joined: str) -> None:
    assert text_of(line(above, 50, 700), line(below, 50, 688)) == joined


def test_raised_and_lowered_characters_are_read_in_their_line() -> None:
    small = 0.7 * SIZE
    text = "body surface of 1.73 m"
    runs = [
        line(text, 50, 700),
        line("2", end_of(text, 50), 704, small),
        line("1", end_of("another line of 10 mg", 50), 692, small),
        line("another line of 10 mg", 50, 688),
        line("and vitamin B", 50, 676),
        line("12", end_of("and vitamin B", 50), 674, small),
    ]
    assert text_of(*runs) == "body surface of 1.73 m²\nanother line of 10 mg ¹\nand vitamin B12"


def test_a_ruled_table_has_a_line_for_each_row() -> None:
    rules = grid([50, 150, 250, 350], [600, 640, 660, 680])
    runs = [
        line("Before the table.", 50, 720),
        line("Table 1. Doses by weight of the", 50, 700),
        line("patient", 50, 688),
        line("Drug", 55, 665),
        line("Dose", 155, 665),
        line("Times", 255, 665),
        line("Examplin", 55, 645),
        line("5 mg", 155, 645),
        line("daily", 255, 645),
        line("Sampline", 55, 625),
        line("50 mg for", 155, 625),
        line("three days", 155, 613),
        line("After the table.", 50, 580),
    ]
    assert text_of(*runs, rules=rules).split("\n\n") == [
        "Before the table.",
        "Table 1. Doses by weight of the patient\n"
        "Drug\tDose\tTimes\nExamplin\t5 mg\tdaily\nSampline\t50 mg for three days",
        "After the table.",
    ]


def test_cells_over_several_rows_and_columns() -> None:
    rules: list[Box] = [
        (50, 660, 350, 660), (50, 640, 350, 640), (150, 620, 350, 620), (50, 600, 350, 600),
        (50, 600, 50, 660), (150, 600, 150, 640), (250, 600, 250, 640), (350, 600, 350, 660),
    ]  # fmt: skip
    runs = [
        line("Title over all three columns", 60, 645),
        line("Both rows", 55, 615),
        line("5 mg", 155, 625),
        line("daily", 255, 625),
        line("10 mg", 155, 605),
        line("weekly", 255, 605),
    ]
    assert text_of(*runs, rules=rules) == (
        "Title over all three columns\nBoth rows\t5 mg\tdaily\nBoth rows\t10 mg\tweekly"
    )


def test_a_cell_over_rows_that_say_nothing_else_stands_once() -> None:
    rules: list[Box] = [
        (50, 660, 250, 660), (150, 640, 250, 640), (150, 620, 250, 620), (50, 600, 250, 600),
        (50, 600, 50, 660), (150, 600, 150, 660), (250, 600, 250, 660),
    ]  # fmt: skip
    assert text_of(line("Adults", 55, 625), line("5 mg", 155, 645), rules=rules) == "Adults\t5 mg"
    assert text_of(line("Adults", 55, 625), line("5", 300, 645), rules=rules).count("Adults") == 1
    long = [line("Adults who may take it for long", 52, 655 - n, size=4.0) for n in range(0, 49, 6)]
    two = [line("5 mg", 155, 645), line("10 mg", 155, 625)]
    assert text_of(*long, *two, rules=rules).count("Adults") == len(long)


def test_full_cells_are_parted_by_their_rules() -> None:
    rules = grid([50, 100, 150], [660, 680, 700])
    runs = [line("2 of 10", 55, 665), line("3 of 9", 105, 665)]
    assert (
        text_of(line("WarfarinsPlacebos", 55, 685), *runs, rules=rules)
        == "Warfarins\tPlacebos\n2 of 10\t3 of 9"
    )


def test_a_table_that_the_page_cuts_is_still_one() -> None:
    rules: list[Box] = [
        (50, 100, 250, 100),
        (50, -90, 50, 100),
        (150, -90, 150, 100),
        (250, -90, 250, 100),
    ]
    runs = [line("Adults", 55, 80), line("5 mg", 155, 80)]
    assert text_of(*runs, rules=rules) == "Adults\t5 mg"


def test_columns_of_figures_without_rules_are_a_table() -> None:
    rows = [("Weight", "Dose"), ("10 kg", "50 mg"), ("20 kg", "100 mg"), ("30 kg", "150 mg")]
    runs = [line("The doses by weight are given below, for all of the patients.", 50, 740)]
    for number, (first, second) in enumerate(rows):
        runs += [line(first, 50, 700 - 14 * number), line(second, 200, 700 - 14 * number)]
    assert text_of(*runs).split("\n\n")[1:] == [
        "Weight\tDose\n10 kg\t50 mg\n20 kg\t100 mg\n30 kg\t150 mg"
    ]


DOSES = [  # the cells of a row, and how far down the first begins
    (
        ["Adults of more than", "seventeen whole years"],
        ["take two tablets every six hours, but", "no more than six a day"],
        0,
    ),
    (
        ["Children from six years"],
        ["take one tablet every six hours, but", "no more than four a day"],
        6,
    ),
    (["Children below that age"], ["do not use in them at all"], 0),
]


def cells_beside_each_other(top: float) -> tuple[list[Run], float]:
    """Cells whose lines are 12 points apart and whose rows are 14; and the last base line."""
    runs, base = [], top
    for left, right, down in DOSES:
        runs += column(left, 50, base - down) + column(right, 190, base)
        base -= 12 * (max(len(left), len(right)) - 1) + 14
    return runs, base + 14


@pytest.mark.parametrize("gutters", [[], [185.0]])
def test_columns_between_two_rules_are_a_table(gutters: list[float]) -> None:
    """Whether or not each cell draws its part of the rule."""
    runs, foot = cells_beside_each_other(700)
    rules: list[Box] = [
        (left, y, right, y)
        for y in (715.0, foot - 5)
        for left, right in pairwise([48.0, *gutters, 400.0])
    ]
    assert text_of(*runs, rules=rules) == "\n".join(
        f"{' '.join(left)}\t{' '.join(right)}" for left, right, _ in DOSES
    )


def test_columns_without_a_rule_below_are_prose() -> None:
    runs, _ = cells_beside_each_other(700)
    assert "\t" not in text_of(*runs, rules=[(48, 715, 400, 715)])


def test_long_columns_between_two_rules_are_prose() -> None:
    left = [f"Line {n} of a column" for n in range(20)]
    right = [f"Text {n} of the other" for n in range(20)]
    rules: list[Box] = [(48, 715, 400, 715), (48, 465, 400, 465)]
    text = text_of(*column(left, 50, 700), *column(right, 200, 700), rules=rules)
    assert text == "\n\n".join(["\n".join(left), "\n".join(right)])


def test_text_in_a_frame_is_not_mixed_with_what_is_beside_it() -> None:
    """A boxed warning: of one piece, with a blank line before and after it."""
    frame = (45.0, 600.0, 220.0, 720.0)
    runs = [
        *column(["WARNING: BLEEDING", "Can cause bleeding.", "Check the INR."], 50, 700),
        *column(["See the full text."], 50, 640),
        *column(
            ["Text beside the box", "that has its own", "lines to be read", "in one go."], 240, 700
        ),
    ]
    assert text_of(*runs, frames=[frame]).split("\n\n") == [
        "WARNING: BLEEDING\nCan cause bleeding.\nCheck the INR.\nSee the full text.",
        "Text beside the box\nthat has its own\nlines to be read\nin one go.",
    ]


@pytest.mark.parametrize(
    "frame",
    [
        (0.0, 0.0, WIDTH, HEIGHT),  # around the whole page
        (95.0, 697.0, 135.0, 711.0),  # behind a word
        (90.0, 640.0, 110.0, 760.0),  # across the words
    ],
)
def test_frames_that_part_nothing(frame: Box) -> None:
    runs = column(["The dose is never more than", "five of them in a day."], 50, 700)
    text = text_of(*runs, frames=[frame])
    assert text == "The dose is never more than\nfive of them in a day."


def test_drawn_leaders_are_left_out() -> None:
    assert text_of(line("------ DOSAGE ------", 50, 700)) == "DOSAGE"
    assert text_of(line("Contents ........ 5", 50, 700)) == "Contents 5"
    assert text_of(line("well-known -- dose", 50, 700)) == "well-known -- dose"


def test_letters_that_are_read_leftward() -> None:
    runs = [line("\u05d1\u05d0", 90, 700), line("\u05d3\u05d2", 50, 700)]
    for run in runs:  # as files have them: the first is the rightmost
        last, first = run.characters
        run.characters = [first._replace(after_space=True), last._replace(after_space=False)]
    assert text_of(*runs) == "\u05d0\u05d1 \u05d2\u05d3"


def test_turned_text_is_kept_apart() -> None:
    upright_lines = column(["Lines of the page", "that are upright."], 50, 700)
    side = line("Downloaded from a library", 100, -580, turn=1)
    text = text_of(side, *upright_lines)
    assert text == "Lines of the page\nthat are upright.\n\nDownloaded from a library"


@pytest.mark.parametrize("turn", [0, 1, 2, 3])
def test_turning_there_and_back(turn: int) -> None:
    box = (10.0, 20.0, 110.0, 35.0)
    assert turned(upright(box, turn), turn) == box


@pytest.mark.parametrize("mark", ["\u202e", "\u200b", "\u2066", "\ufe0f", "\u3164", "\ufeff"])
@pytest.mark.parametrize("turn", [0, None])
def test_characters_that_nobody_sees_are_left_out(mark: str, turn: int | None) -> None:
    """They join no words, and move no places."""
    bare = page(line("take 5 mg a day", 50, 700, turn=turn))
    marked = page(line(f"take{mark} 5{mark}mg {mark} a {mark}day{mark}", 50, 700, turn=turn))
    assert marked.text == bare.text == "take 5 mg a day"
    if turn is not None:  # text that leans has one box
        assert [
            marked.text[start:end] for start, end, _ in marked.words
        ] == "take 5 mg a day".split()


def test_joiners_that_spell_a_word_stay() -> None:
    word = line("\u0915\u094d\u200d\u0937", 50, 700)
    assert text_of(word) == "\u0915\u094d\u200d\u0937"


def test_every_word_has_its_place() -> None:
    laid = page(
        line("First line here", 50, 700),
        line("and second", 50, 688),
        line("side", 100, -580, turn=1),
    )
    words = {laid.text[start:end]: box for start, end, box in laid.words}
    assert set(words) == {"First", "line", "here", "and", "second", "side"}
    assert words["line"] == (80.0, 698.0, 100.0, 709.0)
    assert words["second"] == (70.0, 686.0, 100.0, 697.0)
    # Turned text stands upright on the page: higher than wide.
    left, bottom, right, top = words["side"]
    assert top - bottom > right - left
    assert (left, right) == (571.0, 582.0)


def test_an_empty_page() -> None:
    assert page().text == ""
    assert text_of(rules=grid([50, 100, 150], [660, 680, 700])) == ""
