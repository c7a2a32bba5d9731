"""The text of a page as a person reads it, and where on the page its words stand.

From characters and drawings with places; pure geometry, without a PDF. Columns are read one after
the other, a blank line stands between paragraphs, the cells of a row of a table stand on one line
with a tab between them, and text in a frame is not mixed with what is outside it. A table and a
frame have a blank line before and after them; the caption of a table stands directly above it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from appliance.engines.pdf_columns import Part, flows_of
from appliance.engines.pdf_frames import Frame, framed
from appliance.engines.pdf_places import Box, Drawings, Run, turned, upright
from appliance.engines.pdf_tables import Row, aligned, ruled
from appliance.engines.pdf_words import BREAK, Line, Word, cleaned, lines_of, words_of

_PARAGRAPH = 1.25  # in usual distances of lines: from here on a line begins a paragraph
_USUAL = 0.3  # the quantile of all distances that is the usual one
_MAX_COMPACT = 2_000  # letters in a frame that is kept together
_SEGMENT_GAP = 0.8  # in type sizes: from here on words may be of different columns
_HYPHENS = "-" + BREAK
_CAPTION = re.compile(r"\W{0,3}(?:table|tab\.|exhibit)\s+[\dIVX]{1,4}\b", re.I)
_MAX_CAPTION = 4  # lines
_ENDED = re.compile(r"[.!?:;][\"'’”)\]]*$")


@dataclass(frozen=True, slots=True)
class PageText:
    """`words` are (start, end, box): characters of `text`, points of the page as it is shown."""

    text: str
    words: list[tuple[int, int, Box]]


@dataclass(frozen=True, slots=True)
class _Block:
    """A paragraph, or a table."""

    lines: list[Line] = field(default_factory=list)
    rows: list[Row] = field(default_factory=list)


def laid_out(runs: Sequence[Run], drawings: Drawings, width: float, height: float) -> PageText:
    """The page's text; what is turned or leans comes after what most of the page is."""
    turns: dict[int | None, int] = {}
    for run in runs:
        turns[run.style.turn] = turns.get(run.style.turn, 0) + len(run.characters)
    writer = _Writer()
    for turn in sorted((t for t in turns if t is not None), key=lambda t: -turns[t]):
        seen, page = drawings.upright(turn), upright((0.0, 0.0, width, height), turn)
        walls = [box for box in seen.rules if box[3] - box[1] > box[2] - box[0]]
        characters = (c for run in runs if run.style.turn == turn for c in run.characters)
        writer.blocks(_blocks(words_of(characters, walls), seen, page), turn)
    for run in runs:
        if run.style.turn is None:
            writer.leaning(run)
    return writer.page()


def _blocks(words: list[Word], drawings: Drawings, page: Box) -> list[_Block]:
    if not words:
        return []
    root = framed(words, drawings, page)
    found: list[tuple[Frame, list[_Flow]]] = []
    _collect(root, found)
    steps = sorted(step for _, flows in found for flow in flows for step in flow.steps())
    usual = steps[int(_USUAL * len(steps))] if steps else 1.2
    flows_by_frame = {id(frame): flows for frame, flows in found}
    return _composed(root, flows_by_frame, usual)


@dataclass(frozen=True, slots=True)
class _Flow:
    """One column: lines and frames from the top down, or the rows of a table without rules."""

    items: list[Line | Frame]
    rows: list[Row]

    def steps(self) -> Iterator[float]:
        for above, below in pairwise(self.items):
            if isinstance(above, Line) and isinstance(below, Line) and below.size:
                step = (above.base - below.base) / below.size
                if 0.8 < step < 2.5:
                    yield step


def _collect(frame: Frame, found: list[tuple[Frame, list[_Flow]]]) -> None:
    """The columns of a frame and of those in it."""
    if frame.grid is not None:
        return
    for inner in frame.frames:
        _collect(inner, found)
    segments = _segments(frame.words)
    parts = [_part(segment, number) for number, segment in enumerate(segments)]
    parts += [inner.as_part(len(segments) + number) for number, inner in enumerate(frame.frames)]
    flows = []
    for flow in flows_of(parts):
        words = [w for p in flow.parts if p.number < len(segments) for w in segments[p.number]]
        frames = [
            frame.frames[p.number - len(segments)] for p in flow.parts if p.number >= len(segments)
        ]
        if flow.is_table and not frames:
            flows.append(_Flow([], aligned(words)))
        else:
            flows.append(_Flow(_merged(_column_lines(words, frames), frames), []))
    found.append((frame, flows))


def _column_lines(words: list[Word], frames: list[Frame]) -> list[Line]:
    """Lines of a column; those that frames part are never one."""
    if not frames:
        return lines_of(words)
    lines = []
    bands: dict[int, list[Word]] = {}
    for word in words:
        above = sum(frame.box[3] < word.base + 0.3 * word.size for frame in frames)
        bands.setdefault(above, []).append(word)
    for key in sorted(bands, reverse=True):
        lines += lines_of(bands[key])
    return lines


def _merged(lines: list[Line], frames: list[Frame]) -> list[Line | Frame]:
    items: list[Line | Frame] = [*lines, *frames]
    return sorted(
        items, key=lambda i: -(i.base + 0.3 * i.size if isinstance(i, Line) else i.box[3])
    )


