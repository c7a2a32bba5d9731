"""Whom a question is about, and whether a text is about them or about others. Pure.

A question about children is not answered by the adult dose, nor one about the elderly by a child's.
"""

from __future__ import annotations

from appliance.engines.case_values import Case
from appliance.engines.quotable import populations
from appliance.sentences.words import stem

_CHILD, _ADULT, _OLD = stem("child"), stem("adults"), stem("geriatric")
_AGES = frozenset((_CHILD, _ADULT, _OLD))
# Their drugs and doses are the same as everybody's unless a document says otherwise.
_ORDINARY = frozenset((_ADULT, stem("women"), stem("men")))
# Under one heading ("Pregnancy and lactation") each sentence may be about one of them.
_PERSONS = frozenset((_CHILD, _OLD, stem("pregnancy"), stem("lactation")))


def special_groups(case: Case) -> frozenset[str]:
    """Those of the asked patients, by stem as `populations`, for whom documents make exceptions."""
    return case.patients - _ORDINARY


def is_of_others(case: Case, text: str) -> bool:
    """`text` names ages of patients, and none that the question is about.

    The elderly are adults.
    """
    asked, told = _AGES & case.patients, _AGES & populations(text)
    if _OLD in asked:
        asked |= {_ADULT}
    if asked == {_ADULT} and told == {_OLD}:
        return False  # adults too
    return bool(asked and told) and not asked & told


def share_named(case: Case, about: str, words: str) -> float:
    """How many of the special groups that are asked about `words` below `about` name, in 0..1; 0
    if none is, or if the words are about other persons.
    """
    asked = special_groups(case)
    if not asked:
        return 0.0
    own = Case.of(words).patients
    if own & _PERSONS and not own & asked:
        return 0.0
    return len(asked & (own | Case.of(about).patients)) / len(asked)
