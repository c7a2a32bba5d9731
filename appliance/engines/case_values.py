"""The patient's values that a question gives, and whether a text is true of them. Pure.

"GFR of 8 mL/min" is answered by the line for "less than 10 mL/min", not by that for "10 to 30".
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from appliance.engines.quotable import populations
from appliance.engines.value_ranges import Found, Ranges
from appliance.sentences.words import stem

_KIDNEY = (
    r"(?:\be?GFR\b|\bglomerular filtration(?: rate)?\b|\bcreatinine clearance\b|\bCr\.?\s?Cl\b|"
    r"\bCCr\b)"
)
_PER_SURFACE = re.compile(r"\s*/\s*1\.73\s*m\s?(?:[²2]|\^2)", re.IGNORECASE)
_MENTIONS_KIDNEY = re.compile(rf"{_KIDNEY}|\bmL\s*/\s*min", re.IGNORECASE)
_KIDNEY_IS = re.compile(rf"{_KIDNEY}[^.?!\d]{{0,50}}?$", re.IGNORECASE)
# What a bound on something else is followed by.
_NO_CLEARANCE = (
    r"|\s*(?:mg|mcg|µg|g|kg|°|hours?|hrs?|days?|weeks?|months?|years?|times|tablets?|capsules?|"
    r"ml(?!\s*/\s*min))\b|\s*%"
)
_NOW = re.compile(r"\b(?:now|today|currently)\b[^.?!\d]{0,20}$", re.IGNORECASE)
_FROM = re.compile(r"\bfrom\s*$|^from\b", re.IGNORECASE)
_TO = re.compile(r"\bto\s*(?:about|just|only)?\s*$", re.IGNORECASE)
_CHANGED = re.compile(
    r"\b(?:f[ae]ll\w*|dropp?\w*|declin\w+|decreas\w+|r[oi]s[ei]\w*|increas\w+|improv\w+|worsen\w*|"
    r"went|gone|chang\w+|deteriorat\w+|recover\w*)\b",
    re.IGNORECASE,
)
_AGE_UNIT = r"(?:years?|yrs?|y[./]?o|months?|mos?|weeks?|wks?|days?)"
_WITH_UNIT = re.compile(rf"\d[\s-]*{_AGE_UNIT}\b", re.IGNORECASE)
_YEARS = {"y": 1.0, "m": 1 / 12, "w": 7 / 365, "d": 1 / 365}
_IS_OLD = re.compile(r"[\s-]*(?:olds?\b|of age\b)", re.IGNORECASE)
_YEAR_OLD = re.compile(r"y[./]?o$", re.IGNORECASE)
# What follows an age that has no unit.
_ENDS = re.compile(
    r"\s*(?:$|[?.,;:)]|(?:and|or|who|whose|with|without|on|in|at|to|for|is|are|was|has|have|"
    r"should|can|may|must|get|need|taking|having|weighing|what|which|does|do|after|before|when|"
    r"if)\b)",
    re.IGNORECASE,
)
_PERSON = (
    r"(?:child(?:ren)?|infants?|babies|baby|neonates?|newborns?|patients?|adults?|people|persons?|"
    r"man|men|woman|women|boys?|girls?|kids?|toddlers?|adolescents?|teenagers?|anyone|those)"
)
_OF_AGE = re.compile(
    rf"\b(?:ages?|aged|{_PERSON}(?: of)?)(?:\s+(?:who (?:is|are)|of|is|at|about))*\s*[(:]?\s*$|"
    r"\b(?:younger|older) than$",
    re.IGNORECASE,
)
_AGE_BOUND = re.compile(r"\b(?:younger|older)\b|\bage\b", re.IGNORECASE)
# "for 7 days", "every 6 months": a time, and nobody's age.
_LASTS = re.compile(
    r"\b(?:for|every|each|after|before|within|during|last(?:s|ed|ing)?|past|treat(?:ed|ment)|"
    r"therapy|over the)(?:\s+(?:the|a|an|first|next|about|at least))*\s*$",
    re.IGNORECASE,
)
_LATER = re.compile(r"\s+(?:after|before|apart|later|course|of (?!age)|treatment|therapy)\b", re.I)
_KILOGRAMS = r"(?:kg|kgs|kilograms?|kilos?|lbs?|pounds?)"
_KG = {"k": 1.0, "l": 0.4536, "p": 0.4536}
_NO_WEIGHT = re.compile(r"(?:\bper|/|\blost|\bgained|\bloss of|\bgain of)\s*$", re.IGNORECASE)
_NEAR = 100  # characters before a number that say what it is of
_ADULT, _OLD = 18.0, 65.0

_CLEARANCES = Ranges(r"mL\s*/\s*min\w*", {}, needs_unit=False, guard=_NO_CLEARANCE)
_AGES = Ranges(_AGE_UNIT, _YEARS, needs_unit=False, guard=r"|\s*(?:kg|mg|g|mcg|µg|ml|lbs?|%)")
_WEIGHTS = Ranges(_KILOGRAMS, _KG, needs_unit=True, guard=r"|\s*/")


@dataclass(frozen=True, slots=True)
class Case:
    """What a question says of its patient: a kidney function in mL/min, an age in years, a weight
    in kg, and whom it is about, by stem as `populations`.
    """

    kidney: float | None
    age: float | None
    patients: frozenset[str]
    weight: float | None = None

    @classmethod
    def of(cls, question: str, patient: str = "") -> Case:
        """`patient`: what is told beside `question`, for the values that it does not give. Whom it
        is about only `question` says: a story names others too.
        """
        asked, told = _plain(question), _plain(patient)
        kidney, age, weight = (
            value if (value := read(asked)) is not None else read(told)
            for read in (_kidney_value, _age, _weight)
        )
        return cls(kidney, age, _patients(asked, age, kidney), weight)

    def fits(self, text: str) -> bool | None:
        """Whether a range of `text` holds the kidney function, the age or the weight, each that
        it bounds; None where the question gives none or the text has no range of that kind.
        """
        told = _plain(text)
        verdicts = []
        if self.kidney is not None and _MENTIONS_KIDNEY.search(told):
            verdicts.append(_holds(_CLEARANCES.of(told), self.kidney))
        if self.age is not None:
            verdicts.append(_holds(_ages(told), self.age))
        if self.weight is not None:
            verdicts.append(_holds(_weights(told), self.weight))
        found = [verdict for verdict in verdicts if verdict is not None]
        return all(found) if found else None


def _plain(text: str) -> str:
    """Without the surface that a clearance is divided by: its 1.73 is nobody's value."""
    return _PER_SURFACE.sub("", text)


