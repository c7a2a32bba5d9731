"""The text of a page as a person reads it, and where on the page its words stand.

From characters and drawings with places; pure geometry, without a PDF. Columns are read one after
the other, a blank line stands between paragraphs, the cells of a row of a table stand on one line
with a tab between them, and text in a frame is not mixed with what is outside it. A table and a
frame have a blank line before and after them; the caption of a table stands directly above it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from appliance.engines.pdf_bullets import with_bullets
from appliance.engines.pdf_columns import Part, flows_of
from appliance.engines.pdf_frames import Frame, framed
from appliance.engines.pdf_lines import Line, lines_of
from appliance.engines.pdf_places import Box, Drawings, Run, upright
from appliance.engines.pdf_tables import Row, aligned, ruled
from appliance.engines.pdf_text import Block, PageText, Writer
from appliance.engines.pdf_words import Word, printed, words_of

_PARAGRAPH = 1.25  # in usual distances of lines: from here on a line begins a paragraph
_USUAL = 0.3  # the quantile of all distances that is the usual one
_MAX_COMPACT = 2_000  # letters in a frame that is kept together
_ENDED = re.compile(r"[.!?:;][\"'’”)\]]*$")
_SEGMENT_GAP = 0.8  # in type sizes: from here on words may be of different columns


def laid_out(runs: Sequence[Run], drawings: Drawings, width: float, height: float) -> PageText:
    """The page's text; what is turned or leans comes after what most of the page is."""
    turns: dict[int | None, int] = {}
    for run in runs:
        turns[run.style.turn] = turns.get(run.style.turn, 0) + len(run.characters)
    writer = Writer()
    for turn in sorted((t for t in turns if t is not None), key=lambda t: -turns[t]):
        seen, page = drawings.upright(turn), upright((0.0, 0.0, width, height), turn)
        walls = [box for box in seen.rules if box[3] - box[1] > box[2] - box[0]]
        characters = [c for run in runs if run.style.turn == turn for c in run.characters]
        words = with_bullets(words_of(printed(characters), walls), seen.dots)
        writer.blocks(_blocks(words, seen, page), turn)
    for run in runs:
        if run.style.turn is None:
            writer.leaning(run)
    return writer.page()


def _blocks(words: list[Word], drawings: Drawings, page: Box) -> list[Block]:
    if not words:
        return []
    root = framed(words, drawings, page)
    found: list[tuple[Frame, list[_Flow]]] = []
    across = [box for box in drawings.rules if box[2] - box[0] > box[3] - box[1]]
    _collect(root, across, found)
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


def _collect(frame: Frame, rules: list[Box], found: list[tuple[Frame, list[_Flow]]]) -> None:
    """The columns of a frame and of those in it; `rules` go across the page."""
    if frame.grid is not None:
        return
    for inner in frame.frames:
        _collect(inner, rules, found)
    segments = _segments(frame.words)
    parts = [_part(segment, number) for number, segment in enumerate(segments)]
    parts += [inner.as_part(len(segments) + number) for number, inner in enumerate(frame.frames)]
    flows = []
    for flow in flows_of(parts, rules):
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


def _composed(frame: Frame, flows: dict[int, list[_Flow]], usual: float) -> list[Block]:
    if frame.grid is not None:
        return [Block(rows=ruled(frame.grid, frame.words))]
    blocks: list[Block] = []
    last: Line | None = None
    for flow in flows[id(frame)]:
        if flow.rows:
            blocks.append(Block(rows=flow.rows))
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
                blocks.append(Block(lines=[item]))
            last, is_first = item, False
    return blocks


def _inner(frame: Frame, flows: dict[int, list[_Flow]], usual: float) -> list[Block]:
    """A frame in its surroundings: of one piece, unless it is long or holds a table."""
    blocks = _composed(frame, flows, usual)
    if frame.letters > _MAX_COMPACT or any(block.rows for block in blocks):
        return blocks
    return [Block(lines=[line for block in blocks for line in block.lines])]


def _goes_on(above: Line, below: Line) -> bool:
    """Whether a sentence goes on from the foot of a column to the head of the next."""
    return below.text[:1].islower() and _ENDED.search(above.text) is None
