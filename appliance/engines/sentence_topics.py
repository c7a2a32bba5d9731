"""What a sentence is about, beside all that it names. Pure.

"Unlike amoxicillin, ceftriaxone is given once daily" names two drugs and is about one: not about
what it only sets its own against. A dose is of what stands behind its "of", else of what was named
last in front of it: as a grammatical subject, an object, or by the name that is asked about.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence, Set
from dataclasses import dataclass

from appliance.engines.question_forms import QUANTITY
from appliance.engines.quotable import bare_term, populations
from appliance.sentences.words import FORM_WORDS, STOP_WORDS, stem

_SET_AGAINST = (
    r"\b(?:unlike|dissimilar to|(?:in|by) contrast (?:to|with)|contrary to|(?:as )?opposed to|"
    r"compared (?:to|with)|(?:in|by) comparison (?:to|with)|relative to|versus|vs\.?|than|"
    r"instead of|in (?:place|lieu) of|except(?:ing)?(?: for)?|apart from|aside from|"
    r"(?:preferr?(?:ed|able)|(?:non-?)?(?:superior|inferior)|equivalent) to|"
    r"alternatives? to|substitut\w+ for|replac(?:e[sd]?|ing|ements? (?:of|for))|"
    r"(?:switch\w*|chang\w+|convert\w*|transition\w*) from)\s+(?!\d|one\b)"
)
_NOT_BORNE = (
    r"(?:\b(?:allerg(?:ic|y|ies)|intoleran(?:t|ce)|hypersensitiv(?:e|ity)|resistan(?:t|ce)|"
    r"unresponsive|refractory) (?:to|of)|"
    r"\b(?:who|patients|people|those|children|adults|infants) (?:cannot|can(?: ?not|[’']t)|"
    r"(?:do|did|could|may|should|must) not|don[’']t|(?:are )?unable to|are not able to) "
    r"(?:tolerate|take|receive|have|use|be given))\s+"
)
# Up to the words of the sentence's own clause.
_NAMES = (
    r"(?:(?!(?:is|are|was|were|be|has|have|had|does|do|should|must|may|might|can|could|will|would|"
    r"in|for|at|by|to|with|when|if|who|whose|that|which|then|give|use|take|start)\b)"
    r"[^\s,;:.()\[\]]+(?:\s+|(?=[,;:.()\[\]])|\Z)){1,8}"
)
_ASIDE = re.compile(_SET_AGAINST + _NAMES, re.IGNORECASE)
_NOT_BORNE_NAMES = re.compile(_NOT_BORNE + _NAMES, re.IGNORECASE)
_SETS_APART = re.compile(
    rf"{_SET_AGAINST}|{_NOT_BORNE}|\b(?:allerg|intoleran|hypersensitiv|resistan|alternativ|instead|compar|differ|"
    r"better|switch|convert|replac|substitut)",
    re.IGNORECASE,
)
_WORD = re.compile(r"[^\W_]+")
_DOSE = re.compile(QUANTITY, re.IGNORECASE)
_OF = re.compile(
    r"(?:\s*/\s*\w+)*\s*(?:(?:IV|IM|oral|intravenous|intramuscular)\s+)?of\s+"
    r"(?:the\s+)?(?:drug\s+)?(?P<name>[^\W\d_]\w*)",
    re.IGNORECASE,
)
# What stands in front of "is given", back to the beginning of the clause.
_ACTED_ON = re.compile(
    r"(?P<name>[^\s,;:.()\[\]]+(?:[^\S\n]+[^\s,;:.()\[\]]+){0,9})\s+"
    r"(?:is|are|was|were|(?:should|must|may|can|shall|will) be)\s+(?:\w+ly\s+|then\s+|not\s+)?"
    r"(?:given|administered|taken|dosed|used|started|initiated|prescribed|injected|infused|"
    r"recommended|continued|added|increased|titrated)\b",
    re.IGNORECASE,
)
_CLAUSE_WORD = re.compile(
    r"\b(?:and|or|but|while|whereas|if|when|who|whose|that|which|then|with|without|after|before|"
    r"for|in|by|of|on|taking|receiving|using|treated)\b",
    re.IGNORECASE,
)
_GIVEN = re.compile(
    r"\b(?:(?:giv|administer|tak|us|start|prescrib|inject|infus|add|receiv)(?:e|en|ing)?|"
    r"doses? of|dosage of)\s+(?:the\s+|an?\s+)?(?:drug\s+)?(?P<name>[^\W\d_]\w*)",
    re.IGNORECASE,
)
_LEADING = re.compile(
    rf"(?:^|[.;,]\s+|\t)(?:drug\s+)?(?P<name>[^\W\d_]\w*)\s*\(?\s*(?={QUANTITY})", re.IGNORECASE
)
_GIVING = re.compile(
    r"\b(?:(?:giv|administer|prescrib|inject|infus)(?:e|ing)?\b|"
    r"(?:administration|injection|infusion|doses?|dosage|dosing) of\b)"
    r"(?P<names>(?:[^\S\n]+[^\s,;:.()\[\]]+){1,5})",
    re.IGNORECASE,
)
# "amoxicillin with clavulanate": both.
_JOINED = re.compile(r"\s*(?:[/+–-]|\b(?:and|or|plus|with)\b)\s*", re.IGNORECASE)
# What is no drug where the name of one may stand.
_NO_DRUG = FORM_WORDS.union(
    map(
        stem,
        "therapy regimen course tablet capsule suspension solution injection infusion cream "
        "ointment drops spray patch inhaler syrup powder gel formulation strength amount level "
        "loading maintenance single total oral intravenous intramuscular subcutaneous first "
        "second then up at about approximately people persons".split(),
    )
)


@dataclass(frozen=True, slots=True)
class _Named:
    start: int
    end: int
    is_asked: bool


def without_asides(text: str) -> str:
    """`text` with blanks in the place of what it only sets its own subject against."""
    return _ASIDE.sub(_blank, text)


def sets_apart(question: str) -> bool:
    """`question` itself asks how things differ, or what to use for want of one."""
    return _SETS_APART.search(question) is not None


def doses_another(text: str, names: Set[str]) -> bool:
    """`text`, which holds one of `names` (stems), tells what its doses are of, and none is of
    them; or it names them only as what is not borne.
    """
    names -= _NO_DRUG
    told = _NOT_BORNE_NAMES.sub(_blank, without_asides(text))
    if names.isdisjoint(map(stem, _WORD.findall(told))):
        return not names.isdisjoint(map(stem, _WORD.findall(text)))
    named = sorted(_named(told, names), key=lambda one: (one.end, one.is_asked))
    owners = [_owner(told, dose, named, names) for dose in _DOSE.finditer(told)]
    return False in owners and True not in owners


def tells_giving(text: str, names: Set[str]) -> bool:
    """`text` says that what all of `names` (stems) name is given, maybe not how much."""
    objects = [found["names"] for found in _GIVING.finditer(text)]
    subjects = [found["name"] for found in _ACTED_ON.finditer(text)]
    return bool(names) and any(names <= _stems(words) for words in (*objects, *subjects))


def _stems(words: str) -> set[str]:
    return {bare_term(stem(word)) for word in _WORD.findall(words)}


def _owner(text: str, dose: re.Match[str], named: Sequence[_Named], names: Set[str]) -> bool | None:
    """Whether `dose` is of what is asked about; None where nothing is named."""
    behind = _OF.match(text, dose.end())
    if behind is not None and _is_drug(behind["name"]):
        return stem(behind["name"]) in names
    before = [one for one in named if one.end <= dose.start()]
    for place in range(len(before) - 1, -1, -1):
        if before[place].is_asked:
            return True
        joined = place and _JOINED.fullmatch(text, before[place - 1].end, before[place].start)
        if not joined:
            return False
    return None


def _named(text: str, names: Set[str]) -> Iterator[_Named]:
    """Where `names` stand, and others where only a drug does."""
    for word in _WORD.finditer(text):
        if stem(word[0]) in names:
            yield _Named(*word.span(), is_asked=True)
    for found in _ACTED_ON.finditer(text):
        if (head := _head(text, *found.span("name"))) is not None and stem(head[0]) not in names:
            yield _Named(*head.span(), is_asked=False)
    for pattern in (_GIVEN, _LEADING):
        for found in pattern.finditer(text):
            if _is_drug(found["name"]) and stem(found["name"]) not in names:
                yield _Named(*found.span("name"), is_asked=False)


def _head(text: str, start: int, end: int) -> re.Match[str] | None:
    """The noun of a grammatical subject: in front of what describes it, or last behind what only
    leads to it ("in adults ceftriaxone").
    """
    clause = _CLAUSE_WORD.search(text, start, end)
    if clause is not None and clause.start() > start:
        end = clause.start()
    words = list(_WORD.finditer(text, start, end))
    return words[-1] if words and _is_drug(words[-1][0]) else None


def _is_drug(word: str) -> bool:
    folded = word.casefold()
    return not (
        folded in STOP_WORDS
        or folded.endswith("ly")
        or word[0].isdigit()
        or stem(word) in _NO_DRUG
        or populations(word)
    )


def _blank(found: re.Match[str]) -> str:
    return " " * len(found[0])
