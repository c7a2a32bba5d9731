"""Abbreviations that a text explains, and other names that it gives a thing: "atrial fibrillation
(AF)", "paracetamol, also called acetaminophen", "COUMADIN (warfarin sodium)". Pure.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from appliance.storage.terms import STOP_WORDS

_PARENTHESES = re.compile(r"\(([^()]{2,80})\)")
_SHORT = re.compile(r"[^\W_](?:[\w/.+-]| (?=[^\W_]{1,4}$)){1,9}")
_WORD = re.compile(r"\S+")
_SENTENCE_END = re.compile(r"[.!?;:]\s|\n\s*\n|\)")
_BEFORE = 160  # characters: more words than any short form asks for
# A trade name in capitals and what it holds, as labels write it.
_BRAND = re.compile(
    r"\b([A-Z][A-Z-]{3,24})(?: ?[®™]| \(?R\)?)?(?: [A-Z]{2,3})? \(([a-z][a-z -]{4,40})\)"
)
_COMPARED = re.compile(
    r"\b[Cc]ompared? to (?:the )?[Aa]ctive [Ii]ngredients? (?:in|of) (?:[A-Z][\w'’-]{1,20} ){0,3}?"
    r"([A-Z][A-Za-z-]{3,24}) ?®"
)
_ACTIVE = re.compile(
    r"^Active ingredients?(?: \([^()\n]{1,40}\))?:?\s+([A-Z][a-z]{4,30})(?=,? (?:USP|\d))",
    re.MULTILINE,
)
_ALSO = re.compile(
    r"(?:^|[.;:(]\s*|\n)(?:The )?([^\W\d_][\w-]{4,30}),? \(?(?:also|formerly|otherwise) "
    r"(?:known as|called|named) ([^\W\d_][\w-]{4,30})(?=[,.;)]| (?:is|are|was)\b)"
)


def pairs(text: str) -> list[tuple[str, str]]:
    """(short form, long form) of each abbreviation that `text` explains, in either order.

    After Schwartz and Hearst, "A Simple Algorithm for Identifying Abbreviation Definitions in
    Biomedical Text" (PSB 2003).
    """
    found = []
    for match in _PARENTHESES.finditer(text):
        inside = re.split(r"[,;]", match.group(1))[0].strip()
        before = text[max(0, match.start() - _BEFORE) : match.start()]
        before = _SENTENCE_END.split(before)[-1].strip()
        if _is_short(inside):
            long = _long_form(inside, before)
            if long is not None:
                found.append((inside, long))
        elif before and _is_short(short := before.split()[-1]):
            long = _long_form(short, inside)
            if long is not None and long == inside:
                found.append((short, long))
    return found


def other_names(text: str) -> list[tuple[str, str]]:
    """(name, other name) of what `text` gives two: a trade name and its substance, a synonym."""
    brands = [
        (brand, name) for brand, name in _BRAND.findall(text) if STOP_WORDS.isdisjoint(name.split())
    ]
    return brands + [(a, b) for a, b in _ALSO.findall(text) if a.casefold() != b.casefold()]


def compared_names(pages: Iterable[str]) -> list[tuple[str, str]]:
    """(trade name, substance) where one document says which product its only substance is like, as
    labels of medicines without prescription do.
    """
    text = "\n".join(pages)
    substances = {name.casefold() for name in _ACTIVE.findall(text)}
    brands = dict.fromkeys(_COMPARED.findall(text))
    return (
        [(brand, name) for brand in brands for name in substances] if len(substances) == 1 else []
    )


def _is_short(form: str) -> bool:
    if _SHORT.fullmatch(form) is None or form.casefold() in STOP_WORDS:
        return False
    # An abbreviation has a second capital, which no ordinary word has, or a digit.
    return sum(c.isupper() for c in form) > 1 or (
        any(c.isdigit() for c in form) and any(c.isalpha() for c in form)
    )


def _long_form(short: str, before: str) -> str | None:
    """The end of `before` that spells out `short`: its letters in order, the first of them at the
    beginning of a word.
    """
    letters = [c.casefold() for c in short if c.isalnum()]
    words = list(_WORD.finditer(before))
    most = min(len(letters) + 5, 2 * len(letters))
    start = words[-most].start() if len(words) > most else 0
    candidate = before[start:]
    folded = candidate.casefold()
    place = len(folded)
    for number, letter in reversed(list(enumerate(letters))):
        place = folded.rfind(letter, 0, place)
        while number == 0 and place > 0 and folded[place - 1].isalnum():
            place = folded.rfind(letter, 0, place)
        if place < 0:
            return None
    long = candidate[place:]
    if long.split(maxsplit=1)[0].casefold() in STOP_WORDS:
        return None  # "the dose (TD)" would make a name of every dose
    if len(long.split()) < 2 and len(long) < 2 * len(short):
        return None
    if short.casefold() in long.casefold().split():
        return None
    return long
