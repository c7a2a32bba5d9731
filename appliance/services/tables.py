"""Tables in the lines of a document: their rows, and the head that every row is read with.

A row is a line whose cells are divided by TABs or, as in Markdown, by bars.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from appliance.sentences.table_heads import HEAD_ROWS, goes_on, head_rows, is_open, values
from appliance.services.page_lines import Line
from appliance.services.table_leads import Table, cells_of, is_row

_TITLE = re.compile(r"(?:table|tab\.|exhibit)\s*[\dIVX]", re.I)
_TITLE_LINES = 4
_TITLE_WORDS = 16  # of a line above a table that does not call itself its title
_RULE = re.compile(r"[|:\-\s+=]+")


def tables_of(lines: Sequence[Line]) -> list[Table]:
    """In order. A table that goes on over a page's end is one for each page, with one head."""
    tables: list[Table] = []
    for start, last in _runs(lines):
        before = tables[-1] if tables else None
        rest = start if lines[start].row.startswith("\t") else start - 1
        if before is not None and _is_rest(lines, before, rest):
            tables.append(_going_on(lines, before, rest, start, start, last, is_torn=True))
            continue
        first = _title(lines, start)
        is_more = before is not None and _goes_on(lines, before, first, start)
        if start == last and not is_more:
            continue  # a single row is none
        count = _head_rows(lines[start : last + 1])
        if before is not None and is_more and _is_spanned(lines[start], before.head):
            count = 0
        groups = _groups(lines, start + count, last)
        if count == 0 and groups and first < start - 1:
            start -= 1  # the last line of the title is the name of the first group
        body = start + count
        if before is not None and is_more:
            going_on = _going_on(lines, before, first, start, body, last)
            if body == start and (cut := _rest_of_cells(lines[before.last], lines[start])):
                tables[-1] = replace(before, below=tuple(cells_of(lines[start].row)))
                going_on = replace(going_on, rest=cut)
            tables.append(going_on)
        else:
            head = _head(lines, first, start, body)
            tables.append(Table(first, start, body, last, head, _groups(lines, body, last)))
    return tables


def _going_on(
    lines: Sequence[Line],
    before: Table,
    first: int,
    start: int,
    body: int,
    last: int,
    *,
    is_torn: bool = False,
) -> Table:
    """The rows from `start` on as a part of the table `before` them."""
    head = before.head
    if body > start:  # it repeats its head, or has another below the same title
        own = _head(lines, first, start, body)
        head = own if first < start else _with_title(before.head, own)
    group = before.group_of(lines, before.last + 1)
    spans = before.spans_of(lines, before.last)
    above = (*spans, *cells_of(lines[before.last].row)[len(spans) :])
    groups = _groups(lines, body, last)
    rows = first if is_torn else start
    return Table(first, rows, body, last, head, groups, group, above, is_torn)


def _rest_of_cells(above: Line, below: Line) -> tuple[str, ...]:
    """The cells of a page's last row that the first of the next leaves empty, up to the last of
    them, where a page's end went through the row: some cells stand on one page only, and others
    break off.
    """
    upper, lower = cells_of(above.row), cells_of(below.row)
    pairs = list(zip(upper, lower, strict=True))
    is_cut = any(one and not other for one, other in pairs) and any(
        other and not one for one, other in pairs
    )
    if not is_cut or not any(is_open(one) for one, other in pairs if one and other):
        return ()
    rest = ["" if other else one for one, other in pairs]
    while not rest[-1]:
        rest.pop()
    return tuple(rest)


def _groups(lines: Sequence[Line], body: int, last: int) -> tuple[int, ...]:
    """The lines of a table's body that have one cell: the name of the rows below, if they are not
    the rest of the row above.
    """
    return tuple(
        number
        for number in range(body, last)
        if sum(bool(cell) for cell in cells_of(lines[number].row)) == 1
        and cells_of(lines[number].row)[0]
        and lines[number].text[0].isalnum()
        and not (number > body and _is_rest_of_row(lines, number))
    )


