"""Puts a page's text together from its paragraphs and tables, and keeps where its words are."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from appliance.engines.pdf_lines import Line
from appliance.engines.pdf_places import Box, Run, turned
from appliance.engines.pdf_tables import Row
from appliance.engines.pdf_words import BREAK, cleaned, printed

_HYPHENS = "-" + BREAK
_CAPTION = re.compile(r"\W{0,3}(?:table|tab\.|exhibit)\s+[\dIVX]{1,4}\b", re.I)
_MAX_CAPTION = 4  # lines


@dataclass(frozen=True, slots=True)
class PageText:
    """`words` are (start, end, box): characters of `text`, points of the page as it is shown."""

    text: str
    words: list[tuple[int, int, Box]]


@dataclass(frozen=True, slots=True)
class Block:
    """A paragraph, or a table."""

    lines: list[Line] = field(default_factory=list)
    rows: list[Row] = field(default_factory=list)


class Writer:
    """Puts the text together and keeps where its words are."""

    def __init__(self) -> None:
        self._parts: list[str] = []
        self._length = 0
        self._words: list[tuple[int, int, Box]] = []

    def page(self) -> PageText:
        return PageText("".join(self._parts), self._words)

    def blocks(self, blocks: Sequence[Block], turn: int) -> None:
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
        characters = printed(run.characters)
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


def _is_caption(above: Block | None, below: Block | None) -> bool:
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
