"""Where things stand on a page: characters, drawings, and the coordinates that they are in.

Places are points of the page as it is shown: turned as its /Rotate says, cut to its crop box, from
the lower left corner.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

Box = tuple[float, float, float, float]  # left, bottom, right, top


def upright(box: Box, turn: int) -> Box:
    """A box of the page in coordinates in which text that was turned `turn` times reads rightward
    and its lines go down.
    """
    left, bottom, right, top = box
    if turn == 0:
        return box
    if turn == 1:
        return bottom, -right, top, -left
    if turn == 2:
        return -right, -top, -left, -bottom
    return -top, left, -bottom, right


def turned(box: Box, turn: int) -> Box:
    """The other way about: from coordinates of the text to those of the page."""
    return upright(box, -turn % 4)


class Character(NamedTuple):
    """One character that is printed. `left` to `right` is what it takes of its line, `base` the
    height of the line that it stands on, `size` its type size, all in points of its own reading
    direction (see `upright`).

    `after_space` says that white space comes before it in the file.
    """

    text: str
    left: float
    bottom: float
    right: float
    top: float
    base: float
    size: float
    after_space: bool


@dataclass(frozen=True, slots=True)
class Place:
    """From the coordinates of a page's content to those of the page as it is shown."""

    left: float
    bottom: float
    width: float  # of the page as it is shown
    height: float
    turns: int  # quarter turns, clockwise

    def point(self, x: float, y: float) -> tuple[float, float]:
        x, y = x - self.left, y - self.bottom
        if self.turns == 0:
            return x, y
        if self.turns == 1:
            return y, self.height - x
        if self.turns == 2:
            return self.width - x, self.height - y
        return self.width - y, x

    def box(self, left: float, bottom: float, right: float, top: float) -> Box:
        if self.turns == 0:
            return left - self.left, bottom - self.bottom, right - self.left, top - self.bottom
        (x0, y0), (x1, y1) = self.point(left, bottom), self.point(right, top)
        return min(x0, x1), min(y0, y1), max(x0, x1), max(y0, y1)


class Style(NamedTuple):
    """What the characters of text objects may have in common."""

    size: float  # points
    turn: int | None  # quarter turns, anticlockwise, of the reading direction; None when it leans
    mode: int  # FPDF_TEXTRENDERMODE
    color: tuple[int, int, int, int]  # red, green, blue, alpha


@dataclass(slots=True)
class Run:
    """Characters of one style that follow each other, and the address of each one's object."""

    style: Style
    characters: list[Character] = field(default_factory=list)
    objects: list[int] = field(default_factory=list)


class Fill(NamedTuple):
    """A filled area or an image; `order` counts the page's objects from the lowest."""

    box: Box
    color: tuple[int, int, int] | None  # None: an image or a shading
    order: int


class Dot(NamedTuple):
    """A small shape as wide as it is high, which may be the mark of a list's item."""

    box: Box
    filled: bool
    round: bool


@dataclass(slots=True)
class Drawings:
    """`rules` are thin boxes, `frames` outlined or filled boxes that may hold text."""

    rules: list[Box] = field(default_factory=list)
    frames: list[Box] = field(default_factory=list)
    dots: list[Dot] = field(default_factory=list)
    fills: list[Fill] = field(default_factory=list)
    first_text: int = 0  # the order of the first text object

    def upright(self, turn: int) -> Drawings:
        """As text that was turned `turn` times sees them."""
        if turn == 0:
            return self
        return Drawings(
            [upright(box, turn) for box in self.rules],
            [upright(box, turn) for box in self.frames],
            [dot._replace(box=upright(dot.box, turn)) for dot in self.dots],
        )
