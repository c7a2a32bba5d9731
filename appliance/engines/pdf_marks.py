"""Finds words of ours in the characters of a PDF page.

Our text of a page differs from PDFium's characters in white space, in what cannot be shown, in the
marks of items, and in the hyphens of words that a line's end broke. So both are folded to the same
letters, and a broken word is found whether or not its hyphen was kept.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from appliance.sentences.invisible import INVISIBLE

Box = tuple[float, float, float, float]  # left, bottom, right, top, in points

_BREAKS = "\u00ad\u0002\ufffe"  # see `pdf_words.cleaned`
_BREAK = "\u00ad"
_HYPHENS = "-" + _BREAK
_BULLETS = "\u2022\u25e6\u25aa\u25a1\uf0b7"  # which a page may draw instead
_UNSEEN = {"Cc", "Cf", "Cn", "Cs", "Zl", "Zp", "Zs"}


@dataclass(frozen=True, slots=True)
class Folded:
    """The letters of a text, and where in it each stands."""

    letters: str
    places: Sequence[int]

    @classmethod
    def of(cls, text: str) -> Folded:
        letters: list[str] = []
        places: list[int] = []
        for place, character in enumerate(text):
            for letter in _folded(character):
                letters.append(letter)
                places.append(place)
        return cls("".join(letters), places)


def letters_before(text: str) -> int:
    """How many letters `text` has, hyphens not counted: a place that is the same in both texts."""
    return _count(Folded.of(text).letters)


def find(characters: str, words: str, near: int | None) -> list[tuple[int, int]]:
    """Where `words` stand among `characters`: (first, last), inclusive.

    With `near` (from `letters_before`) the one place nearest to it, else all.
    """
    page, wanted = Folded.of(characters), Folded.of(words).letters
    if not wanted.strip(_HYPHENS):
        return []
    pattern = f"{_BREAK}?".join(
        f"[{_HYPHENS}]" if letter in _HYPHENS else re.escape(letter) for letter in wanted
    )
    matches = list(re.finditer(pattern, page.letters))
    if near is not None and matches:
        matches = [min(matches, key=lambda m: abs(_count(page.letters[: m.start()]) - near))]
    return [(page.places[m.start()], page.places[m.end() - 1]) for m in matches]


def lines_of(boxes: Sequence[Box]) -> list[Box]:
    """Boxes of characters in reading order, joined where they follow each other on a line."""
    lines: list[Box] = []
    for box in boxes:
        left, bottom, right, top = box
        if lines:
            before = lines[-1]
            height = min(top - bottom, before[3] - before[1])
            shared = min(top, before[3]) - max(bottom, before[1])
            if shared > height / 2 and -height < left - before[2] < 2 * height:
                lines[-1] = (
                    min(left, before[0]),
                    min(bottom, before[1]),
                    max(right, before[2]),
                    max(top, before[3]),
                )
                continue
        lines.append(box)
    return lines


def _folded(character: str) -> str:
    if character in _BREAKS:
        return _BREAK
    if character.isascii():
        return "" if character <= " " or character == "\x7f" else character.lower()
    if character in _BULLETS:
        return ""
    if unicodedata.category(character) in _UNSEEN or INVISIBLE.match(character):
        return ""
    return unicodedata.normalize("NFKC", character).casefold().replace(" ", "")


def _count(letters: str) -> int:
    return len(letters) - letters.count("-") - letters.count(_BREAK)
