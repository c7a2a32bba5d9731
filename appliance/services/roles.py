"""Which of two things a claim puts where must be so in the passage. Pure.

"Replace heparin with warfarin" has all the words of "replace warfarin with heparin".
"""

from __future__ import annotations

import re

from appliance.services.dosing_terms import routes
from appliance.services.roots import FUNCTION_WORDS, root
from appliance.services.statements import Statement

_GOVERNED = re.compile(
    r"\b(from|to|into|with|by|for|of|against|over)\s+(?:(?:a|an|the|this|that|any|each)\s+)?"
    r"([^\W\d_]{2,})(?:\s+([^\W\d_]{2,}))?",
    re.IGNORECASE,
)
# What interacts, or is taken together, does so either way round.
_MUTUAL = re.compile(
    r"\b(?:interact\w*|combin\w*|together|along|associat\w*|compar\w*|concomitant\w*|mix\w*|"
    r"concurrent\w*|coadminist\w*|co-administ\w*)\s+(?:use\s+)?$",
    re.IGNORECASE,
)


def casts_the_same(passage: Statement, claim: Statement) -> bool:
    """Nothing that the claim has behind a "from", "with" or "for" stands elsewhere in the passage,
    while another of the claim's names stands there.
    """
    said, wanted = _governed(passage), _governed(claim)
    for word, name in wanted:
        if (word, name) in said or not (_holds(passage, name) and _holds(claim, name)):
            continue
        instead = {other for preposition, other in said if preposition == word}
        if any(_holds(claim, other) and (word, other) not in wanted for other in instead):
            return False
    return True


def _holds(statement: Statement, name: str) -> bool:
    return name in statement.names or name in statement.routes


def _governed(statement: Statement) -> set[tuple[str, str]]:
    found = set()
    for match in _GOVERNED.finditer(statement.text):
        word, name, behind = match.groups()
        if name.casefold() in FUNCTION_WORDS or _MUTUAL.search(statement.text, 0, match.start()):
            continue
        ways = {route.name for route in routes(name)}
        things = ways | ({root(behind)} if behind else set()) if ways else {root(name)}
        found |= {(word.casefold(), thing) for thing in things}
    return found
