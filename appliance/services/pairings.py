"""What a claim joins must be joined in the passage. Pure.

"Lisinopril is used in hypertension, and bisoprolol in heart failure" names all the words of
"lisinopril is used in heart failure" and does not say it: they stand in clauses of two subjects.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from itertools import islice

from appliance.services.roots import root
from appliance.services.statements import Part, Statement

MIN_COVER = 0.6  # part of a paraphrase's content words that must stand in the passage

_PLACES = frozenset(("first", "second", "third", "maximum", "minimum"))
_COMPARED = 2  # words behind "than" that may name what is compared with
_WORD = re.compile(r"[^\W\d_]+")
_THAN = re.compile(r"\bthan\b", re.IGNORECASE)


def joins_the_same(passage: Statement, claim: Statement, about: Statement) -> bool:
    """Clause by clause of the claim; `about` is the title and the headings."""
    return all(
        _joined(part, passage.parts, part.roots & claim.names or claim.names, about.content)
        for part in claim.parts
    ) and _compares_the_same(passage, claim)


def _joined(
    wanted: Part, clauses: Sequence[Part], names: Collection[str], about: frozenset[str]
) -> bool:
    """One clause says it, or several do of which none is about something else."""
    if any(_says(wanted, [clause], names, about) for clause in clauses):
        return True
    own = [
        clause
        for clause in clauses
        if clause.subject is None or clause.subject in names or clause.subject in about
    ]
    return _says(wanted, own, names, about) and not any(
        _contradicts(wanted, clause) for clause in own
    )


def _says(
    wanted: Part, clauses: Sequence[Part], names: Collection[str], about: frozenset[str]
) -> bool:
    held = frozenset().union(*(clause.roots for clause in clauses))
    said = [quantity for clause in clauses for quantity in clause.quantities]
    often = frozenset().union(*(clause.frequencies for clause in clauses))
    roots = wanted.roots - (about - held)
    counted = len(wanted.quantities) + len(wanted.frequencies)  # all there, so they cover it
    return (
        (wanted.roots & frozenset(names)) - about <= held
        and all(any(one.stands_for(other) for one in said) for other in wanted.quantities)
        and wanted.frequencies <= often
        and len(roots & held) + counted >= MIN_COVER * (len(roots) + counted)
    )


def _contradicts(wanted: Part, clause: Part) -> bool:
    """It has one of the claim's numbers, or says which one it is, and beside it another than the
    claim's of the same kind: twice daily for 5 days and then once daily for 10 is not twice daily
    for 10, and 6 mg first and then 12 mg is not 12 mg first.
    """
    same = [
        any(said.stands_for(number) for said in clause.quantities) for number in wanted.quantities
    ]
    shares = (
        any(same)
        or bool(wanted.frequencies & clause.frequencies)
        or bool(wanted.roots & clause.roots & _PLACES)
    )
    differs = bool(
        wanted.frequencies and clause.frequencies and not wanted.frequencies & clause.frequencies
    ) or any(
        not held and any(said.dimension == number.dimension for said in clause.quantities)
        for held, number in zip(same, wanted.quantities, strict=True)
    )
    return shares and differs


def _compares_the_same(passage: Statement, claim: Statement) -> bool:
    """More with A than with B is not more with B than with A."""
    if not (said := _THAN.search(passage.plain)) or not (wanted := _THAN.search(claim.plain)):
        return True
    words = islice(_WORD.finditer(claim.plain, wanted.end()), _COMPARED)
    behind = frozenset(root(word.group()) for word in words) & claim.names
    before = passage.roots_between(0, said.start())
    return not behind & (before - passage.roots_between(said.end(), len(passage.text)))
