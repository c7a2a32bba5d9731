"""The pronouns of a question, and whether they stand for what was said before it. Pure."""

from __future__ import annotations

import re

_GENERIC = (
    r"(?:drug|medicine|medication|product|agent|antibiotic|tablet|condition|disease|disorder|"
    r"syndrome|procedure|infection|treatment|therapy|test|vaccine|device)s?"
)
EXPLETIVE = re.compile(
    r"\b(?:is|was|would|be|does)\s+it\s+(?:be\s+)?(?:\w+\s+){1,3}(?:to|that|if)\b", re.IGNORECASE
)
POSSESSIVE = re.compile(r"\b(?:its|their)\b", re.IGNORECASE)
PRONOUN = re.compile(
    rf"\b(?:(?:this|that|these|those|the|the\s+same)\s+{_GENERIC}(?=\W*$|\s+(?:is|are|be|can|cause|"
    r"interact|work|affect|safe|treated|given|used|taken|with|in|during|for)\b)|it|they|them|"
    r"(?:this|that|these|those)(?=\W*$|\s+(?:is|are|be|can|cause|interact|work|affect|safe|"
    r"treated|given|used|taken|with|in|during|for)\b))(?![\w'’])",
    re.IGNORECASE,
)


def refers_back(question: str) -> bool:
    """Whether a pronoun of it stands for something that was said before."""
    bare = EXPLETIVE.sub(" ", question)
    return bool(POSSESSIVE.search(bare) or PRONOUN.search(bare))
