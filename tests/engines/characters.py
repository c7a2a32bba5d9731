"""Characters set by hand: a type of which every letter is half its size wide."""

from __future__ import annotations

from appliance.engines.pdf_layout import laid_out
from appliance.engines.pdf_places import Box, Character, Dot, Drawings, Run, Style
from appliance.engines.pdf_text import PageText

SIZE = 10.0
WIDTH, HEIGHT = 600.0, 800.0


def line(text: str, left: float, base: float, size: float = SIZE, *, turn: int | None = 0) -> Run:
    """A run of characters; a blank in `text` is white space."""
    run = Run(Style(size, turn, 0, (0, 0, 0, 255)))
    space = True
    x = left
    for letter in text:
        width = size / 2
        if letter == " ":
            space = True
        else:
            box = x, base - 0.2 * size, x + width, base + 0.9 * size
            run.characters.append(Character(letter, *box, base, size, space))
            run.objects.append(1)
            space = False
        x += width
    return run


def end_of(text: str, left: float, size: float = SIZE) -> float:
    return left + len(text) * size / 2


def page(
    *runs: Run,
    rules: list[Box] | None = None,
    frames: list[Box] | None = None,
    dots: list[Dot] | None = None,
) -> PageText:
    return laid_out(runs, Drawings(rules or [], frames or [], dots or []), WIDTH, HEIGHT)


def text_of(
    *runs: Run,
    rules: list[Box] | None = None,
    frames: list[Box] | None = None,
    dots: list[Dot] | None = None,
) -> str:
    return page(*runs, rules=rules, frames=frames, dots=dots).text
