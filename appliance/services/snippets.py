"""The part of a text that shows why it was found: plain words, and where in them the hits are."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

CHARACTERS = 160
LEAD = 50  # characters shown before the first hit
_TOKEN = re.compile(r"[^\W_]+")


@dataclass(frozen=True, slots=True)
class Snippet:
    """`matches` are (start, end) of the hits, in characters of `text`."""

    text: str
    matches: tuple[tuple[int, int], ...]


def snippet(text: str, words: Sequence[str]) -> Snippet:
    """What stands around the first of `words` in `text`, on one line; the beginning if none does.

    Words are found as the search finds them: whole, whatever their case and accents, and the last
    of them also where a word begins with it.
    """
    line = " ".join(text.split())
    hits = _hits(line, words)
    first = hits[0][0] if hits else 0
    start = 0 if first <= LEAD else _after_space(line, first - LEAD, first)
    end = len(line)
    if end - start > CHARACTERS:
        end = start + CHARACTERS
        cut = line.rfind(" ", start + CHARACTERS // 2, end + 1)
        end = cut if cut > first else end
    head, tail = "…" if start else "", "…" if end < len(line) else ""
    shift = len(head) - start
    return Snippet(
        head + line[start:end] + tail,
        tuple((a + shift, min(b, end) + shift) for a, b in hits if start <= a < end),
    )


def _hits(line: str, words: Sequence[str]) -> list[tuple[int, int]]:
    patterns = []
    for number, word in enumerate(words):
        tokens = _TOKEN.findall(_folded(word)[0])
        if tokens:
            whole = "" if number == len(words) - 1 else r"(?![^\W_])"
            patterns.append(r"[\W_]+".join(map(re.escape, tokens)) + whole)
    if not patterns:
        return []
    folded, places = _folded(line)
    found = re.finditer(rf"(?<![^\W_])(?:{'|'.join(patterns)})", folded)
    return [(places[hit.start()], places[hit.end() - 1] + 1) for hit in found]


def _folded(text: str) -> tuple[str, Sequence[int]]:
    """`text` without case and accents, and for each of its characters the place it came from."""
    if text.isascii():
        return text.lower(), range(len(text))
    characters: list[str] = []
    places: list[int] = []
    for place, character in enumerate(text):
        for part in unicodedata.normalize("NFKD", character.casefold()):
            if not unicodedata.combining(part):
                characters.append(part)
                places.append(place)
    return "".join(characters), places


def _after_space(line: str, start: int, latest: int) -> int:
    """The beginning of the next word from `start` on."""
    space = line.find(" ", start, latest)
    return start if space < 0 else space + 1
