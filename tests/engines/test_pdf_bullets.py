"""The marks of items that a page draws: on made pages, on one drawn by hand, and on real labels."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from appliance.engines.pdf import PdfReader
from appliance.engines.pdf_places import Dot
from tests.engines.characters import line, text_of
from tests.pdf_writer import at, drawn
from tests.shared_data import shared_data

ITEMS = ("adults who take more than 4 g", "children who take more than 2 g", "all who drink")


def dot(x: float, y: float, side: float = 4.0, *, filled: bool = True, round: bool = True) -> Dot:
    return Dot((x, y, x + side, y + side), filled, round)


@pytest.mark.parametrize(
    ("filled", "round", "mark"),
    [(True, True, "•"), (False, True, "◦"), (True, False, "▪"), (False, False, "□")],
)
def test_an_item_has_its_mark(filled: bool, round: bool, mark: str) -> None:
    runs = [line(text, 60, 700 - 12 * number) for number, text in enumerate(ITEMS)]
    dots = [dot(50, 702, filled=filled, round=round), dot(50, 678, filled=filled, round=round)]
    assert text_of(*runs, dots=dots).split("\n") == [
        f"{mark} {ITEMS[0]}",
        ITEMS[1],
        f"{mark} {ITEMS[2]}",
    ]


@pytest.mark.parametrize(
    "dots",
    [
        pytest.param([dot(50, 702, 9.0)], id="as large as a letter"),
        pytest.param([dot(50, 702, 0.8)], id="too small"),
        pytest.param([dot(50, 710)], id="above the line"),
        pytest.param([dot(50, 694)], id="below the line"),
        pytest.param([dot(20, 702)], id="too far away"),
        pytest.param([dot(90, 702)], id="amid words"),
        pytest.param([dot(210, 702)], id="behind the words"),
        pytest.param([dot(x, 702) for x in (30, 36, 42, 48)], id="a leader"),
        pytest.param([dot(50, 702), *(dot(300, y) for y in range(600))], id="a chart"),
    ],
)
def test_what_marks_no_item(dots: list[Dot]) -> None:
    assert text_of(line(ITEMS[0], 60, 700), dots=dots) == ITEMS[0]


def test_a_sign_between_two_words_is_no_mark() -> None:
    assert text_of(line("2", 40, 700), line("10", 52, 700), dots=[dot(46, 702)]) == "2 10"


def circle(x: float, y: float, radius: float = 2.0) -> bytes:
    k = 0.5523 * radius
    return (
        f"{x + radius} {y} m {x + radius} {y + k} {x + k} {y + radius} {x} {y + radius} c "
        f"{x - k} {y + radius} {x - radius} {y + k} {x - radius} {y} c "
        f"{x - radius} {y - k} {x - k} {y - radius} {x} {y - radius} c "
        f"{x + k} {y - radius} {x + radius} {y - k} {x + radius} {y} c f\n"
    ).encode()


async def texts(data: bytes) -> list[str]:
    async def pieces() -> AsyncIterator[bytes]:
        yield data

    return [page.text or "" async for page in PdfReader().pages(pieces())]


async def test_a_drawn_page() -> None:
    content = b"".join(
        circle(56, 703.5 - 14 * number) + at(64, 700 - 14 * number, text)
        for number, text in enumerate(ITEMS)
    )
    white = b"1 g " + circle(56, 653.5) + b"0 g " + at(64, 650, "No mark is seen here.")
    (text,) = await texts(drawn(content + white))
    assert text.split("\n") == [*(f"• {item}" for item in ITEMS), "", "No mark is seen here."]


@pytest.mark.parametrize(
    ("name", "page", "items"),
    [
        (
            "fda_acetaminophen_highlights_2025.pdf",
            0,
            ["• taken with other drugs containing acetaminophen", "• blisters"],
        ),
        (
            "fda_metformin_highlights_2026.pdf",
            0,
            [
                "• Do not use in patients with eGFR below 30 mL/minute/1.73 m² (2.3)",
                "• Discontinue if eGFR falls below 30 mL/minute/1.73 m² (2.3)",
            ],
        ),
        (
            "fda_warfarin_label_2025.pdf",
            0,
            ["• Threatened abortion, eclampsia, and preeclampsia ( 4)"],
        ),
    ],
)
async def test_real_labels(name: str, page: int, items: list[str]) -> None:
    found = await texts(shared_data(f"pdf_clinical/{name}").read_bytes())
    assert set(items) <= set(found[page].split("\n"))
