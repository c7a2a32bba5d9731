"""Numbers of an answer against the words it cites.

Written apart from the check that answers pass before they are shown (`services/bearing.py`): a
fault of that check must not hide itself here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal

Quantity = tuple[Decimal, str]  # number, unit ("" where none is known)

_PER_DAY = "per day"


def _unit(names: str, canonical: str, factor: str = "1") -> dict[str, tuple[str, Decimal]]:
    return {name: (canonical, Decimal(factor)) for name in names.split()}


# Unit as written -> the unit it is counted in, and how many of those it is.
_UNITS = {
    **_unit("kg kilogram kilograms", "mg", "1000000"),
    **_unit("g gram grams", "mg", "1000"),
    **_unit("mg milligram milligrams", "mg"),
    **_unit("mcg µg μg ug microgram micrograms", "mg", "0.001"),
    **_unit("l liter liters litre litres", "ml", "1000"),
    **_unit("ml milliliter milliliters millilitre millilitres", "ml"),
    **_unit("minute minutes min mins", "min"),
    **_unit("hour hours hr hrs h", "h"),
    **_unit("day days", "d"),
    **_unit("week weeks", "wk"),
    **_unit("month months", "mo"),
    **_unit("year years", "y"),
    **_unit("% percent", "%"),
    **_unit("mmol", "mmol"),
    **_unit("units unit iu", "unit"),
}
_COUNTING = {
    "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8,
    "nine": 9, "ten": 10, "eleven": 11, "twelve": 12,
}  # fmt: skip
_PER_DAY_WORDS = _COUNTING | {
    "once": 1, "twice": 2, "thrice": 3, "bid": 2, "tid": 3, "qid": 4,
}  # fmt: skip
_COUNT = "|".join(_COUNTING)
_QUANTITY = re.compile(
    rf"(?<![\w.])(?P<number>\d+(?:[.,]\d+)*|\.\d+|(?:{_COUNT})\b)\s*-?\s*(?P<unit>[^\W\d_]+|%)?",
    re.IGNORECASE,
)
_THOUSANDS = re.compile(r"\d{1,3}(?:,\d{3})+(?:\.\d+)?")
_LINK = re.compile(r"\s*(?:to|or|and|-|–|—)\s*", re.IGNORECASE)  # "5 to 10 mg"
# "every 12 hours", "q12h", "twice daily" and "BID" are one frequency.
_FREQUENCY = re.compile(
    rf"\bevery\s+(?P<hours>\d+|{_COUNT})\s*(?:hours?|hrs?|h)\b|\bq\s?(?P<short>\d+)\s?h\b|"
    rf"\b(?P<times>once|twice|thrice|\d+|{_COUNT})(?:\s+times?)?\s+"
    r"(?:daily|(?:a|per|each|every)\s+day)\b|\b(?P<latin>bid|tid|qid)\b",
    re.IGNORECASE,
)
_MARKER = re.compile(r"\[\d{1,3}(?:\s*,\s*\d{1,3})*\]")
_BREAK = re.compile(r"\u00ad\s*")  # of a word over two lines


def lacking(claim: str, evidence: str) -> list[str]:
    """The numbers of `claim`, as written there, that `evidence` does not hold with their unit.

    Markers such as [2] are no numbers. 0.5 g is 500 mg and "every 12 hours" is "twice daily"; a
    number without a unit may stand with any.
    """
    evidence = _BREAK.sub("", evidence)
    held = {quantity for _, quantity in _frequencies(evidence)}
    held |= {quantity for _, quantity in _quantities(evidence)}
    numbers = {number for number, _ in held}
    claim = _MARKER.sub(" ", _BREAK.sub("", claim))
    lost = []
    # A frequency may be said in other numbers, and is compared as one.
    for written, quantity in _frequencies(claim):
        if quantity not in held:
            lost.append(written)
    for written, (number, unit) in _quantities(_FREQUENCY.sub(" ", claim)):
        if (number, unit) not in held and (unit or number not in numbers):
            lost.append(written)
    return lost


def _frequencies(text: str) -> Iterator[tuple[str, Quantity]]:
    for match in _FREQUENCY.finditer(text):
        if interval := match["hours"] or match["short"]:
            hours = Decimal(_COUNTING.get(interval.lower(), interval))
            if hours:
                yield match.group(), (24 / hours, _PER_DAY)
        else:
            times = (match["times"] or match["latin"]).lower()
            yield match.group(), (Decimal(_PER_DAY_WORDS.get(times, times)), _PER_DAY)


def _quantities(text: str) -> Iterator[tuple[str, Quantity]]:
    """Each number as written and what it means, the last first."""
    unit, following = "", len(text) + 1
    for match in reversed(list(_QUANTITY.finditer(text))):
        named = (match["unit"] or "").lower()
        if named in _UNITS:
            unit = named
        elif not _LINK.fullmatch(text, match.end("number"), following):
            unit = ""
        following = match.start()
        canonical, factor = _UNITS.get(unit, ("", Decimal(1)))
        yield match.group().strip(), (_value(match["number"]) * factor, canonical)


def _value(written: str) -> Decimal:
    if (counted := _COUNTING.get(written.lower())) is not None:
        return Decimal(counted)
    plain = written.replace(",", "" if _THOUSANDS.fullmatch(written) else ".")
    if plain.count(".") > 1:  # a date or a section's number
        plain = plain.replace(".", "")
    return Decimal(plain).normalize()
