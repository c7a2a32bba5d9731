"""What a long question asks: its story without what no search needs. Pure.

Kept are the sentences that ask, what they refer back to, and of the others the clauses that say
the patient's values, treatments and illnesses, or deny something that they name.
"""

from __future__ import annotations

import re
from itertools import pairwise

from appliance.sentences.words import STOP_WORDS, stem
from appliance.services.common_words import COMMON_WORDS
from appliance.services.denials import denials
from appliance.services.pronouns import refers_back

_LONG_QUESTION = 40  # words; longer ones tell a story first
_SENTENCE = re.compile(r"(?:[^.?!\n]|[.](?=\w))+[.?!]*")
_ASKS = re.compile(
    r"^\W*(?:(?:and|but|so|also|then|or)\W+)?(?:what|which|who|whom|whose|when|where|why|how|is|are|"
    r"can|could|do|does|did|should|may|must|will|would|has|have)\b",
    re.IGNORECASE,
)
_CLAUSE = re.compile(
    r"[;:,]?\s(?=(?:and|but|who|whose|which|because|since|while|although|though|whereas|"
    r"as\s+(?:his|her|their|our|my|the|he|she|they|we|i))\b)|[;:,](?=\s)|\s[–—-](?=\s)",
    re.IGNORECASE,
)
_JOINS = re.compile(r"^(?:and|but|who|whose|which|while|although|though|whereas)\s+", re.IGNORECASE)
_QUANTITY = (
    r"(?:e?GFR|filtration|clearance|Cr\.?\s?Cl|creatinine|INR|potassium|sodium|calcium|magnesium|"
    r"glucose|lactate|h(?:a)?emoglobin|HbA1c|platelets?|bilirubin|albumin|BMI|weigh(?:s|t|ing)|"
    r"height|QTc?|blood\s+pressure|BP|heart\s+rate|pulse|temperature|saturation|SpO2|pH|ejection\s+"
    r"fraction|LVEF|EF|CD4|viral\s+load|Child-Pugh|NYHA|GCS|score|stage|class|grade|level|age)"
)
_VALUE = re.compile(
    rf"\b{_QUANTITY}\b\D{{0,30}}\d|"
    r"\d[\s-]*(?:years?|yrs?|months?|weeks?|days?)[\s-]*(?:olds?|of\s+age|pregnant|gestation)\b|"
    r"\d\s?y[./]?o\b|\baged\s+\d|"
    r"\d[\s-]*(?:kg|kilo\w*|lbs?|pounds?|m?g|mcg|µg|m?mol|[µu]mol|m?Eq|IU|units?|mmHg|bpm|m[lL]|"
    r"[°º]\s?C?|%)(?!\w)|"
    r"\b(?:(?:h(?:a)?emo)?dialysis|h(?:a)?emofiltration|CRRT|CKD|ESRD|AKI|cirrho\w+|transplant\w*|"
    r"pregnan\w+|trimester|breast-?\s?(?:feed|fed)\w*|lactating|neonates?|newborns?|preterm|"
    r"(?:renal|kidney|hepatic|liver|heart|respiratory)\s+(?:function|failure|impairment|disease|"
    r"dysfunction|insufficiency|injury))\b",
    re.IGNORECASE,
)
_FACT = re.compile(
    r"\b(?:takes?|taking|receiv(?:es|ed|ing)|(?:treated|diagnosed|presents?|presented|presenting|"
    r"admitted|infected)\s+(?:with|for)|(?:is|are|was|been|already|currently|now|started|put)\s+on|"
    r"prescribed|suffer\w*|developed|develops|history\s+of|known\s+(?:for|to\s+have)|"
    r"complain\w*\s+of)\s",
    re.IGNORECASE,
)
_INTOLERANT = re.compile(
    r"\b(?:allerg(?:ic|y)\s+to|intoleran(?:t|ce)|reaction\s+to|anaphyla\w+|angioedema|denie[sd])\b",
    re.IGNORECASE,
)
# What is done or not, behind "must not" or "does not".
_DONE = re.compile(r"\b(?:must|should|can|could|may|will|would|shall|do|does|did)\s*$", re.I)
_NOBODY = ("nobody", "nothing", "none")
_WORD = re.compile(r"[^\W\d_]{3,}(?:-[^\W\d_]+)*")
# They stand for a name that is not said.
_NAMELESS = COMMON_WORDS | frozenset(
    "antibiotic antibiotics tablet tablets agent agents vaccine device tests test infection "
    "infections syndrome allergy allergies reactions adults longer today yesterday tomorrow first "
    "start started increase reduce stop safe maximum minimum".split()
)


def essence(question: str) -> str:
    """What a long question asks, with what it says of the patient; a short one as it is."""
    if len(question.split()) <= _LONG_QUESTION:
        return question
    sentences = [s.strip() for s in _SENTENCE.findall(question) if s.strip()]
    asking = {n for n, s in enumerate(sentences) if s.endswith("?") or _ASKS.match(s)}
    if not asking:
        return question
    whole = asking | {n - 1 for n in asking if n > 0 and _needs_more(sentences[n])}
    kept = (s if n in whole else _told(s) for n, s in enumerate(sentences))
    return " ".join(filter(None, kept))


def _needs_more(asked: str) -> bool:
    """Whether only the sentence before says what `asked` is about."""
    return refers_back(asked) or not _names(asked)


def _told(sentence: str) -> str:
    """The clauses of `sentence` that say something of the patient, as a sentence; or none."""
    bounds = [0, *(match.end() for match in _CLAUSE.finditer(sentence)), len(sentence)]
    clauses = [sentence[a:b] for a, b in pairwise(bounds)]
    kept = [_says_something(clause) for clause in clauses]
    if not any(kept):
        return ""
    if all(kept):
        return sentence
    parts = [""]
    for clause, stays in zip(clauses, kept, strict=True):
        if stays:
            parts[-1] += clause
        elif parts[-1]:
            parts.append("")
    said = [_JOINS.sub("", part.strip()).strip(" \t,;:.–—-") for part in parts]
    return " ".join(f"{part}." for part in said if part)


def _says_something(clause: str) -> bool:
    """Whether it gives a value of the patient, or names what they have, take or must not get."""
    if _VALUE.search(clause) or _INTOLERANT.search(clause):
        return True
    if (fact := _FACT.search(clause)) and _names(clause[fact.end() :]):
        return True
    return any(_denies_a_name(clause, *span) for span in denials(clause))


def _denies_a_name(clause: str, start: int, end: int) -> bool:
    denial, denied = clause[start:end].casefold(), clause[end:]
    if denial in _NOBODY:
        return False  # speaks of others than the patient
    if _DONE.search(clause[:start]) or denial in ("cannot", "n't", "n’t"):
        denied = denied.strip().partition(" ")[2]
    return bool(_names(denied))


def _names(text: str) -> list[str]:
    """Its words that are no common ones."""
    return [
        word
        for word in _WORD.findall(text.casefold())
        if word not in _NAMELESS and word not in STOP_WORDS and stem(word) not in _NAMELESS
    ]
