"""The quotes that make an answer: the best and those near it, none that says it again. Pure.

A list and a section that was asked for whole are told whole, or it is said where they go on.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from appliance.engines.candidates import LIMIT_WORTH, Candidate
from appliance.engines.list_items import are_cases
from appliance.engines.question_forms import asked_section, asks_whether, only_a_section
from appliance.engines.quotes import Quote

MOST_QUOTES = 6
MOST_LINES = 8  # of quotes beside the first, which may be a long list
MOST_CHARACTERS = 1_800
FLOOR = 0.45  # the best candidate must reach this, or there is no answer
MARGIN = 0.14  # candidates this far below the best one are left out
SAME = 0.93  # cosine from which two quotes say the same
WHOLE_SLACK = 0.04  # a whole this much below its part is quoted in its place
_NUMBER = re.compile(r"\d+(?:[.,]\d+)*")
# Of sections and of literature: "(2.1, 5)", "[7]", "[see Warnings (5.1)]". Others are values.
_PLACE = r"\d{1,2}(?:\.\d{1,2})*"
_PLACES = rf"\s*{_PLACE}(?:\s*[,;–-]\s*{_PLACE})*\s*"
_REFERENCES = (
    re.compile(rf"\({_PLACES}\)|\[{_PLACES}\]"),
    re.compile(r"[(\[]\s*see\b[^()\[\]]*[)\]]", re.IGNORECASE),
)


@dataclass(frozen=True, slots=True)
class Choice:
    """`more`: the passages (from 0) where a list or a section of `quotes` goes on that there was no
    room for.
    """

    quotes: tuple[Quote, ...] = ()
    more: tuple[int, ...] = ()


def chosen(
    question: str,
    candidates: Sequence[Candidate],
    merits: Sequence[float],
    vectors: NDArray[np.float32],
) -> Choice:
    """The best of `candidates` and those near it, those that limit the answer before others; the
    best passage first. `merits` and `vectors`: one for each.
    """
    found = [candidate.quote for candidate in candidates]
    scores = [
        merit + (LIMIT_WORTH if candidate.limits else 0.0)
        for merit, candidate in zip(merits, candidates, strict=True)
    ]
    order = sorted(range(len(found)), key=lambda place: -scores[place])
    if not order or scores[order[0]] < FLOOR:
        return Choice()
    # A limit comes on top of an answer; it is none that the others must be as good as.
    least = max(FLOOR - 0.05, max(merits) - MARGIN)
    if any(candidates[place].limits and scores[place] >= least for place in order):
        # Beside what is not to be given to the asked patients, no dose that may be for others.
        order = [place for place in order if not candidates[place].is_unbounded]
    whole = [place for place in order if asked_section(question, found[place].heading)]
    if only_a_section(question) and not whole:
        return Choice()
    is_section = bool(whole) and (only_a_section(question) or not asks_whether(question))
    if is_section:
        # The section that was asked for, from the passage that has it best, then what others add.
        first = found[whole[0]].passage
        order = sorted(whole, key=lambda place: (found[place].passage != first, found[place].start))
        least = FLOOR - 0.05
    # The passage that is quoted whole, whatever its sentences say.
    all_of = found[whole[0]].passage if is_section else None
    may_be_part = asks_whether(question)  # of a list
    kept: list[int] = []
    left_out: list[int] = []
    for place in order:
        is_part = found[place].passage == all_of
        is_rest = not may_be_part and any(
            len(found[one].lines) > 1 and found[place].goes_on_with(found[one]) for one in kept
        )
        bar = FLOOR - 0.05 if _goes_on(found, kept, place) else least
        if scores[place] < bar and not (is_part or is_rest):
            continue
        parts = [other for other in kept if found[place].holds(found[other])]
        if parts:
            # A whole in the place of its parts.
            if scores[place] < max(scores[other] for other in parts) - WHOLE_SLACK:
                continue
        elif any(
            found[other].holds(found[place])
            if is_part and found[other].passage == all_of
            else _repeats(found, vectors, place, other)
            for other in kept
        ):
            continue
        rest = [other for other in kept if other not in parts]
        room = _has_room([found[other] for other in rest], found[place], is_section=is_section)
        if room or is_part:
            kept = [*rest, place]
        elif is_section or any(_is_of_list(found[place], found[other]) for other in rest):
            left_out.append(place)
    best = {
        passage: max(scores[place] for place in kept if found[place].passage == passage)
        for passage in {found[place].passage for place in kept}
    }
    kept.sort(
        key=lambda place: (-best[found[place].passage], found[place].passage, found[place].start)
    )
    more = sorted({found[place].passage for place in left_out})
    return Choice(tuple(found[place] for place in kept), tuple(more))


def _is_of_list(one: Quote, other: Quote) -> bool:
    """Both are of one list; rows of a table are whole one by one."""
    is_here = one.passage == other.passage and one.lead != "" and one.lead == other.lead
    is_row = any("\t" in line for line in one.lines)
    return not is_row and (is_here or one.goes_on_with(other))


def _goes_on(found: Sequence[Quote], kept: Sequence[int], place: int) -> bool:
    """One more of the cases that a kept list tells apart, in another passage of its section."""
    return any(
        len(found[other].lines) > 1
        and found[other].passage != found[place].passage
        and found[other].heading == found[place].heading
        and are_cases([*found[other].lines, found[place].lines[0]])
        for other in kept
    )


def _has_room(kept: Sequence[Quote], quote: Quote, *, is_section: bool) -> bool:
    """What is asked for may be a long list or a long section, but nothing long comes on top."""
    if not kept:
        return True
    size = sum(len(other.text) for other in kept)
    goes_on = bool(quote.lead) and any(other.lead == quote.lead for other in kept)
    if len(kept) >= MOST_QUOTES or size + len(quote.text) > MOST_CHARACTERS:
        return False
    return is_section or goes_on or sum(len(q.lines) for q in (*kept, quote)) <= MOST_LINES


def _repeats(found: Sequence[Quote], vectors: NDArray[np.float32], one: int, other: int) -> bool:
    """Alike in meaning and with the same numbers: "10 mg" and "20 mg" are near in meaning too."""
    if found[other].holds(found[one]):
        return True
    if set(found[one].lines) & set(found[other].lines) and found[one].lead == found[other].lead:
        return True
    if float(vectors[one] @ vectors[other]) <= SAME:
        return False
    return _numbers(found[one].text) == _numbers(found[other].text)


def _numbers(text: str) -> set[str]:
    """But for those of references."""
    for reference in _REFERENCES:
        text = reference.sub("", text)
    return set(_NUMBER.findall(text))
