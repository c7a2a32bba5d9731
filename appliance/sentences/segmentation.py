"""Sentences, list items and headings of page text, with exact positions. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from appliance.sentences.blocks import COLON, ENUMERATOR, SENTENCE_END, Kind, blocks

Span = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Segment:
    """`text[start:end]` has no white space at its ends. Segments cover all the rest once."""

    start: int
    end: int
    kind: Kind


_BARE_REFERENCE = re.compile(
    r"(?:\(\s*(?:see\s[^()]{3,120}|\d{1,2}(?:\.\d{1,2})*(?:\s*,\s*\d{1,2}(?:\.\d{1,2})*)*)\s*\)"
    r"|\[\s*see\s[^\[\]]{3,160}\])\.?",
    re.IGNORECASE,
)
_ABBREVIATIONS = frozenset(
    "e.g i.e eg ie vs cf viz al dr mr mrs ms prof st fig figs no nos vol pp ref refs sec approx "
    "ca incl resp spp sp var subsp ssp inc ltd co corp dept jr sr jan feb mar apr jun jul aug sep "
    "sept oct nov dec b.i.d t.i.d q.i.d b.d t.d.s q.d p.o i.v i.m s.c p.r u.s".split()
)
# After these an initial is no initial: "vitamin K. The ..." is two sentences.
_BEFORE_LETTER = frozenset(
    "vitamin hepatitis type group class grade appendix table figure factor part section influenza "
    "schedule category phase stage".split()
)
_BEFORE_NUMBER = frozenset("table figure fig box step section chapter appendix".split())
_ENDS_UNITS = frozenset("mg mcg ml g kg l dl min hr hrs wk mo yr".split())
_LOOK_BACK = 200
_LONGEST_ITEM = 450  # one that is longer is a paragraph with a mark in front


def split_sentences(text: str) -> list[Span]:
    """Start and end of every sentence, item and heading, in order."""
    return [(segment.start, segment.end) for segment in segments(text)]


def segments(text: str) -> list[Segment]:
    """As `split_sentences`, with what each is."""
    found: list[Segment] = []
    for start, end, kind in blocks(text):
        if kind is Kind.HEADING:
            found.append(Segment(start, end, kind))
        else:
            found.extend(_sentences_of(text, start, end, kind))
    return found


def fold(text: str) -> str:
    """White space folded: how a quotation reads."""
    return " ".join(text.split())


def _sentences_of(text: str, start: int, end: int, kind: Kind) -> Iterator[Segment]:
    """The sentences of one block. A marked item stays whole."""
    if kind is Kind.ITEM and end - start <= _LONGEST_ITEM:
        yield Segment(start, end, _kind(text[start:end], kind))
        return
    begun = start
    for match in SENTENCE_END.finditer(text, start, end):
        if match.start() < begun or not _is_end(text, begun, match):
            continue
        stop = match.end("closers") if match["note"] is None else match.end("note")
        before = Kind.SENTENCE if kind is Kind.LEAD else kind
        yield Segment(begun, stop, _kind(text[begun:stop], before))
        begun = match.end("space")
        if reference := _BARE_REFERENCE.match(text, begun, end):
            yield Segment(begun, reference.end(), Kind.REFERENCE)
            begun = _skip_space(text, reference.end(), end)
    if begun < end:
        yield Segment(begun, end, _kind(text[begun:end], kind))


def _skip_space(text: str, position: int, end: int) -> int:
    while position < end and text[position].isspace():
        position += 1
    return position


def _kind(text: str, kind: Kind) -> Kind:
    return Kind.LEAD if kind is Kind.SENTENCE and COLON.search(text) else kind


def _is_mark(text: str) -> bool:
    """Whether `text` and the full stop behind it number an item."""
    mark = ENUMERATOR.match(f"{text}. x")
    return mark is not None and mark.end() == len(text) + 2


def _is_end(text: str, begun: int, match: re.Match[str]) -> bool:
    """Whether the full stop of `match` ends the sentence that began at `begun`."""
    if match["stop"] != ".":
        return True
    # Two words back is all that is looked at; the bound keeps endless sentences cheap.
    before = text[max(begun, match.start() - _LOOK_BACK) : match.start()]
    word = before.split()[-1] if before.split() else ""
    bare = word.lstrip("([\"'“‘")
    if _is_mark(before) or not bare:
        return False
    if match["closers"] or match["note"]:
        return True
    lowered = bare.casefold()
    if lowered in _ABBREVIATIONS:
        # "etc." and units may end a sentence; a title or "e.g." does not.
        return False
    if lowered in _ENDS_UNITS:
        return True
    words = before.split()
    if bare.isdigit() and len(words) > 1 and words[-2].casefold() in _BEFORE_NUMBER:
        return False
    if len(bare) == 1 and bare.isalpha() and bare.isupper():
        return len(words) > 1 and words[-2].casefold() in _BEFORE_LETTER
    return True
