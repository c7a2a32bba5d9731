"""A dose belongs to the case that it is given for, and to the schedule that it stands in. Pure.

"Children 2 to 5 years: 125 mg. Children 6 to 12 years: 250 mg." holds all the numbers of "children
2 to 5 years: 250 mg" and does not say it; neither does "three times daily for 7 days or twice daily
for 10 days" say "three times daily for 10 days".
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from appliance.sentences import split_sentences
from appliance.services.quantities import Quantity
from appliance.services.statements import Part, Statement

_COLON = re.compile(r":(?=\s)")
_CELLS = re.compile(r"\t|\s\|\s")
_LINE = re.compile(r"[^\n]+")
_STOP = re.compile(r"[.;:?!\n]")
_DIGIT = re.compile(r"\d")
_LEADING = re.compile(
    r"\W*(?:(?:and|but|or|then|while|whereas)\W+)?(?:for|in|if|when|with|on|at|among|during)\b",
    re.IGNORECASE,
)
_BREAK = re.compile(r"[;,]|\b(?:or|and|but|then|while|whereas|followed\s+by)\b", re.IGNORECASE)
_BODY = 500  # grams
_VERB = re.compile(
    r",|\b(?:give|use|take|start|add|infuse|inject|administer|prescribe|is|are|should|must|may|can)\b",
    re.IGNORECASE,
)
_PRONOUN = re.compile(r"\b(?:it|they|them|those|these|this|such)\b", re.IGNORECASE)

Span = tuple[int, int]


@dataclass(frozen=True, slots=True)
class _Case:
    """A stretch of text; `headed`: it begins with what it holds for. `names` are those of its own
    and of what it refers back to or leaves to the next; `topic` is what the one before it is about.
    """

    part: Part
    headed: bool
    names: frozenset[str]
    topic: frozenset[str]


def keeps_apart(passage: Statement, claim: Statement, about: Statement) -> bool:
    """Each case of the claim is one of the passage's; `about` is the title and the headings."""
    said = _cases(passage)
    known = about.roots_between(0, len(about.text), named=True)
    rivals = [
        case for case in said if case.headed or any(_differ(case.part, one.part) for one in said)
    ]
    common = [case for case in said if case not in rivals]
    return all(
        any(_holds(case, common, wanted, known) for case in rivals)
        if len(rivals) > 1
        else not _is_tied(wanted) or any(_counts([case], wanted.part) for case in said)
        for wanted in _cases(claim)
    )


def _is_tied(case: _Case) -> bool:
    """Whether it says for which numbers its own numbers hold."""
    return case.headed and len(case.part.quantities) + len(case.part.frequencies) > 1


def _differ(one: Part, other: Part) -> bool:
    """Whether they give another amount of the same kind, or at other times."""
    return any(
        mine.is_given and _kind(mine) == _kind(theirs) and not mine.stands_for(theirs)
        for mine in one.quantities
        for theirs in other.quantities
    ) or bool(one.frequencies and other.frequencies and one.frequencies != other.frequencies)


def _kind(quantity: Quantity) -> str:
    """Its dimension; the mass of a patient is none of a drug's."""
    is_body = quantity.dimension == "mass" and quantity.low >= _BODY
    return "body" if is_body else quantity.dimension


def _holds(case: _Case, common: Sequence[_Case], wanted: _Case, known: frozenset[str]) -> bool:
    held = known.union(case.names, *(one.names for one in common))
    if case.part.subject is None or case.part.subject in wanted.names:
        held |= case.topic
    return wanted.names <= held and _counts([case, *common], wanted.part)


def _counts(said: Sequence[_Case], wanted: Part) -> bool:
    numbers = [quantity for case in said for quantity in case.part.quantities]
    often = frozenset().union(*(case.part.frequencies for case in said))
    return wanted.frequencies <= often and all(
        any(one.stands_for(other) for one in numbers) for other in wanted.quantities
    )


def _cases(statement: Statement) -> list[_Case]:
    """Sentences, rows, and the parts of a sentence that each hold for something else."""
    found: list[_Case] = []
    before: frozenset[str] = frozenset()
    governed: frozenset[str] = frozenset()
    topic: frozenset[str] = frozenset()
    spans = list(_spans(statement))
    for number, (start, end, headed, body) in enumerate(spans):
        part = statement.part(start, end)
        own = _names(statement, part)
        names = own
        if headed and _PRONOUN.search(statement.text, start, end):
            names |= before
        below = _names(statement, statement.part(body, end)) if body > start else own
        if body > start and not below & statement.names:
            names |= governed  # "125 mg" alone is of what the case before it is of
            below = governed
        if not headed and number + 1 < len(spans) and statement.ends_counted(start, end):
            after, last = spans[number + 1][:2]
            if not _STOP.search(statement.text, end, after):
                names |= _names(statement, statement.part(after, last))
        found.append(_Case(part, headed, names, topic))
        before, governed = own, below & statement.names
        topic = frozenset((part.subject,)) if part.subject else topic
    return found


def _names(statement: Statement, part: Part) -> frozenset[str]:
    named = {root for root in part.roots if root.startswith("~")}
    return (part.roots & (statement.names | statement.opposites)) | named


def _spans(statement: Statement) -> Iterator[tuple[int, int, bool, int]]:
    """Start and end of each case, whether it is headed, and where its head ends."""
    text = statement.text
    for start, end in _rows(text):
        if cell := _CELLS.search(text, start, end):
            headed = _DIGIT.search(text, start, end) is not None  # others may be the column heads
            yield start, end, headed, cell.end() if headed else start
            continue
        for first, last in _pieces(statement, start, end):
            colon = _COLON.search(text, first, last)
            if colon is not None:
                is_led = bool(text[colon.end() : last].strip(" .;,"))
                yield first, last, is_led, colon.end() if is_led else first
            else:
                is_led = _LEADING.match(text, first, last) is not None
                verb = _VERB.search(text, first, last) if is_led else None
                yield first, last, is_led, verb.end() if verb else first


def _rows(text: str) -> Iterator[Span]:
    for start, end in split_sentences(text):
        if _CELLS.search(text, start, end):
            yield from (match.span() for match in _LINE.finditer(text, start, end))
        else:
            yield start, end


def _pieces(statement: Statement, start: int, end: int) -> Iterator[Span]:
    """Cut where a next case begins: both sides of the cut give something."""
    cuts = list(_BREAK.finditer(statement.plain, start, end))
    bounds = [*(match.start() for match in cuts), end]
    first = start
    for number, match in enumerate(cuts):
        mine = statement.part(first, match.start())
        theirs = statement.part(match.end(), bounds[number + 1])
        is_next = match.group() == ";" or _LEADING.match(statement.text, match.end(), end)
        if (_gives(mine) and _gives(theirs)) if is_next else _differ(mine, theirs):
            yield first, match.start()
            first = match.end()
    yield first, end


def _gives(part: Part) -> bool:
    return bool(part.frequencies) or any(quantity.is_given for quantity in part.quantities)
