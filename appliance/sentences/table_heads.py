"""Which rows of a table name its columns, and which lines below a row are the rest of it. Pure.

A row is its cells, white space folded.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from appliance.sentences.blocks import OPEN_ENDS, OPEN_WORDS

HEAD_ROWS = 3  # at most
_VALUE = re.compile(r"[<>≤≥~±+−–-]?\s*\d")
# A value that its column must have given a unit.
_BARE = re.compile(r"[<>≤≥~±+−–-]?\s*\d[\d\s.,%()/±+−–-]*")
_UNIT = re.compile(
    r"\(?\s*(?:%|n\s*=|n\s*\(?%\)?|mg|mcg|µg|g|kg|ml|l|mmol|meq|units?|iu|hours?|days?)"
    r"(?:\b|/|\s|\)|$)|\(.*\)$",
    re.I,
)
_OPEN = (*OPEN_ENDS, "\u00ad")
_LAST_WORD = re.compile(r"\w+$")


def head_rows(rows: Sequence[Sequence[str]]) -> int:
    """How many of the first rows name the columns."""
    counts = [values(row) for row in rows]
    if any(counts[1:]) and (counts[0] == 0 or _names_units(rows)):
        count = 1
        while count < min(HEAD_ROWS, len(rows) - 1) and _is_head_too(rows[count], rows[0]):
            count += 1
        return count
    if not rows[0][0] and len(rows) > 1:
        return 1  # nothing stands above the names of the rows
    if any(counts):
        return 0
    # Words alone: names are shorter than what they name.
    rest = [cell for row in rows[1:] for cell in row]
    return int(len(rows) > 2 and _length(rows[0]) < 0.6 * _length(rest))


def goes_on(row: Sequence[str], line: str, below: Sequence[str]) -> bool:
    """Whether `line`, between two rows, is the rest of a cell of the first: it begins small,
    as the names of rows do not here, or that cell breaks off.
    """
    is_small = line[:1].islower() and not below[0][:1].islower()
    return is_small or any(map(is_open, row))


def is_open(cell: str) -> bool:
    """Whether a cell breaks off amid a phrase."""
    last = _LAST_WORD.search(cell)
    return (
        cell.endswith(_OPEN)
        or cell.count("(") > cell.count(")")
        or (last is not None and last.group() in OPEN_WORDS)
    )


def is_value(cell: str) -> bool:
    """Whether a cell begins with a figure."""
    return _VALUE.match(cell) is not None


def values(row: Sequence[str]) -> int:
    """How many cells begin with a figure, but for the first, which names the row."""
    return sum(map(is_value, row[1:]))


def _names_units(rows: Sequence[Sequence[str]]) -> bool:
    """Whether the values of the first row have units ("10 mg"), and those below them have none."""
    for column, cell in enumerate(rows[0]):
        if column and is_value(cell):
            below = [row[column] for row in rows[1:] if column < len(row) and row[column]]
            if _BARE.fullmatch(cell) or not below or not all(map(_BARE.fullmatch, below)):
                return False
    return True


def _is_head_too(row: Sequence[str], first: Sequence[str]) -> bool:
    """A second row of a head: units, or names below a name that spans them."""
    if len(row) < 2 or values(row):
        return False
    named = [cell for cell in row if cell]
    return row[0] in ("", first[0]) or all(_UNIT.match(cell) for cell in named[1:] or named)


def _length(cells: Sequence[str]) -> float:
    filled = [len(cell) for cell in cells if cell]
    return sum(filled) / len(filled) if filled else 0.0
