"""Numbers of an answer against the words it cites.

How a number, a unit and a frequency are written is known in one place (`services/quantities.py`,
`services/frequencies.py`). What belongs to what is read here, and apart from the check that answers
pass before they are shown (`services/bearing.py`): a fault of that check must not hide itself.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

from appliance.sentences.words import stem
from appliance.services.frequencies import FoundFrequency, frequencies
from appliance.services.quantities import NUMERALS, UNITS, VALUE, number
from appliance.services.roots import FUNCTION_WORDS

_UNIT = r"(?:°\s?[CF]\b|%|[^\W\d_]+(?:\^?2|[²³])?)"
_QUANTITY = re.compile(
    rf"(?<![\w.])(?P<minus>[-−](?=[\d.])|minus\s+)?(?P<number>{VALUE})"
    rf"(?P<share>\s?/\s?\d{{1,2}}(?=\s+(?:of\s+an?\s+)?[^\W\d_]))?"
    rf"(?:\s+(?:of\s+)?an?\s+|\s*-?\s*)"
    rf"(?P<unit>{_UNIT}(?:\s*(?:/|\bper\b)\s*{_UNIT})*)?",
    re.IGNORECASE,
)
_PER = re.compile(r"\s*(?:/|\bper\b)\s*", re.IGNORECASE)
_LINK = re.compile(r"\s*(?:to|or|and|,|-|–|—)\s*", re.IGNORECASE)  # "5 to 10 mg"
_BEFORE_DASH = re.compile(r"(?:\d|[^\W\d_]+|%)\s*$")
_WORD = re.compile(r"[^\W\d_]+")
_PLURAL = re.compile(r"[^\W\d_]{3,}s")
_VAGUE = ("one", "single", "half", "quarter")  # without a unit: "one of them", "a single one"
_NEAR = 3  # words behind a number in which its unit is looked for
_DAY = Fraction(1)
_MARKER = re.compile(r"\[\d{1,3}(?:\s*,\s*\d{1,3})*\]")
_BREAK = re.compile(r"\u00ad\s*")  # of a word over two lines
_INTERNATIONAL = re.compile(r"international\s+(?=units?\b)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class _Number:
    """`value` is in the base of `dimension`, which is "" without a known unit; `upper` is that of
    its numerator, "mg" of "mg/kg"; `plain` is as it was written. `unit`: the stem of a word that
    counts as a unit without being known as one; `behind`: the stems of the words behind the number.
    """

    written: str
    plain: Fraction
    value: Fraction
    upper: Fraction
    dimension: str
    unit: str
    behind: frozenset[str]


def lacking(claim: str, evidence: str, *, per: bool = True) -> list[str]:
    """The numbers of `claim`, as written there, that `evidence` does not hold with their unit.

    Markers such as [2] are no numbers. 0.5 g is 500 mg and "every 12 hours" is "twice daily"; a
    number without a unit may stand with any. mg is not mg/kg, and -20 is not 20.
    Without `per`, the claim may leave out what is divided by: who asks for a number does.
    """
    evidence, claim = _plain(evidence), _MARKER.sub(" ", _plain(claim))
    often = {found.frequency for found in frequencies(evidence)}
    held = list(_numbers(evidence))
    held += _numbers(_without(evidence, _often(evidence)))
    lost = []
    # A frequency may be said in other numbers, and is compared as one.
    said = _often(claim)
    for found in said:
        if found.frequency not in often:
            lost.append(claim[found.start : found.end].strip())
    for one in _numbers(_without(claim, said)):
        if not any(_holds(other, one, per) for other in held):
            lost.append(one.written)
    return lost


def _plain(text: str) -> str:
    return _INTERNATIONAL.sub("international\u00a0", _BREAK.sub("", text))


def _holds(held: _Number, wanted: _Number, per: bool) -> bool:
    if wanted.dimension:
        if not per and "/" not in wanted.dimension:
            return held.dimension.split("/")[0] == wanted.dimension and held.upper == wanted.value
        return held.dimension == wanted.dimension and held.value == wanted.value
    if held.plain != wanted.plain:
        return False
    if not wanted.unit or wanted.unit in held.behind:
        return True
    return not held.dimension and not held.unit


def _often(text: str) -> list[FoundFrequency]:
    """Without the hours and minutes of a rate ("mL/hour"), which belong to its unit."""
    return [
        found
        for found in frequencies(text)
        if found.frequency[0] <= _DAY or not _PER.match(text, found.start)
    ]


def _without(text: str, often: list[FoundFrequency]) -> str:
    for found in often:
        text = text[: found.start] + " " * (found.end - found.start) + text[found.end :]
    return text


def _numbers(text: str) -> Iterator[_Number]:
    """The last first: in "5 to 10 mg" both are milligrams."""
    unit, following = "", len(text) + 1
    for match in reversed(list(_QUANTITY.finditer(text))):
        own = _known(match["unit"] or "")
        if own:
            unit = own
        elif not _LINK.fullmatch(text, match.end("number"), following):
            unit = ""
        following = match.start()
        made = _made(text, match, unit)
        if made is not None:
            yield made


def _made(text: str, match: re.Match[str], unit: str) -> _Number | None:
    word = match["number"].casefold()
    if word in _VAGUE and not unit:
        return None
    plain = number(match["number"])
    if plain is None:  # a date or a section's number
        plain = Fraction("".join(re.findall(r"\d+", match["number"])))
    if match["share"] and unit:
        plain /= Fraction(match["share"].strip(" /")) or 1
    if match["minus"] and not _goes_on(text, match.start()):
        plain = -plain
    dimension, size = _dimension(unit)
    behind = [stem(word) for word in _WORD.findall(text, match.end("number"))[:_NEAR]]
    return _Number(
        text[match.start() : match.end()].strip(),
        plain,
        plain * size,
        plain * _dimension(unit.split("/")[0])[1],
        dimension,
        "" if unit else _unknown(match["unit"] or ""),
        frozenset(behind),
    )


def _goes_on(text: str, dash: int) -> bool:
    """Whether the dash stands in a range, "5 -10 mg" or "5 mg -10 mg"."""
    found = _BEFORE_DASH.search(text[max(0, dash - 40) : dash])
    return found is not None and (
        found.group().strip()[-1].isdigit() or found.group().strip().casefold() in UNITS
    )


def _known(written: str) -> str:
    """As much of a unit as is known, "mg/kg" of "mg/kg body"."""
    kept: list[str] = []
    for part in _PER.split(written.casefold()):
        if part.replace(" ", "") not in UNITS:
            break
        kept.append(part.replace(" ", ""))
    return "/".join(kept)


def _unknown(written: str) -> str:
    """The stem of a word that counts things, or is written as no other word is ("mOsm")."""
    word = _PER.split(written)[0]
    if word.casefold() in FUNCTION_WORDS or word.casefold() in NUMERALS:
        return ""
    is_unit = _PLURAL.fullmatch(word) or (not word.islower() and not word[:1].isupper())
    return stem(word) if word and is_unit else ""


def _dimension(unit: str) -> tuple[str, Fraction]:
    if not unit:
        return "", Fraction(1)
    names, total = [], Fraction(1)
    for place, part in enumerate(unit.split("/")):
        name, size = UNITS[part]
        names.append("unit" if name == "iu" else name)
        total = total / size if place else total * size
    return "/".join(names), total