def _holds(found: Iterator[Found], value: float) -> bool | None:
    ranges = [one.interval for one in found if not one.interval.is_number]
    return any(interval.holds(value) for interval in ranges) if ranges else None


def _patients(question: str, age: float | None, kidney: float | None) -> frozenset[str]:
    """By name, age or kidney function."""
    named = set(populations(question))
    if kidney is not None or re.search(
        rf"{_KIDNEY}|\bcreatinine\b|\bdialy\w+|\bnephro\w+", question, re.IGNORECASE
    ):
        named.add(stem("kidney"))
    if re.search(r"\bcirrho\w+|\bhepat\w+|\bjaundice\b|\bchild-pugh\b", question, re.IGNORECASE):
        named.add(stem("liver"))
    if re.search(r"\bbreast-?\s?(?:feed|fed|milk)\w*|\bnursing\b", question, re.IGNORECASE):
        named.add(stem("lactation"))
    if re.search(r"\btrimester\b|\bgestation\w*|\bunborn\b", question, re.IGNORECASE):
        named.add(stem("pregnancy"))
    if re.search(
        r"\b(?:boy|girl|baby|babies|toddler|newborn|kid|teenager|teen)s?\b", question, re.I
    ):
        named.add(stem("children"))
    if age is not None:
        named.add(stem("children") if age < _ADULT else stem("adults"))
        if age >= _OLD:
            named.add(stem("geriatric"))
    return frozenset(named)


def _kidney_value(question: str) -> float | None:
    """The last that is said to be so now, else the first, or what that became."""
    found = list(_CLEARANCES.of(question))
    first: int | None = None
    for place, one in enumerate(found):
        before = _before(question, one)
        if first is None and _KIDNEY_IS.search(before):
            first = place
        if first is not None and _NOW.search(before):
            return one.interval.within()
    if first is None:
        return None
    one = found[first]
    if len(one.order) == 2 and _has_changed(question, one):
        return one.order[1]
    if _FROM.search(question[one.start : one.end]) and first + 1 < len(found):
        other = found[first + 1]
        if _TO.search(question[one.end : other.start]):
            return other.order[-1]
    return one.interval.within()


def _has_changed(question: str, one: Found) -> bool:
    """ "From 60 to 25", and "fell from 60 to 25": no range of numbers."""
    if _FROM.search(question[one.start : one.end]) is None:
        return False
    return one.order[1] < one.order[0] or _CHANGED.search(_before(question, one)) is not None


def _age(question: str) -> float | None:
    """In years."""
    for one in _AGES.of(question):
        if _is_old(question, one) or _is_age(question, one):
            return one.interval.within()
    return None


def _ages(text: str) -> Iterator[Found]:
    """Years and months that are no time."""
    for one in _AGES.of(text):
        if not _lasts(text, one) and (_has_unit(text, one) or _is_age(text, one)):
            yield one


def _is_old(text: str, one: Found) -> bool:
    """Of a number with a unit: "5-year-old", "78yo"."""
    if not _has_unit(text, one):
        return False
    is_said = _YEAR_OLD.search(text[one.start : one.end]) is not None
    return is_said or _IS_OLD.match(text, one.end) is not None


def _is_age(text: str, one: Found) -> bool:
    """By the words around it: "aged 5", "patients over 65 years"."""
    words, before = text[one.start : one.end], _before(text, one)
    if _lasts(text, one) or not (_has_unit(text, one) or _ENDS.match(text, one.end)):
        return False
    return _OF_AGE.search(before) is not None or _AGE_BOUND.search(words) is not None


def _before(text: str, one: Found) -> str:
    return text[max(0, one.start - _NEAR) : one.start]


def _has_unit(text: str, one: Found) -> bool:
    return _WITH_UNIT.search(text[one.start : one.end]) is not None


def _lasts(text: str, one: Found) -> bool:
    return bool(_LATER.match(text, one.end) or _LASTS.search(_before(text, one)))


def _weight(question: str) -> float | None:
    """In kg."""
    return next((one.interval.within() for one in _weights(question)), None)


def _weights(text: str) -> Iterator[Found]:
    for one in _WEIGHTS.of(text):
        if not _NO_WEIGHT.search(_before(text, one)):
            yield one
