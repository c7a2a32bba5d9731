"""Ruled tables: which cells the rules of a page make. Pure geometry, without a PDF.

As in A. Nurminen, "Algorithmic extraction of data in tables in PDF documents" (2013): rules that
touch make one grid, and neighbouring fields of it that no rule parts are one cell.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass

from appliance.engines.pdf_places import Box

_NEAR = 2.5  # points within which two rules meet or are one
_LEAST = 5.0  # between two rules of a grid
_MAX_RULES = 2_000
_MAX_FIELDS = 20_000


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell: its box, and the first row and column that it takes, from the top left."""

    box: Box
    row: int
    column: int


@dataclass(frozen=True, slots=True)
class Grid:
    box: Box
    rows: int
    columns: int
    cells: tuple[Cell, ...]
    xs: tuple[float, ...]  # its rules down, from the left
    ys: tuple[float, ...]  # its rules across, from the foot
    owners: tuple[int, ...]  # of each field, from the top left, row by row: the number of its cell

    def cell_at(self, x: float, y: float) -> int:
        """The number of the cell at a point, or of the one nearest to it."""
        column = min(max(bisect_right(self.xs, x) - 1, 0), self.columns - 1)
        row = min(max(self.rows - bisect_right(self.ys, y), 0), self.rows - 1)
        return self.owners[row * self.columns + column]


def grids_of(rules: Sequence[Box], lowest: float, highest: float) -> list[Grid]:
    """The grids that the rules of a page make, frames of one cell among them.

    `lowest` and `highest` are the edges of the page, which may cut a table.
    """
    # Neighbouring cells draw the rule between them twice.
    lines = [_Rule.of(rule) for rule in {tuple(map(round, rule)): rule for rule in rules}.values()]
    down = _joined([line for line in lines if not line.across])
    across = _joined([line for line in lines if line.across])
    if len(down) + len(across) > _MAX_RULES:
        return []
    grids = []
    for group in _touching([*across, *down]):
        if (grid := _grid(group, lowest, highest)) is not None:
            grids.append(grid)
    return grids


@dataclass(frozen=True, slots=True)
class _Rule:
    across: bool
    at: float
    start: float
    end: float

    @classmethod
    def of(cls, box: Box) -> _Rule:
        left, bottom, right, top = box
        if right - left >= top - bottom:
            return cls(True, (bottom + top) / 2, left, right)
        return cls(False, (left + right) / 2, bottom, top)


def _joined(rules: list[_Rule]) -> list[_Rule]:
    """Rules of one direction, with those put together that lie on each other or end to end."""
    joined: list[_Rule] = []
    for rule in sorted(rules, key=lambda r: (round(r.at), r.start)):
        for number in range(len(joined) - 1, max(len(joined) - 40, -1), -1):
            other = joined[number]
            if (
                abs(rule.at - other.at) <= 1.0
                and rule.start <= other.end + _NEAR
                and rule.end >= other.start - _NEAR
            ):
                start, end = min(rule.start, other.start), max(rule.end, other.end)
                joined[number] = _Rule(rule.across, other.at, start, end)
                break
        else:
            joined.append(rule)
    return joined


def _touching(rules: list[_Rule]) -> list[list[_Rule]]:
    """Groups of rules that touch each other, directly or through others."""
    sets = _Sets(len(rules))
    across = [n for n, rule in enumerate(rules) if rule.across]
    down = [n for n, rule in enumerate(rules) if not rule.across]
    for a in across:
        for b in down:
            first, second = rules[a], rules[b]
            if (
                first.start - _NEAR <= second.at <= first.end + _NEAR
                and second.start - _NEAR <= first.at <= second.end + _NEAR
            ):
                sets.join(a, b)
    groups: dict[int, list[_Rule]] = {}
    for number, rule in enumerate(rules):
        groups.setdefault(sets.root(number), []).append(rule)
    return [group for group in groups.values() if len(group) > 2]


def _grid(group: list[_Rule], foot: float, head: float) -> Grid | None:
    down = [rule for rule in group if not rule.across]
    across = [rule for rule in group if rule.across]
    xs = _places([rule.at for rule in down])
    if len(xs) < 2 or not across:
        return None
    levels = [rule.at for rule in across]
    # A page may cut a table: its sides then go on beyond its last rule across.
    lowest = max(foot, min(rule.start for rule in down))
    highest = min(head, max(rule.end for rule in down))
    if min(levels) - lowest > 2 * _LEAST:
        levels.append(lowest)
    if highest - max(levels) > 2 * _LEAST:
        levels.append(highest)
    ys = _places([level for level in levels if foot - _NEAR <= level <= head + _NEAR])
    if len(ys) < 2 or len(xs) * len(ys) > _MAX_FIELDS:
        return None
    cells, owners = _cells(xs, ys[::-1], group)
    box = xs[0], ys[0], xs[-1], ys[-1]
    return Grid(box, len(ys) - 1, len(xs) - 1, cells, tuple(xs), tuple(ys), owners)


def _places(values: list[float]) -> list[float]:
    places: list[float] = []
    for value in sorted(values):
        if not places or value - places[-1] > _LEAST:
            places.append(value)
    return places


def _cells(
    xs: list[float], ys: list[float], rules: list[_Rule]
) -> tuple[tuple[Cell, ...], tuple[int, ...]]:
    """Fields that no rule parts are one cell; a cell that is no rectangle takes its bounds.

    `ys` go down. Returns the cells, and of each field the number of its cell.
    """
    rows, columns = len(ys) - 1, len(xs) - 1
    across = [rule for rule in rules if rule.across]
    down = [rule for rule in rules if not rule.across]
    sets = _Sets(rows * columns)
    for row in range(rows):
        middle = (ys[row] + ys[row + 1]) / 2
        for column in range(1, columns):
            if not _covered(down, xs[column], middle):
                sets.join(row * columns + column - 1, row * columns + column)
    for column in range(columns):
        middle = (xs[column] + xs[column + 1]) / 2
        for row in range(1, rows):
            if not _covered(across, ys[row], middle):
                sets.join((row - 1) * columns + column, row * columns + column)
    fields: dict[int, list[tuple[int, int]]] = {}
    for row in range(rows):
        for column in range(columns):
            fields.setdefault(sets.root(row * columns + column), []).append((row, column))
    numbers = {root: number for number, root in enumerate(fields)}
    owners = tuple(numbers[sets.root(field)] for field in range(rows * columns))
    cells = tuple(
        Cell(
            (
                xs[min(c for _, c in found)],
                ys[max(r for r, _ in found) + 1],
                xs[max(c for _, c in found) + 1],
                ys[min(r for r, _ in found)],
            ),
            min(r for r, _ in found),
            min(c for _, c in found),
        )
        for found in fields.values()
    )
    return cells, owners


def _covered(rules: list[_Rule], at: float, place: float) -> bool:
    """Whether a rule stands at `at` and goes by `place`."""
    return any(
        abs(rule.at - at) <= _LEAST and rule.start - _NEAR <= place <= rule.end + _NEAR
        for rule in rules
    )


class _Sets:
    """Disjoint sets of the numbers below `size`."""

    def __init__(self, size: int) -> None:
        self._parent = list(range(size))

    def root(self, number: int) -> int:
        parent = self._parent
        while parent[number] != number:
            parent[number] = parent[parent[number]]
            number = parent[number]
        return number

    def join(self, one: int, other: int) -> None:
        first, second = sorted((self.root(one), self.root(other)))
        self._parent[second] = first
