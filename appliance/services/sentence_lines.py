"""The sentences of a document that go on over lines and pages."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from appliance.sentences import Kind, Segment, segments
from appliance.services.page_lines import Line

Place = tuple[int, int]  # a page, from 0, and a position in its text


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence, item or lead: its first and last line, and where it begins and ends."""

    first: int
    last: int
    start: Place
    end: Place
    kind: Kind
    text: str


def sentences_of(lines: Sequence[Line], apart: Collection[int]) -> list[Sentence]:
    """In order; headings and rows of tables among them. `apart` are lines that no sentence goes
    across.
    """
    return _Joined(lines, apart).sentences()


class _Joined:
    """The lines of a document as one text."""

    def __init__(self, lines: Sequence[Line], apart: Collection[int]) -> None:
        """`apart` have a gap above and below."""
        self._lines = lines
        self._starts: list[int] = []
        parts: list[str] = []
        position = 0
        for number, line in enumerate(lines):
            is_first = number == 0 or lines[number - 1].page != line.page
            is_apart = number in apart or number - 1 in apart
            # A page's end is no gap: what stands there goes on.
            lead = "\n\n" if is_apart or (line.after_gap and not is_first) else "\n"
            parts += (lead, line.text)
            position += len(lead)
            self._starts.append(position)
            position += len(line.text)
        self._text = "".join(parts)

    def sentences(self) -> list[Sentence]:
        return [self._sentence(found) for found in segments(self._text)]

    def _sentence(self, found: Segment) -> Sentence:
        first = self._line(found.start)
        last = self._line(max(found.end - 1, found.start))
        return Sentence(
            first,
            last,
            self._place(first, found.start),
            self._place(last, found.end),
            found.kind,
            self._text[found.start : found.end],
        )

    def _place(self, number: int, position: int) -> Place:
        line = self._lines[number]
        return line.page, line.start + position - self._starts[number]

    def _line(self, position: int) -> int:
        return bisect_right(self._starts, position) - 1
