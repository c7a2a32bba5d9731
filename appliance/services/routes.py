"""The route that a question asks for, and whether a text speaks of it. Pure.

A dose by mouth is no answer to a question for one by vein.
"""

from __future__ import annotations

import re

# "IV" is a number in "topoisomerase IV" and "stage IV".
_NO_NUMBER = r"(?<!isomerase )(?<!stage )(?<!grade )(?<!class )(?<!type )(?<!phase )(?<!schedule )"
_ROUTES = tuple(
    (re.compile(asked, re.IGNORECASE), re.compile(told, re.IGNORECASE))
    for asked, told in (
        (
            rf"\bintravenous(?:ly)?\b|{_NO_NUMBER}\b(?:IV|i\.v\.)(?!\w)",
            rf"\bintravenous|\binfus|\binject|\bparenteral|{_NO_NUMBER}\b(?:IV|i\.v\.)(?!\w)",
        ),
        (r"\bintramuscular(?:ly)?\b|\bIM\b", r"\bintramuscular|\bIM\b|\binject"),
        (r"\bsubcutaneous(?:ly)?\b|\bSC\b|\bsubcut\b", r"\bsubcutaneous|\bSC\b|\binject"),
        (r"\brectal(?:ly)?\b|\bsuppositor(?:y|ies)\b", r"\brectal|\bsuppositor"),
    )
)


def speaks_of_route(question: str, text: str) -> bool:
    """Whether `text` speaks of each route other than by mouth that `question` names."""
    return all(told.search(text) for asked, told in _ROUTES if asked.search(question))
