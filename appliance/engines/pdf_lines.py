"""Lines from words with places: pure geometry, without a PDF."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Sequence
from dataclasses import dataclass

from appliance.engines.pdf_scripts import Piece, written
from appliance.engines.pdf_words import SAME_BASE, SAME_SIZE, Word

_TIGHT = 0.12  # in type sizes: what stands closer than this to its neighbour belongs to it
_MOST_NEAR = 50  # rows that are looked at for one word


@dataclass(frozen=True, slots=True)
class Line:
    """A line of text as it reads, and the words in it: (start, end, left, right)."""

    text: str
    words: tuple[tuple[int, int, float, float], ...]
    left: float
    bottom: float
    right: float
    top: float
    base: float
    size: float


def lines_of(words: Sequence[Word]) -> list[Line]:
    """Lines from the top down, of words that stand in one column."""
    rows = _Rows()
    usual = _usual_size(words)
    marks = []
    for word in sorted(words, key=lambda w: (-w.size, -w.base)):
        if word.size < SAME_SIZE * usual:
            marks.append(word)
        elif not rows.take(word):
            rows.begin(word)
    # A mark joins the row of the word beside it, which may be another mark.
    marks.sort(key=lambda w: w.left)
    while marks:
        left = [mark for mark in marks if not rows.take(mark)]
        if len(left) == len(marks):
            # No word is beside them: they are lines of their own.
            rows.begin(left.pop(left.index(max(left, key=lambda w: w.size))))
        marks = left
    lines = [_line(row) for row in rows.found]
    return sorted(lines, key=lambda line: -line.base)


class _Rows:
    """Words that stand beside each other; the first of a row tells its place."""

    def __init__(self) -> None:
        self.found: list[list[Word]] = []
        self._places: list[tuple[float, int]] = []  # (base line, row), from the foot
        self._largest = 0.0

    def begin(self, word: Word) -> None:
        insort(self._places, (word.base, len(self.found)))
        self.found.append([word])
        self._largest = max(self._largest, word.size)

    def take(self, word: Word) -> bool:
        """Whether there is a row for the word; it is in the nearest of them then."""
        reach = 1.5 * max(self._largest, word.size)
        first = bisect_left(self._places, (word.base - reach, -1))
        best, distance = -1, reach
        for base, number in self._places[first : first + _MOST_NEAR]:
            if base > word.base + reach:
                break
            away = abs(word.base - base)
            if away < distance and _shares_row(word, self.found[number]):
                best, distance = number, away
        if best >= 0:
            self.found[best].append(word)
        return best >= 0


def _usual_size(words: Sequence[Word]) -> float:
    letters: dict[float, int] = {}
    for word in words:
        size = round(word.size, 1)
        letters[size] = letters.get(size, 0) + len(word.text)
    return max(letters, key=lambda size: letters[size], default=0.0)


def _shares_row(word: Word, row: Sequence[Word]) -> bool:
    head = row[0]
    size = max(head.size, word.size)
    if word.size >= SAME_SIZE * head.size:
        return abs(word.base - head.base) <= 0.3 * size
    # A mark: its middle is at the height of the row, and beside a word of it.
    middle = word.base + 0.3 * word.size
    if not head.base - 0.35 * size < middle < head.base + 1.05 * size:
        return False
    if abs(word.base - head.base) <= 0.1 * size:
        return True
    return any(
        -0.5 * size < word.left - other.right < 0.5 * size
        or -0.5 * size < other.left - word.right < 0.5 * size
        for other in row
    )


def _line(row: list[Word]) -> Line:
    leftward = sum(len(word.text) for word in row if word.leftward)
    if 2 * leftward > sum(len(word.text) for word in row):
        row.sort(key=lambda word: -word.right)
    else:
        row.sort(key=lambda word: word.left)
    size = max(word.size for word in row)
    # The base line of the largest: a row may begin with a mark.
    main = max(row, key=lambda word: (round(word.size, 1), len(word.text)))
    pieces = []
    before: Word | None = None
    for word in row:
        gap = 0.0
        if before is not None:
            gap = before.left - word.right if word.leftward else word.left - before.right
        near = max(word.size, before.size if before else 0.0)
        level = word.base - main.base
        small = word.size < SAME_SIZE * main.size or word.size < SAME_SIZE * near
        raised = small and level > 0.12 * main.size
        lowered = small and level < -0.04 * main.size
        same = before is not None and abs(before.base - word.base) < SAME_BASE * near
        apart = before is not None and (
            gap >= _TIGHT * near or (word.after_space and same and gap > -0.2 * near)
        )
        pieces.append(Piece(word.text, raised, lowered, apart, gap >= 0.5 * near))
        before = word
    text, spans = written(pieces)
    return Line(
        text,
        tuple(
            (start, end, word.left, word.right)
            for word, (start, end) in zip(row, spans, strict=True)
        ),
        min(word.left for word in row),
        min(word.bottom for word in row),
        max(word.right for word in row),
        max(word.top for word in row),
        main.base,
        size,
    )
