"""Rows of tables from words: by the cells of a grid, or by columns that white space parts.

A row is a list of cells, a cell its lines from the top down. Pure geometry, without a PDF.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from statistics import median

from appliance.engines.pdf_grids import Grid
from appliance.engines.pdf_lines import Line, lines_of
from appliance.engines.pdf_words import Word
from appliance.sentences.table_heads import is_value

Row = list[list[Line]]
_GAP = 0.8  # least white space between two columns, in type sizes
_NEW_ROW = 1.35  # in usual distances of lines: from here on a line begins a row
_SAME_BASE = 0.3
_MAX_SPAN = 200  # letters of a cell that is said again in each of its rows
_STEP = 1.06  # in distances of the lines of a cell: white space beyond it parts two rows
_MAX_STEP = 1.45  # in type sizes: lines farther apart are of no one cell
_MAX_LINES = 6  # of a cell that white space alone parts from the next
_FEWEST_ROWS = 3  # that white space has parted before it is believed
_PITCH = 1.2  # least usual distance of two lines, in type sizes


def ruled(grid: Grid, words: Sequence[Word]) -> list[Row]:
    """The rows of a grid. A cell of one column over several rows is said in each of those that
    say something else, unless it is long; any other stands in its first row.
    """
    rows: list[Row] = [[[] for _ in range(grid.columns)] for _ in range(grid.rows)]
    beside: list[dict[int, list[Line]]] = [{} for _ in range(grid.rows)]  # by column
    inside: list[list[Word]] = [[] for _ in grid.cells]
    for word in words:
        inside[grid.cell_at(*word.middle)].append(word)
    spans = _spans(grid)
    spanning: list[tuple[int, list[Line]]] = []
    for number, found in enumerate(inside):
        if not found:
            continue
        cell, lines = grid.cells[number], lines_of(found)
        if number in spans and sum(len(line.text) for line in lines) <= _MAX_SPAN:
            spanning.append((number, lines))
        else:
            rows[cell.row][cell.column] = lines
    filled = [any(row) for row in rows]
    for number, lines in spanning:
        cell = grid.cells[number]
        taken = [row for row in spans[number] if filled[row]]
        if not taken:
            rows[cell.row][cell.column] = lines
        for row in taken:
            beside[row][cell.column] = lines
    return [part for row, more in zip(rows, beside, strict=True) for part in _filled(row, more)]


def _spans(grid: Grid) -> dict[int, list[int]]:
    """The rows of each cell that takes several of them, and one column."""
    fields: dict[int, list[tuple[int, int]]] = {}
    for place, number in enumerate(grid.owners):
        fields.setdefault(number, []).append(divmod(place, grid.columns))
    return {
        number: [row for row, _ in found]
        for number, found in fields.items()
        if len(found) > 1 and len({column for _, column in found}) == 1
    }


def _filled(row: Row, beside: dict[int, list[Line]]) -> Iterator[Row]:
    """The rows that a field of a grid holds, each with the cells that stand beside all of them."""
    if not any(row):
        return
    for part in _parted(row):
        for column, lines in beside.items():
            part[column] = lines
        yield part


def _parted(row: Row) -> list[Row]:
    """A field of a grid may hold several rows that only white space or figures in line show."""
    columns = len(row)
    lines = [(line, column) for column, found in enumerate(row) for line in found]
    levels = _levels(lines)
    filled = [found for found in row if found]
    if len(filled) < 2 or len(levels) < 2:
        return [row]
    if len(filled) > 2 and _are_figures(filled, len(levels)):
        return [_row(level, columns) for level in levels]
    rows = [list(levels[0])]
    for number, level in enumerate(levels[1:], start=1):
        if _are_apart(filled, levels[number - 1][-1][0].base, level[0][0].base):
            rows.append([])
        rows[-1] += level
    return [_row(found, columns) for found in rows]


def _are_apart(filled: Sequence[list[Line]], above: float, below: float) -> bool:
    """Whether white space goes through all cells between two levels, and divides two or more."""
    divided = 0
    for lines in filled:
        over = [line.base for line in lines if line.base >= above - 1]
        under = [line.base for line in lines if line.base <= below + 1]
        if over and under:
            size = max(line.size for line in lines)
            steps = [one.base - other.base for one, other in pairwise(lines)]
            if over[-1] - under[0] <= _NEW_ROW * max(_PITCH * size, min(steps)):
                return False
            divided += 1
    return divided > 1


def _are_figures(filled: Sequence[list[Line]], count: int) -> bool:
    """Whether every cell has a line on every level, and all but the first have figures there."""
    return all(len(lines) == count for lines in filled) and all(
        any(c.isdigit() for c in line.text) for lines in filled[1:] for line in lines
    )


def _row(lines: Sequence[tuple[Line, int]], columns: int) -> Row:
    row: Row = [[] for _ in range(columns)]
    for line, column in lines:
        row[column].append(line)
    return row


def _levels(lines: Sequence[tuple[Line, int]]) -> list[list[tuple[Line, int]]]:
    """Lines with their columns, those together that stand on one base line."""
    levels: list[list[tuple[Line, int]]] = []
    for line, column in sorted(lines, key=lambda found: -found[0].base):
        if levels and _same_line(line, levels[-1][0][0]):
            levels[-1].append((line, column))
        else:
            levels.append([(line, column)])
    return levels


def _same_line(line: Line, other: Line) -> bool:
    return abs(line.base - other.base) <= _SAME_BASE * max(line.size, other.size)


def aligned(words: Sequence[Word]) -> list[Row]:
    """Rows of columns that white space parts from the top to the foot."""
    if not words:
        return []
    edges = _edges(words)
    columns: list[list[Word]] = [[] for _ in range(len(edges) + 1)]
    for word in words:
        number = sum(edge <= word.left + 0.01 for edge in edges)
        columns[number].append(word)
    cells = [lines_of(found) for found in columns]
    if rows := _spaced(cells):
        return rows
    lines = [(line, number) for number, found in enumerate(cells) for line in found]
    return _rows(_levels(lines), len(columns))


def _spaced(columns: Sequence[list[Line]]) -> list[Row]:
    """The rows where the lines of a cell stand closer than those of two cells, so that a cell of
    one line may stand beside the middle of one of two; none where white space does not tell.
    """
    steps = [a.base - b.base for column in columns for a, b in pairwise(column)]
    size = median(line.size for column in columns for line in column)
    pitch = min(steps, default=0.0)
    if not 0.8 * size <= pitch <= _MAX_STEP * size:
        return []
    cells = [
        (cell, number) for number, column in enumerate(columns) for cell in _cells(column, pitch)
    ]
    rows: list[Row] = []
    foot = 0.0
    for cell, number in sorted(cells, key=lambda found: -found[0][0].base):
        if not rows or cell[0].base < foot - _SAME_BASE * size:
            rows.append([[] for _ in columns])
            foot = cell[-1].base
        elif rows[-1][number]:
            return []  # two cells of a column beside one of another
        rows[-1][number] = cell
        foot = min(foot, cell[-1].base)
    uneven = any(len({len(cell) for cell in row if cell}) > 1 for row in rows)
    return rows if uneven and len(rows) >= _FEWEST_ROWS and all(map(_is_row, rows)) else []


def _cells(column: Sequence[Line], pitch: float) -> list[list[Line]]:
    cells = [[column[0]]]
    for above, below in pairwise(column):
        if above.base - below.base <= _STEP * pitch:
            cells[-1].append(below)
        else:
            cells.append([below])
    return cells


def _is_row(row: Row) -> bool:
    """Whether all cells are filled, none with lines of figures that are rows of their own."""
    return all(
        0 < len(cell) <= _MAX_LINES
        and not (number and sum(is_value(line.text) for line in cell) > 1)
        for number, cell in enumerate(row)
    )


def _edges(words: Sequence[Word]) -> list[float]:
    """Where columns begin, but for the first."""
    gap = _GAP * median(word.size for word in words)
    edges = []
    reach = None
    for word in sorted(words, key=lambda w: w.left):
        if reach is not None and word.left - reach >= gap:
            edges.append(word.left)
        reach = word.right if reach is None else max(reach, word.right)
    return edges


def _rows(levels: list[list[tuple[Line, int]]], columns: int) -> list[Row]:
    bases = [level[0][0].base for level in levels]
    steps = sorted(a - b for a, b in pairwise(bases))
    usual = steps[len(steps) // 4] if steps else 0.0
    rows: list[Row] = []
    for number, level in enumerate(levels):
        found = {column for _, column in level}
        step = bases[number - 1] - bases[number] if number else 0.0
        goes_on = (
            number > 0
            and step < _NEW_ROW * usual
            and len(found) < columns
            and (len(found) == 1 or 0 not in found)
            and not any(c.isdigit() for line, column in level if column for c in line.text)
        )
        if not goes_on:
            rows.append([[] for _ in range(columns)])
        for line, column in level:
            rows[-1][column].append(line)
    return rows
