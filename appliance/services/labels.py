"""What stands in front of a stretch of text and says of what it is true. Pure.

"Children 2 to 5 years: 125 mg three times daily." and "In pneumonia, give 1 g." begin with one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

_MOST_CHARACTERS = 120  # what is longer is a sentence of its own
# A full stop between digits ends nothing.
_SENTENCE = re.compile(r"(?:[^.!?\n]|[.!?](?=\d))+")
_BEFORE_COLON = re.compile(r"\s*([^:;]*\w[^:;]*?)\s*:(?!\d)")
_FRONTED = re.compile(
    r"\s*((?:in|for|if|when|with|during|among|at|on|where)\b(?:[^,:;]|,(?=\d))*?)\s*,(?!\d)",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Label:
    """At `text[start:end]`; it holds from there to `until`."""

    start: int
    end: int
    until: int

    def reaches(self, at: int) -> bool:
        """Whether what begins at `at` stands under it."""
        return self.end < at <= self.until


def labels_of(text: str) -> Iterator[Label]:
    """In order; none within another. One before a colon holds to the end of its sentence or to the
    next such one, one before a comma to the next semicolon.
    """
    for sentence in _SENTENCE.finditer(text):
        at, end = sentence.span()
        pieces = [*_pieces(text, at, end)]
        for number, (start, stop) in enumerate(pieces):
            if match := _BEFORE_COLON.match(text, start, stop):
                until = next(
                    (
                        begin
                        for begin, to in pieces[number + 1 :]
                        if _BEFORE_COLON.match(text, begin, to)
                    ),
                    end,
                )
            elif match := _FRONTED.match(text, start, stop):
                until = stop
            else:
                continue
            if match.end(1) - match.start(1) <= _MOST_CHARACTERS:
                yield Label(match.start(1), match.end(1), until)


def _pieces(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """The stretches between semicolons."""
    while (found := text.find(";", start, end)) >= 0:
        yield start, found
        start = found + 1
    yield start, end
