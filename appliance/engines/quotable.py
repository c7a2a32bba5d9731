"""What words can be quoted: tests of a sentence, an item and a title. Pure."""

from __future__ import annotations

import re

from appliance.sentences.blocks import OPEN_WORDS
from appliance.sentences.list_marks import BULLETS_AND_DASHES
from appliance.sentences.words import stem

LONGEST_QUOTE = 700  # characters; longer "sentences" are tables that lost their lines
SENTENCE_WORDS = 6  # an item of so many words with a full stop stands on its own
LETTERS_OF_ITEM = 0.35  # "store at 15° to 30°C (59° to 86°F)"
_FEWEST_SMALL_WORDS = 3
_LETTERS = 0.55  # share of letters among the characters that are no white space
_NUMBERS = 0.45  # share of numbers among the words: more is a table

_WORD = re.compile(r"[^\W\d_]{2,}")
_TITLE_WORD = re.compile(r"[^\W\d_]{4,}")  # marks, page numbers and "Yes No" are no titles
_TERMINAL = re.compile(r"[.!?:;][\"'”’)\]]*[\d,]{0,5}$|[)\]]$")
_CONTENTS_LINE = re.compile(r"(?:\.\s?){4,}\s*\d*$|…{2,}\s*\d*$")
_REFERENCE_ENTRY = re.compile(
    r"\bet al\b|\bdoi\b|\b(?:19|20)\d{2}\s?;\s?\d+|\b\d+\s?\(\d+\)\s?:\s?\d+|\bISBN\b|"
    r"(?:https?://|www\.)\S+\s*\.?$|\bavailable (?:at|from)\s*:?\s*(?:https?|www)",
    re.IGNORECASE,
)
# Sentences that send the reader elsewhere, and what is left of a form's boxes to tick.
_POINTER = re.compile(
    r"^[(\[]?(?:for (?:more|further|complete|additional)\b.*\b)?(?:please )?(?:see|refer to)\b|"
    r"^(?:not applicable|n/a)\b",
    re.IGNORECASE,
)
_SUBSCRIPT = re.compile(r"(?<=[a-z])\d$")
# "[see Warnings (5.1)]": where to read on, not what is said
_SEE = re.compile(r"[(\[]\s*see\b[^()\[\]]*(?:\([^()]*\)[^()\[\]]*)*[)\]]", re.IGNORECASE)
_ENUMERATOR = re.compile(r"^(?:\(?\d{1,2}[.)]|\(?[a-zA-Z][.)]|\(?[ivx]{1,5}[.)])\s+")
_MARK = re.compile(rf"^(?:[{BULLETS_AND_DASHES}]\s*)+")
_WHO = re.compile(
    r"\b(?:p(?:a)?ediatrics?|child(?:ren)?|infants?|neonat\w+|adolescents?|adults?|geriatric|"
    r"elderly|women|"
    r"men|females?|males?|pregnan\w+|lactation|renal|kidneys?|hepatic|liver|dialysis|hemodialysis)\b",
    re.IGNORECASE,
)
_SAME_GROUP = {
    stem(name): stem(group)
    for group, names in (
        ("children", "infant infants neonate neonates neonatal adolescent adolescents"),
        ("kidney", "dialysis hemodialysis"),
        ("women", "female females"),
        ("men", "male males"),
    )
    for name in names.split()
}
# Such a sentence leans on the one before it; "it is recommended" does not.
_LEANING = re.compile(
    r"^(?:this|these|those|they|them|such|therefore|however|thus|hence|also|otherwise|instead|"
    r"alternatively|conversely|in addition|for (?:this|these) reasons?|in (?:this|these|such)|"
    r"(?:if|when) (?:it|this|they)\b|"
    r"it(?! (?:is|was) (?:not )?(?:\w+ly )?(?:recommended|important|known|unknown|advised|"
    r"advisable|necessary|essential|possible)\b))\b",
    re.IGNORECASE,
)


def leans(words: str) -> bool:
    """Means nothing without the sentence before it."""
    return bool(_LEANING.match(words))


def bare_term(term: str) -> str:
    """Without its subscript, or a note's number: of "vitamin K1"."""
    return _SUBSCRIPT.sub("", term)


def without_pointers(text: str) -> str:
    return _SEE.sub("", text)


def populations(text: str) -> frozenset[str]:
    """Whom `text` names, by stem: children, pregnancy, the kidney's patients."""
    found = (stem(match) for match in _WHO.findall(text))
    return frozenset(_SAME_GROUP.get(who, who) for who in found)


def unmarked(words: str) -> str:
    """Without its bullet or number: the list is written anew, and maybe in part."""
    bare = _MARK.sub("", words)
    return _MARK.sub("", _ENUMERATOR.sub("", bare, count=1)) or words


def is_title(words: str) -> bool:
    return bool(_TITLE_WORD.search(words))


def stands_alone(line: str) -> bool:
    """An item that is a sentence."""
    return (
        len(line.split()) >= SENTENCE_WORDS
        and line[:1].isalnum()
        and not (line[:1].islower() or _TERMINAL.search(line) is None or line.endswith((":", ";")))
    )


def is_item(line: str) -> bool:
    if not _WORD.search(line) or _REFERENCE_ENTRY.search(line) or _POINTER.match(line):
        return False
    return line.split()[-1].casefold() not in OPEN_WORDS


def is_sentence(words: str) -> bool:
    """Begins and ends as one, and is more than a title or a pointer to another place."""
    if words[0].islower() or not _TERMINAL.search(words) or _POINTER.match(words):
        return False
    return _has_small_words(words) and is_text(words)


def is_statement(words: str) -> bool:
    """A sentence whose full stop was left out, as labels do."""
    if not words[0].isupper() or _TERMINAL.search(words) or _POINTER.match(words):
        return False
    last = words.split()[-1]
    if last.casefold() in OPEN_WORDS or not last[-1].isalnum():
        return False
    return len(words.split()) >= SENTENCE_WORDS and _has_small_words(words) and is_text(words)


def _has_small_words(words: str) -> bool:
    return sum(token[0].islower() for token in words.split()) >= _FEWEST_SMALL_WORDS


def is_torn(words: str, start: int) -> bool:
    """The first words of a passage may be the end of a sentence before it."""
    bare = unmarked(words)
    return start == 0 and (bare[0].islower() or bare[0].isdigit())


def is_text(words: str, *, letters: float = _LETTERS) -> bool:
    """Prose, not a table, an address, a contents line or an entry of a list of references."""
    if len(words) > LONGEST_QUOTE or _CONTENTS_LINE.search(words) or _REFERENCE_ENTRY.search(words):
        return False
    solid = [character for character in words if not character.isspace()]
    if sum(character.isalpha() for character in solid) < letters * len(solid):
        return False
    tokens = words.split()
    return sum(token[0].isdigit() for token in tokens) <= max(2, _NUMBERS * len(tokens))
