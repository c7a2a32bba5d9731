"""Rows of tables in the text of a passage, each with what it must not be read without. Pure.

A row is a line whose cells are divided by TABs.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import zip_longest

from appliance.domain import Chunk
from appliance.sentences import fold
from appliance.sentences.table_heads import goes_on, head_rows, is_open

_LINE = re.compile(r"[^\n]+")
_TITLE = re.compile(r"(?:table|tab\.|exhibit)\s*[\dIVX]", re.IGNORECASE)
_TITLE_WORDS = 16  # of a line above a table that does not call itself its title
_TITLE_LINES = 3


@dataclass(frozen=True, slots=True)
class Row:
    """`text`: cells divided by TABs; `lead`: the title of its table, the rows that name its
    columns, the line that names its group and the cells above its empty first cells, a line each.
    `start` is its place in the passage.
    """

    start: int
    text: str
    lead: str


@dataclass(frozen=True, slots=True)
class _Line:
    start: int
    end: int
    text: str  # white space folded within cells
    empty: int = 0  # first cells

    @property
    def is_row(self) -> bool:
        return "\t" in self.text or self.empty > 1

    @property
    def cells(self) -> list[str]:
        return [""] * self.empty + self.text.split("\t")


def rows_of(chunk: Chunk) -> tuple[list[Row], str]:
    """The rows of the tables in `chunk`, and its text with all of them blanked out, as long as it
    was.
    """
    lines = [
        _Line(match.start(), match.end(), _cells(match.group()), _empty(match.group()))
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


def _empty(line: str) -> int:
    return line[: len(line) - len(line.lstrip())].count("\t")


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
    above: list[str] = []  # the cells of the row above
    group: list[str] = []
    body = first
    if first == title and first == 0 and "\t" in carried:
        head, group, above = _carried(carried)
    else:
        head = [" ".join(line.text for line in lines[title:first])] if title < first else []
        rows = [line.cells for line in lines[first : last + 1]]
        body += head_rows(rows) if last > first else 0
        head += [line.text for line in lines[first:body]]
    number = body
    while number <= last:
        line = lines[number]
        if not line.is_row:
            group, above = [line.text], []
            number += 1
            continue
        empty = line.empty or (len(above) if number == 0 else 0)
        cells = [*above[:empty], *line.cells[line.empty :]]
        span = above[:empty] if len(above) >= empty and all(above[:empty]) else []
        if number == 0 and above[:1] == [""]:
            # The rest of a row that its page cuts: it leaves cells empty that stand before it.
            cells = [own or other for own, other in zip_longest(line.cells, above, fillvalue="")]
            span = [cell for cell in above if cell]
        text = line.text
        if number + 1 < last and not lines[number + 1].is_row:
            rest, below = lines[number + 1].text, lines[number + 2].cells
            if goes_on(line.cells, rest, below):
                is_last = is_open(cells[-1]) or not any(map(is_open, cells))
                text += f" {rest}" if is_last else f"\t{rest}"
                number += 1
        yield Row(
            line.start, text, "\n".join((*head, *group, *(["\t".join(span)] if span else [])))
        )
        above = cells
        number += 1


def _carried(lead: str) -> tuple[list[str], list[str], list[str]]:
    """The head, the group and the cells above the first row ("" for one that it has itself), of
    what `Table.lead_of` writes.
    """
    lines = lead.split("\n")
    above = lines.pop()[:-1].split("\t") if lead.endswith("\t") else []
    rows = [number for number, line in enumerate(lines) if "\t" in line]
    body = rows[-1] + 1 if rows else len(lines)
    return lines[:body], lines[body:], above
