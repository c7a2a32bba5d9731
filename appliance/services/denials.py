"""What a sentence denies. Pure.

A denial turns the words of its clause; "no more than 10 mg" denies nothing, it is a bound.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

_DENIAL = re.compile(
    r"\b(?:no|not|never|none|nobody|nothing|without|cannot|avoid\w*|contraindicat\w*|neither|nor|"
    r"prohibit\w*|forbid\w*|forbidden|refrain\w*|inadvisable|unsafe|ineffective|unsuitable|"
    r"unnecessary|unlikely|unable|inappropriate|lack(?:s|ed|ing)?|absen(?:t|ce)|fail(?:s|ed)\s+to|"
    r"rather\s+than|instead\s+of|exclud\w+|other\s+than|hardly|scarcely|barely|"
    r"(?:recommend|advis|warn|caution|counsel|argu|decid)\w*\s+(?:\w+\s+){0,2}?against)\b|"
    r"n['’]t\b",
    re.IGNORECASE,
)
# What they deny is the thing behind them alone; "no" may do either.
_LACK = re.compile(r"without|lack\w*|absen(?:t|ce)|exclud\w+|other\s+than", re.IGNORECASE)
# "Not contraindicated" denies a denial.
_DENIED_DENIAL = re.compile(
    r"\b(?:no|not|never|cannot|n['’]t)\s+(?:\w+\s+){0,2}?(?:avoid\w*|contraindicat\w*|prohibit\w*|"
    r"forbid\w*|unsafe|ineffective|unsuitable|unnecessary|unlikely|inappropriate|without|exclud\w+|"
    r"lack\w*|absen\w+)\b|\bn['’]t\s+(?:avoid|lack|exclude)\b",
    re.IGNORECASE,
)
_CLAUSE = re.compile(
    r"[;:,.()!?—–]+|\b(?:but|however|while|whereas|although|though|unless|except|because|since|if|"
    r"when|and)\b",
    re.IGNORECASE,
)


def denials(text: str, bounds: Iterable[tuple[int, int]] = ()) -> list[tuple[int, int]]:
    """Where `text` denies, apart from what lies in `bounds`."""
    spans = [*bounds, *(match.span() for match in _DENIED_DENIAL.finditer(text))]
    return [
        match.span()
        for match in _DENIAL.finditer(text)
        if not any(start <= match.start() < end for start, end in spans)
    ]


def is_lack(denial: str) -> bool:
    """Whether it says that something is not there, not that something is not so."""
    return _LACK.fullmatch(denial) is not None


def clauses(text: str) -> list[tuple[int, int]]:
    """The parts of a sentence that can be denied apart."""
    return [(start, end) for start, end in all_clauses(text) if text[start:end].strip()]


def all_clauses(text: str) -> list[tuple[int, int]]:
    """The same, with those that are blank in `text`."""
    found, start = [], 0
    for match in _CLAUSE.finditer(text):
        found.append((start, match.start()))
        start = match.end()
    found.append((start, len(text)))
    return found
