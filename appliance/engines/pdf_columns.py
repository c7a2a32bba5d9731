"""The order in which the parts of a page are read: columns one after the other, heads before them.

Recursive XY-cut (G. Nagy and S. Seth, "Hierarchical representation of optically scanned documents",
1984), where a cut goes down through the widest run of lines that leave a gutter free (T. Breuel,
"Two geometric algorithms for layout analysis", 2002) and across where a line bridges that gutter.
Pure geometry, without a PDF.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median
from typing import NamedTuple

from appliance.engines.pdf_places import Box

_GUTTER = 0.8  # least width of a gutter, in type sizes
_LEAST_LINES = 3  # on either side of a gutter
_LABEL = 4  # a side of so few letters is a bullet or a number before its text
_SHORT = 18  # a column of prose has longer lines
_ALIGNED = 0.7  # share of lines that stand on the same base line as one across the gutter
_RULED_LINES = 16  # columns between two rules that have more lines are prose
_RULE_GAP = 2.0  # in type sizes: most white space between a table and its rule above or below
_CLOSE = 1.2  # in type sizes: white space that does not end a column
_MAX_DEPTH = 12
_MAX_CANDIDATES = 40
_MAX_PARTS = 3_000  # more are no page that people read


class Part(NamedTuple):
    """Something that is read as one: some words of a line, or a whole frame or table.

    `number` is its place in the caller's list, `lines` how many lines it has.
    """

    left: float
    bottom: float
    right: float
    top: float
    base: float
    size: float
    letters: int
    lines: int
    number: int


@dataclass(frozen=True, slots=True)
class Flow:
    """Parts that are read from the top down; `is_table`: as rows of aligned columns."""

    parts: tuple[Part, ...]
    is_table: bool = False


@dataclass(frozen=True, slots=True)
class _Gutter:
    above: list[Part]
    left: list[Part]
    right: list[Part]
    below: list[Part]
    weight: int
    is_table: bool


def flows_of(parts: Sequence[Part], rules: Sequence[Box] = ()) -> list[Flow]:
    """All parts, in the order in which their columns are read. `rules` go across: columns between
    two of them may be those of a table.
    """
    flows: list[Flow] = []
    _cut(sorted(parts, key=lambda part: -part.top), 0, flows, rules)
    return flows


def _cut(parts: list[Part], depth: int, flows: list[Flow], rules: Sequence[Box]) -> None:
    if not parts:
        return
    gutter = _best(parts, rules) if depth < _MAX_DEPTH and len(parts) <= _MAX_PARTS else None
    if gutter is None:
        flows.append(Flow(tuple(parts)))
        return
    _cut(gutter.above, depth + 1, flows, rules)
    if gutter.is_table:
        both = sorted(gutter.left + gutter.right, key=lambda part: -part.top)
        flows.append(Flow(tuple(both), is_table=True))
    else:
        _cut(gutter.left, depth + 1, flows, rules)
        _cut(gutter.right, depth + 1, flows, rules)
    _cut(gutter.below, depth + 1, flows, rules)


def _best(parts: list[Part], rules: Sequence[Box]) -> _Gutter | None:
    size = median(part.size for part in parts)
    best: _Gutter | None = None
    for x in _edges(parts):
        run: list[Part] = []
        first = 0
        for number, part in enumerate([*parts, None]):
            bridges = part is not None and part.left < x - 1 and part.right > x - _GUTTER * size
            if part is not None and not bridges:
                run.append(part)
                continue
            found = _gutter(parts, first, number, x, size, rules) if len(run) >= 2 else None
            if found is not None and (best is None or found.weight > best.weight):
                best = found
            run, first = [], number + 1
    return best


def _edges(parts: list[Part]) -> list[float]:
    """Where several lines begin under each other, the most usual first."""
    counts: dict[int, list[float]] = {}
    for part in parts:
        weight = part.lines if part.lines > 1 else 1
        counts.setdefault(round(part.left / 2), []).extend([part.left] * weight)
    edges = []
    for key, lefts in counts.items():
        total = len(lefts) + len(counts.get(key + 1, ()))
        if total >= _LEAST_LINES:
            edges.append((total, min(lefts)))
    edges.sort(reverse=True)
    return [edge for _, edge in edges[:_MAX_CANDIDATES]]


def _gutter(
    parts: list[Part], first: int, last: int, x: float, size: float, rules: Sequence[Box]
) -> _Gutter | None:
    run = parts[first:last]
    left = [part for part in run if part.right <= x]
    right = [part for part in run if part.left >= x - 1]
    if not left or not right:
        return None
    top = min(max(p.top for p in left), max(p.top for p in right))
    bottom = max(min(p.bottom for p in left), min(p.bottom for p in right))
    beside_left = [p for p in left if p.bottom < top and p.top > bottom]
    beside_right = [p for p in right if p.bottom < top and p.top > bottom]
    lines_left, lines_right = _rows(beside_left, size), _rows(beside_right, size)
    fewest = min(len(lines_left), len(lines_right))
    if fewest < _LEAST_LINES:
        return None
    aligned = _aligned(lines_left, lines_right, size)
    letters_left = median(letters for _, letters, _ in lines_left)
    letters_right = median(letters for _, letters, _ in lines_right)
    if letters_left <= _LABEL and aligned >= _ALIGNED and letters_right > 2 * _LABEL:
        return None
    several = median(count for _, _, count in lines_right) > 1
    is_table = aligned >= _ALIGNED and (
        min(letters_left, letters_right) < _SHORT
        or several
        or (
            min(letters_left, letters_right) < 2 * _SHORT
            and max(len(lines_left), len(lines_right)) <= _RULED_LINES
            and _is_ruled(beside_left + beside_right, x, size, rules)
        )
    )
    kept_left = beside_left if is_table else _continued(left, beside_left, size)
    kept_right = beside_right if is_table else _continued(right, beside_right, size)
    kept = {part.number for part in kept_left} | {part.number for part in kept_right}
    above = parts[:first] + [p for p in run if p.number not in kept and p.bottom >= top - 1]
    below = [p for p in run if p.number not in kept and p.bottom < top - 1] + parts[last:]
    weight = len(lines_left) + len(lines_right)
    return _Gutter(above, kept_left, kept_right, below, weight, is_table)


def _is_ruled(beside: Sequence[Part], x: float, size: float, rules: Sequence[Box]) -> bool:
    """Whether rules over both sides of the gutter stand right above all parts and right below."""
    left, right = min(p.left for p in beside), max(p.right for p in beside)
    top, foot = max(p.top for p in beside), min(p.bottom for p in beside)
    reach = _RULE_GAP * size

    def is_between(low: float, high: float) -> bool:
        found = [rule for rule in rules if low <= (rule[1] + rule[3]) / 2 <= high]
        level = [r for r in found if abs(r[1] - found[0][1]) <= 2.0]
        # The cells of a row may have drawn a rule each.
        return any(r[0] <= left + reach and r[2] >= x - reach for r in level) and any(
            r[2] >= right - reach and r[0] <= x + reach for r in level
        )

    return is_between(top - 0.3 * size, top + reach) and is_between(foot - reach, foot + 0.3 * size)


def _continued(side: list[Part], beside: list[Part], size: float) -> list[Part]:
    """The parts beside the gutter and those that go on right below them."""
    kept = {part.number for part in beside}
    lowest = min(part.bottom for part in beside)
    result = list(beside)
    for part in side:
        is_next = part.number not in kept and part.top <= lowest + 0.5 * size
        if is_next and lowest - part.top <= _CLOSE * size:
            result.append(part)
            lowest = min(lowest, part.bottom)
    return sorted(result, key=lambda part: -part.top)


def _rows(parts: Sequence[Part], size: float) -> list[tuple[float, int, int]]:
    """(base line, letters, parts) of each line."""
    rows: list[tuple[float, int, int]] = []
    for part in sorted(parts, key=lambda p: -p.base):
        if part.lines > 1:
            # A frame or a table: as many lines as it has, which stand on no line of others.
            letters = part.letters // part.lines
            rows.extend((part.top - 1e6, letters, 1) for _ in range(part.lines))
        elif rows and abs(rows[-1][0] - part.base) <= 0.3 * size:
            base, letters, count = rows[-1]
            rows[-1] = base, letters + part.letters, count + 1
        else:
            rows.append((part.base, part.letters, 1))
    return rows


def _aligned(
    one: Sequence[tuple[float, int, int]], other: Sequence[tuple[float, int, int]], size: float
) -> float:
    fewer, more = sorted((one, other), key=len)
    bases = sorted(base for base, _, _ in more)
    near = 0.25 * size

    def has(base: float) -> bool:
        number = bisect_left(bases, base - near)
        return number < len(bases) and bases[number] <= base + near

    return sum(has(base) for base, _, _ in fewer) / len(fewer)
