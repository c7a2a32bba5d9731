"""Resolves a follow-up ("and in children?") from the conversation, before retrieval.

Rules, no model: the same conversation always gives the same question. What a question leaves out
is taken from the question before it: a pronoun becomes that question's subject; a bare condition
is added to it; another subject, amount, patient, route or illness takes the place of the old one.
A question that names its own subject is left as it is.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from appliance.domain import MessageRole, Turn
from appliance.sentences.words import FORM_WORDS, STOP_WORDS, stem, terms
from appliance.services.asked_conditions import asked_for
from appliance.services.asked_illnesses import for_illness
from appliance.services.pronouns import EXPLETIVE, POSSESSIVE, PRONOUN

LONGEST = 400  # characters of a follow-up, and of what it is resolved from; more is a story

_WORD = re.compile(r"[^\W_]+(?:[-'’][^\W_]+)*")
_CONNECTOR = re.compile(
    r"(?:(?:ok(?:ay)?|so|then|well|now|thanks|thank you)[\s,.!]+)*(?:and|but|or|also|plus|then)\b"
    r"[\s,:…-]*",
    re.IGNORECASE,
)
_WHAT_ABOUT = re.compile(
    r"(?:(?:what|how)\s+about|(?:the\s+)?same\s+(?:question\s+)?(?:for|with|in)|"
    r"is\s+(?:that|it)\s+(?:also\s+)?the\s+same\s+(?:for|with|in))\s+",
    re.IGNORECASE,
)
_WHAT_IF = re.compile(r"(?:what\s+)?(?:if|unless)\s+", re.IGNORECASE)
_CLAUSE = re.compile(
    r"(?:if|unless|once|when|while|after|before|until)\s+(?!should|must|can|do|does|is|are)",
    re.IGNORECASE,
)
_LAST_CLAUSE = re.compile(r"\s(?:if|unless|once|when|while|after|before|until)\s.*", re.IGNORECASE)
_JOINED = re.compile(r"\s+(?:and|or|with|plus)\s+", re.IGNORECASE)
_COMPANION = re.compile(r"with(?:out)?\s", re.IGNORECASE)
_LAST_COMPANION = re.compile(r"\bwith(?:out)?\s+[^,;?.!]+[?.!]*$", re.IGNORECASE)
_PREPOSITION = re.compile(
    r"(?:in|for|with|without|at|during|after|before|above|below|under|over|by|on|from|per)\s+",
    re.IGNORECASE,
)
# What a question that stands by itself begins with.
_ASKS = re.compile(
    r"(?:what|which|who|whom|whose|when|where|why|how|is|are|was|were|can|could|may|might|must|"
    r"should|shall|will|would|do|does|did|has|have|list|name|describe|explain|define|tell|show|"
    r"give)\b",
    re.IGNORECASE,
)
_COURTESY = re.compile(
    r"(?:(?:ok(?:ay)?|thanks?|thank\s+you|great|good|fine|yes|no|hello|hi|bye|morning|very|much|"
    r"there)\b\W*)+",
    re.IGNORECASE,
)
_AMOUNT = re.compile(
    r"\d[\d.,]*\s*(?:-|–|to\s+\d[\d.,]*\s*)?(?:mg|mcg|µg|g|kg|ml|l|units?|iu|mmol|meq|%|years?|months?|"
    r"weeks?|days?|hours?)(?:/\w+)*\b",
    re.IGNORECASE,
)
_QUALIFIERS = (
    r"(?:(?:maximum|maximal|max|minimum|minimal|highest|lowest|usual|recommended|starting|initial|"
    r"loading|maintenance|single|daily|total|target)\b\s*)+"
)
# Which one of the amounts is asked for: "the maximum?"
_QUALIFIED = re.compile(
    rf"(?:the\s+)?(?P<which>{_QUALIFIERS})(?:doses?|dosages?|one|amount)?", re.IGNORECASE
)
_MEASURE = re.compile(
    rf"\b(?:{_QUALIFIERS})?(?=(?:doses?|dosages?|amount|INR|levels?|rate|range|concentration|"
    r"duration)\b)",
    re.IGNORECASE,
)
_MOST_FRAGMENT_WORDS = 4  # without a verb of asking: "warfarin?"
_END = " \t\r\n?!.,;:…"
# They qualify an answer and are no subject of one.
_SIDE_TERMS = FORM_WORDS.union(
    terms(
        "adult adults child children infant infants neonate newborn baby adolescent toddler "
        "elderly geriatric older women men pregnancy pregnant lactation impairment impaired failure"
        " function kidney liver renal hepatic mild moderate severe chronic acute once twice three "
        "times every hours weeks months years tablets capsules suspension injection oral iv maximum"
        " minimum alternative alternatives option options detail details example examples reason "
        "prevent prevention diagnose diagnosis inherited cause causes tests test missed crush store"
        " prescribe prescribed check checked adjust adjustment increase reduce stop happen work "
        "works start warning allergic allergy form forms available cost long short common rare "
        "serious first second line else instead food meal meals weight age precaution precautions "
        "frequency duration route interval intervals level levels position"
    )
)


@dataclass(frozen=True, slots=True)
class _Subject:
    start: int
    end: int
    text: str


def standalone(question: str, history: Sequence[Turn], subjects: Collection[str] = ()) -> str:
    """`question` as it reads without the conversation; itself when it needs nothing from it.

    `history` is what was said before, oldest first; only its questions count. `subjects` are terms
    (see `sentences.words`) that documents are about: with them "what about X?" tells another
    subject from another aspect of the same one.
    """
    before: str | None = None
    for turn in history:
        if turn.role is MessageRole.USER and not _says_nothing(turn.content):
            before = _resolved(turn.content, before, subjects)
    return _resolved(question, before, subjects)


def _resolved(question: str, before: str | None, subjects: Collection[str]) -> str:
    asked = " ".join(question.split())
    if before is None or _says_nothing(asked) or max(len(asked), len(before)) > LONGEST:
        return question
    subject = _subject_of(before, subjects)
    if subject is None:
        return question
    connector = _CONNECTOR.match(asked)
    bare = asked[connector.end() :] if connector else asked
    if changed := _changed(bare, before, also=connector is not None):
        return changed
    if match := _WHAT_ABOUT.match(bare):
        about = bare[match.end() :].strip(_END)
        return _about(about, before, subject, subjects) if about else question
    if connector and (match := _PREPOSITION.match(bare)) and _asks_after(bare):
        return f"{before.rstrip(_END)}, {_small(bare.rstrip(_END))}?"
    if (match := _WHAT_IF.match(bare)) and "," not in bare:
        condition = _with_subject(bare[match.end() :].strip(_END), subject)
        return f"{_LAST_CLAUSE.sub('', before.rstrip(_END))} if {condition}?"
    if connector and _CLAUSE.match(bare) and "," not in bare:
        condition = _with_subject(_small(bare.strip(_END)), subject)
        return f"{_LAST_CLAUSE.sub('', before.rstrip(_END))} {condition}?"
    if _PREPOSITION.match(bare) and not _asks_after(bare):
        return _about(_small(bare.strip(_END)), before, subject, subjects)
    if named := _with_subject(bare, subject):
        if named != bare:
            return named
    if _own_terms(bare):
        if connector is None and not any(term in subjects for term in _own_terms(bare)):
            return question
        if _ASKS.match(bare) or len(bare.split()) > _MOST_FRAGMENT_WORDS:
            return question
        return _about(bare.strip(_END), before, subject, subjects)
    if not terms(bare):  # "why?", "for how long?"
        return f"{before.rstrip(_END)}, {_small(bare.rstrip(_END))}?"
    if _AMOUNT.fullmatch(bare.strip(_END)):
        return _about(bare.strip(_END), before, subject, subjects)
    return f"{bare.rstrip(_END)} with {subject.text}?"


def _changed(bare: str, before: str, *, also: bool) -> str | None:
    """`before` with another patient, route, amount or illness, where `bare` is nothing else."""
    said = bare.strip(_END)
    match = _WHAT_ABOUT.match(said)
    if match:
        said = said[match.end() :]
    elif _WHAT_IF.match(said):
        said = re.sub(r"what\s+", "", said, count=1, flags=re.IGNORECASE)
    if (which := _QUALIFIED.fullmatch(said)) and (measure := _MEASURE.search(before)):
        wanted = _small(which["which"].strip())
        return f"{before[: measure.start()]}{wanted} {before[measure.end() :]}"
    if changed := asked_for(before, said, also=also):
        return changed
    # By itself, "DVT" may be looked up anew.
    is_more = also or match is not None or _PREPOSITION.match(said) is not None
    return for_illness(before, said) if is_more else None


def _about(about: str, before: str, subject: _Subject, subjects: Collection[str]) -> str:
    """What "what about ...?" asks, in the words of the question before."""
    if amount := _AMOUNT.search(about):
        if old := _AMOUNT.search(before):
            return before[: old.start()] + amount.group() + before[old.end() :]
        return f"{before.rstrip(_END)} {about}?"
    preposition = _PREPOSITION.match(about)
    bare = about[preposition.end() :] if preposition else about
    own = _own_terms(bare)
    if own and not (preposition and preposition.group().strip().casefold() != "for"):
        is_subject = any(term in subjects for term in own)
        if is_subject and _JOINED.search(bare):
            return f"{bare}?"  # a pair of its own: "atorvastatin with cyclosporine"
        was_subject = any(term in subjects for term in _own_terms(subject.text))
        if is_subject or not (was_subject or preposition):
            return f"{before[: subject.start]}{bare}{before[subject.end :]}"
    if preposition:
        # Another of the same: "in the mitral position" for "in the aortic position".
        head = re.escape(about.split()[-1])
        same = re.search(
            rf"\b{re.escape(preposition.group().strip())}\s(?:[^\W_]+\s){{1,3}}{head}\b",
            before,
            re.IGNORECASE,
        )
        if same:
            return before[: same.start()] + about + before[same.end() :]
        # Another to be combined with: "with warfarin" for "with theophylline".
        last = _LAST_COMPANION.search(before)
        if last and _COMPANION.match(about) and last.start() >= subject.end:
            return f"{before[: last.start()]}{about}?"
        return f"{before.rstrip(_END)} {about}?"
    return f"{bare} with {subject.text}?"


def _says_nothing(text: str) -> bool:
    return not text.strip() or _COURTESY.fullmatch(text.strip()) is not None


def _small(text: str) -> str:
    """As it reads within a sentence: "At an eGFR of 35" begins small, "INR" does not."""
    return text[:1].lower() + text[1:] if text[1:2].islower() or text[1:2] == " " else text


def _asks_after(bare: str) -> bool:
    """ "For how long?" asks something else; "in whom is it contraindicated" too."""
    rest = bare[match.end() :] if (match := _PREPOSITION.match(bare)) else bare
    return _ASKS.match(rest) is not None


def _with_subject(bare: str, subject: _Subject) -> str:
    """The pronouns that nothing in front of them explains, as what they stand for."""
    expletive = EXPLETIVE.search(bare)
    match = next(
        (
            match
            for match in sorted(
                [*POSSESSIVE.finditer(bare), *PRONOUN.finditer(bare)], key=re.Match.start
            )
            if not (expletive and expletive.start() <= match.start() < expletive.end())
        ),
        None,
    )
    # The word in front of "it" or "them" is what is done to it.
    if match is None or _own_terms(bare[: match.start()].rpartition(" ")[0].rpartition(" ")[0]):
        return bare
    if not bare[: match.start()].strip() and not bare[match.end() :].strip(_END):
        return bare  # "the treatment?" names what it asks for
    named = f"{subject.text}'s" if POSSESSIVE.fullmatch(match.group()) else subject.text
    return bare[: match.start()] + named + bare[match.end() :]


def _own_terms(text: str) -> list[str]:
    """The terms that can be a subject."""
    return [
        term for term in terms(_AMOUNT.sub(" ", text)) if term not in _SIDE_TERMS and len(term) > 1
    ]


def _subject_of(question: str, subjects: Collection[str]) -> _Subject | None:
    """The words that name what `question` is about: neighbouring ones that can, the run that
    documents are about before others, else the first.
    """
    runs: list[_Subject] = []
    amounts = [match.span() for match in _AMOUNT.finditer(question)]
    for match in _WORD.finditer(question):
        if match.group().casefold() in STOP_WORDS or not _own_terms(match.group()):
            continue
        if any(start <= match.start() < end for start, end in amounts):
            continue
        start, end = match.span()
        between = question[runs[-1].end : start] if runs else "."
        if not between.strip(" -–/") or _JOINED.fullmatch(between):
            start = runs.pop().start
        runs.append(_Subject(start, end, question[start:end]))
    if not runs:
        return None
    known = [run for run in runs if any(stem(word) in subjects for word in _WORD.findall(run.text))]
    return (known or runs)[0]
