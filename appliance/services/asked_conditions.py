"""What a question says of the patient and the route that it is asked for, to ask it for others.

"In adults", "if the GFR is 15", "on dialysis", "intravenously". A condition of a kind takes the
place of the one of that kind, and another patient has not the organs of the one before. Pure.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum, auto

from appliance.services.asked_subjects import END

_N = r"\d{1,3}(?:\.\d+)?"
_UNIT = r"(?:years?|yrs?|months?|weeks?|days?|kg|kilograms?|lbs?|pounds?)"
_BOUND = (
    r"(?:aged?|of|over|under|above|below|(?:older|younger|more|less) than|weighing|weighs|at least|"
    r"up to|from|between|the age of)"
)
_AND_MORE = r"(?:\s+(?:and|or)\s+(?:older|over|above|more|up|younger|under|below|less)\b)"
_DETAIL = (
    rf"(?:\s+(?:who\s+(?:is|are)\s+)?{_BOUND}(?:\s+{_BOUND})*\s+{_N}(?:\s*(?:to|and|-|–)\s*{_N})?"
    rf"(?:[\s-]*{_UNIT})?(?:\s+(?:of\s+age|old))?{_AND_MORE}?|"
    rf"\s+{_N}[\s-]*{_UNIT}(?:\s+of\s+age)?{_AND_MORE}?)"
)
_GROUPS = (
    r"(?:adults?|p(?:a)?ediatrics?|child(?:ren)?|kids?|boys?|girls?|infants?|neonates?|newborns?|"
    r"bab(?:y|ies)|adolescents?|teenagers?|toddlers?|elderly|geriatrics?|"
    r"older\s+(?:people|patients|adults)|wom[ae]n|m[ae]n|pregnancy|pregnant|breast-?\s?feeding|"
    r"lactation|nursing\s+mothers)"
)
_PERSON = (
    rf"(?:(?:{_N}(?:\s*(?:to|-|–)\s*{_N})?[\s-]*(?:years?|yrs?|months?|weeks?|days?)[\s-]olds?|"
    rf"{_N}[\s-]*y[./]?o)\b(?:\s+{_GROUPS}\b)?|{_N}[\s-]*kg\s+{_GROUPS}\b|"
    rf"{_GROUPS}\b(?:\s+(?:patients?|women|woman|mothers?)\b)?|"
    rf"(?:patients?|people|those|anyone)(?={_DETAIL}))(?:{_DETAIL})*"
)
_CLEARANCE = r"(?:e?GFR|glomerular\s+filtration(?:\s+rate)?|creatinine\s+clearance|Cr\.?\s?Cl|CCr)"
_CLEARANCE_UNIT = r"(?:\s*mL\s*/\s*min\w*(?:\s*/\s*1\.73\s*m\s?[²2])?)"
_IS = (
    r"(?:(?:of|is|was|falls?|drops?|to|at|about|only|now|=|:|<|>|≤|≥|<=|>=|below|above|under|over|"
    r"(?:less|lower|more|greater|higher)\s+than|between|from)\s*)"
)
_NUMBERS = rf"{_N}{_CLEARANCE_UNIT}?(?:\s*(?:to|and|-|–)\s*{_N}{_CLEARANCE_UNIT}?(?!\w))?"
_NAMED = rf"{_CLEARANCE}\b\s*(?:\({_CLEARANCE_UNIT}\s*\))?"
_VALUE = rf"{_NAMED}\s*{_IS}*{_NUMBERS}{_AND_MORE}?"
_ORGAN = (
    rf"(?:{_VALUE}|(?:(?:mild|moderate|severe|end[\s-]stage|acute|chronic|impaired|reduced|poor|"
    r"normal)(?:\s+(?:to|or)\s+(?:moderate|severe))?\s+)*"
    r"(?:renal|kidney|hepatic|liver)\s+(?:impairment|failure|disease|dysfunction|insufficiency|"
    r"injury|function)|(?:(?:peritoneal|h(?:a)?emo)\s?-?)?dialysis|h(?:a)?emodialysis|"
    r"h(?:a)?emofiltration|CKD|ESRD|AKI|CRRT|cirrhosis|(?:renal|hepatic)ly\s+impaired)"
)
_ROUTE = (
    r"(?:(?<!stage )(?<!grade )(?<!class )(?<!type )(?<!phase )(?:intravenous(?:ly)?|IV)|"
    r"(?:oral|intramuscular|subcutaneous|rectal|topical|sublingual|intranasal)(?:ly)?|IM|SC|PO|"
    r"inhaled|nebuli[sz]ed|by\s+(?:mouth|infusion|injection|inhalation))"
)
_CLAUSES = ("if", "when", "once", "while")
_LEAD = r"(?:in|for|to|of|during|with|on|at|if|when|once|while|under)"
_SOMEONE = (
    r"(?:(?:an?|the)\s+)?(?:patients?|people|persons?|those|someone|anyone|he|she|they)\s+"
    r"(?:who\s+)?(?:(?:is|are|has|have)\s+)?(?:(?:with|on|undergoing|receiving|having|in)\s+)?"
)
_ARTICLE = r"(?:(?:an?|the|his|her|their)\s+)"
# A kidney function of which only the number is said: "and 25?", "below 10 mL/min".
_BARE_VALUE = re.compile(
    rf"(?:(?:with|in|for|at|if|of)\s+)*(?P<value>{_IS}*{_N}"
    rf"(?:{_CLEARANCE_UNIT}|(?:\s*(?:to|and|-|–)\s*{_N})?{_CLEARANCE_UNIT}?{_AND_MORE}?))",
    re.IGNORECASE,
)
_KIDNEY = re.compile(rf"(?P<name>{_NAMED})\s*{_IS}*{_NUMBERS}{_AND_MORE}?", re.IGNORECASE)
_IS_TOLD = re.compile(r"\s*(?:is|was)\b", re.IGNORECASE)
_ON = re.compile(r"\w*dialysis|h(?:a)?emofiltration|CRRT", re.IGNORECASE)
# What stands in front of a noun, and is left out for the sake of another.
_ADJECTIVE = re.compile(
    r"\s+(?:dos(?:e|es|age|ages|ing)|starting|maximum|usual|daily|range|recommendations?|use|"
    r"indications?)\b",
    re.IGNORECASE,
)
_FILLER = re.compile(
    r"(?:and|or|with|in|for|the|an?|patients?|people|who|is|are|has|have|having|on|also|then|now|"
    r"please|instead|same|only|given|if|but|as\s+well|too)\b|[^\w\s]",
    re.IGNORECASE,
)


class Kind(Enum):
    PERSON = auto()
    ORGAN = auto()
    ROUTE = auto()


_PATTERNS = {
    kind: re.compile(
        rf"(?:\b(?P<lead>{_LEAD})\s+)?(?P<someone>{someone})?{_ARTICLE}?(?<![\w-])"
        rf"(?P<core>{pattern})(?![\w-])",
        re.IGNORECASE,
    )
    for kind, pattern, someone in (
        (Kind.ORGAN, _ORGAN, _SOMEONE),
        (Kind.PERSON, _PERSON, r"(?!)"),
        (Kind.ROUTE, _ROUTE, r"(?!)"),
    )
}


@dataclass(frozen=True, slots=True)
class Condition:
    """One phrase of a text; its preposition `lead`, if any, is part of it."""

    kind: Kind
    start: int
    end: int
    lead: str
    core: str

    @property
    def core_start(self) -> int:
        return self.end - len(self.core)


def conditions(text: str) -> list[Condition]:
    """In the order of `text`."""
    found = [
        Condition(kind, *match.span(), (match["lead"] or "").casefold(), match["core"])
        for kind, pattern in _PATTERNS.items()
        for match in pattern.finditer(text)
    ]
    found.sort(key=lambda condition: (condition.start, -condition.end))
    return [
        one
        for place, one in enumerate(found)
        if all(other.end <= one.start for other in found[:place])
    ]


def asked_for(before: str, about: str, *, also: bool) -> str | None:
    """The question `before`, asked under the conditions that `about` consists of; None where it
    consists of something else.

    Another group of patients has not the organs of the former. `also`: unless it was added with
    "and", for then both may be meant, and the dose for a child with healthy kidneys is too much for
    one without, while the other mistake is seen in the answer.
    """
    said = about.strip(END)
    if (bare := _BARE_VALUE.fullmatch(said)) and (named := _KIDNEY.search(before)):
        is_told = _IS_TOLD.match(before, named.end("name"))
        value = bare["value"]
        if value[0].isdigit():
            value = f"{is_told.group().strip() if is_told else 'of'} {value}"
        asked = f"{before[: named.end('name')].rstrip()} {value}{before[named.end() :]}"
        return f"{asked.rstrip(END)}?"
    new = conditions(said)
    if not new or _FILLER.sub("", _without(said, new)).strip():
        return None
    kinds = {condition.kind for condition in new}
    if Kind.PERSON in kinds and not also:
        kinds.add(Kind.ORGAN)
    there = conditions(before)
    old = [one for one in there if one.kind in kinds]
    first = new[0]
    place = next((one for one in old if one.kind is first.kind and not _adjoins(before, one)), None)
    if place is None:
        is_someone = any(one.kind is Kind.PERSON for one in there if one not in old)
        phrase = _of_them(said, first) if is_someone else _led(said, first, "")
        return _tidy(f"{_without(before, old).rstrip(END)} {phrase}?")
    phrase = _led(said, first, place.lead) if place.lead else said[_after_lead(said, first) :]
    moved = len(phrase) - (place.end - place.start)
    others = [
        one if one.start < place.start else _moved(one, moved) for one in old if one is not place
    ]
    asked = f"{before[: place.start]}{phrase}{before[place.end :]}"
    return _tidy(f"{_without(asked, others).rstrip(END)}?")


def _of_them(said: str, first: Condition) -> str:
    """`said` of patients who are named already."""
    if first.kind is not Kind.ORGAN or first.lead in _CLAUSES or len(conditions(said)) > 1:
        return _led(said, first, "")
    if first.start > 0:
        return said
    return f"{'on' if _ON.match(first.core) else 'with'} {said[_after_someone(said, first) :]}"


def _led(phrase: str, first: Condition, lead: str) -> str:
    """`phrase` with a preposition: its own, `lead`, or the usual one."""
    if first.lead or first.kind is Kind.ROUTE:
        return phrase[:1].lower() + phrase[1:] if phrase[1:2].islower() else phrase
    if not lead or lead in _CLAUSES:
        is_value = any(character.isdigit() for character in first.core)
        lead = "with" if first.kind is Kind.ORGAN and is_value else "in"
    return f"{lead} {phrase}"


def _after_lead(text: str, condition: Condition) -> int:
    """Where what follows its preposition begins."""
    if condition.start > 0 or not condition.lead:
        return 0
    return len(text) - len(text[len(condition.lead) :].lstrip())


def _after_someone(text: str, condition: Condition) -> int:
    """Where it begins without its preposition and the words for any patient."""
    match = _PATTERNS[condition.kind].match(text, condition.start)
    assert match is not None
    return match.end("someone") if match["someone"] else _after_lead(text, condition)


def _adjoins(text: str, one: Condition) -> bool:
    """Stands before a noun: "the adult dose", "oral amoxicillin"."""
    if one.kind is Kind.ROUTE:
        return not re.search(r"ly$|^by\b", one.core, re.IGNORECASE)
    return not one.lead and _ADJECTIVE.match(text, one.end) is not None


def _moved(one: Condition, by: int) -> Condition:
    return Condition(one.kind, one.start + by, one.end + by, one.lead, one.core)


def _without(text: str, those: list[Condition]) -> str:
    for one in sorted(those, key=lambda one: -one.start):
        start = one.start if one.lead else one.core_start
        text = f"{text[:start].rstrip()} {text[one.end :].lstrip()}"
    return text


def _tidy(text: str) -> str:
    return re.sub(r"\s+(?=[?.,;])", "", " ".join(text.split()))
