"""Ranges of one kind of number in a text: "10 to 30 mL/min", "12 years and older". Pure.

A bound that is only named as "less than", "under" or "<" is not in its range; one of "up to", "at
least", "≤" or "and older" is, and so are both ends of "10 to 30".
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

NUMBER = r"\d{1,3}(?:\.\d+)?"
_HIGHEST = r"(?:less|lower|fewer|smaller|younger) than|below|under"
_LOWEST = r"(?:more|greater|higher|older) than|above|over|exceeding"
_UP_TO = r"up to|at most"
_AT_LEAST = r"at least|from"
BOUND = (
    rf"(?:\b(?:{_UP_TO}|{_AT_LEAST}|(?:(?:no|not) )?(?:{_HIGHEST}|{_LOWEST}))\b"
    r"(?: (?:or )?equal(?: to)?\b)?|<=|=<|>=|=>|[<>≤≥])"
)
_OF_AGE = r"(?:\s*(?:the\s+)?ages?(?:\s+of)?\b)?"
_LEAD = re.compile(
    rf"(?:(?P<between>\bbetween)\s+|(?P<bound>{BOUND}){_OF_AGE}\s*)?\Z", re.IGNORECASE
)
_LONGEST_LEAD = 50  # characters
_AND_MORE = r"(?:older|over|above|more|greater|higher|up)"
_AND_LESS = r"(?:younger|under|below|less|lower|fewer)"
_JOINED = r"to|through|until|and|-|–|—"
_IS_HIGHEST = re.compile(rf"(?:(?:no|not) )?(?:{_HIGHEST})|<")
_IS_OPEN = re.compile(rf"(?:{_HIGHEST}|{_LOWEST})\Z|[<>]\Z")


@dataclass(frozen=True, slots=True)
class Interval:
    """From `low` to `high`; an end that is open does not belong to it. One number is both ends."""

    low: float
    high: float
    low_is_open: bool = False
    high_is_open: bool = False

    @property
    def is_number(self) -> bool:
        return self.low == self.high

    def holds(self, value: float) -> bool:
        is_above = value > self.low if self.low_is_open else value >= self.low
        return is_above and (value < self.high if self.high_is_open else value <= self.high)

    def within(self, *, step: float = 0.001) -> float:
        """A number that is typical of it: its middle, or `step` beyond its only end."""
        if math.isinf(self.low):
            return self.high - step
        return self.low + step if math.isinf(self.high) else (self.low + self.high) / 2


@dataclass(frozen=True, slots=True)
class Found:
    """Numbers of a text, and where: in `order` as they are written."""

    start: int
    end: int
    interval: Interval
    order: tuple[float, ...]


class Ranges:
    """Finds numbers of one kind and the ranges that they bound."""

    def __init__(
        self, unit: str, worth: Mapping[str, float], *, needs_unit: bool, guard: str = ""
    ) -> None:
        """`unit`: a pattern of the unit, without named groups. `worth`: of each unit, by its first
        letters, in the unit wanted; other units are worth 1. `guard`: a pattern that no number of
        the kind is followed by.
        """
        self._worth = worth
        self._needs_unit = needs_unit
        spaced = r"[\s-]*"
        stop = rf"(?!\d|[.,]\d|\w{guard})"
        self._pattern = re.compile(
            rf"(?<![\w.,/])(?P<first>{NUMBER})(?:{spaced}(?P<first_unit>{unit})\b)?{stop}"
            r"(?:(?:\s*of age)?\s*(?:and|or|&)\s*"
            rf"(?:(?P<more>{_AND_MORE})|(?P<less>{_AND_LESS}))\b"
            r"(?!\s+than)|"
            rf"\s*(?P<join>{_JOINED})\s*(?:(?P<other_bound>{BOUND})\s*)?"
            rf"(?P<second>{NUMBER})(?:{spaced}(?P<second_unit>{unit})\b)?{stop})?",
            re.IGNORECASE,
        )

    def of(self, text: str) -> Iterator[Found]:
        """Single numbers too."""
        at = 0
        while match := self._pattern.search(text, at):
            lead = _LEAD.search(text, max(at, match.start() - _LONGEST_LEAD), match.start())
            assert lead is not None  # it may be empty
            joined = match["second"] is not None and _is_range(lead, match)
            at = match.end() if joined or match["second"] is None else match.end("first")
            found = (self._joined if joined else self._single)(lead, match)
            if found is not None:
                yield found

    def _joined(self, lead: re.Match[str], match: re.Match[str]) -> Found | None:
        unit = match["second_unit"]
        if unit is None and self._needs_unit:
            return None
        first = self._value(match["first"], match["first_unit"] or unit)
        second = self._value(match["second"], unit)
        interval = Interval(
            min(first, second),
            max(first, second),
            _is_open(lead["bound"]),
            _is_open(match["other_bound"]),
        )
        return Found(lead.start(), match.end(), interval, (first, second))

    def _single(self, lead: re.Match[str], match: re.Match[str]) -> Found | None:
        if match["first_unit"] is None and self._needs_unit:
            return None
        number = self._value(match["first"], match["first_unit"])
        bound = lead["bound"]
        if match["more"] or match["less"]:
            interval = Interval(number, math.inf) if match["more"] else Interval(-math.inf, number)
        elif bound is None:
            interval = Interval(number, number)
        elif _is_high(bound):
            interval = Interval(-math.inf, number, high_is_open=_is_open(bound))
        else:
            interval = Interval(number, math.inf, low_is_open=_is_open(bound))
        end = match.end("more") if match["more"] else match.end("less") if match["less"] else -1
        end = end if end >= 0 else max(match.end("first"), match.end("first_unit"))
        return Found(lead.start(), end, interval, (number,))

    def _value(self, number: str, unit: str | None) -> float:
        folded = (unit or "").casefold()
        worth = next((w for name, w in self._worth.items() if folded.startswith(name)), 1.0)
        return float(number) * worth


def _is_range(lead: re.Match[str], match: re.Match[str]) -> bool:
    if match["join"].casefold() != "and":
        return True
    return lead["between"] is not None or None not in (lead["bound"], match["other_bound"])


def _is_high(bound: str) -> bool:
    """Whether `bound` names the highest number."""
    folded = bound.casefold()
    if folded in ("up to", "at most", "≤", "=<"):
        return True
    return (_IS_HIGHEST.match(folded) is not None) != folded.startswith(("no ", "not "))


def _is_open(bound: str | None) -> bool:
    """Whether the number that `bound` names is not in the range itself."""
    return bound is not None and _IS_OPEN.match(bound.casefold()) is not None