def _is_spanned(row: Line, head: str) -> bool:
    """Whether the first row below a page's end goes on with a cell above it, as it holds values and
    is no head said again.
    """
    cells = cells_of(row.row)
    return not cells[0] and values(cells) > 0 and "\t".join(cells) not in head


def _is_rest_of_row(lines: Sequence[Line], number: int) -> bool:
    above, below = (cells_of(lines[place].row) for place in (number - 1, number + 1))
    return len(above) > 1 and len(below) > 1 and goes_on(above, lines[number].text, below)


def _is_rest(lines: Sequence[Line], before: Table, rest: int) -> bool:
    """Whether the line `rest` is the end of the last row on the page before."""
    if rest != before.last + 1 or lines[rest].page != lines[before.last].page + 1:
        return False
    is_row_below = rest + 1 < len(lines) and is_row(lines[rest + 1])
    return lines[rest].text[0].islower() and is_row_below and not lines[rest + 1].after_gap


def _runs(lines: Sequence[Line]) -> Iterator[tuple[int, int]]:
    """First and last line of each run of rows. A line between two rows belongs to them
    when no gap sets it off: it names a group of rows.
    """
    number = 0
    while number < len(lines):
        if not is_row(lines[number]):
            number += 1
            continue
        last = number
        while True:
            step = next(
                (
                    ahead
                    for ahead in (1, 2)
                    if last + ahead < len(lines)
                    and is_row(lines[last + ahead])
                    and not any(lines[last + between].after_gap for between in range(1, ahead + 1))
                ),
                0,
            )
            if step == 0:
                break
            last += step
        yield number, last
        number = last + 1


def _title(lines: Sequence[Line], start: int) -> int:
    """The line at which the title above the row `start` begins, or `start`. It may stand at the
    foot of the page before.
    """
    for number in range(start - 1, max(start - 1 - _TITLE_LINES, -1), -1):
        line = lines[number]
        if is_row(line) or line.page < lines[start].page - 1:
            break
        if _TITLE.match(line.text):
            return number
        if line.after_gap and line.page == lines[start].page and not _begins_page(lines, number):
            break
    if start == 0 or lines[start].after_gap or is_row(lines[start - 1]):
        return start
    above = lines[start - 1]
    is_short = len(above.text.split()) <= _TITLE_WORDS and not above.text.endswith((".", ";", ","))
    return start - 1 if is_short else start


def _begins_page(lines: Sequence[Line], number: int) -> bool:
    return number == 0 or lines[number - 1].page != lines[number].page


def _head_rows(rows: Sequence[Line]) -> int:
    """How many of the first rows name the columns."""
    for number, row in enumerate(rows[: HEAD_ROWS + 1]):
        if number and "|" in row.text and _RULE.fullmatch(row.text):
            return number + 1  # Markdown says it
    return head_rows([cells_of(row.row) for row in rows])


def _head(lines: Sequence[Line], first: int, start: int, body: int) -> str:
    title = " ".join(" ".join(line.text.split()) for line in lines[first:start])
    rows: list[str] = []
    above: list[str] = []
    for line in lines[start:body]:
        if not _RULE.fullmatch(line.text):
            cells = cells_of(line.row)
            # A name over two rows of the head is said once.
            rows.append(
                "\t".join(
                    "" if above[n : n + 1] == [cell] else cell for n, cell in enumerate(cells)
                )
            )
            above = cells
    return "\n".join([title, *rows] if title else rows)


def _goes_on(lines: Sequence[Line], before: Table, first: int, start: int) -> bool:
    """Whether rows at the top of a page go on with the table at the foot of the page before."""
    if before.last + 1 != first or lines[before.last].page + 1 != lines[start].page:
        return False
    title = "" if first == start else lines[first].text
    if title and "cont" not in title.lower() and title not in before.head:
        return False
    return len(cells_of(lines[start].row)) == len(cells_of(lines[before.last].row))


def _with_title(before: str, head: str) -> str:
    """The head repeated on the next page, below the title that stands on the first alone."""
    title = before.split("\n", 1)[0]
    return head if "\t" in title or not title else f"{title}\n{head}"
