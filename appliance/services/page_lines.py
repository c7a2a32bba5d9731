"""The lines of a document's pages that are not blank, with their places."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Line:
    """`text` is without the white space around it: `pages[page][start:end]`.

    `after_gap`: a blank line or the page's edge is above. `row` is the text with the TABs in front
    of it, which say that the first cells of a table's row are empty.
    """

    page: int  # from 0
    start: int
    end: int
    text: str
    after_gap: bool
    row: str


def lines_of(pages: Sequence[str]) -> list[Line]:
    """In the order of the pages."""
    lines: list[Line] = []
    for number, page in enumerate(pages):
        position, gap = 0, True
        for raw in page.split("\n"):
            text = raw.strip()
            if text:
                start = position + raw.index(text)
                row = raw.rstrip().lstrip(" ") if "\t" in raw else text
                lines.append(Line(number, start, start + len(text), text, gap, row))
            gap = not text
            position += len(raw) + 1
    return lines


def joined(lines: Sequence[Line], first: int, last: int) -> str:
    """The text of lines `first`..`last`, white space folded."""
    return " ".join(" ".join(line.text for line in lines[first : last + 1]).split())
