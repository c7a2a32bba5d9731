"""Does a passage bear out a claim? Pure text rules: what decides is the document, never the engine.

A claim is borne out when its words stand in the passage as they are, or when a few neighbouring
sentences of the passage state the same: every number in its unit, bound and range, how often, by
which route and in whom; nothing turned into its opposite; the same denied; every word that is no
common one, and most of the others. The rules are fixed: nothing is relaxed for a claim that fails.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from fractions import Fraction
from functools import cached_property

from appliance.sentences import split_sentences
from appliance.sentences.invisible import INVISIBLE, visible
from appliance.sentences.marks import rebracketed
from appliance.sentences.orders import gives_orders, orders
from appliance.services.alternatives import keeps_apart
from appliance.services.denials import denials
from appliance.services.directions import directs_the_same
from appliance.services.dosing_terms import RIVALS
from appliance.services.halts import halts_the_same
from appliance.services.pairings import MIN_COVER, joins_the_same
from appliance.services.roots import MAY, root
from appliance.services.statements import Dose, Statement

MAX_WINDOW = 3  # neighbouring sentences that may bear out one claim together

Span = tuple[int, int]
_DAILY = (Fraction(1), Fraction(1))

_LINE = re.compile(r"[^\n]+")
_SPACE = re.compile(r"\s+")
_BRACKETED = re.compile(r"\([^()]*\)")
_DRESS = re.compile(r"^(?:[-–*•]\s|[\"“‘'])+|[\"”’']+$")
_WORD_CHARACTER = re.compile(r"\w")
_PART = re.compile(r"[^\W\d_]+")


def bears_out(passage: Statement, claim: Statement, about: Statement) -> bool:
    """`about` is the title and the headings: what the passage need not say again."""
    return (
        _says_the_words(passage, claim, about)
        and _says_the_terms(passage, claim, about)
        and _says_the_doses(passage, claim, about)
        and _turns_nothing(passage, claim)
        and _denies_the_same(passage, claim)
        and halts_the_same(passage, claim)
        and joins_the_same(passage, claim, about)
        and directs_the_same(passage, claim)
        and keeps_apart(passage, claim, about)
    )


def _says_the_words(passage: Statement, claim: Statement, about: Statement) -> bool:
    others = (claim.quantities, claim.frequencies, claim.routes, claim.populations)
    counted = sum(map(len, others))
    if not claim.names and not counted:
        return False  # it speaks of nothing
    held = passage.content | about.content
    if not claim.names <= held or not claim.coded <= passage.coded | about.coded:
        return False
    wanted = claim.content - (about.content - passage.content)
    # Numbers and the like must all be there, which is checked apart: so they cover the claim.
    covered = len(wanted & passage.content) + counted
    return covered >= MIN_COVER * (len(wanted) + counted)


def _says_the_terms(passage: Statement, claim: Statement, about: Statement) -> bool:
    return (
        claim.routes <= passage.routes | about.routes
        and claim.populations <= passage.populations | about.populations
        and claim.frequencies <= passage.frequencies
    )


def _says_the_doses(passage: Statement, claim: Statement, about: Statement) -> bool:
    return all(
        any(_same_dose(said, wanted, passage, claim, about) for said in passage.doses)
        for wanted in claim.doses
    )


def _same_dose(
    said: Dose, wanted: Dose, passage: Statement, claim: Statement, about: Statement
) -> bool:
    """The same quantity, and of two things, frequencies, routes or groups the same one."""
    if not said.quantity.stands_for(wanted.quantity):
        return False
    if said.rate is not None and wanted.frequency != said.rate:
        return False  # 40 mg/kg/day is not 40 mg/kg
    if wanted.rate is not None and wanted.rate > _DAILY and said.rate != wanted.rate:
        return False  # a bolus is no infusion
    if said.owners and wanted.owners and not said.owners & wanted.owners:
        return False
    if said.population not in (None, "adult") and not claim.populations:
        # True of children is not true: it must say of whom, unless the headings did.
        if said.population not in about.populations:
            return False
    return (
        _agree(said.frequency, wanted.frequency, len(passage.frequencies))
        and _agree(said.route, wanted.route, len(passage.routes))
        and _agree(said.population, wanted.population, len(passage.populations))
    )


def _agree(said: object, wanted: object, choices: int) -> bool:
    return choices < 2 or wanted is None or said == wanted


def _turns_nothing(passage: Statement, claim: Statement) -> bool:
    """Increase and decrease, before and after: the claim says none that the passage does not.

    Where the passage says both, the clause that shares most with the claim decides.
    """
    if not claim.opposites <= passage.opposites:
        return False
    if ("unless" in passage.opposites) != ("unless" in claim.opposites):
        return False
    for name in claim.opposites:
        rival = RIVALS.get(name)
        if rival is None or rival not in passage.opposites:
            continue
        for words, said in claim.clauses:
            if name not in said:
                continue
            told = words & claim.names or words
            shared = [len(told & theirs) for theirs, _ in passage.clauses]
            best = [
                terms
                for (_, terms), count in zip(passage.clauses, shared, strict=True)
                if count == max(shared) and terms & {name, rival}
            ]
            if not best or any(name not in terms for terms in best):
                return False
    return True


def _denies_the_same(passage: Statement, claim: Statement) -> bool:
    words = claim.denied | claim.affirmed
    _, denies, forbids = max(
        passage.sentences,
        key=lambda sentence: len(sentence[0] & words),
        default=(None, False, False),
    )
    if denies != bool(claim.denials) or claim.denials > passage.denials:
        return False
    if claim.forbids and not forbids:
        return False
    if not all(things & passage.missing for things in claim.lacks):
        return False
    alike = (claim.denied & passage.denied) | (claim.affirmed & passage.affirmed)
    turned = (claim.affirmed & passage.denied - passage.affirmed) | (
        claim.denied & passage.affirmed - passage.denied
    )
    if claim.denied and not claim.denied & passage.denied:
        return False
    return len(turned) <= len(alike)


class Evidence:
    """One passage, prepared once for all the claims that cite it."""

    def __init__(self, text: str, *, about: str = "", heading: str = "") -> None:
        """`about` is the title of the document and the headings that the passage stands under, the
        last of them `heading`.
        """
        self.text = text
        self._heading = "" if denials(_BRACKETED.sub("", heading)) else heading
        self._about = Statement("" if gives_orders(about) else about)
        self._windows: dict[tuple[int, int], Statement] = {}

    def span_of(self, claim: str) -> Span | None:
        """Where in the passage the words stand that bear `claim` out, None when none do.

        An order to a program claims nothing, and what stands in one bears nothing out.
        """
        if gives_orders(claim):
            return None
        return self.quoted(claim) or self._paraphrased(claim)

    def quoted(self, claim: str) -> Span | None:
        """Where `claim` stands word for word: white space folded, bullets and quotes aside, and the
        document's own [7] written (7) or as it is.
        """
        wanted = _SPACE.sub(" ", rebracketed(visible(claim))).strip()
        return self._find(wanted) or self._find(_DRESS.sub("", wanted).strip())

    def _find(self, wanted: str) -> Span | None:
        folded, places = self._folded
        at = folded.find(wanted) if wanted else -1
        while at >= 0:
            end = at + len(wanted)
            if _whole(folded, at, end):
                span = places[at], places[end - 1] + 1
                if self._says_as_much(span, wanted) and not self._is_order(span):
                    return span
            at = folded.find(wanted, at + 1)
        return None

    def _says_as_much(self, span: Span, quote: str) -> bool:
        """Half a sentence must not lose its "not": "Do not give X" does not bear out "give X"."""
        around = [
            self.text[start:end]
            for sentence in self._sentences
            if _overlap(sentence, span)
            for start, end in _rows(self.text, sentence)
            if _overlap((start, end), span)
        ]
        return sum(len(denials(visible(sentence))) for sentence in around) == len(denials(quote))

    def _paraphrased(self, claim: str) -> Span | None:
        wanted = Statement(claim)
        best: tuple[float, Span] | None = None
        for size in range(1, MAX_WINDOW + 1):
            for first in range(len(self._sentences) - size + 1):
                if not self._may_bear_out(wanted, first, size):
                    continue
                words = self._window(first, size)
                if bears_out(words, wanted, self._about):
                    cover = len(wanted.content & words.content) / max(len(wanted.content), 1)
                    if best is None or cover > best[0]:
                        last = self._sentences[first + size - 1]
                        best = cover, (self._sentences[first][0], last[1])
            if best is not None:
                return best[1]
        return None

    def _may_bear_out(self, wanted: Statement, first: int, size: int) -> bool:
        """Whether a closer look can be worth its time: its rare words are there."""
        held = self._about.content.union(*self._roots[first : first + size])
        return wanted.names <= held

    def _window(self, first: int, size: int) -> Statement:
        found = self._windows.get((first, size))
        if found is None:
            start, end = self._sentences[first][0], self._sentences[first + size - 1][1]
            found = self._windows[first, size] = Statement(self.text[start:end])
        return found

    @cached_property
    def _folded(self) -> tuple[str, list[int]]:
        """The text as it is shown: white space folded, its own marks in round brackets, nothing
        that nobody sees; and where each of its characters stands in the text.
        """
        characters: list[str] = []
        places: list[int] = []
        hidden = {match.start() for match in INVISIBLE.finditer(self.text)}
        for place, character in enumerate(rebracketed(self.text)):
            if place in hidden:
                continue
            if character.isspace():
                if not characters or characters[-1] == " ":
                    continue
                character = " "
            characters.append(character)
            places.append(place)
        return "".join(characters), places

    @cached_property
    def _sentences(self) -> Sequence[Span]:
        return [
            (start, end)
            for start, end in map(self._below_heading, split_sentences(self.text))
            if end > start and not self._is_order((start, end))
        ]

    def _below_heading(self, sentence: Span) -> Span:
        """Without the heading that runs into it, for want of a full stop. One that denies leads to
        what stands below it ("Do not use") and stays; what it says in brackets is an aside.
        """
        start, end = sentence
        line, stop, _ = self.text[start:end].partition("\n")
        if stop and self._heading and line.strip() == self._heading:
            start += len(line) + len(stop)
        return start, end

    def _is_order(self, span: Span) -> bool:
        return any(_overlap(span, order) for order in self._orders)

    @cached_property
    def _orders(self) -> Sequence[Span]:
        return orders(self.text)

    @cached_property
    def _roots(self) -> Sequence[frozenset[str]]:
        return [
            frozenset((MAY, *(root(word) for word in _PART.findall(self.text[start:end]))))
            for start, end in self._sentences
        ]


def _rows(text: str, sentence: Span) -> Sequence[Span]:
    """The rows that make up all of a sentence without an end: each says something by itself."""
    lines = [match.span() for match in _LINE.finditer(text, *sentence)]
    return lines if all("\t" in text[start:end] for start, end in lines) else [sentence]


def _whole(text: str, start: int, end: int) -> bool:
    """Whether a quote cuts through no word and no number: "5 mg" is not in "2.5 mg"."""
    before, first = text[max(0, start - 2) : start], text[start]
    after, last = text[end : end + 2], text[end - 1]
    if _WORD_CHARACTER.match(first) and before and _WORD_CHARACTER.match(before[-1]):
        return False
    if _WORD_CHARACTER.match(last) and after and _WORD_CHARACTER.match(after[0]):
        return False
    if first.isdigit() and re.search(r"\d[.,/–-]$|^[-−–]$|\s[-−–]$", before):
        return False
    return not (last.isdigit() and re.match(r"[.,/–-]\d|%", after))


def _overlap(one: Span, other: Span) -> bool:
    return one[0] < other[1] and other[0] < one[1]
