"""Kinds of clinical question, and what an answer to each looks like. Pure.

A rule adds a little to sentences of the right form; it never makes an answer of a sentence about
something else.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from appliance.engines.quotable import leans, populations
from appliance.sentences.words import FORM_WORDS, terms

QUANTITY = (
    r"\d[\d,.]*\s*(?:mg|mcg|µg|g|mL|L|units?|IU|mmol|mEq|%|tablets?|capsules?|drops?|puffs?|"
    r"sprays?)\b(?!\s*/\s*(?:min|d?l|ml)\b)"
)
_MODAL = (
    r"\b(?:should|must|do not|don.t|never|always|avoid|recommended|required|ensure|perform|use)\b"
)
_IMPERATIVE = (
    r"^(?:add|administer|allow|apply|assess|avoid|check|clean|close|collect|cover|determine|"
    r"discard|"
    r"discontinue|dispose|do not|dry|ensure|fill|give|hold|insert|inspect|keep|measure|mix|monitor|"
    r"never|open|perform|place|prepare|provide|remove|repeat|replace|rinse|rub|select|shake|stop|"
    r"store|"
    r"swallow|take|tap|turn|use|wash|wear|wipe|withdraw)\b"
)
_LEANING_COST = 0.06
_ASKS_DOSE = re.compile(
    r"\bdos(?:es?|ages?|ing|ed)\b|\bhow (?:much|many (?:mg|tablets|capsules|times|drops|puffs))\b|"
    r"\bposology\b",
    re.IGNORECASE,
)
_WHETHER = re.compile(
    r"(?:is|are|was|were|can|could|may|should|shall|does|do|did|must|will|would|has|have)\b",
    re.IGNORECASE,
)
_WHAT = re.compile(
    r"\b(?:what|which|who|whom|whose|when|where|why|how|list|name|describe|explain)\b|"
    r"\b(?:side effects|contraindications|indications|symptoms|signs|steps)\b",
    re.IGNORECASE,
)
_DOSE = r"\bdos(?:es?|ages?|ing)\b"
# A name of one word or two: "vitamin K".
_OWNER = (
    r"(?P<owner>[^\W\d]\w*"
    r"(?:[ -](?!(?:after|before|until|while|because|once|daily|twice|now)\b)\w+)?)"
)
_OWNERS = (
    re.compile(rf"{_DOSE} of (?:the )?{_OWNER}", re.IGNORECASE),
    re.compile(rf"(?P<owner>(?:[\w-]+ ){{1,3}}){_DOSE}", re.IGNORECASE),
    re.compile(rf"\bhow much (?:of )?(?:the )?{_OWNER}", re.IGNORECASE),
)


@dataclass(frozen=True, slots=True)
class _Form:
    asked: re.Pattern[str]
    text: re.Pattern[str] | None
    heading: re.Pattern[str] | None
    bonus: float
    whole: bool  # what stands under such a heading answers only as a whole


def _form(
    asked: str, bonus: float, *, text: str = "", heading: str = "", whole: bool = False
) -> _Form:
    def compiled(pattern: str) -> re.Pattern[str]:
        return re.compile(pattern, re.IGNORECASE)

    return _Form(
        compiled(asked),
        compiled(text) if text else None,
        compiled(heading) if heading else None,
        bonus,
        whole,
    )


_FORMS = (
    _form(
        r"\bdos(?:e|es|age|ing)\b|\bhow much\b|\bhow many (?:mg|tablets|times)\b",
        0.10,
        text=QUANTITY,
    ),
    _form(
        r"\b(?:start|initial|begin)",
        0.06,
        text=r"\b(?:start(?:ing)?|initial(?:ly)?|initiat\w+|begin)\b",
    ),
    _form(
        r"\bmax(?:imum|imal)?\b|\bat (?:the )?most\b|\bhighest\b|\bupper limit\b|\bexceed|"
        r"\bthe most(?! (?:often|common|frequent|important|likely|serious|severe))\b|"
        r"\bhow (?:much|many)\b.{0,60}\bmost\b(?! (?:often|common|frequent))",
        0.06,
        text=r"\b(?:maximum|maximal|exceed|more than|up to|no more than|highest|upper)\b",
    ),
    _form(
        r"\bmost (?:often|common|frequent)",
        0.08,
        text=r"\bmost (?:often|common|frequent)|\bfrequently\b|\busually\b",
    ),
    _form(
        r"\b(?:boxed|black.?box)\b.*\bwarning|\bwarning\b.*\bbox",
        0.25,
        heading=r"^(?:boxed )?warning\b",
        whole=True,
    ),
    _form(
        r"\bcontraindicat|\bwho should not\b|\bwho (?:can ?not|must not)\b|\bnot be (?:used|"
        r"given|taken)\b(?! (?:with|together|along|alongside|at the same|in combination))",
        0.10,
        text=r"\bcontraindicated\b|\bdo not (?:use|take|give)\b|\bshould not (?:use|take|be)\b",
        heading=r"\bcontraindication|\bdo not (?:use|take)\b|\bshould not (?:use|take)\b",
        whole=True,
    ),
    _form(
        r"\boverdos(?:e|age)s?\b|\btook too (?:much|many)\b",
        0.10,
        text=r"\boverdos(?:e|age)",
        heading=r"^[\d. ]*overdos(?:e|age)\b",
        whole=True,
    ),
    _form(
        r"\binteract|\btogether\b|\bcombin|\bconcomitant|\bco-?admin|\bat the same time\b|"
        r"\bnot be (?:used|given|taken) (?:with|alongside)\b",
        0.06,
        text=r"\b(?:concomitant\w*|concurrent\w*|co-?administ\w+|combin\w+|together|interact\w*)\b",
        heading=r"\binteraction",
    ),
    _form(
        r"\bside effect|\badverse\b|\breaction",
        0.08,
        text=r"\b(?:adverse reactions?|side effects?|common|incidence|may cause|can cause)\b",
        heading=r"\badverse\b|\bside effect",
    ),
    _form(
        r"^(?:what(?:'s| is| are)|define|describe)\b",
        0.05,
        text=r"^(?:(?:the|an?)\s)?[^.,;:]{3,80}?\s(?:is|are|means|refers? to|consists? of|"
        r"includes?)\s",
    ),
    _form(
        r"^how (?:do|does|to|should|is|are|can|must)\b|\bprocedure\b|\bsteps\b", 0.06, text=_MODAL
    ),
    _form(
        r"^how (?:do|to|should|is|are|can|must)\b|\bprocedure\b|\bsteps\b", 0.06, text=_IMPERATIVE
    ),
    _form(
        r"^(?:is|are|can|may|should|does|do|must|will)\b",
        0.05,
        text=r"\b(?:not|avoid|contraindicated|recommended|may|can|should|safe|unless|associated)\b",
    ),
    _form(
        r"^(?:is|are|can|may|should|does|do|must|will)\b",
        0.04,
        text=r"\b(?:avoid|contraindicated|not recommended|should not|do not|must not|no dosage "
        r"adjustment)\b",
    ),
    _form(
        r"\bhow often\b|\bwhen\b|\bhow long\b|\bhow soon\b|\bfrequen",
        0.08,
        text=r"\b(?:\d+|one|two|three|every|each|daily|weekly|monthly|once|twice|before|after|at "
        r"the time|"
        r"prior to|until|within|periodic\w*|immediately)\b.{0,40}"
        r"\b(?:hours?|days?|weeks?|months?|years?|minutes?|daily|weekly|use|contact|procedure|"
        r"initiat\w+|"
        r"thereafter|dose)\b",
    ),
)


def form_bonus(question: str, heading: str, text: str) -> float:
    """What the forms that `question` asks for add to a quote of `text` under `heading`."""
    total = -_LEANING_COST if leans(text) else 0.0
    asked = question.strip()
    for form in _FORMS:
        if not form.asked.search(asked):
            continue
        in_text = form.text is not None and form.text.search(text) is not None
        in_heading = form.heading is not None and form.heading.search(heading) is not None
        if in_text or in_heading:
            total += form.bonus
    return total


def asked_section(question: str, heading: str) -> bool:
    """`question` asks for a section whole, a boxed warning say, and `heading` is that section's."""
    return any(
        form.whole
        and form.heading is not None
        and form.asked.search(question) is not None
        and form.heading.search(heading) is not None
        for form in _FORMS
    )


def only_a_section(question: str) -> bool:
    """`question` asks for what has a section of its own or is not there: a boxed warning."""
    return any(form.whole and form.text is None and form.asked.search(question) for form in _FORMS)


def asks_dose(question: str) -> bool:
    """How much is given to a patient."""
    return _ASKS_DOSE.search(question) is not None


def asks_whether(question: str) -> bool:
    """A yes or no is wanted, maybe in a ward's few words ("safe in pregnancy?")."""
    asked = question.strip()
    if _WHETHER.match(asked):
        return True
    return asked.endswith("?") and not (_WHAT.search(asked) or asks_dose(asked))


def dose_owner(question: str) -> frozenset[str]:
    """The words of the thing whose dose is asked for, by stem; none where `question` names none."""
    for pattern in _OWNERS:
        if match := pattern.search(question):
            words = terms(match.group("owner"))
            return frozenset(words) - FORM_WORDS - populations(question)
    return frozenset()
