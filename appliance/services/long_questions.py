"""What a long question asks, and what it says of its patient: the rest of the story goes.

A question is searched for in few words, for every other one pulls it elsewhere: the sentences that
ask, for whom, and where they name nothing themselves what was told before. An engine is told the
rest, too: what matters of a patient, no list of words knows. Rules, no model. Pure.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from appliance.services.asked_conditions import Condition, Kind, conditions
from appliance.services.asked_subjects import (
    AMOUNT,
    is_generic,
    is_measure,
    names_indication,
    refers_back,
    subjects_of,
)
from appliance.services.denials import denials

LONG = 40  # words; longer ones tell a story first
_SENTENCE = re.compile(r"(?:[^.?!\n]|\.(?=\d))+[.?!]*")
_ASKS = re.compile(
    r"^\W*(?:(?:and|but|so|also|then|or)\W+)?(?:what|which|who|whom|whose|when|where|why|how|is|are|"
    r"can|could|do|does|did|should|may|must|will|would|has|have|"
    r"(?:please\s+)?(?:tell|list|explain|describe|advise|recommend)|"
    r"i(?:\s+would|['’]d)?\s+(?:want|like|need|wonder))\b",
    re.IGNORECASE,
)
# Where the question begins in a story that is one sentence: "..., should we go on?"
_ASKS_BEHIND = re.compile(
    r"[,;:–—-]\s+(?=(?:(?:so|and|but|then)\s+)?(?:(?:what|how|why)\b|(?:is|are|can|could|do|does|did|"
    r"should|may|must|will|would)\s+(?!be\b|not\b|have\b|also\b)\w+))",
    re.IGNORECASE,
)
_CLAUSE = re.compile(
    r"[,;](?=\s)|\s(?=(?:and|but|who|which|as|while|because|since|so|although)\s)", re.IGNORECASE
)
_LINK = re.compile(r"^(?:and|but|who|which|as|while|so|since|although)\s+", re.IGNORECASE)
_PLACES = (
    r"(?!\s+(?:(?:the|an?|his|her|our|my|their)\s+)?(?:(?:medical|surgical)\s+)?(?:ward|call|duty|"
    r"leave|holiday|home|bus|"
    r"(?:mon|tues|wednes|thurs|fri|satur|sun)days?)\b)"
)
_TAKES = re.compile(
    r"\b(?:takes?|taking|took|receiv(?:es?|ed|ing)|prescribed|treated\s+with|started|"
    rf"(?:is|are|was|been|currently|now|still|already|put)\s+on)\b{_PLACES}",
    re.IGNORECASE,
)
_ILL = re.compile(
    r"\b(?:aged?\s+\d|given?|gets?|stopped|allerg(?:y|ic|ies)|intoleran(?:t|ce)|anaphyla\w+|history\s+of|"
    r"diagnosed\s+with|suffers?\s+from|weighs?|weight|INR|creatinine|potassium|trimester|"
    rf"gestation)\b{_PLACES}",
    re.IGNORECASE,
)
_YES_OR_NO = re.compile(
    r"^\W*(?:(?:and|but|so)\W+)?(?:is|are|can|could|do|does|may|must|should|will|would)\b", re.I
)
_MOST_OF_ITEM = 2  # words
_MOST_TAKEN = 12  # words on what the patient takes; more is a list
_SEX = re.compile(r"wom[ae]n|m[ae]n|adults?|boys?|girls?|child(?:ren)?|bab(?:y|ies)", re.IGNORECASE)


def essence(question: str) -> str:
    """A long question's sentences that ask, for whom they ask, and what they ask of, if they name
    nothing; a short one as it is.
    """
    if not is_long(question):
        return question
    sentences, asking = _sentences(question)
    if not asking:
        return question
    kept: list[str] = []
    for place in asking:
        if not _stands_alone(sentences[place]):
            kept += _told_before(sentences, asking, place)
        elif _YES_OR_NO.match(sentences[place]):
            kept += _taken(sentences[:place])
        kept.append(sentences[place])
    asked = " ".join(dict.fromkeys(kept))
    patient = ", ".join(_patient(sentences, asking, asked))
    return f"{patient}. {asked}" if patient else asked


def told_of(question: str) -> str:
    """What a long question says beside what it asks, all of it; "" of a short one."""
    if not is_long(question):
        return ""
    sentences, asking = _sentences(question)
    if not asking:
        return ""
    return " ".join(s for place, s in enumerate(sentences) if place not in asking)


def is_long(question: str) -> bool:
    return len(question.split()) > LONG


def _sentences(question: str) -> tuple[list[str], list[int]]:
    """All, and the places of those that ask."""
    sentences = [
        part.strip()
        for sentence in _SENTENCE.findall(question)
        for part in (_ASKS_BEHIND.split(sentence) if is_long(sentence) else [sentence])
        if part.strip()
    ]
    return sentences, [n for n, s in enumerate(sentences) if s.endswith("?") or _ASKS.match(s)]


def _stands_alone(sentence: str) -> bool:
    """Whether it names what it asks of."""
    names = [run.text for run in subjects_of(sentence)]
    return not refers_back(sentence) and not all(is_measure(n) or is_generic(n) for n in names)


def _told_before(sentences: Sequence[str], asking: Sequence[int], place: int) -> list[str]:
    """What names something and denies nothing, with the denials behind it; else the sentence
    before.
    """
    found: list[str] = []
    for before in range(place - 1, -1, -1):
        clauses = _telling(sentences[before]) if before not in asking else []
        if clauses:
            found.insert(0, f"{' '.join(clauses).rstrip(' .,;')}.")
        if sum(len(said.split()) for said in found) > LONG:
            return found[1:] or found
        if clauses and not any(denials(clause) for clause in clauses):
            return found
    return found or list(sentences[max(place - 1, 0) : place])


def _taken(sentences: Sequence[str]) -> list[str]:
    """What the patient takes already, which may not go with what is asked of."""
    found = [
        f"{clause.rstrip(' .,;')}."
        for sentence in sentences
        for clause in _telling(sentence)
        if _TAKES.search(clause) and not denials(clause)
    ]
    return found if sum(len(said.split()) for said in found) <= _MOST_TAKEN else []


def _telling(sentence: str) -> list[str]:
    """Its clauses that hold values, drugs, diseases or denials."""
    kept = [clause for clause in _clauses(sentence) if _tells(clause)]
    return [_LINK.sub("", kept[0]), *kept[1:]] if kept else []


def _clauses(sentence: str) -> list[str]:
    """Words between commas that make no clause are items of the one before: "warfarin, digoxin"."""
    found: list[str] = []
    for clause in (clause.strip() for clause in _CLAUSE.split(sentence)):
        is_last = _LINK.match(clause) is not None
        is_item = len(_LINK.sub("", clause).split()) <= _MOST_OF_ITEM
        if found and is_item and (not is_last or ", " in found[-1]):
            found[-1] = f"{found[-1]}{'' if is_last else ','} {clause}".rstrip(" ,")
        elif clause:
            found.append(clause)
    return found


def _tells(clause: str) -> bool:
    return bool(
        any(not _SEX.fullmatch(one.core) for one in conditions(clause))
        or AMOUNT.search(clause)
        or names_indication(clause)
        or _TAKES.search(clause)
        or _ILL.search(clause)
        or denials(clause)
    )


def _patient(sentences: Sequence[str], asking: Sequence[int], asked: str) -> Iterator[str]:
    """The groups and organ functions that are told, and not in `asked`, which says them better."""
    known = {one.kind for one in conditions(asked)}
    said: dict[Kind, Condition] = {}
    for place, sentence in enumerate(sentences):
        for one in conditions(sentence) if place not in asking else ():
            if one.kind not in known and not _SEX.fullmatch(one.core):
                said[one.kind] = one  # the last told holds now
    yield from (said[kind].core for kind in (Kind.PERSON, Kind.ORGAN) if kind in said)
