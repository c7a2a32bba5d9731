"""From what to what, by what on what: who does it to whom in a claim does so in the passage. Pure.

"Replace aspirin with clopidogrel" has every word of "replace clopidogrel with aspirin". No grammar
is parsed: a name is governed by the preposition or the denial in front of it, and stands on one
side of a verb.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations

from appliance.services.roots import FUNCTION_WORDS, root
from appliance.services.statements import Statement

_TOKEN = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)?|[.;:!?,()]")
_PREPOSITIONS = frozenset(
    "from to with for of by in on into onto than over before after during via versus until if when "
    "while because".split()
)
# Behind these another part of the sentence begins, which no preposition in front of them governs.
_RESETS = frozenset(
    "is are was were be been being has have had can could may might must shall should will would "
    "that which who whose but then give given use used take taken add avoid "
    "start stop".split()
)
_SENTENCE_ENDS = frozenset(".;!?")
_BREAKS = frozenset(",:()")
# A with B is B with A.
_MUTUAL = re.compile(
    r"\b(?:interact|combin|together|concomitant|concurrent|co-?administ|mix|compatib|incompatib|"
    r"compar|similar|equal|equivalent|correlat|associat|differ|and/or|between)\w*",
    re.IGNORECASE,
)
_LEADS = ("from", "to", "into")  # a route or a population; "of 5 mg orally" governs none
_TRANSFERS = (frozenset(("from", "to")), frozenset(("from", "into")))
_LONGEST = 60  # words of a sentence that are compared


@dataclass(frozen=True, slots=True)
class _Word:
    key: str
    governor: str  # the preposition in front of it, or ""
    named: bool


def directs_the_same(passage: Statement, claim: Statement) -> bool:
    """No two names have changed places, in any sentence of the passage that holds them both."""
    if _MUTUAL.search(claim.text):
        return True
    sentences = list(_sentences(passage))
    for wanted in _sentences(claim):
        names = {word.key for word in wanted if word.named}
        for one, other in combinations(sorted(names), 2):
            said = [some for some in sentences if {one, other} <= {word.key for word in some}]
            if said and all(_turned(some, wanted, one, other) for some in said):
                return False
    return True


def _turned(said: Sequence[_Word], wanted: Sequence[_Word], one: str, other: str) -> bool:
    return _exchanged(said, wanted, one, other) or _reversed(said, wanted, one, other)


def _exchanged(said: Sequence[_Word], wanted: Sequence[_Word], one: str, other: str) -> bool:
    """Each is governed as the other was."""
    mine, yours = _governors(wanted, one), _governors(wanted, other)
    if len(mine) != 1 or len(yours) != 1 or mine == yours:
        return False
    was_mine, was_yours = _governors(said, one), _governors(said, other)
    if was_mine | mine in _TRANSFERS or was_yours | yours in _TRANSFERS:
        return True
    return (
        not mine <= was_mine and not yours <= was_yours and mine <= was_yours and yours <= was_mine
    )


def _reversed(said: Sequence[_Word], wanted: Sequence[_Word], one: str, other: str) -> bool:
    """Who did it has it done to them: the verb is any word between the two."""
    now, was = _acts(wanted, one, other), _acts(said, one, other)
    return any(verb in was and was[verb] != agent for verb, agent in now.items())


def _acts(words: Sequence[_Word], one: str, other: str) -> dict[str, str]:
    """By each word between the two names, which of them does it; "by" turns it round."""
    places = [[n for n, word in enumerate(words) if word.key == key] for key in (one, other)]
    if any(len(at) != 1 for at in places):
        return {}
    first, last = sorted(at[0] for at in places)
    if words[first].governor or words[last].governor not in ("", "by"):
        return {}
    agent = last if words[last].governor == "by" else first
    return {word.key: words[agent].key for word in words[first + 1 : last]}


def _governors(words: Sequence[_Word], key: str) -> frozenset[str]:
    return frozenset(word.governor for word in words if word.key == key)


def _sentences(statement: Statement) -> Iterator[list[_Word]]:
    terms = {start: (name, is_name) for name, start, is_name in statement.terms}
    denying = {start for start, _ in statement.denying}
    tokens = [
        (match.start(), match.group().casefold()) for match in _TOKEN.finditer(statement.plain)
    ]
    found: list[_Word] = []
    governor = ""
    named = ((start, name) for start, (name, _) in terms.items())
    for at, token in sorted([*tokens, *named, *statement.denying]):
        if token in _SENTENCE_ENDS:
            yield found[:_LONGEST]
            found, governor = [], ""
        elif token in _PREPOSITIONS or at in denying:
            governor = token
        elif token in _BREAKS or token in _RESETS:
            governor = ""
        if at in terms:
            if token not in _PREPOSITIONS:
                is_led = governor in _LEADS or not token.startswith("~")
                found.append(_Word(token, governor if is_led else "", terms[at][1]))
        elif len(token) > 1 and token not in FUNCTION_WORDS and at not in denying:
            key = root(token)
            found.append(_Word(key, governor, key in statement.names))
    yield found[:_LONGEST]
