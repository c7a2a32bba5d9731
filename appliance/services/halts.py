"""What a passage stops, holds back or warns of, a claim may not simply give. Pure.

"Metformin should be withheld" and "metformin should be given" share every word but the one that
takes the others back.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from appliance.services.denials import all_clauses
from appliance.services.dosing_terms import HALTS
from appliance.services.roots import FUNCTION_WORDS, root
from appliance.services.statements import Part, Statement

_WORD = re.compile(r"[^\W\d_]{2,}")
_PRONOUN = re.compile(r"\W*(?:it|its|they|them|this|these|those|both)\b", re.IGNORECASE)
_FINITE = re.compile(r"\b(?:is|are|was|were|has|have|can|may|must|should|will|would)\b", re.I)
_STOP = re.compile(r"[.;:?!]")
_NAME = 3  # how much more a name says of what a clause is about than another word

Clause = tuple[Part, frozenset[str]]  # with what it halts by


def halts_the_same(passage: Statement, claim: Statement) -> bool:
    """A clause of the passage that halts something is either what the claim says too, or not what
    the claim is about; and what the claim halts, the passage halts.
    """
    names = passage.names & claim.names
    said, wanted = _clauses(passage), _clauses(claim)
    return _heard(said, wanted, names) and all(
        any(
            halts <= theirs and (part.roots & other.roots & names or not part.roots & names)
            for other, theirs in said
        )
        for part, halts in wanted
        if halts & part.roots
    )


def _heard(said: Sequence[Clause], wanted: Sequence[Clause], names: frozenset[str]) -> bool:
    """Whether the clauses of the claim that come nearest to a halting one halt as it does.

    One to which a clause beside it comes nearer, and speaks of all that it does, decides nothing.
    """
    for part, halts in said:
        near = [_shared(part, theirs, names) for theirs, _ in wanted] if halts else []
        most = max(near, default=0)
        if not most:
            continue
        nearest = [clause for clause, count in zip(wanted, near, strict=True) if count == most]
        if any(halts <= theirs for _, theirs in nearest):
            continue
        plain = [other for other, others in said if not halts & others]
        if not any(names & part.roots <= other.roots for other in plain):
            return False
        if most > max(_shared(other, theirs, names) for other in plain for theirs, _ in nearest):
            return False
    return True


def _shared(one: Part, other: Part, names: frozenset[str]) -> int:
    alike = (one.roots & other.roots) - HALTS
    numbers = sum(
        any(said.stands_for(number) for said in one.quantities) for number in other.quantities
    )
    often = len(one.frequencies & other.frequencies)
    return len(alike) + (_NAME - 1) * len(alike & names) + _NAME * (numbers + often)


def _clauses(statement: Statement) -> list[Clause]:
    """In "stop aspirin and warfarin" the second halts as the first does; "it" is what was named."""
    found: list[Clause] = []
    named: frozenset[str] = frozenset()
    halted: frozenset[str] = frozenset()
    behind = 0
    for start, end in all_clauses(statement.plain):
        words = statement.plain[start:end]
        part = statement.part(start, end)
        if _PRONOUN.match(words):
            part = replace(part, roots=part.roots | named)
        halts = part.roots & HALTS
        goes_on = not _STOP.search(statement.text, behind, start) and not _FINITE.search(words)
        if not halts and goes_on and part.subject == _first(words):
            halts = halted
        if words.strip():
            named = part.roots & statement.names or named
            halted, behind = halts, end
        found.append((part, halts))
    return found


def _first(words: str) -> str | None:
    return next(
        (root(word) for word in _WORD.findall(words) if word.casefold() not in FUNCTION_WORDS), None
    )
