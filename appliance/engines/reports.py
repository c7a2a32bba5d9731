"""What sentences report that is no instruction for a patient: experiments on animals, the arms of
trials, single doses of volunteers, overdoses. Pure.

Such sentences are full of doses, and none of them is the dose of anybody.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from appliance.engines.question_forms import asks_dose
from appliance.engines.quotable import without_pointers

_NEVER = r"(?!)"
_ANIMALS = (
    r"\b(?:animals?|rats?|mice|mouse|rabbits?|hamsters?|guinea pigs?|rodents?|beagles?|dogs?|cats?|"
    r"monkeys?|primates?|swine|pigs?)\b"
)


@dataclass(frozen=True, slots=True)
class _Kind:
    """`asked`: what a question that wants such reports has; `instructs`: what makes an instruction
    of a report.
    """

    cost: float
    asked: re.Pattern[str]
    text: re.Pattern[str]
    heading: re.Pattern[str]
    instructs: re.Pattern[str]

    def reports(self, heading: str, text: str) -> bool:
        if self.instructs.search(text):
            return False
        return bool(self.text.search(text) or self.heading.search(heading))


def _kind(cost: float, *, asked: str, text: str, heading: str, instructs: str = _NEVER) -> _Kind:
    patterns = [re.compile(pattern, re.IGNORECASE) for pattern in (asked, text, heading, instructs)]
    return _Kind(cost, *patterns)


_KINDS = (
    _kind(
        1.0,
        asked=rf"{_ANIMALS}|\bveterinary\b|\b(?:pre|non)clinical\b",
        text=_ANIMALS,
        heading=r"\banimal\b|\bnonclinical\b",
    ),
    _kind(
        0.6,
        asked=r"\b(?:trials?|stud(?:y|ies)|arms?|placebo|randomi[sz]ed|participants?)\b",
        text=r"\bplacebo\b|\brandomi[sz]ed\b|\bdouble-blind\b|\bopen-label\b|\benrol+ed\b|"
        r"\b(?:clinical|controlled|prospective|retrospective|comparative|observational|"
        r"cohort|case[ -]control|epidemiologic\w*) (?:trials?|stud(?:y|ies)|"
        r"analys[ie]s)\b|\b(?:end|start) of the (?:trial|study)\b|\bmean age\b|\bN ?= ?\d|"
        r"\b(?:in|study of|trial of|total of) (?:a |an |the )?(?:trial|study|\d+ (?:[\w-]+ )?"
        r"(?:patients?|subjects?|volunteers?))\b|\d ?% of (?:the )?(?:patients?|subjects?)\b|"
        r"\b\d+ of (?:the )?\d+ (?:patients?|subjects?)\b|\bcohort\b|"
        r"\b(?:combination|only|treatment|control) (?:arm|group)s?\b",
        heading=r"\bclinical (?:trials?|stud(?:y|ies))\b",
        instructs=r"\b(?:should|must)\b",
    ),
    _kind(
        0.6,
        asked=r"kinetic|\babsor|\bhalf-?li|\bclearance\b(?! \d)|\bAUC\b|\bC ?max\b|\bplasma\b|"
        r"\bserum\b|\bconcentration|\blevels?\b|\bbioavailab|\bsingle\b|\bexcret|\beliminat|"
        r"\bmetaboli[sz]",
        text=r"\bC ?max\b|\bAUC\b|\bT ?max\b|\bpharmacokinetics?\b|\bbioavailability\b|"
        r"\bbioequivalence\b|\b(?:plasma|serum|blood) (?:\w+ )?(?:concentrations?|levels?)\b|"
        r"\bhealthy (?:\w+ )?(?:subjects?|volunteers?|adults?|men|women)\b|\bhalf-li(?:fe|ves)\b",
        heading=r"\bpharmacokinetic|\b(?:absorption|distribution|metabolism|elimination|"
        r"excretion)\b",
        instructs=r"\b(?:should|must|recommended|dos(?:e|age) (?:adjustment|reduction|selection)s?|"
        r"(?:adjust|reduce|increase|lower|consider)\b.{0,40}\bdos\w+)\b",
    ),
    _kind(
        0.6,
        asked=r"\boverdos|\bpoison|\btoxic|\btoo much\b|\bingest|\bantidote|\brevers",
        text=r"\boverdos(?:e|age)s? (?:of|with|has|have|was|were)\b|"
        r"\b(?:after|following) [\w ]{0,20}overdos|\bpoison[ -]",
        heading=r"\boverdos[^\n]*\Z",  # below it stand the antidotes and their doses
    ),
)


def report_cost(question: str, heading: str, text: str) -> float:
    """What it costs `text` that it reports what the dose in `question` is not. `heading`: those
    above it, a line each, the nearest last.
    """
    if not asks_dose(question):
        return 0.0
    said = without_pointers(text)
    return max(
        (k.cost for k in _KINDS if not k.asked.search(question) and k.reports(heading, said)),
        default=0.0,
    )
