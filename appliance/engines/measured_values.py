"""Measured values that a question names by their short forms, and ranges of them in a text. Pure.

"INR above 10" is answered by the line for "INR > 10", not by that for "INR 4.5 to 10". Kidney
function, age and weight are told in other ways as well (see `case_values`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from appliance.engines.value_ranges import Found, Ranges

# "INR", "HbA1c", "LDL-C"; the kidney's are none of them.
_NAME = re.compile(
    r"\b(?!e?GFR|CrCl|CCr)(?P<name>(?=[\w-]*[A-Z][\w-]*[A-Z])[A-Za-z][A-Za-z\d]{1,6}(?:-[A-Z])?)\b"
    r"(?P<between>\s*(?:\(|values?|levels?|results?|now|today|currently|is|are|was|of|at|rises?|"
    r"rose|falls?|fell|becomes?|equals|=|:|\s){0,6}\s*)(?=\d|[<>=≤≥]|(?:above|over|below|under|up|at|"
    r"less|lower|more|greater|higher|between|from|exceed\w*|no|not)\b)"
)
_REACH = 40  # characters behind a name in which its range begins
_NUMBERS = Ranges(
    r"(?:%|mmol/L|mg/dL|mEq/L)", {}, needs_unit=False,
    guard=r"|\s*(?:mg|mcg|µg|g|kg|ml|hours?|days?|weeks?|months?|years?|times|tablets?)\b",
)  # fmt: skip


def measured(question: str) -> dict[str, float]:
    """Its values by name, the last of each: what is true now comes last."""
    return {name: found.interval.within() for name, found in _found(question)}


def fits(values: Mapping[str, float], text: str) -> bool | None:
    """Whether the ranges that `text` has of `values` hold them, one of each at least; None where it
    has none.
    """
    holds: dict[str, bool] = {}
    for name, found in _found(text) if values else ():
        if name in values and not found.interval.is_number:
            holds[name] = holds.get(name, False) or found.interval.holds(values[name])
    return all(holds.values()) if holds else None


def _found(text: str) -> Iterator[tuple[str, Found]]:
    for match in _NAME.finditer(text):
        behind = text[match.end() : match.end() + 2 * _REACH]
        first = next(_NUMBERS.of(behind), None)
        if first is not None and first.start <= _REACH:
            yield match["name"], first