def _segments(words: Sequence[Word]) -> list[list[Word]]:
    """Words that follow each other on a line with no more than a blank between them."""
    segments: list[list[Word]] = []
    for word in words:
        if segments:
            before = segments[-1][-1]
            size = max(before.size, word.size)
            gap = before.left - word.right if word.leftward else word.left - before.right
            if (
                abs(before.base - word.base) < 0.5 * size
                and -0.6 * size < gap < _SEGMENT_GAP * size
            ):
                segments[-1].append(word)
                continue
        segments.append([word])
    return segments


def _part(words: list[Word], number: int) -> Part:
    main = max(words, key=lambda word: word.size)
    return Part(
        min(word.left for word in words),
        min(word.base - 0.2 * word.size for word in words),
        max(word.right for word in words),
        max(word.base + 0.75 * word.size for word in words),
        main.base,
        main.size,
        sum(len(word.text) for word in words) + len(words) - 1,
        1,
        number,
    )


def _composed(frame: Frame, flows: dict[int, list[_Flow]], usual: float) -> list[_Block]:
    if frame.grid is not None:
        return [_Block(rows=ruled(frame.grid, frame.words))]
    blocks: list[_Block] = []
    last: Line | None = None
    for flow in flows[id(frame)]:
        if flow.rows:
            blocks.append(_Block(rows=flow.rows))
            last = None
        is_first = True
        for item in flow.items:
            if isinstance(item, Frame):
                blocks += _inner(item, flows, usual)
                last = None
                continue
            if last is not None and (
                _goes_on(last, item)
                if is_first
                else last.base - item.base <= _PARAGRAPH * usual * item.size
            ):
                blocks[-1].lines.append(item)
            else:
                blocks.append(_Block(lines=[item]))
            last, is_first = item, False
    return blocks


def _inner(frame: Frame, flows: dict[int, list[_Flow]], usual: float) -> list[_Block]:
    """A frame in its surroundings: of one piece, unless it is long or holds a table."""
    blocks = _composed(frame, flows, usual)
    if frame.letters > _MAX_COMPACT or any(block.rows for block in blocks):
        return blocks
    return [_Block(lines=[line for block in blocks for line in block.lines])]


def _goes_on(above: Line, below: Line) -> bool:
    """Whether a sentence goes on from the foot of a column to the head of the next."""
    return below.text[:1].islower() and _ENDED.search(above.text) is None


class _Writer:
    """Puts the text together and keeps where its words are."""

    def __init__(self) -> None:
        self._parts: list[str] = []
        self._length = 0
        self._words: list[tuple[int, int, Box]] = []

    def page(self) -> PageText:
        return PageText("".join(self._parts), self._words)

    def blocks(self, blocks: Sequence[_Block], turn: int) -> None:
        for number, block in enumerate(blocks):
            following = blocks[number + 1] if number + 1 < len(blocks) else None
            if self._length:
                above = blocks[number - 1] if number else None
                self._say("\n" if _is_caption(above, block) else "\n\n")
            if block.rows:
                self._rows(block.rows, turn)
            else:
                self._lines(block.lines, turn, " " if _is_caption(block, following) else "\n")

    def leaning(self, run: Run) -> None:
        """Text that leans stands by itself; its box is that of all of it."""
        characters = run.characters
        text = cleaned("".join(" " * c.after_space + c.text for c in characters)).strip()
        if not text:
            return
        if self._length:
            self._say("\n\n")
        box = (
            min(c.left for c in characters),
            min(c.bottom for c in characters),
            max(c.right for c in characters),
            max(c.top for c in characters),
        )
        self._words.append((self._length, self._length + len(text), box))
        self._say(text)

    def _rows(self, rows: Sequence[Row], turn: int) -> None:
        for number, row in enumerate(rows):
            if number:
                self._say("\n")
            last = max(column for column, lines in enumerate(row) if lines)
            for column, lines in enumerate(row[: last + 1]):
                if column:
                    self._say("\t")
                self._lines(lines, turn, " ")

    def _lines(self, lines: Sequence[Line], turn: int, between: str) -> None:
        for number, line in enumerate(lines):
            following = lines[number + 1] if number + 1 < len(lines) else None
            at = self._length
            for start, end, left, right in line.words:
                if start < end:
                    box = turned((left, line.bottom, right, line.top), turn)
                    self._words.append((at + start, at + end, box))
            if following is not None and _is_broken(line.text, following.text):
                self._say(line.text[:-1].replace(BREAK, "-") + BREAK)
            else:
                self._say(line.text.replace(BREAK, "-"))
                if following is not None:
                    self._say(between)

    def _say(self, text: str) -> None:
        self._parts.append(text)
        self._length += len(text)


def _is_caption(above: _Block | None, below: _Block | None) -> bool:
    """Whether `above` is the title of the table `below`."""
    return (
        above is not None
        and below is not None
        and bool(below.rows)
        and 0 < len(above.lines) <= _MAX_CAPTION
        and _CAPTION.match(above.lines[0].text) is not None
    )


def _is_broken(line: str, following: str) -> bool:
    """Whether the hyphen at the end of a line is within a word."""
    return line[-1:] in _HYPHENS and line[-2:-1].isalnum() and following[:1].isalnum()
