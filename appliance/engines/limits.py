"""Sentences that limit what an answer may say, and those that are said of another case. Pure.

"There are no dosing recommendations for infants with impaired renal function" is an answer to a
question for their dose, though it has no number; "if the genotype is not known, start with 5 mg" is
none to a question that tells the genotype.
"""

from __future__ import annotations

import re
from collections.abc import Set

from appliance.engines.case_values import Case
from appliance.engines.patient_groups import share_named
from appliance.engines.question_forms import asks_dose, asks_whether
from appliance.sentences.words import FORM_WORDS, terms

_FORBIDS = (
    r"\b(?:should|must|may) not\b|\bdo not\b|\bnever\b|\bcontraindicated\b|"
    r"\bavoid (?:the )?(?:use|using|giving|concomitant)\b|"
    r"\bnot (?:be )?(?:recommended|advised|indicated|appropriate|for use)\b"
)
_FORBIDDEN = re.compile(_FORBIDS, re.IGNORECASE)
_LIMITED = re.compile(
    rf"{_FORBIDS}|\bno (?:\w+ ){{0,2}}(?:recommendations?|data|information|experience|studies)\b|"
    r"\bnot (?:yet )?been (?:adequately |well |fully )?(?:established|studied|evaluated|determined|"
    r"tested)\b|\b(?:dos\w+|safety|efficacy|effectiveness)\b.{0,60}\b(?:not known|unknown)\b",
    re.IGNORECASE,
)
_STRENGTH = re.compile(
    r"(?<![\d.,])(\d[\d.,]*\d|\d)(?!\d)(?:\s*(?:mg|mcg|µg|g|mL|units?|IU|%)\b)?", re.IGNORECASE
)
_OTHER_MEASURE = re.compile(
    r"\s*(?:years?|yrs?|months?|weeks?|days?|hours?|times|kg|lbs?|ml\s*/\s*min|mg\s*/\s*dl)\b",
    re.IGNORECASE,
)
_MEASURED = re.compile(
    r"\b(?:e?GFR|CrCl|clearance|INR|creatinine|aged?|weight|weighing)\b[^\d,;.?!]{0,25}$",
    re.IGNORECASE,
)
_CLAUSE = re.compile(
    r"\b(?:if|when|where|(?:patients?|those|people|persons?|adults?|children|women|men|dosing|dosage|"
    r"recommendations?) without|in (?:the )?absence of)\b[^.,;:()\[\]]*",
    re.IGNORECASE,
)
# That something is not there, not that it is somewhere else: "not in the range" is no absence.
_ABSENT = re.compile(
    r"\bnot (?:yet )?(?:been )?(?:known|available|determined|established|tested|measured|present|"
    r"identified|taking|receiving|have|having|using)\b|\bunknown\b|\bunavailable\b|\babsent\b|"
    r"\bwithout\b|\bin (?:the )?absence of\b|\bno\b",
    re.IGNORECASE,
)
_DENIES = re.compile(r"\b(?:no|not|without|un\w+|never|absen\w+|lack\w*)\b|n[’']t\b", re.IGNORECASE)


def is_limit(question: str, case: Case, about: str, line: str) -> bool:
    """`line`, below the words `about`, says what is not known of, or not to be given to, all the
    special groups that `question`, for a dose or whether, asks about.
    """
    if not (asks_dose(question) or asks_whether(question)) or not _LIMITED.search(line):
        return False
    return share_named(case, about, line) == 1.0 and case.fits(line) is not False


def forbids_strength(question: str, line: str) -> bool:
    """`line` forbids a strength that `question` names: "should not receive the 875 mg tablet"."""
    return bool(
        _FORBIDDEN.search(line)
        and _strengths(question) & {match[1] for match in _STRENGTH.finditer(line)}
    )


def _strengths(question: str) -> set[str]:
    """Numbers that are no age, no time and no value of the patient's."""
    return {
        match[1]
        for match in _STRENGTH.finditer(question)
        if not _OTHER_MEASURE.match(question, match.end(1))
        and not _MEASURED.search(question[: match.start()])
    }


def stated_words(question: str, subject: Set[str]) -> frozenset[str]:
    """What `question` states beside its `subject`, by stem; nothing if it denies something."""
    if _DENIES.search(question):
        return frozenset()
    return frozenset(terms(question)) - subject - FORM_WORDS


def is_of_another_case(stated: Set[str], heading: str, text: str) -> bool:
    """`text` under `heading` is said for want of what a question states (`stated_words`)."""
    return bool(stated) and any(
        _ABSENT.search(clause) and stated & set(terms(clause))
        for words in (heading, text)
        for clause in _CLAUSE.findall(words)
    )
