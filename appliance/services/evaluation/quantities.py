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
    **_unit("mol", "mmol", "1000"),
    **_unit("µmol μmol umol micromol micromoles", "mmol", "0.001"),
    **_unit("meq milliequivalents", "meq"),
    **_unit("mmhg", "mmhg"),
    **_unit("ng nanogram nanograms", "mg", "0.000001"),
    **_unit("tablet tablets tab tabs", "tablet"),
    **_unit("capsule capsules", "capsule"),
    **_unit("drop drops", "drop"),
    **_unit("puff puffs", "puff"),
    **_unit("dose doses", "dose"),
    **_unit("°c ºc", "°c"),
    **_unit("°f ºf", "°f"),
}
# What a quantity may be per. A day is left out: "10 mg daily" is 10 mg per day.
_DENOMINATORS = {
    "kg": "kg", "m2": "m2", "m²": "m2", "min": "min", "minute": "min", "h": "h", "hr": "h",
    "hour": "h", "l": "l", "litre": "l", "liter": "l", "dl": "dl", "ml": "ml", "g": "g",
    "mm3": "mm3",
}  # fmt: skip
_COUNTING = {
    "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8,
    "nine": 9, "ten": 10, "eleven": 11, "twelve": 12, "thirteen": 13, "fourteen": 14,
    "fifteen": 15, "sixteen": 16, "seventeen": 17, "eighteen": 18, "nineteen": 19, "twenty": 20,
    "thirty": 30, "forty": 40, "fifty": 50, "sixty": 60, "seventy": 70, "eighty": 80,
    "ninety": 90,
}  # fmt: skip
_PER_DAY_WORDS = _COUNTING | {
    "once": 1, "twice": 2, "thrice": 3, "bid": 2, "tid": 3, "qid": 4,
}  # fmt: skip
_COUNT = "|".join(_COUNTING)
_SIZES = {"kg", "m2"}  # of a patient: 10 mg/kg is never 10 mg
_DENOMINATOR = "|".join(sorted(_DENOMINATORS, key=len, reverse=True))
_QUANTITY = re.compile(
    rf"(?P<sign>(?<![\w.)\]])[-−])?(?<![\w.])"
    rf"(?P<number>\d+(?:[.,]\d+)*|\.\d+|(?:{_COUNT})\b|"
    r"half(?=\s+an?\b|\s+(?:tab|caps|dose))(?:\s+an?)?)"
    r"\s*-?\s*(?P<unit>[°º]\s?[CF]\b|[^\W\d_]+|%)?"
    rf"(?P<per>(?:\s*(?:/|\bper\b)\s*(?:{_DENOMINATOR})\b)*)",
    re.IGNORECASE,
)
_PER = re.compile(r"\s*(?:/|\bper\b)\s*", re.IGNORECASE)
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
    number without a unit may stand with any, and what a rate or a level is per may be left out.
    """
    evidence = _BREAK.sub("", evidence)
    held = {quantity for _, quantity in _frequencies(evidence)}
    for _, (number, unit) in _quantities(evidence):
        held |= {(number, unit)}
        of, *per = unit.split("/")
        if not _SIZES & {*per}:
            held |= {(number, of)}
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
    unit, per, following = "", "", len(text) + 1
    for match in reversed(list(_QUANTITY.finditer(text))):
        named = (match["unit"] or "").lower().replace(" ", "")
        if named in _UNITS:
            unit, per = named, match["per"]
        elif not _LINK.fullmatch(text, match.end("number"), following):
            unit, per = "", ""
        following = match.start()
        canonical, factor = _UNITS.get(unit, ("", Decimal(1)))
        number = _value(match["number"]) * factor
        if match["sign"] and canonical in ("°c", "°f"):  # else it is a dash
            number = -number
        denominators = [_DENOMINATORS[name.lower()] for name in _PER.split(per) if name]
        yield match.group().strip(), (number, "/".join([canonical, *denominators]))


def _value(written: str) -> Decimal:
    if (counted := _COUNTING.get(written.lower())) is not None:
        return Decimal(counted)
    if written[:4].lower() == "half":
        return Decimal("0.5")
    plain = written.replace(",", "" if _THOUSANDS.fullmatch(written) else ".")
    if plain.count(".") > 1:  # a date or a section's number
        plain = plain.replace(".", "")
    return Decimal(plain).normalize()
