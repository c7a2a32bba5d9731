"""How often: "twice daily", BID, q12h and "every 12 hours" are one frequency. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction

from appliance.services.quantities import NUMERALS

# Periods in days. A month is no number of weeks, and neither is a year.
_PERIODS = {
    "minute": Fraction(1, 1440), "hour": Fraction(1, 24), "day": Fraction(1),
    "night": Fraction(1), "morning": Fraction(1), "evening": Fraction(1), "bedtime": Fraction(1),
    "week": Fraction(7), "month": Fraction(61, 2), "year": Fraction(1461, 4),
}  # fmt: skip
_SHORT = {"h": "hour", "hr": "hour", "hrs": "hour", "hourly": "hour", "daily": "day",
          "nightly": "night", "weekly": "week", "wk": "week", "monthly": "month",
          "yearly": "year", "annually": "year", "mo": "month", "min": "minute", "mins": "minute",
          "d": "day"}  # fmt: skip
_LATIN = {
    "qd": 1.0, "od": 1.0, "qhs": 1.0, "qam": 1.0, "qpm": 1.0, "bid": 2.0, "bd": 2.0, "tid": 3.0,
    "tds": 3.0, "qid": 4.0, "qds": 4.0, "qod": 0.5,
}  # fmt: skip
_N = r"(?:\d+(?:\.\d+)?|" + "|".join(sorted(NUMERALS, key=len, reverse=True)) + ")"
_TO = r"\s*(?:-|–|—|to|or)\s*"
_PERIOD = r"(?:minute|hour|day|night|morning|evening|bedtime|week|month|year)"
_ADVERB = r"(?:hourly|daily|nightly|weekly|monthly|yearly|annually)"
_EACH = (
    r"(?:\s*/\s*|[\s-]+(?:a|an|per|each|every|in\s+a)[\s-]+|"
    r"[\s-]+(?:in|per)\s+(?:24|twenty-four)[\s-]+)"
)
_ONCE = rf"(?:once|twice|thrice|{_N}(?:{_TO}{_N})?\s*(?:x\b|times?))"
_FREQUENCY = re.compile(
    "|".join(
        (
            r"\bq\.?\s?(?P<q>\d+)(?:\s?[-–]\s?(?P<q2>\d+))?\s?(?P<qp>h(?:r|rs|ours?)?|d(?:ays?)?|"
            r"w(?:k|eeks?)?|min)\b\.?",
            r"\b(?:once\s+)?(?:every|each)\s+"
            rf"(?P<e>{_N})(?:{_TO}(?P<e2>{_N}))?\s*-?\s*(?P<ep>{_PERIOD}s?|h|hrs?|wks?|mins?)\b",
            rf"\b(?:(?:once|one)\s+)?every\s+(?:other|second)\s+(?P<other>{_PERIOD})\b",
            r"\b(?:on\s+)?alternate\s+(?P<alternate>day|week)s\b",
            rf"\b(?P<t>{_ONCE})(?:\s+or\s+(?P<t2>twice|thrice|{_N}\s+times))?"
            rf"(?:[\s-]+(?P<ta>{_ADVERB})|{_EACH}(?P<tp>{_PERIOD}|hours?))\b",
            rf"\b(?P<n>{_N})[\s-]+(?P<na>hourly|weekly|monthly)\b",
            r"(?<![\w.])(?P<latin>q\.?\s?d|q\.?h\.?s|q\.?o\.?d|b\.?\s?i\.?\s?d|t\.?\s?i\.?\s?d|"
            r"q\.?\s?i\.?\s?d|t\.?d\.?s|q\.?d\.?s|b\.d|bd|qam|qpm|(?-i:OD))\b\.?",
            rf"(?:\s{{0,3}}/\s*|\b(?:per|each|every|a|in\s+a)\s+)(?P<p>{_PERIOD}|wk|d)\b(?!-)",
            r"\b(?:per|in|within|over)\s+(?:any\s+|each\s+|a\s+)?(?:24|twenty-four)[\s-]*(?:hours?|h)"
            r"\b(?P<day>(?:\s+period)?)",
            rf"\b(?P<adverb>{_ADVERB})\b",
        )
    ),
    re.IGNORECASE,
)

Frequency = tuple[Fraction, Fraction]  # times a day: at least, at most


@dataclass(frozen=True, slots=True)
class FoundFrequency:
    frequency: Frequency
    start: int
    end: int


def frequencies(text: str) -> list[FoundFrequency]:
    """In the order of the text."""
    found = []
    for match in _FREQUENCY.finditer(text):
        rate = _rate(match)
        if rate is not None:
            found.append(FoundFrequency(rate, match.start(), match.end()))
    return found


def _rate(match: re.Match[str]) -> Frequency | None:
    group = match.groupdict()
    if group["q"]:
        return _every(group["q"], group["q2"], _period(group["qp"]))
    if group["e"]:
        return _every(group["e"], group["e2"], _period(group["ep"]))
    if group["n"]:
        return _every(group["n"], None, _period(group["na"]))
    if seldom := group["other"] or group["alternate"]:
        return _every("2", None, _period(seldom))
    if group["t"]:
        period = _period(group["ta"] or group["tp"])
        low, high = _times(group["t"])
        if group["t2"]:
            high = _times(group["t2"])[1]
        return low / period, high / period
    if group["latin"]:
        times = Fraction(_LATIN[re.sub(r"[.\s]", "", group["latin"]).lower()])
        return times, times
    if group["day"] is not None:
        return Fraction(1), Fraction(1)
    rate = 1 / _period(group["p"] or group["adverb"])
    return rate, rate


def _every(first: str, second: str | None, period: Fraction) -> Frequency | None:
    numbers = [_number(first), _number(second or first)]
    if not all(numbers):
        return None
    return 1 / (max(numbers) * period), 1 / (min(numbers) * period)


def _times(text: str) -> Frequency:
    named = {"once": 1, "twice": 2, "thrice": 3}.get(text.lower())
    if named is not None:
        return Fraction(named), Fraction(named)
    numbers = [_number(word) for word in re.findall(_N, text, re.IGNORECASE)]
    return min(numbers), max(numbers)


def _number(text: str) -> Fraction:
    return NUMERALS.get(text.lower()) or Fraction(text)


def _period(name: str) -> Fraction:
    name = name.lower()
    name = _SHORT.get(name, name)
    if name not in _PERIODS:
        name = _SHORT.get(name.rstrip("s"), name.rstrip("s"))
    if name.startswith("w"):
        name = "week"
    return _PERIODS[name]
