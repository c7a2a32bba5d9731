"""How raised and lowered characters are written in plain text.

A raised digit that belongs to a unit or to a power of ten is a superscript digit ("kg/m²", "10⁶");
what marks a charge, an ordinal or a trade name stays with its word ("Ca2+", "2nd", "®"), as what
is lowered does ("B12"). Any other is a mark that refers to a note and must not join a number or a
word: "10 mg" with a raised 1 reads "10 mg ¹".
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

_RAISED = str.maketrans("0123456789+-−–", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁻⁻")
_LENGTHS = re.compile(r"(?:^|[\d\s/·.(×*])(?:[cdmkµμn]?m|in|ft)$")
_POWER = re.compile(r"[23]")
_INVERSE = re.compile(r"[-−–][1-3]")
_UNIT_LETTERS = re.compile(r"[A-Za-zµμΩ]$")
_TEN = re.compile(r"(?:^|[^\d.,])10$")
_EXPONENT = re.compile(r"[-−–+]?\d{1,2}")
_CHARGE = re.compile(r"\d?[+\-−–]|[+\-−–]\d?")
_ORDINAL = re.compile(r"st|nd|rd|th", re.I)
_MARKS = re.compile(r"[A-Za-z]{1,2}|\d{1,3}|[A-Za-z\d](?:[,;–-]\s?[A-Za-z\d]{1,3})+[,;]?")
_NUCLIDE = re.compile(r"[A-Z][a-z]?(?:$|[^a-z])")


class Piece(NamedTuple):
    """A part of a line. `apart`: a gap stands before it; `wide`: one that ends a phrase."""

    text: str
    raised: bool
    lowered: bool
    apart: bool
    wide: bool


def written(pieces: Sequence[Piece]) -> tuple[str, list[tuple[int, int]]]:
    """The text of a line, and where in it each piece stands: (start, end)."""
    text = ""
    spans = []
    after_mark = False
    for number, piece in enumerate(pieces):
        following = pieces[number + 1] if number + 1 < len(pieces) else None
        shown, apart, is_mark = _shown(text, piece, following)
        if text and (apart or (after_mark and shown[:1].isalnum())):
            text += " "
        spans.append((len(text), len(text) + len(shown)))
        text += shown
        after_mark = is_mark
    return text, spans


def _shown(before: str, piece: Piece, following: Piece | None) -> tuple[str, bool, bool]:
    """(what is written, whether a blank comes before it, whether it is a mark)."""
    text = piece.text
    if not piece.raised:
        # A lowered index belongs to its letter even where it is set a little off.
        return text, piece.apart and not (piece.lowered and not piece.wide), False
    beside = not piece.apart
    if beside and (
        (_POWER.fullmatch(text) and _LENGTHS.search(before))
        or (_INVERSE.fullmatch(text) and _UNIT_LETTERS.search(before))
        or (_EXPONENT.fullmatch(text) and _TEN.search(before))
    ):
        return text.translate(_RAISED), False, False
    if beside and before[-1:].isalnum() and _CHARGE.fullmatch(text):
        return text, False, False
    if beside and before[-1:].isdigit() and _ORDINAL.fullmatch(text):
        return text, False, False
    if not _MARKS.fullmatch(text):
        return text, piece.apart, False
    if (
        text.isdigit()
        and following is not None
        and not following.apart
        and not following.raised
        and _NUCLIDE.match(following.text)
    ):
        return text, piece.apart, False
    return text.translate(_RAISED), True, True
