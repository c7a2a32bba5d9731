"""One table in the lines of a document, and what its rows must not be read without."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from appliance.services.page_lines import Line


@dataclass(frozen=True, slots=True)
class Table:
    """Lines `first`..`last`, the title among them; `rows` is the first row and `body` the first
    that is no head. `head` is the title and the head rows, a line each, cells divided by TABs;
    empty where nothing tells them. `groups` are the lines in the body that name the rows below
    them; `group` is the name that holds where the body begins, on the page before, and `above`
    the cells of the last row there. `is_torn`: it begins with the rest of a row.

    Where a page's end goes through a row, cell by cell: `below` are the cells of its rest on the
    page after the last row here, and `rest` the cells before it that the first row here leaves
    empty ("" where it has its own).
    """

    first: int
    rows: int
    body: int
    last: int
    head: str
    groups: tuple[int, ...] = ()
    group: str = ""
    above: tuple[str, ...] = ()
    is_torn: bool = False
    below: tuple[str, ...] = ()
    rest: tuple[str, ...] = ()

    def lead_of(self, lines: Sequence[Line], number: int) -> str:
        """What the line `number` of the body must not be read without: head, group and, with a
        TAB behind each, the cells of other rows that its empty first cells go on with.
        """
        if number in self.groups:
            return self.head
        spans = self.spans_of(lines, number) if number <= self.last else ()
        span = "".join(f"{cell}\t" for cell in spans)
        return "\n".join(part for part in (self.head, self.group_of(lines, number), span) if part)

    def spans_of(self, lines: Sequence[Line], number: int) -> tuple[str, ...]:
        """The cells that stand above the empty first cells of a row; none if one is missing. Of a
        row that its page cuts, those on the other page.
        """
        if self.rest and number == self.rows:
            return self.rest
        missing = next((n for n, cell in enumerate(cells_of(lines[number].row)) if cell), 0)
        if self.below and number == self.last:
            return self.below[:missing]
        found = [""] * missing
        if not missing:
            return ()
        for place in range(number - 1, self.body - 1, -1):
            if place in self.groups:
                return ()
            if is_row(lines[place]):
                found = _filled(found, cells_of(lines[place].row))
            if found[0]:
                break
        else:
            found = _filled(found, self.above)
        return tuple(found) if all(found) else ()

    def group_of(self, lines: Sequence[Line], number: int) -> str:
        above = [line for line in self.groups if line < number]
        return lines[above[-1]].text if above else self.group


def cells_of(row: str) -> list[str]:
    """The cells of a line of a table, without white space around them; one if it is no row."""
    if "\t" in row:
        return [cell.strip() for cell in row.split("\t")]
    bare = row.strip()
    if bare.startswith("|") or bare.count("|") > 1:
        return [cell.strip() for cell in bare.strip("|").split("|")]
    return [bare]


def is_row(line: Line) -> bool:
    return len(cells_of(line.row)) > 1


def _filled(cells: Sequence[str], above: Sequence[str]) -> list[str]:
    """The cells, those that are empty from the row above."""
    return [
        cell or (above[number] if number < len(above) else "") for number, cell in enumerate(cells)
    ]
