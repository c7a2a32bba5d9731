"""What is drawn around text: frames that keep theirs apart, and the grids of tables, as a tree."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from appliance.engines.pdf_columns import Part
from appliance.engines.pdf_grids import Grid, grids_of
from appliance.engines.pdf_places import Box, Drawings
from appliance.engines.pdf_words import Word

_MAX_FRAMES = 300
_MAX_WORDS = 20_000  # on a page; one that has more is no page that people read
_EDGE = 3.0  # points by which text may stand out of its frame
_MAX_CROSSED = 0.05  # share of a frame's words that may stand across its edge
_WHOLE = 0.95  # a frame around more of the words than this parts nothing
_BESIDE = 0.5  # share of a frame's lines that go on beside it where it is a mark behind words
_MAX_CELL = 1_500  # letters; in a cell that has more stand paragraphs


@dataclass(slots=True)
class Frame:
    """`words` are those in it that stand in none of its `frames`; with `grid`, it is a table."""

    box: Box
    grid: Grid | None = None
    words: list[Word] = field(default_factory=list)
    frames: list[Frame] = field(default_factory=list)

    @property
    def letters(self) -> int:
        own = sum(len(word.text) + 1 for word in self.words)
        return own + sum(frame.letters for frame in self.frames)

    def as_part(self, number: int) -> Part:
        """As one thing among the segments of lines around it."""
        left, bottom, right, top = self.box
        words = self._all()
        size = max((word.size for word in words), default=10.0)
        lines = max(2, len({round(word.base) for word in words}))
        return Part(left, bottom, right, top, bottom, size, self.letters, lines, number)

    def _all(self) -> list[Word]:
        return self.words + [word for frame in self.frames for word in frame._all()]


def framed(words: Sequence[Word], drawings: Drawings, page: Box) -> Frame:
    """The page as a frame, with the frames and tables that hold some of its words."""
    root = Frame(page)
    if not (drawings.rules or drawings.frames) or len(words) > _MAX_WORDS:
        root.words = list(words)
        return root
    tables, boxes = _parted(grids_of(drawings.rules, page[1], page[3]), words)
    boxes += [box for box in _distinct(drawings.frames) if not any(_in(box, t.box) for t in tables)]
    frames = tables + [Frame(box) for box in _kept(boxes, words)]
    frames.sort(key=lambda frame: _area(frame.box))
    for word in words:
        x, y = word.middle
        home = next((frame for frame in frames if _holds(frame.box, x, y)), root)
        home.words.append(word)
    for number, frame in enumerate(frames):
        parent = next((f for f in frames[number + 1 :] if _in(frame.box, f.box)), root)
        if parent.grid is not None:
            parent.words += frame.words  # what is drawn in a cell parts nothing
            frame.words = []
        elif frame.words or frame.frames:
            parent.frames.append(frame)
    return root


def _parted(grids: Sequence[Grid], words: Sequence[Word]) -> tuple[list[Frame], list[Box]]:
    """Grids that are tables, and the boxes of those that only frame paragraphs."""
    tables, boxes = [], []
    for grid in grids:
        letters = [0] * len(grid.cells)
        for word in words:
            x, y = word.middle
            if _holds(grid.box, x, y):
                letters[grid.cell_at(x, y)] += len(word.text) + 1
        filled = {cell.column for cell, count in zip(grid.cells, letters, strict=True) if count}
        if len(filled) > 1 and max(letters) <= _MAX_CELL:
            tables.append(Frame(grid.box, grid))
        else:
            boxes += [c.box for c, count in zip(grid.cells, letters, strict=True) if count]
    return tables, boxes


def _kept(boxes: Sequence[Box], words: Sequence[Word]) -> list[Box]:
    """The boxes that part words from others, each set of words once."""
    kept: dict[frozenset[int], Box] = {}
    middles = [word.middle for word in words]
    for box in boxes:
        left, bottom, right, top = box
        inside = [
            n for n, (x, y) in enumerate(middles) if left <= x <= right and bottom <= y <= top
        ]
        if len(inside) > _WHOLE * len(words):
            continue
        if len({round(words[n].base) for n in inside}) < 2:
            continue  # a line is no less apart without it
        crossed = sum(not _in(_core(words[n]), box) for n in inside)
        if crossed > _MAX_CROSSED * len(inside):
            continue
        if _is_mark(box, [words[n] for n in inside], words):
            continue
        kept.setdefault(frozenset(inside), box)
    return list(kept.values())


def _is_mark(box: Box, inside: Sequence[Word], words: Sequence[Word]) -> bool:
    """Whether a box lies behind words whose lines go on beside it."""
    left, bottom, right, top = box
    reach = 0.6 * max(word.size for word in inside)
    beside = {
        round(word.base)
        for word in words
        if bottom < word.middle[1] < top
        and (-_EDGE < left - word.right < reach or -_EDGE < word.left - right < reach)
    }
    return len(beside) >= _BESIDE * len({round(word.base) for word in inside})


def _distinct(boxes: Sequence[Box]) -> list[Box]:
    seen: dict[tuple[int, ...], Box] = {}
    for box in boxes:
        seen.setdefault(tuple(round(side / 3) for side in box), box)
    return sorted(seen.values(), key=_area, reverse=True)[:_MAX_FRAMES]


def _core(word: Word) -> Box:
    """A word without what its font keeps free above and below."""
    return word.left, word.base, word.right, word.base + 0.6 * word.size


def _holds(box: Box, x: float, y: float) -> bool:
    return box[0] <= x <= box[2] and box[1] <= y <= box[3]


def _in(inner: Box, outer: Box) -> bool:
    return (
        inner[0] >= outer[0] - _EDGE
        and inner[1] >= outer[1] - _EDGE
        and inner[2] <= outer[2] + _EDGE
        and inner[3] <= outer[3] + _EDGE
    )


def _area(box: Box) -> float:
    return (box[2] - box[0]) * (box[3] - box[1])
