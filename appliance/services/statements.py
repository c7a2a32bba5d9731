"""What a stretch of text states, in a form that two wordings of the same share. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from typing import TypeVar

from appliance.sentences import split_sentences
from appliance.services.denials import all_clauses, clauses, denials, is_lack
from appliance.services.dosing_terms import Term, opposites, populations, routes
from appliance.services.frequencies import Frequency, frequencies
from appliance.services.quantities import Found, Quantity, quantities
from appliance.services.roots import COMMON_ROOTS, FUNCTION_WORDS, MAY, MONTH_MAY, root

Span = tuple[int, int]
T = TypeVar("T")

_PART = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)?")
# Names such as B12 or CYP2C9.
_NAME_WITH_DIGITS = re.compile(r"\b[^\W\d_]+-?\d\w*")
_OWNER_BREAK = re.compile(r"[;:.,()\[\]!?]|\b(?:and|or|but|while|whereas|then|versus|vs)\b", re.I)
_BEHIND = re.compile(r"\s*(?:doses?\s+)?(?:of\s+)?(?:the\s+)?([^\W\d_]{3,})")
_OWNERS = 3  # words in front of a number that may say what it is of
_BOUND_WORD = re.compile(
    r"\b(?:no|not|never|without|at\s+(?:the\s+)?(?:least|most)|up\s+to|than|or|and|equal|more|greater|"
    r"higher|larger|longer|older|later|less|lower|fewer|smaller|shorter|younger|earlier|over|above|"
    r"below|under|up|exceed\w*|excess|max(?:imum|imal|imally)?|minim(?:um|al)|of\s+age)\b",
    re.IGNORECASE,
)
_PER = re.compile(r"\s*(?:/|per\b)", re.IGNORECASE)
_STOP = re.compile(r"[.;!?]")
_FAR = 200
_THINGS = 2  # words behind "without" that may name what is not there
_SHORT_CLAUSE = 2  # words of a list's next item, which a denial in front of it turns as well


@dataclass(frozen=True, slots=True)
class Dose:
    """A number with what stands nearest to it: whose, how often, by which route, in whom.

    `rate` is the frequency that is part of its unit, as in mg/kg/day.
    """

    quantity: Quantity
    owners: frozenset[str]
    frequency: Frequency | None
    rate: Frequency | None
    route: str | None
    population: str | None


@dataclass(frozen=True, slots=True)
class Part:
    """A clause: its word roots, the first of them that is no common word, and its numbers."""

    roots: frozenset[str]
    subject: str | None
    quantities: tuple[Quantity, ...]
    frequencies: frozenset[Frequency]


class Statement:
    """All of `text` that a comparison needs. Word roots of `content` leave out what is counted
    apart: numbers, frequencies, routes, populations."""

    def __init__(self, text: str) -> None:
        self.text = text
        often = frequencies(text)
        self.frequencies = frozenset(found.frequency for found in often)
        self._often = [(found.frequency, found.start, found.end) for found in often]
        # "every 8 hours" is no quantity of hours.
        unfrequent = _blanked(text, ((found.start, found.end) for found in often))
        self._found = quantities(unfrequent)
        self.quantities = tuple(found.quantity for found in self._found)
        bounds = [found.reach for found in self._found]
        self._routes = routes(unfrequent)
        self._populations = populations(text)
        self._opposites = opposites(_blanked(unfrequent, bounds))
        self.routes = _names(self._routes)
        self.populations = _names(self._populations)
        self.opposites = _names(self._opposites)
        self.coded = frozenset(name.lower() for name in _NAME_WITH_DIGITS.findall(unfrequent))
        self._denials = denials(unfrequent, bounds)
        self.denials = len(self._denials)
        self._lacks = {at for at, end in self._denials if is_lack(text[at:end])}
        self.forbids = len(self._lacks) < self.denials
        spans = [(found.start, found.end) for found in self._found]
        spans += [(term.start, term.end) for term in (*self._routes, *self._populations)]
        spans += [(term.start, term.end) for term in self._opposites if term.name != "unless"]
        spans += [match.span() for reach in bounds for match in _BOUND_WORD.finditer(text, *reach)]
        self.plain = _blanked(_blanked(unfrequent, spans), self._denials)
        self.content = self.roots_between(0, len(text))
        self.names = self.content - COMMON_ROOTS - self.opposites

    @cached_property
    def doses(self) -> tuple[Dose, ...]:
        return tuple(
            Dose(
                found.quantity,
                self._owners(found),
                _nearest(self.plain, found, self._often, behind=True)
                if found.quantity.is_given
                else None,
                self._rate(found) if found.quantity.is_given else None,
                _nearest(self.plain, found, _placed(self._routes))
                if found.quantity.is_given
                else None,
                _nearest(self.plain, found, _placed(self._populations)),
            )
            for found in self._found
        )

    @cached_property
    def sentences(self) -> tuple[tuple[frozenset[str], bool, bool], ...]:
        """The roots of each sentence, whether it denies, and whether it does more than say that
        something is not there.
        """
        return tuple(
            (
                self.roots_between(start, end, named=True),
                any(start <= at < end for at, _ in self._denials),
                any(start <= at < end for at, _ in self._denials if at not in self._lacks),
            )
            for start, end in split_sentences(self.text)
        )

    @cached_property
    def lacks(self) -> tuple[frozenset[str], ...]:
        """Of each denial that says what is not there, the words behind it."""
        return tuple(self._behind(end) for at, end in self._denials if at in self._lacks)

    @cached_property
    def missing(self) -> frozenset[str]:
        """The same words, with those behind "no", in all."""
        return frozenset().union(
            *(
                self._behind(end)
                for at, end in self._denials
                if at in self._lacks or self.text[at:end].casefold() == "no"
            )
        )

    def _behind(self, at: int) -> frozenset[str]:
        words = (found.group() for found in _PART.finditer(self.plain, at))
        own = (root(word) for word in words if word.casefold() not in FUNCTION_WORDS)
        return frozenset(islice(own, _THINGS))

    @cached_property
    def denied(self) -> frozenset[str]:
        """The roots of the clauses that a denial stands in."""
        return frozenset().union(
            *(self.roots_between(*span, named=True) for span in self._split[0])
        )

    @cached_property
    def affirmed(self) -> frozenset[str]:
        return frozenset().union(
            *(self.roots_between(*span, named=True) for span in self._split[1])
        )

    @cached_property
    def clauses(self) -> tuple[tuple[frozenset[str], frozenset[str]], ...]:
        """The roots of each clause, and which of two opposites it says."""
        return tuple(
            (
                self.roots_between(start, end, named=True) - self.opposites,
                _names([term for term in self._opposites if start <= term.start < end]),
            )
            for start, end in clauses(self.plain)
        )

    @cached_property
    def parts(self) -> tuple[Part, ...]:
        """Its clauses, in order."""
        return tuple(self.part(start, end) for start, end in all_clauses(self.plain))

    def part(self, start: int, end: int) -> Part:
        return Part(
            self.roots_between(start, end, named=True),
            self._subject(start, end),
            tuple(found.quantity for found in self._found if start <= found.start < end),
            frozenset(often for often, at, _ in self._often if start <= at < end),
        )

    @property
    def denying(self) -> list[tuple[int, str]]:
        """Where it denies, and by which words."""
        return [(at, self.text[at:end].casefold()) for at, end in self._denials]

    def ends_counted(self, start: int, end: int) -> bool:
        """Whether a number or a frequency is the last that stands there."""
        counted = [found.end for found in self._found] + [at for _, _, at in self._often]
        last = max((at for at in counted if start < at <= end), default=None)
        return last is not None and not _PART.search(self.text, last, end)

    @property
    def terms(self) -> list[tuple[str, int, bool]]:
        """Routes, populations and opposites: the name, where it stands, and whether it is a noun
        that the sentence does something with.
        """
        nouns = (
            (f"~{term.name}", term.start, True) for term in (*self._routes, *self._populations)
        )
        return [*nouns, *((term.name, term.start, False) for term in self._opposites)]

    def _rate(self, found: Found) -> Frequency | None:
        return next(
            (
                often
                for often, start, end in self._often
                if start >= found.end
                and _PER.match(self.text, found.end, end)
                and not self.text[found.end : start].strip()
            ),
            None,
        )

    def _subject(self, start: int, end: int) -> str | None:
        words = (root(match.group()) for match in _PART.finditer(self.plain, start, end))
        return next((word for word in words if word in self.names), None)

    @cached_property
    def _split(self) -> tuple[list[Span], list[Span]]:
        denied: list[Span] = []
        affirmed: list[Span] = []
        before = affirmed
        for start, end in clauses(self.plain):
            reach = self.text[start:end]
            if any(start <= at < end for at, _ in self._denials):
                before = denied
            elif len(reach.split()) > _SHORT_CLAUSE:
                before = affirmed
            before.append((start, end))
        return denied, affirmed

    def roots_between(self, start: int, end: int, *, named: bool = False) -> frozenset[str]:
        """With `named`, routes and populations are words too, by their names."""
        found = set()
        for match in _PART.finditer(self.plain, start, end):
            word = match.group()
            if len(word) > 1 and word.casefold() not in FUNCTION_WORDS:
                found.add(root(word))
        found |= {MAY for match in MONTH_MAY.finditer(self.plain, start, end)}
        for term in self._opposites:
            if start <= term.start < end:
                found.add(term.name)
        if named:
            found |= {
                f"~{term.name}"
                for term in (*self._routes, *self._populations)
                if start <= term.start < end
            }
        return frozenset(found)

    def _owners(self, found: Found) -> frozenset[str]:
        """What the number is of: the last rare words of its clause before it, or the next one."""
        start = max(
            (match.end() for match in _OWNER_BREAK.finditer(self.plain, 0, found.start)), default=0
        )
        before = [root(word) for word in _PART.findall(self.plain[start : found.start])]
        rare = [word for word in before if word in self.names]
        if rare:
            return frozenset(rare[-_OWNERS:])
        behind = _BEHIND.match(self.plain, found.end)
        word = root(behind.group(1)) if behind else ""
        return frozenset((word,)) if word in self.names else frozenset()


def _blanked(text: str, spans: Iterable[Span]) -> str:
    for start, end in spans:
        text = text[:start] + " " * (end - start) + text[end:]
    return text


def _names(terms: Sequence[Term]) -> frozenset[str]:
    return frozenset(term.name for term in terms)


def _placed(terms: Sequence[Term]) -> list[tuple[str, int, int]]:
    return [(term.name, term.start, term.end) for term in terms]


def _nearest(
    text: str, found: Found, placed: Sequence[tuple[T, int, int]], *, behind: bool = False
) -> T | None:
    """What stands nearest in `text`, in the same sentence if any does.

    With `behind`, what follows counts as nearer than what precedes.
    """

    def distance(item: tuple[T, int, int]) -> int:
        _, start, end = item
        between = (found.end, start) if start >= found.end else (end, found.start)
        steps = (between[1] - between[0]) * (2 if behind and start < found.end else 1)
        return steps + _FAR * len(_STOP.findall(text, *between))

    return min(placed, key=distance)[0] if placed else None
