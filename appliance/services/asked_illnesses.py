"""The illness or procedure that a question asks for, to ask it for another. Pure.

"The target INR for atrial fibrillation on warfarin": asked about a mechanical valve, the drug
stays. What an illness is, its ending or its noun says, after the Greek and Latin of medicine; a
drug's name has neither.
"""

from __future__ import annotations

import re

from appliance.services.asked_conditions import conditions

_ILLNESS = re.compile(
    r"(?:[^\W\d_]*(?:itis|osis|epsis|[bcdglmnprt]ia|oma|ism|pathy|lepsy|tension|farction|struction|"
    r"rrh\w+|spasm|plegia|tomy|plasty)|asthma|fibrillation|diabetes|gout|anginas?|strokes?|"
    r"tetanus|migraines?|measles|COPD|(?:disease|disorder|syndrome|failure|infection|injury|fracture|"
    r"ulcer|cancer|tumou?r|shock|pain|fever|attack|arrest|block|wound|burn|bite|seizure|"
    r"valve|prosthesis|replacement|surgery|graft|stent|transplant|abscess|arrhythmia|embolus|"
    r"clot|poisoning|prophylaxis|prevention)s?)",
    re.IGNORECASE,
)
_ABBREVIATION = re.compile(r"[A-Z]{2,5}s?")
_NO_ILLNESS = frozenset("IV IM SC PO INR ECG EKG CT MRI ICU ED MAX MIN GFR BMI".split())
_WORDS = r"[^\W_]+(?:[-'’][^\W_]+)*"
_ENDS = (
    r"(?:on|with|without|in|for|of|to|by|at|from|when|if|while|who|during|after|before|using|"
    r"taking|given|treated|is|are|be|should|can)\b"
)
_SLOT = re.compile(
    rf"\b(?:for|in|against)\s+(?P<article>(?:an?|the)\s+)?"
    rf"(?P<illness>(?!{_ENDS}){_WORDS}(?:[\s/]+(?!{_ENDS}){_WORDS}){{0,5}})",
    re.IGNORECASE,
)
_SAID = re.compile(r"(?:(?:for|in|with|against)\s+)?(?P<illness>\S.*)", re.IGNORECASE)
_MOST_WORDS = 6


def for_illness(before: str, about: str) -> str | None:
    """The question `before`, asked for the illness that `about` names; None where it names none,
    or `before` asks for none.
    """
    said = _SAID.fullmatch(about)
    if said is None or not _is_illness(said["illness"]):
        return None
    taken = [(one.start, one.end) for one in conditions(before)]
    for slot in reversed(list(_SLOT.finditer(before))):
        start, end = slot.span()
        if any(start < other_end and other < end for other, other_end in taken):
            continue
        if _is_illness(slot["illness"]):
            kept = before[: slot.start("article" if slot["article"] else "illness")]
            return f"{kept}{said['illness']}{before[end:]}"
    return None


def _is_illness(text: str) -> bool:
    """By its last word: "a mechanical valve", "DVT"."""
    words = text.split()
    if not words or len(words) > _MOST_WORDS:
        return False
    last = words[-1]
    if _ABBREVIATION.fullmatch(last):
        return last not in _NO_ILLNESS
    return _ILLNESS.fullmatch(last) is not None
