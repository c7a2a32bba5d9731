"""The root of a word, by which two wordings are compared. Pure."""

from __future__ import annotations

import re

from appliance.sentences.words import stem
from appliance.services.common_words import COMMON_WORDS

_LIGATURES = str.maketrans({"æ": "ae", "œ": "oe"})
_ADJECTIVE = re.compile(r"(?:ical|ia|ic|al|ous|us|is|ary|ar|y|a|e)$")
# Short forms whose endings no rule takes off.
_VERBS = {"used": "use", "uses": "use", "given": "give", "gives": "give", "taken": "take",
          "takes": "take", "made": "make", "kept": "keep", "held": "hold"}  # fmt: skip
_COMMON_STEMS = frozenset(stem(word) for word in COMMON_WORDS)
# Function words: STOP_WORDS and what shapes a sentence only.
FUNCTION_WORDS = frozenset(
    "a an the and or nor but of in on at to for from by with as is are was were be been being "
    "am it its this that these those there here their them they he she his her him we our us "
    "you your i my me if then than so such into about during between per via who whom whose "
    "which what when where how why can could may might must shall should will would do does did "
    "done has have had having also both each all any some other more most less least over under "
    "up down out again very just too while until within upon".split()
)

# The month, where the word in front of it or the number beside it says so.
MAY = "may~"
MONTH_MAY = re.compile(
    r"(?:\b(?:in|by|of|until|till|since|from|to|during|before|after|early|late|mid|each|every|next|"
    r"last|through|January|February|March|April|June|July|August|September|October|November|"
    r"December|\d{1,2}(?:st|nd|rd|th)?)(?:\s+(?:and|or|to))?[\s,–-]+May\b|\bMay(?=\s+\d))"
)


def root(word: str) -> str:
    """One form for the spellings and endings of a word: anaemia and anemic."""
    folded = word.casefold().translate(_LIGATURES).replace("’", "'")
    folded = _VERBS.get(folded, folded)
    if len(folded) > 5:
        folded = folded.replace("ae", "e").replace("oe", "e")
    if 3 < len(folded) < 6 and folded.endswith("s") and folded[-2] not in "sui":
        folded = folded[:-1]
    stemmed = stem(folded)
    if len(stemmed) > 6:
        return _ADJECTIVE.sub("", stemmed)
    return stemmed.rstrip("e") if len(stemmed) > 4 else stemmed


COMMON_ROOTS = frozenset(root(word) for word in COMMON_WORDS) | _COMMON_STEMS
