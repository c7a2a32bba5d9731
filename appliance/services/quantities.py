"""Numbers with their units, brought to one unit per dimension, so that 0.5 g equals 500 mg.

Pure. A range is one quantity, not two; "at least", "below" and the like belong to the number that
they stand at, before it or behind it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

# Unit -> (dimension, size in the dimension's base unit). Months and years are no number of days.
_MASS = {"kg": Fraction(1000), "g": Fraction(1), "mg": Fraction(1, 1000), "mcg": Fraction(1, 10**6),
         "ng": Fraction(1, 10**9), "pg": Fraction(1, 10**12)}  # fmt: skip
_SPELLED = {
    "kg": "kg kgs kilo kilos kilogram kilograms kilogramme kilogrammes",
    "g": "g gm gms gram grams gramme grammes",
    "mg": "mg mgs milligram milligrams milligramme milligrammes",
    "mcg": "mcg mcgs µg μg ug microgram micrograms microgramme microgrammes",
    "ng": "ng nanogram nanograms", "pg": "pg picogram picograms",
    "l": "l liter liters litre litres", "dl": "dl deciliter deciliters decilitre decilitres",
    "ml": "ml mls cc milliliter milliliters millilitre millilitres",
    "mcl": "mcl µl μl ul microliter microliters microlitre microlitres mm3 mm³",
    "s": "s sec secs second seconds", "min": "min mins minute minutes",
    "h": "h hr hrs hour hours", "d": "day days", "wk": "wk wks week weeks",
    "mo": "month months", "y": "yr yrs year years",
    "mol": "mol mole moles", "mmol": "mmol millimole millimoles",
    "mcmol": "mcmol µmol μmol umol micromole micromoles", "nmol": "nmol", "pmol": "pmol",
    "meq": "meq milliequivalent milliequivalents",
    "iu": "iu international\u00a0units international\u00a0unit", "unit": "unit units",
    "mu": "mcu mu milliunits", "%": "% percent",
    "m": "m meter meters metre metres", "cm": "cm centimeter centimeters centimetre centimetres",
    "mm": "mm millimeter millimeters millimetre millimetres", "inch": "inch inches",
    "m2": "m2 m² m^2", "mmhg": "mmhg", "kpa": "kpa", "bpm": "bpm", "kcal": "kcal", "hz": "hz",
    "c": "°c", "f": "°f", "tablet": "tablet tablets tab tabs", "capsule": "capsule capsules caps",
    "dose": "dose doses", "drop": "drop drops", "puff": "puff puffs", "spray": "spray sprays",
    "patch": "patch patches", "vial": "vial vials ampoule ampoules ampule ampules",
    "sachet": "sachet sachets", "suppository": "suppository suppositories",
    "fold": "fold", "cell": "cells", "cycle": "cycle cycles",
}  # fmt: skip
_SIZES: dict[str, tuple[str, Fraction]] = {
    **{name: ("mass", size) for name, size in _MASS.items()},
    "l": ("volume", Fraction(1)), "dl": ("volume", Fraction(1, 10)),
    "ml": ("volume", Fraction(1, 1000)), "mcl": ("volume", Fraction(1, 10**6)),
    "s": ("time", Fraction(1)), "min": ("time", Fraction(60)), "h": ("time", Fraction(3600)),
    "d": ("time", Fraction(86_400)), "wk": ("time", Fraction(604_800)),
    "mo": ("month", Fraction(1)), "y": ("month", Fraction(12)),
    "mol": ("amount", Fraction(1)), "mmol": ("amount", Fraction(1, 1000)),
    "mcmol": ("amount", Fraction(1, 10**6)), "nmol": ("amount", Fraction(1, 10**9)),
    "pmol": ("amount", Fraction(1, 10**12)), "m": ("length", Fraction(1)),
    "cm": ("length", Fraction(1, 100)), "mm": ("length", Fraction(1, 1000)),
}  # fmt: skip
UNITS = {
    spelling: _SIZES.get(name, (name, Fraction(1)))
    for name, spellings in _SPELLED.items()
    for spelling in spellings.split(" ")
}
_ONES = (
    "one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen "
    "sixteen seventeen eighteen nineteen twenty"
).split()
NUMERALS = {
    **{word: Fraction(number) for number, word in enumerate(_ONES, start=1)},
    **{
        word: Fraction(10 * tens)
        for tens, word in enumerate(
            "thirty forty fifty sixty seventy eighty ninety".split(), start=3
        )
    },
    "single": Fraction(1), "zero": Fraction(0), "half": Fraction(1, 2),
    "quarter": Fraction(1, 4),
}  # fmt: skip
_TIMES = {"hundred": 100, "thousand": 1000, "million": 10**6, "billion": 10**9}
_VULGAR = {"½": Fraction(1, 2), "¼": Fraction(1, 4), "¾": Fraction(3, 4), "⅓": Fraction(1, 3),
           "⅔": Fraction(2, 3)}  # fmt: skip
_SUPERSCRIPTS = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻", "0123456789-")

_UNIT = "(?:" + "|".join(sorted(map(re.escape, UNITS), key=len, reverse=True)) + r")(?![^\W_]|\^)"
_PER = r"\s*(?:/|\bper\b)\s*"
_UNITS_TEXT = rf"{_UNIT}(?:{_PER}{_UNIT})*"
_DIGITS = r"(?:\d{1,3}(?:[\u00a0\u2009\u202f]\d{3})+|\d+(?:[.,]\d+)*|\.\d+)"
_WORDS = "|".join(sorted(NUMERALS, key=len, reverse=True))
VALUE = (
    rf"(?:{_DIGITS}(?:(?:\s?[x×*]\s?10)?(?:\^-?\d+|[⁰¹²³⁴-⁹⁻]+))?(?:\s?[½¼¾⅓⅔])?|[½¼¾⅓⅔]|"
    rf"\b(?:{_WORDS})(?:-(?:{_WORDS})|\s+and\s+a\s+half)?\b)"
    rf"(?:\s+(?:{'|'.join(_TIMES)})\b)?"
)
_QUANTITY = re.compile(
    rf"(?<![\w^])(?<!\d[.,])(?P<sign>(?:(?<=\s)|(?<=\()|^)[-−](?=[\d.])|\bminus\s+)?"
    rf"(?P<first>{VALUE})(?:(?:(?<=half)\s+an?|(?<=quarter)\s+(?:of\s+)?an?)?\s*-?\s*(?P<unit1>{_UNITS_TEXT}))?"
    rf"(?:(?P<link>\s*(?:to|through|–|—|-|/|and)\s*)(?P<second>{VALUE})"
    rf"(?:\s*-?\s*(?P<unit2>{_UNITS_TEXT}))?)?",
    re.IGNORECASE,
)
_ALSO = re.compile(r"\s*(?:,|or|and|,\s*(?:or|and))\s*", re.IGNORECASE)
_THOUSANDS = re.compile(r"\d{1,3}(?:,\d{3})+(?:\.\d+)?")
_INTERNATIONAL = re.compile(r"international (?=units?\b)", re.IGNORECASE)
_HALF_LIFE = re.compile(r"[\s-]+(?:life|lives)\b", re.IGNORECASE)

_MORE = r"(?:more|greater|higher|larger|longer|older|later)"
_LESS = r"(?:less|lower|fewer|smaller|shorter|younger|earlier)"
_ACT = (
    r"(?:(?:give|given|take|taken|use|used|be|receive|received|administer|administered|inject|"
    r"prescribe|a|any|the|doses?|of|at|to|for|amounts?|total|daily)\s+){0,6}?"
)
_GAP = r"(?:(?!\b(?:no|not|never)\b)[^\d.;:?!]){0,60}?"
_BEFORE: tuple[tuple[str, re.Pattern[str]], ...] = tuple(
    (sign, re.compile(rf"(?:{pattern})\s*(?:about\s+|an?\s+|the\s+|of\s+)*$", re.IGNORECASE))
    for sign, pattern in (
        ("<=", rf"\b(?:no|not|never)\s+{_ACT}(?:{_MORE}\s+than|exceed(?:ing|s)?|over|above)|"
               r"\bwithout\s+exceeding"),
        (">=", rf"\b(?:no|not|never)\s+{_ACT}{_LESS}\s+than"),
        ("<=", rf"≤|<\s?=|=\s?<|\b{_LESS}\s+than\s+or\s+equal\s+to|\bup\s+to|"
               r"\bat\s+(?:the\s+)?most|"
               rf"\bmax(?:imum|imal|imally)?\b\.?{_GAP}(?:\bis|\bof|:|\bto|\bat)?"),
        (">=", rf"≥|>\s?=|=\s?>|\b{_MORE}\s+than\s+or\s+equal\s+to|\bat\s+least|"
               r"\bminim(?:um|al)\b{_GAP}(?:\bis|\bof|:|\bto|\bat)?"),
        ("<", rf"<|\b{_LESS}\s+than|\bbelow|\bunder"),
        (">", rf">|\b{_MORE}\s+than|\babove|\bover|\bexceed(?:s|ing|ed)?|\bin\s+excess\s+of"),
    )
)  # fmt: skip
_BEHIND: tuple[tuple[str, re.Pattern[str]], ...] = tuple(
    (sign, re.compile(pattern, re.IGNORECASE))
    for sign, pattern in (
        (">=", rf"\+|\s*(?:of\s+age\s*|old\s*)?(?:and|or)\s+(?:{_MORE}|over|above|up)\b"),
        ("<=", rf"\s*(?:of\s+age\s*|old\s*)?(?:and|or)\s+(?:{_LESS}|under|below)\b|"
               r"\s*(?:\(\s*)?(?:at\s+(?:the\s+)?most|max(?:imum)?)\b"),
    )
)  # fmt: skip
_LOOK_BACK = 90
_POWER = re.compile(r"(?P<base>[\d.,]+)(?P<ten>\s?[x×*]\s?10)?(?P<exponent>\^-?\d+|[⁰¹²³⁴-⁹⁻]+)")
_LARGEST_EXPONENT = 30
_GIVEN = ("mass", "unit", "iu", "meq", "mu")
_DOSES = ("mass", "volume", "unit", "iu", "amount", "meq", "tablet", "capsule", "dose", "drop",
          "puff", "spray", "patch", "vial", "sachet", "suppository", "mu")  # fmt: skip
_COUNTED = ("tablet", "capsule", "dose", "drop", "puff", "spray", "patch", "vial", "sachet",
            "suppository", "month", "time", "cycle")  # fmt: skip


@dataclass(frozen=True, slots=True)
class Quantity:
    """`low` and `high` (the same unless it is a range) in the base unit of `dimension`.

    `dimension` is "" without a unit, "mass/volume" for mg per mL. `plain` are the numbers as they
    were written; `bound` is "", "<", "<=", ">", ">=", or "/" for the two numbers of a ratio.
    """

    low: Fraction
    high: Fraction
    dimension: str
    plain: tuple[Fraction, Fraction]
    bound: str

    def stands_for(self, claimed: Quantity) -> bool:
        """Whether who says `claimed` says the same; the unit of a value that is no dose may be
        left out, a bound may not.
        """
        if self.bound != claimed.bound:
            return False
        if claimed.dimension:
            mine, theirs = (self.low, self.high), (claimed.low, claimed.high)
            return self.dimension == claimed.dimension and mine == theirs
        return self.plain == claimed.plain and not self._is_dose

    @property
    def is_given(self) -> bool:
        """Whether it may be how much of something is given, counted or measured."""
        return self.dimension.split("/")[0] in _DOSES

    @property
    def _is_dose(self) -> bool:
        of, *per = self.dimension.split("/")
        return (of in _GIVEN and "volume" not in per) or self.dimension == "volume"


@dataclass(frozen=True, slots=True)
class Found:
    """A quantity at `text[start:end]`; `reach` is the same with the words of its bound."""

    quantity: Quantity
    start: int
    end: int
    reach: tuple[int, int]


def quantities(text: str) -> list[Found]:
    """In the order of the text. In "5 or 10 mg" both are milligrams."""
    text = _INTERNATIONAL.sub("international\u00a0", text)
    matches = [
        match for match in _QUANTITY.finditer(text) if not _HALF_LIFE.match(text, match.end())
    ]
    found: list[Found] = []
    unit, begins = "", len(text)
    for match in reversed(list(_parts(text, matches))):
        own = match.unit2 or match.unit1
        if not own and unit and _ALSO.fullmatch(text, match.end, begins):
            own = unit
        unit, begins = own, match.start
        made = _made(text, match, own)
        if made is not None:
            found.append(made)
    return found[::-1]


@dataclass(frozen=True, slots=True)
class _Match:
    start: int
    end: int
    negative: bool
    first: str
    second: str
    link: str
    unit1: str
    unit2: str


def _parts(text: str, matches: list[re.Match[str]]) -> Iterator[_Match]:
    """Ranges as one; where a link is none ("5 mg and 10 mg") two."""
    for match in matches:
        first, second, link = match["first"], match["second"] or "", (match["link"] or "").strip()
        negative = match["sign"] is not None
        unit1, unit2 = (match["unit1"] or "").lower(), (match["unit2"] or "").lower()
        joined = bool(second)
        if link.lower() == "and":
            joined = re.search(r"\bbetween\s+$", text[: match.start("first")], re.I) is not None
        elif link == "/" and unit1:
            joined = False
        elif unit1 and unit2 and _dimension(unit1)[0] != _dimension(unit2)[0]:
            joined = False  # "500 mL to 1000 mg" is no range of anything
        if second and not joined:
            end = match.end("unit1") if unit1 else match.end("first")
            yield _Match(match.start(), end, negative, first, "", "", unit1, "")
            start = match.start("second")
            yield _Match(start, match.end(), False, second, "", "", unit2, "")
        else:
            yield _Match(match.start(), match.end(), negative, first, second, link, unit1, unit2)


def _made(text: str, match: _Match, unit: str) -> Found | None:
    low = number(match.first)
    high = number(match.second) if match.second else low
    if low is None or high is None:
        return None
    bound, reach = _bound(text, match)
    dimension, size = _dimension(unit)
    if match.link == "/":
        if dimension in _COUNTED and 0 < low < high < 10:
            low = high = low / high  # half a tablet
        else:
            bound = "/"
    if match.negative:
        low, high = -low, (-high if not match.second else high)
    word = match.first.lower()
    if not dimension and word in ("one", "single", "quarter"):
        return None  # "one of them", "a single one"
    if not dimension and word == "half":
        dimension, size, low, high = "%", Fraction(1), Fraction(50), Fraction(50)
    first_size = _dimension(match.unit1)[1] if match.unit1 and match.second else size
    quantity = Quantity(low * first_size, high * size, dimension, (low, high), bound)
    return Found(quantity, match.start, match.end, reach)


def _bound(text: str, match: _Match) -> tuple[str, tuple[int, int]]:
    before = text[max(0, match.start - _LOOK_BACK) : match.start]
    for sign, pattern in _BEFORE:
        if found := pattern.search(before):
            return sign, (match.start - len(before) + found.start(), match.end)
    for sign, pattern in _BEHIND:
        if found := pattern.match(text, match.end):
            return sign, (match.start, found.end())
    return "", (match.start, match.end)


def _dimension(unit: str) -> tuple[str, Fraction]:
    if not unit:
        return "", Fraction(1)
    names, total = [], Fraction(1)
    for place, part in enumerate(re.split(_PER, unit)):
        name, size = UNITS[part.strip()]
        names.append(name)
        total = total / size if place else total * size
    return "/".join(names), total


def number(written: str) -> Fraction | None:
    """What matches `VALUE`; None where it is no number, as in "1.2.3"."""
    words = written.lower().split()
    times = _TIMES[words.pop()] if words and words[-1] in _TIMES and len(words) > 1 else 1
    plain = " ".join(words)
    if plain.endswith("and a half"):
        return (NUMERALS[words[0]] + Fraction(1, 2)) * times
    if "-" in plain and plain.split("-")[0] in NUMERALS:
        tens, ones = plain.split("-", 1)
        return (NUMERALS[tens] + NUMERALS[ones]) * times
    if plain in NUMERALS:
        return NUMERALS[plain] * times
    part = _VULGAR.get(plain[-1:], Fraction(0))
    plain = plain.rstrip("".join(_VULGAR)).strip()
    if not plain:
        return part * times
    if power := _POWER.fullmatch(plain):
        exponent = int(power["exponent"].lstrip("^").translate(_SUPERSCRIPTS))
        base = _decimal(power["base"])
        if base is None or abs(exponent) > _LARGEST_EXPONENT:
            return None
        return base * Fraction(10) ** exponent * times if power["ten"] else base**exponent * times
    base = _decimal(plain)
    return None if base is None else (base + part) * times


def _decimal(plain: str) -> Fraction | None:
    plain = re.sub(r"[\u00a0\u2009\u202f]", "", plain)
    plain = plain.replace(",", "" if _THOUSANDS.fullmatch(plain) else ".")
    try:
        return Fraction(("0" + plain) if plain.startswith(".") else plain)
    except ValueError:  # "1.2.3" is a section, not a number
        return None
