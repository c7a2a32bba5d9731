"""Reads the claims out of an answer: which words, resting on which [n]."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass

from appliance.sentences import split_sentences

_MARKER = r"\[\d{1,3}(?:\s*,\s*\d{1,3})*\]"
MARKERS = rf"\s{{0,8}}{_MARKER}(?:\s*{_MARKER})*"  # one or more [n], and the space before them
_MARKERS = re.compile(MARKERS)
_NUMBER = re.compile(r"\d+")
_TAIL = re.compile(r"[.!?;:,)\]\"'”’]+")
_WORD = re.compile(r"\w")


@dataclass(frozen=True, slots=True)
class Claim:
    """`text == answer[start:words_end]` says something; its markers and full stop end at `end`.

    `numbers` are the [n] it carries, in order, each once; `line` counts the lines of the answer. A
    claim without words is markers alone, behind words that end in a marker of the document's own.
    """

    line: int
    start: int
    words_end: int
    end: int
    text: str
    numbers: tuple[int, ...]


def read_claims(answer: str, *, introduction: Collection[str] = ()) -> list[Claim]:
    """In the order of the text. A line that is exactly one of `introduction` claims nothing.

    The words in front of a marker, back to the marker or the line before, are one claim: an engine
    that quotes several sentences at once puts one marker behind them. Whoever checks it may
    `divide` it.
    """
    claims: list[Claim] = []
    for line, (start, end) in enumerate(_lines(answer)):
        if answer[start:end].strip() in introduction:
            continue
        claims += _claims_of_line(answer, line, start, end)
    return claims


def join(answer: str, first: Claim, last: Claim) -> Claim:
    """All from `first` to `last`, markers in between being words, under the markers of `last`."""
    text = answer[first.start : last.words_end]
    return Claim(first.line, first.start, last.words_end, last.end, text, last.numbers)


def divide(claim: Claim) -> list[Claim]:
    """The sentences of a claim; the last of them alone carries its markers."""
    spans = [(start, end) for start, end in split_sentences(claim.text) if end > start]
    if len(spans) < 2:
        return [claim]
    parts = []
    for number, (start, end) in enumerate(spans):
        is_last = number == len(spans) - 1
        words_end = claim.words_end if is_last else claim.start + end
        parts.append(
            Claim(
                line=claim.line,
                start=claim.start + start,
                words_end=words_end,
                end=claim.end if is_last else words_end,
                text=claim.text[start : words_end - claim.start],
                numbers=claim.numbers if is_last else (),
            )
        )
    return parts


def _lines(text: str) -> Iterator[tuple[int, int]]:
    start = 0
    for line in text.splitlines(keepends=True):
        yield start, start + len(line)
        start += len(line)


def _claims_of_line(answer: str, line: int, line_start: int, line_end: int) -> Iterator[Claim]:
    at = line_start
    for markers in _MARKERS.finditer(answer, line_start, line_end):
        # A full stop behind the marker belongs to the sentence in front of it.
        tail = _TAIL.match(answer, markers.end(), line_end)
        end = tail.end() if tail else markers.end()
        numbers = tuple(dict.fromkeys(int(n) for n in _NUMBER.findall(markers.group())))
        if at > line_start and not _WORD.search(answer, at, markers.start()):
            yield Claim(line, at, at, end, "", numbers)
        else:
            yield from _claim(answer, line, at, markers.start(), end, numbers)
        at = end
    yield from _claim(answer, line, at, line_end, line_end, ())


def _claim(
    answer: str, line: int, start: int, words_end: int, end: int, numbers: tuple[int, ...]
) -> Iterator[Claim]:
    words = answer[start:words_end]
    if not _WORD.search(words):
        return
    start += len(words) - len(words.lstrip())
    words_end -= len(words) - len(words.rstrip())
    yield Claim(
        line, start, words_end, end if numbers else words_end, answer[start:words_end], numbers
    )
