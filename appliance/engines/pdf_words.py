"""Words and lines from characters with places: pure geometry, without a PDF."""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_left, insort
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from appliance.engines.pdf_places import Box, Character
from appliance.engines.pdf_scripts import Piece, written

# All in shares of the type size.
_GAP = 0.25  # from here on two characters stand apart
_OVERLAP = 0.6  # by how much one character may reach back over the one before it
_TIGHT = 0.12  # what stands closer than this to its neighbour belongs to it
_SAME_BASE = 0.12
_SAME_SIZE = 0.85
BREAK = "\u00ad"
# PDFium marks the hyphen of a word broken over two lines by one of these.
_BROKEN_WORD = re.compile("[\u0002\ufffe]")
_UNPRINTABLE = re.compile("[\u0000-\u0008\u000e-\u001f\u007f-\u009f\ud800-\udfff\ufeff\uffff]")
# The bullet of a symbol font; hyphens that differ only in where a line may end.
_SAME = str.maketrans("\uf0b7\u2010\u2011", "\u2022--")
_LIGATURE = re.compile("[\ufb00-\ufb06]")
_MOST_NEAR = 50  # rows that are looked at for one word
_LEADER = 5  # as many dots or dashes in a row are drawn, not said
_LEADERS = frozenset("-_.=·…‒–—―")


@dataclass(slots=True)
class Word:
    """Characters without white space between them, of one size on one base line.

    `after_space`: white space comes before it in the file.
    """

    text: str
    left: float
    bottom: float
    right: float
    top: float
    base: float
    size: float
    after_space: bool
    leftward: bool = False

    @property
    def middle(self) -> tuple[float, float]:
        """Of what is seen: half-way along it, at half the height of small letters."""
        return (self.left + self.right) / 2, self.base + 0.3 * self.size


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


def cleaned(text: str) -> str:
    """The characters as they can be shown and stored; BREAK for a hyphen that may break a word."""
    if text.isascii() and text.isprintable():
        return text
    text = _UNPRINTABLE.sub("", _BROKEN_WORD.sub(BREAK, text)).translate(_SAME)
    return _LIGATURE.sub(lambda match: unicodedata.normalize("NFKC", match[0]), text)


def words_of(characters: Iterable[Character], walls: Sequence[Box] = ()) -> list[Word]:
    """Words in the order of the file; drawn leaders ("........") are left out.

    `walls` are upright rules: two cells may be so full that no white space parts their words.
    """
    walled = _Walls(walls)
    words: list[Word] = []
    letters: list[str] = []
    word: Word | None = None
    reach = 0.0  # where the character before begins
    for character in characters:
        text, left, bottom, right, top, base, size, after_space = character
        if (
            word is not None
            and not after_space
            and _continues(word, character, reach)
            and not (walls and walled.between(reach, character))
        ):
            letters.append(text)
            reach = left
            word.left = min(word.left, left)
            word.right = max(word.right, right)
            word.bottom = min(word.bottom, bottom)
            word.top = max(word.top, top)
            continue
        if word is not None:
            _finish(words, word, letters)
        word = Word("", left, bottom, right, top, base, size, after_space)
        word.leftward = _is_leftward(text)
        letters = [text]
        reach = left
    if word is not None:
        _finish(words, word, letters)
    return words


def _continues(word: Word, character: Character, reach: float) -> bool:
    size = word.size
    if abs(character.base - word.base) > _SAME_BASE * size:
        return False
    if not _SAME_SIZE < (character.size / size if size else 1.0) < 1 / _SAME_SIZE:
        return False
    # Fonts without a width give no room to measure.
    gap = max(_GAP * size, 0.5)
    if word.leftward:
        return -_OVERLAP * size < word.left - character.right < gap
    # The letters of a ligature have one box between them.
    furthest = min(word.right - _OVERLAP * size, reach)
    return furthest <= character.left < word.right + gap


class _Walls:
    def __init__(self, walls: Sequence[Box]) -> None:
        self._walls = sorted(((w[0] + w[2]) / 2, w[1], w[3]) for w in walls)

    def between(self, reach: float, character: Character) -> bool:
        """Whether a wall stands between where the letter before begins and this one's middle."""
        number = bisect_left(self._walls, (reach + 0.1 * character.size,))
        end = character.left + 0.3 * character.size
        for x, bottom, top in self._walls[number:]:
            if x > end:
                return False
            if bottom <= character.base + 0.3 * character.size <= top:
                return True
        return False


def _finish(words: list[Word], word: Word, letters: list[str]) -> None:
    word.text = cleaned("".join(letters))
    if not word.text:
        return
    if len(word.text) >= _LEADER and word.text[0] in _LEADERS and len(set(word.text)) == 1:
        return
    words.append(word)


def _is_leftward(letter: str) -> bool:
    return letter > "\u0590" and unicodedata.bidirectional(letter) in ("R", "AL")


def lines_of(words: Sequence[Word]) -> list[Line]:
    """Lines from the top down, of words that stand in one column."""
    rows = _Rows()
    usual = _usual_size(words)
    marks = []
    for word in sorted(words, key=lambda w: (-w.size, -w.base)):
        if word.size < _SAME_SIZE * usual:
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
    if word.size >= _SAME_SIZE * head.size:
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
        small = word.size < _SAME_SIZE * main.size or word.size < _SAME_SIZE * near
        raised = small and level > 0.12 * main.size
        lowered = small and level < -0.04 * main.size
        same = before is not None and abs(before.base - word.base) < _SAME_BASE * near
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
