"""Rows of tables in the text of a passage, each with what it must not be read without. Pure.

A row is a line whose cells are divided by TABs.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from appliance.domain import Chunk
from appliance.sentences import fold

_LINE = re.compile(r"[^\n]+")
_TITLE = re.compile(r"(?:table|tab\.|exhibit)\s*[\dIVX]", re.IGNORECASE)
_TITLE_WORDS = 16  # of a line above a table that does not call itself its title
_TITLE_LINES = 3
_NUMBER = re.compile(r"\d")


@dataclass(frozen=True, slots=True)
class Row:
    """`text`: cells divided by TABs; `lead`: the title of its table, the rows that name its columns
    and the line that names its group, a line each. `start` is its place in the passage.
    """

    start: int
    text: str
    lead: str


@dataclass(frozen=True, slots=True)
class _Line:
    start: int
    end: int
    text: str  # white space folded within cells

    @property
    def is_row(self) -> bool:
        return "\t" in self.text


def rows_of(chunk: Chunk) -> tuple[list[Row], str]:
    """The rows of the tables in `chunk`, and its text with all of them blanked out, as long as it
    was.
    """
    lines = [
        _Line(match.start(), match.end(), _cells(match.group()))
        for match in _LINE.finditer(chunk.text)
        if match.group().strip()
    ]
    rows: list[Row] = []
    rest = chunk.text
    for first, last in _runs(lines, alone="\t" in (chunk.lead or "")):
        title = _title(lines, first)
        rows += _rows(lines, title, first, last, chunk.lead or "")
        start, end = lines[title].start, lines[last].end
        rest = rest[:start] + "\n" * (end - start) + rest[end:]
    return rows, rest


def _cells(line: str) -> str:
    return "\t".join(fold(cell) for cell in line.strip(" \r").split("\t")).strip("\t")


def _runs(lines: Sequence[_Line], *, alone: bool) -> Iterator[tuple[int, int]]:
    """First and last line of each table. A line between two rows names a group of rows; a row by
    itself is none unless it goes on with a table (`alone`).
    """
    number = 0
    while number < len(lines):
        last = number
        while lines[number].is_row:
            ahead = next(
                (
                    place
                    for place in (last + 1, last + 2)
                    if place < len(lines) and lines[place].is_row
                ),
                None,
            )
            if ahead is None:
                break
            last = ahead
        if lines[number].is_row and (last > number or (alone and number == 0)):
            yield number, last
        number = last + 1


def _title(lines: Sequence[_Line], first: int) -> int:
    for number in range(first - 1, max(first - 1 - _TITLE_LINES, -1), -1):
        if lines[number].is_row:
            break
        if _TITLE.match(lines[number].text):
            return number
    above = lines[first - 1].text if first else ""
    is_short = above and "\t" not in above and len(above.split()) <= _TITLE_WORDS
    return first - 1 if is_short and not above.endswith((".", ";", ",")) else first


def _rows(lines: Sequence[_Line], title: int, first: int, last: int, carried: str) -> Iterator[Row]:
    """`carried` is the head of a table that the passage goes on with."""
    body = first
    if first == title and first == 0 and "\t" in carried:
        head = carried.split("\n")
    else:
        head = [" ".join(line.text for line in lines[title:first])] if title < first else []
        names = lines[first].text.split("\t")[1:]
        if last > first and not any(map(_NUMBER.search, names)):
            head.append(lines[first].text)
            body = first + 1
    group: list[str] = []
    for line in lines[body : last + 1]:
        if line.is_row:
            yield Row(line.start, line.text, "\n".join((*head, *group)))
        else:
            group = [line.text]
