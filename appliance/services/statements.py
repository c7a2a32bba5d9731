"""What a stretch of text states, in a form that two wordings of the same share. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TypeVar

from appliance.sentences import split_sentences
from appliance.sentences.words import stem
from appliance.services.common_words import COMMON_WORDS
from appliance.services.denials import clauses, denials
from appliance.services.dosing_terms import Term, opposites, populations, routes
from appliance.services.frequencies import Frequency, frequencies
from appliance.services.quantities import Found, Quantity, quantities

Span = tuple[int, int]
T = TypeVar("T")

_WORD = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*")
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
_STOP = re.compile(r"[.;!?]")
_FAR = 200
_SHORT_CLAUSE = 2  # words of a list's next item, which a denial in front of it turns as well
_LIGATURES = str.maketrans({"æ": "ae", "œ": "oe"})
_ADJECTIVE = re.compile(r"(?:ical|ia|ic|al|ous|us|is|ary|ar|y|a|e)$")
_COMMON = frozenset(stem(word) for word in COMMON_WORDS)
_DOSES = ("mass", "volume", "unit", "iu", "amount", "meq", "tablet", "capsule", "dose", "drop",
          "puff", "spray", "patch", "vial", "sachet", "suppository", "mu")  # fmt: skip


def root(word: str) -> str:
    """One form for the spellings and endings of a word: anaemia and anemic."""
    folded = word.casefold().translate(_LIGATURES).replace("’", "'")
    if len(folded) > 5:
        folded = folded.replace("ae", "e").replace("oe", "e")
    if 3 < len(folded) < 6 and folded.endswith("s") and folded[-2] not in "sui":
        folded = folded[:-1]
    stemmed = stem(folded)
    if len(stemmed) > 6:
        return _ADJECTIVE.sub("", stemmed)
    return stemmed.rstrip("e") if len(stemmed) > 4 else stemmed


_COMMON_ROOTS = frozenset(root(word) for word in COMMON_WORDS) | _COMMON


@dataclass(frozen=True, slots=True)
class Dose:
    """A number with what stands nearest to it: whose, how often, by which route, in whom."""

    quantity: Quantity
    owners: frozenset[str]
    frequency: Frequency | None
    route: str | None
    population: str | None


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
        spans = [(found.start, found.end) for found in self._found]
        spans += [(term.start, term.end) for term in (*self._routes, *self._populations)]
        spans += [(term.start, term.end) for term in self._opposites if term.name != "unless"]
        spans += [match.span() for reach in bounds for match in _BOUND_WORD.finditer(text, *reach)]
        self._plain = _blanked(_blanked(unfrequent, spans), self._denials)
        self.content = self._roots(0, len(text))
        self.names = self.content - _COMMON_ROOTS - self.opposites

    @cached_property
    def doses(self) -> tuple[Dose, ...]:
        return tuple(
            Dose(
                found.quantity,
                self._owners(found),
                _nearest(self._plain, found, self._often, behind=True) if _is_dose(found) else None,
                _nearest(self._plain, found, _placed(self._routes)) if _is_dose(found) else None,
                _nearest(self._plain, found, _placed(self._populations)),
            )
            for found in self._found
        )

    @cached_property
    def sentences(self) -> tuple[tuple[frozenset[str], bool], ...]:
        """The roots of each sentence and whether it denies."""
        return tuple(
            (self._roots(start, end, named=True), any(start <= at < end for at, _ in self._denials))
            for start, end in split_sentences(self.text)
        )

    @cached_property
    def denied(self) -> frozenset[str]:
        """The roots of the clauses that a denial stands in."""
        return frozenset().union(*(self._roots(*span, named=True) for span in self._split[0]))

    @cached_property
    def affirmed(self) -> frozenset[str]:
        return frozenset().union(*(self._roots(*span, named=True) for span in self._split[1]))

    @cached_property
    def clauses(self) -> tuple[tuple[frozenset[str], frozenset[str]], ...]:
        """The roots of each clause, and which of two opposites it says."""
        return tuple(
            (
                self._roots(start, end, named=True) - self.opposites,
                _names([term for term in self._opposites if start <= term.start < end]),
            )
            for start, end in clauses(self._plain)
        )

    @cached_property
    def _split(self) -> tuple[list[Span], list[Span]]:
        denied: list[Span] = []
        affirmed: list[Span] = []
        before = affirmed
        for start, end in clauses(self._plain):
            reach = self.text[start:end]
            if any(start <= at < end for at, _ in self._denials):
                before = denied
            elif len(reach.split()) > _SHORT_CLAUSE:
                before = affirmed
            before.append((start, end))
        return denied, affirmed

    def _roots(self, start: int, end: int, *, named: bool = False) -> frozenset[str]:
        """With `named`, routes and populations are words too, by their names."""
        found = set()
        for match in _PART.finditer(self._plain, start, end):
            word = match.group()
            if len(word) > 1 and word.casefold() not in _FUNCTION:
                found.add(root(word))
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
            (match.end() for match in _OWNER_BREAK.finditer(self._plain, 0, found.start)), default=0
        )
        before = [root(word) for word in _PART.findall(self._plain[start : found.start])]
        rare = [word for word in before if word in self.names]
        if rare:
            return frozenset(rare[-_OWNERS:])
        behind = _BEHIND.match(self._plain, found.end)
        word = root(behind.group(1)) if behind else ""
        return frozenset((word,)) if word in self.names else frozenset()


# Function words: STOP_WORDS and what shapes a sentence only.
_FUNCTION = frozenset(
    "a an the and or nor but of in on at to for from by with as is are was were be been being "
    "am it its this that these those there here their them they he she his her him we our us "
    "you your i my me if then than so such into about during between per via who whom whose "
    "which what when where how why can could may might must shall should will would do does did "
    "done has have had having also both each all any some other more most less least over under "
    "up down out again very just too while until within upon".split()
)


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


def _is_dose(found: Found) -> bool:
    return found.quantity.dimension.split("/")[0] in _DOSES
