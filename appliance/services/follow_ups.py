"""Resolves a follow-up ("and in children?") from the conversation, before retrieval.

Rules, no model: the same conversation always gives the same question. What a question leaves out
is taken from the question before it: a pronoun becomes that question's subject; a bare condition
or group of patients is added to it; another subject, amount or group takes the place of the old
one. A question that names its own subject is left as it is.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence

from appliance.domain import MessageRole, Turn
from appliance.sentences.words import terms
from appliance.services.asked_conditions import asked_for
from appliance.services.asked_subjects import (
    AMOUNT,
    END,
    JOINED,
    Subject,
    names_indication,
    own_terms,
    subject_of,
    subjects_of,
    with_subject,
)

LONGEST = 400  # characters of a follow-up, and of what it is resolved from; more is a story

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
# What somebody does or undergoes is another question; what they are or have is a condition.
_HAPPENS = re.compile(
    r"(?:he|she|they|I|we|(?:the|a|my)\s+patient)\s+(?!(?:is|are|am|has|have|was|were|weighs?|takes?)\b)"
    r"\w+",
    re.IGNORECASE,
)
_CLAUSE = re.compile(
    r"(?:if|unless|once|when|while|after|before|until)\s+(?!should|must|can|do|does|is|are)",
    re.IGNORECASE,
)
_LAST_CLAUSE = re.compile(r"\s(?:if|unless|once|when|while|after|before|until)\s.*", re.IGNORECASE)
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
_MOST_FRAGMENT_WORDS = 4  # without a verb of asking: "warfarin?"
_ADDS = re.compile(r"\b(?:and|also|plus)\b", re.IGNORECASE)
_QUALIFIER = (
    r"(?:maxim(?:um|al)|max|minim(?:um|al)|starting|initial|usual|maintenance|loading|daily|total|"
    r"highest|lowest|single|first)"
)
# "and the maximum?"; the dose that it is of stands in the question before.
_QUALIFIES = re.compile(
    rf"(?:what\s+is\s+)?(?:the\s+)?(?P<how>{_QUALIFIER}(?:\s+{_QUALIFIER})*)(?:\s+dos(?:e|age|ing))?",
    re.IGNORECASE,
)
_DOSE = re.compile(rf"(?:\b{_QUALIFIER}\s+)*\b(?=dos(?:e|age|ing)\b)", re.IGNORECASE)
_NUMBER = re.compile(r"\d[\d.,]*\d|\d")
_FOR = re.compile(r"\b(?:for|against|treat(?:ing|s)?)\s+(?:an?\s+|the\s+)?$", re.IGNORECASE)
_ARTICLE = re.compile(r"(?:an?|the)\s+", re.IGNORECASE)
_LAST_ARTICLE = re.compile(r"\b(?:an?|the)\s+$", re.IGNORECASE)
_ASKS_HOW_GIVEN = re.compile(
    r"\bdos(?:e|es|age|ing)\b|\bINR\b|\bhow (?:much|long|often)\b|\bduration\b|\binterval\b",
    re.IGNORECASE,
)


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
    subject = subject_of(before, subjects)
    if subject is None:
        return question
    connector = _CONNECTOR.match(asked)
    bare = asked[connector.end() :] if connector else asked
    what_about = _WHAT_ABOUT.match(bare)
    if under := _under_conditions(
        bare[what_about.end() :] if what_about else bare,
        before,
        also=connector is not None and _ADDS.search(connector.group()) is not None,
    ):
        return under
    if match := what_about:
        about = bare[match.end() :].strip(END)
        return _about(about, before, subject, subjects) if about else question
    if connector and (match := _PREPOSITION.match(bare)) and _asks_after(bare):
        return f"{before.rstrip(END)}, {_small(bare.rstrip(END))}?"
    if (match := _WHAT_IF.match(bare)) and "," not in bare:
        condition = with_subject(bare[match.end() :].strip(END), subject)
        if _HAPPENS.match(condition):
            return f"What if {condition} with {subject.text}?"
        return f"{_LAST_CLAUSE.sub('', before.rstrip(END))} if {condition}?"
    if connector and _CLAUSE.match(bare) and "," not in bare:
        condition = with_subject(_small(bare.strip(END)), subject)
        return f"{_LAST_CLAUSE.sub('', before.rstrip(END))} {condition}?"
    if _PREPOSITION.match(bare) and not _asks_after(bare):
        return _about(_small(bare.strip(END)), before, subject, subjects)
    if named := with_subject(bare, subject):
        if named != bare:
            return named
    if own_terms(bare):
        if connector is None and not any(term in subjects for term in own_terms(bare)):
            return question
        if _ASKS.match(bare) or len(bare.split()) > _MOST_FRAGMENT_WORDS:
            return question
        return _about(bare.strip(END), before, subject, subjects)
    if not terms(bare):  # "why?", "for how long?"
        return f"{before.rstrip(END)}, {_small(bare.rstrip(END))}?"
    if AMOUNT.fullmatch(bare.strip(END)):
        return _about(bare.strip(END), before, subject, subjects)
    return f"{bare.rstrip(END)} with {subject.text}?"


def _under_conditions(bare: str, before: str, *, also: bool) -> str | None:
    """The question before with what `bare` says of the patient, the route, the kind of dose, or
    with its number; None where it says something else.
    """
    about = bare.strip(END)
    if match := _WHAT_IF.match(about):
        about = f"{match.group().split()[-1]} {about[match.end() :]}"
    if (match := _QUALIFIES.fullmatch(about)) and (dose := _DOSE.search(before)):
        return f"{before[: dose.start()]}{match['how'].lower()} {before[dose.end() :]}"
    if _ASKS.match(about):
        return None
    if asked := asked_for(before, about, also=also):
        return asked
    amounts = list(AMOUNT.finditer(before))
    if _NUMBER.fullmatch(about) and len(amounts) == 1:
        at = amounts[0].start()
        return before[:at] + _NUMBER.sub(about, before[at:], count=1)
    return None


def _about(about: str, before: str, subject: Subject, subjects: Collection[str]) -> str:
    """What "what about ...?" asks, in the words of the question before."""
    if amount := AMOUNT.search(about):
        if old := _alike(amount.group(), before):
            return before[: old.start()] + amount.group() + before[old.end() :]
        return f"{before.rstrip(END)} {about}?"
    preposition = _PREPOSITION.match(about)
    bare = about[preposition.end() :] if preposition else about
    own = own_terms(bare)
    if own and (other := _for_another(bare, preposition, before, subject, subjects)):
        return other
    if own and not (preposition and preposition.group().strip().casefold() != "for"):
        is_subject = any(term in subjects for term in own)
        if is_subject and JOINED.search(bare):
            return f"{bare}?"  # a pair of its own: "atorvastatin with cyclosporine"
        was_subject = any(term in subjects for term in own_terms(subject.text))
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
        return f"{before.rstrip(END)} {about}?"
    return f"{bare} with {subject.text}?"


def _for_another(
    bare: str,
    preposition: re.Match[str] | None,
    before: str,
    subject: Subject,
    subjects: Collection[str],
) -> str | None:
    """The question before, for another indication: the drug stays. None where `bare` is none."""
    is_indication = names_indication(bare)
    if preposition is not None and preposition.group().strip().casefold() == "for":
        is_indication |= not any(term in subjects for term in own_terms(bare))
    if not is_indication or subject.is_indication or JOINED.search(bare):
        return None
    for run in subjects_of(before):
        if run != subject and (run.is_indication or _FOR.search(before[: run.start])):
            lead = before[: run.start]
            named = _ARTICLE.sub("", bare) if _LAST_ARTICLE.search(lead) else bare
            return f"{lead}{named}{before[run.end :]}"
    if preposition is not None or not _ASKS_HOW_GIVEN.search(before) or bare.isupper():
        return None
    return f"{before.rstrip(END)} for {bare}?"


def _alike(amount: str, before: str) -> re.Match[str] | None:
    """The first amount of `before` in the unit of `amount`, else the first of all."""
    amounts = list(AMOUNT.finditer(before))
    unit = _NUMBER.sub("", amount).strip(" -–").casefold()
    same = [one for one in amounts if one.group().casefold().endswith(unit)]
    return next(iter(same or amounts), None)


def _says_nothing(text: str) -> bool:
    return not text.strip() or _COURTESY.fullmatch(text.strip()) is not None


def _small(text: str) -> str:
    """As it reads within a sentence: "At an eGFR of 35" begins small, "INR" does not."""
    return text[:1].lower() + text[1:] if text[1:2].islower() or text[1:2] == " " else text


def _asks_after(bare: str) -> bool:
    """ "For how long?" asks something else; "in whom is it contraindicated" too."""
    rest = bare[match.end() :] if (match := _PREPOSITION.match(bare)) else bare
    return _ASKS.match(rest) is not None
