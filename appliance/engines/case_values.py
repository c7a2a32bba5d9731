"""The patient's values that a question gives, and whether a text is true of them. Pure.

"GFR of 8 mL/min" is answered by the line for "less than 10 mL/min", not by that for "10 to 30".
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass

from appliance.engines.quotable import populations
from appliance.sentences.words import stem

_NUMBER = r"(\d{1,3}(?:\.\d+)?)"
_AGE_UNIT = r"[\s-]*(years?|yrs?|months?|weeks?|days?)(?!\s+(?:after|before|apart|later|course))"
_KIDNEY = r"\be?GFR\b|\bglomerular filtration\b|\bcreatinine clearance\b|\bCr\.?\s?Cl\b|\bCCr\b"
_KIDNEY_UNIT = r"(?:\s*mL\s*/\s*min\w*(?:\s*/\s*1\.73\s*m\s?[²2])?)?"
# What a bound on something else is followed by.
_OTHER_UNIT = (
    r"(?!\d|[.,]\d|\s*(?:mg|mcg|µg|g|kg|%|°|hours?|hrs?|days?|weeks?|months?|years?|times|"
    r"tablets?|capsules?|ml(?!\s*/\s*min))\b|\s*%)"
)
_BELOW = r"(?:less than|lower than|fewer than|below|under|younger than|up to|<|≤|<=)"
_ABOVE = r"(?:more than|greater than|higher than|above|over|older than|at least|from|>|≥|>=)"
_AND_MORE = r"\s*(?:of age\s*)?(?:and|or|&)\s*(?:older|over|above|more|greater|up)\b"
_AND_LESS = r"\s*(?:of age\s*)?(?:and|or|&)\s*(?:younger|under|below|less)\b"
_ADULT, _OLD = 18.0, 65.0
_YEARS = {"y": 1.0, "m": 1 / 12, "w": 7 / 365, "d": 1 / 365}
_EPSILON = 0.001


@dataclass(frozen=True, slots=True)
class _Range:
    low: float
    high: float

    def holds(self, value: float) -> bool:
        return self.low <= value <= self.high


_ASKED_KIDNEY = re.compile(
    rf"(?:{_KIDNEY})[^.?!\d]{{0,50}}?(?:(?P<below>{_BELOW})|(?P<above>{_ABOVE}))?\s*{_NUMBER}",
    re.IGNORECASE,
)
_ASKED_AGE = re.compile(
    rf"(?:(?P<below>{_BELOW})|(?P<above>{_ABOVE}))?\s*\b{_NUMBER}{_AGE_UNIT}", re.IGNORECASE
)
_BARE_AGE = re.compile(
    rf"\b(?:aged?(?: of)?|child(?:ren)? (?:of|under|below)|under the age of)\s+{_NUMBER}\b"
    r"(?![\s-]*(?:years?|months?|weeks?|days?|kg|mg))",
    re.IGNORECASE,
)
_IS_OLD = re.compile(r"[\s-]*(?:olds?\b|of age\b)", re.IGNORECASE)
_OF_AGE = re.compile(
    r"\b(?:aged?|(?:child|infant|patient|man|woman|boy|girl) of)\s+$", re.IGNORECASE
)
_MENTIONS_KIDNEY = re.compile(rf"{_KIDNEY}|\bmL\s*/\s*min", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class _Ranges:
    """Finds the ranges of numbers of one kind."""

    between: re.Pattern[str]
    bounds: tuple[tuple[re.Pattern[str], bool], ...]  # and whether the number is the highest

    @classmethod
    def ending(cls, unit: str) -> _Ranges:
        """`unit` is a pattern with which a number of the kind ends."""

        def compiled(pattern: str) -> re.Pattern[str]:
            return re.compile(pattern, re.IGNORECASE)

        return cls(
            compiled(rf"\b{_NUMBER}(?:{unit})?\s*(?:to|and|-|–)\s*{_NUMBER}(?:{unit})"),
            (
                (compiled(rf"{_BELOW}\s*{_NUMBER}(?:{unit})"), True),
                (compiled(rf"{_ABOVE}\s*{_NUMBER}(?:{unit})"), False),
                (compiled(rf"\b{_NUMBER}(?:{unit}){_AND_MORE}"), False),
                (compiled(rf"\b{_NUMBER}(?:{unit}){_AND_LESS}"), True),
            ),
        )

    def of(self, text: str) -> Iterator[tuple[re.Match[str], _Range]]:
        taken: list[tuple[int, int]] = []
        for match in self.between.finditer(text):
            numbers = [float(group) for group in match.groups() if group and group[0].isdigit()]
            taken.append(match.span())
            yield match, _Range(min(numbers), max(numbers))
        for pattern, is_highest in self.bounds:
            for match in pattern.finditer(text):
                if any(start <= match.start(1) < end for start, end in taken):
                    continue
                number = float(match.group(1))
                yield match, _Range(-math.inf, number) if is_highest else _Range(number, math.inf)


_KIDNEY_RANGES = _Ranges.ending(rf"{_KIDNEY_UNIT}{_OTHER_UNIT}")
_AGE_RANGES = _Ranges.ending(_AGE_UNIT)


@dataclass(frozen=True, slots=True)
class Case:
    """What a question says of its patient: a kidney function, an age in years, and whom it is
    about, by stem as `populations`.
    """

    kidney: float | None
    age: float | None
    patients: frozenset[str]

    @classmethod
    def of(cls, question: str) -> Case:
        age = _age(question)
        return cls(_kidney_value(question), age, _patients(question, age))

    def fits(self, text: str) -> bool | None:
        """Whether a range of `text` holds the kidney function or the age; None where the question
        gives none or the text has no range of that kind.
        """
        verdicts = []
        if self.kidney is not None and _MENTIONS_KIDNEY.search(text):
            found = [r for _, r in _KIDNEY_RANGES.of(text)]
            verdicts += [any(r.holds(self.kidney) for r in found)] if found else []
        if self.age is not None:
            found = [
                _Range(r.low * years, r.high * years)
                for match, r in _AGE_RANGES.of(text)
                for years in (_in_years(match),)
            ]
            verdicts += [any(r.holds(self.age) for r in found)] if found else []
        return all(verdicts) if verdicts else None


def _patients(question: str, age: float | None) -> frozenset[str]:
    """By name, age or kidney function."""
    named = set(populations(question))
    if re.search(rf"{_KIDNEY}|\bcreatinine\b|\bdialy\w+|\bnephro\w+", question, re.IGNORECASE):
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
    match = _ASKED_KIDNEY.search(question)
    return None if match is None else _point(match, float(match.group(3)))


def _age(question: str) -> float | None:
    """In years."""
    if match := _ASKED_AGE.search(question):
        before, behind = question[: match.start(3)], question[match.end() :]
        if _IS_OLD.match(behind) or (match.group(4)[0] in "yYmM" and _OF_AGE.search(before)):
            return _point(match, float(match.group(3)) * _YEARS[match.group(4)[0].casefold()])
    if match := _BARE_AGE.search(question):
        is_under = re.search(r"under|below", match.group(), re.IGNORECASE)
        return float(match.group(1)) - (_EPSILON if is_under else 0.0)
    return None


def _point(match: re.Match[str], value: float) -> float:
    """A value just within the bound that the question gives."""
    if match["below"]:
        return value - _EPSILON
    return value + _EPSILON if match["above"] else value


def _in_years(match: re.Match[str]) -> float:
    units = [group for group in match.groups() if group and not group[0].isdigit()]
    return _YEARS[units[-1][0].casefold()] if units else 1.0
