"""What a document's pages are made of: sections, tables, lists, sentences, and where to pause."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from appliance.sentences import Kind
from appliance.services.furniture import without_furniture
from appliance.services.headings import Heading, headings_of
from appliance.services.outline import paths_of
from appliance.services.page_lines import lines_of
from appliance.services.sentence_lines import Place, sentences_of
from appliance.services.tables import tables_of
from appliance.services.wholes import wholes_of

_SPACE = re.compile(r"\s+")
_ENDED = re.compile(r"[.!?:;][\"'’”)\]]*$")


class Break(StrEnum):
    """What begins at a place."""

    SECTION = "section"
    GAP = "gap"  # something below a blank line
    ITEM = "item"  # or a row, or a sentence on a line of its own
    SENTENCE = "sentence"
    LINE = "line"  # within a sentence
    WORD = "word"  # or what must stay with the line above
    CELL = "cell"  # of a row, which is never cut where it fits


@dataclass(slots=True)
class PageStructure:
    """A page without its furniture: `text[start:end]`. Places are positions in `text`.

    `wholes` are the ends of what begins at a place and stays together where it fits, `boxes` of
    what does so where it is longer; `apart` is where a chunk must begin; from `bare_from` on there
    are only headings.
    """

    text: str
    start: int = 0
    end: int = 0
    bare_from: int = 0
    breaks: dict[int, Break] = field(default_factory=dict)
    wholes: dict[int, list[int]] = field(default_factory=lambda: defaultdict(list))
    boxes: dict[int, int] = field(default_factory=dict)
    apart: set[int] = field(default_factory=set)


class Structure:
    """The structure of a whole document, by page (from 0) and position in its text."""

    def __init__(self, pages: Sequence[str]) -> None:
        """`pages`: their texts, in order."""
        self._pages = [PageStructure(text) for text in pages]
        self._lines = without_furniture(lines_of(pages))
        self._starts = [(line.page, line.start) for line in self._lines]
        self._tables = tables_of(self._lines)
        self._rests = {table.first for table in self._tables if table.is_torn}
        self._rows = {n for table in self._tables for n in range(table.rows, table.last + 1)}
        self._grouped = {
            n
            for table in self._tables
            for n in range(table.body, table.last + 1)
            if table.groups and n not in table.groups
        }
        tabled = {n for table in self._tables for n in range(table.first + 1, table.last + 1)}
        headings = headings_of(self._lines)
        self._headings = [one for one in headings if tabled.isdisjoint((one.first, one.last))]
        self._paths = paths_of(self._headings)
        self._last_of_run = _last_of_runs(self._headings)
        self._first_lines = [heading.first for heading in self._headings]
        self._titles = {
            n for heading in self._headings for n in range(heading.first, heading.last + 1)
        }
        sentences = sentences_of(self._lines, self._titles | self._rows)
        self._begun = {part.start: part.kind for part in sentences}
        wholes = wholes_of(self._lines, self._headings, self._tables, sentences)
        self._leads, self._glued = wholes.leads, wholes.glued
        self._bound()
        for number in range(len(self._lines)):
            self._break_line(number)
        rows = [
            ((self._lines[n].page, self._lines[n].start), (self._lines[n].page, self._lines[n].end))
            for n in self._rows
        ]
        for number, start, end in self._parts([*wholes.spans, *rows]):
            self._pages[number].wholes[start].append(end)
        for number, start, end in self._parts(wholes.boxes):
            self._pages[number].boxes[start] = end
        for number in wholes.apart:
            self._pages[self._lines[number].page].apart.add(self._lines[number].start)

    def of_page(self, number: int) -> PageStructure:
        return self._pages[number]

    def path_at(self, page: int, position: int) -> tuple[str, ...]:
        """The headings above what stands there, outermost first; where headings begin there, the
        last of them is the nearest.
        """
        line = self._line(page, position)
        number = bisect_right(self._first_lines, line) - 1
        if number < 0:
            return ()
        if line <= self._headings[number].last:
            number = self._last_of_run[number]
        return self._paths[number]

    def lead_at(self, page: int, position: int) -> str | None:
        """What the text from there on must not be read without."""
        return self._leads.get(self._line(page, position))

    def is_torn(self, page: int, position: int) -> bool:
        """Whether a sentence that began before goes on there."""
        line = self._line(page, position)
        if line in self._rests:
            return True
        if (page, position) in self._begun:
            return False
        is_whole = line in self._titles or line in self._rows
        return not (is_whole and self._starts[line] == (page, position))

    def _line(self, page: int, position: int) -> int:
        return max(bisect_right(self._starts, (page, position)) - 1, 0)

    def _bound(self) -> None:
        for number, line in enumerate(self._lines):
            page = self._pages[line.page]
            if page.end == 0:
                page.start = page.bare_from = line.start
            if number not in self._titles:
                page.bare_from = line.end
            page.end = line.end

    def _break_line(self, number: int) -> None:
        """Where a chunk may end before this line and in it."""
        line = self._lines[number]
        breaks = self._pages[line.page].breaks
        for match in _SPACE.finditer(line.text):
            place = line.start + match.end()
            begun = (line.page, place) in self._begun
            within = Break.SENTENCE if begun else Break.WORD
            breaks[place] = Break.CELL if number in self._rows else within
        if number and self._lines[number - 1].page == line.page:
            breaks[line.start] = self._above(number)

    def _above(self, number: int) -> Break:
        """What begins with this line of a page, which is not its first."""
        above, line = self._lines[number - 1], self._lines[number]
        if number in self._titles and number - 1 not in self._titles:
            return Break.SECTION
        if number - 1 in self._titles or number in self._glued:
            return Break.WORD
        if number in self._rows:
            return Break.SENTENCE if number in self._grouped else Break.ITEM
        kind = self._begun.get((line.page, line.start))
        if kind is None:
            return Break.LINE
        if line.after_gap:
            return Break.GAP
        if kind is Kind.ITEM or _ENDED.search(above.text):
            return Break.ITEM
        return Break.SENTENCE

    def _parts(self, spans: Sequence[tuple[Place, Place]]) -> Iterator[tuple[int, int, int]]:
        """(page, start, end): each page has its own part of what goes on over its end."""
        for (first, start), (last, end) in spans:
            for number in range(first, last + 1):
                page = self._pages[number]
                if page.end:
                    yield (
                        number,
                        start if number == first else page.start,
                        end if number == last else page.end,
                    )


def _last_of_runs(headings: Sequence[Heading]) -> list[int]:
    """For each heading the last of those that follow it with nothing between."""
    last = list(range(len(headings)))
    for number in range(len(headings) - 2, -1, -1):
        if headings[number + 1].first == headings[number].last + 1:
            last[number] = last[number + 1]
    return last
