"""What a question is about: the words in it that name a subject. Pure."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass

from appliance.sentences.words import FORM_WORDS, STOP_WORDS, stem, terms

_WORD = re.compile(r"[^\W_]+(?:[-'’][^\W_]+)*")
JOINED = re.compile(r"\s+(?:and|or|with|plus)\s+", re.IGNORECASE)
AMOUNT = re.compile(
    r"\d[\d.,]*\s*(?:-|–|to\s+\d[\d.,]*\s*)?(?:mg|mcg|µg|g|kg|ml|l|units?|iu|mmol|meq|%|years?|months?|"
    r"weeks?|days?|hours?)(?:/\w+)*\b",
    re.IGNORECASE,
)
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
# What is measured is a subject only where nothing else is.
_MEASURES = frozenset(terms("inr gfr egfr crcl clearance creatinine"))
# Endings and last words of the names of diseases, and of what is done for them.
_DISEASE = re.compile(
    r"\b(?:\w{2,}(?:itis|osis|oses|a?emia|pathy|oma|algia|uria|plegia|rrhagia|rrh?ea|pnea|"
    r"ectomy|plasty)|pneumonia|sepsis|thrombosis|embolism|disease|syndrome|disorder|infections?|"
    r"fibrillation|failure|cancer|valves?|surgery|replacement|stroke|shock|seizures?|ulcers?|"
    r"throat|pain|fever|abscess|prophylaxis|injury)\b",
    re.IGNORECASE,
)
_ABBREVIATION = re.compile(r"[A-Z]{2,5}s?")
_GENERIC = (
    r"(?:drug|medicine|medication|product|agent|antibiotic|tablet|condition|disease|disorder|"
    r"syndrome|procedure|infection|treatment|therapy|test|vaccine|device)s?"
)
_EXPLETIVE = re.compile(
    r"\b(?:is|was|would|be|does)\s+it\s+(?:be\s+)?(?:\w+\s+){1,3}(?:to|that|if)\b", re.IGNORECASE
)
_POSSESSIVE = re.compile(r"\b(?:its|their)\b", re.IGNORECASE)
_PRONOUN = re.compile(
    rf"\b(?:(?:this|that|these|those|the|the\s+same)\s+{_GENERIC}(?=\W*$|\s+(?:is|are|be|can|cause|"
    r"interact|work|affect|safe|treated|given|used|taken|with|in|during|for)\b)|it|they|them|"
    r"(?:this|that|these|those)(?=\W*$|\s+(?:is|are|be|can|cause|interact|work|affect|safe|"
    r"treated|given|used|taken|with|in|during|for)\b))(?![\w'’])",
    re.IGNORECASE,
)
END = " \t\r\n?!.,;:…"  # of a question, and of a part of it


@dataclass(frozen=True, slots=True)
class Subject:
    start: int
    end: int
    text: str

    @property
    def is_indication(self) -> bool:
        return names_indication(self.text)


def is_measure(text: str) -> bool:
    """Whether it names a value alone, as "INR" does."""
    return _MEASURES.issuperset(terms(text))


def is_generic(text: str) -> bool:
    """Whether it names no one thing: "antibiotics"."""
    return re.fullmatch(_GENERIC, text, re.IGNORECASE) is not None


def refers_back(text: str) -> bool:
    """Whether a pronoun of it stands for something said before."""
    rest = _EXPLETIVE.sub(" ", text)
    return _PRONOUN.search(rest) is not None or _POSSESSIVE.search(rest) is not None


def names_indication(text: str) -> bool:
    """A disease, or what is done for one, and no drug: by its form, for no list is complete."""
    if _DISEASE.search(text):
        return True
    return _ABBREVIATION.fullmatch(text.strip()) is not None and not is_measure(text)


def own_terms(text: str) -> list[str]:
    """The terms that can be a subject."""
    return [
        term for term in terms(AMOUNT.sub(" ", text)) if term not in _SIDE_TERMS and len(term) > 1
    ]


def subject_of(question: str, subjects: Collection[str]) -> Subject | None:
    """The words that name what `question` is about: of those that documents are about the first
    that is a drug, say, and no indication; else the first of all.
    """
    runs = subjects_of(question)
    known = [run for run in runs if any(stem(word) in subjects for word in _WORD.findall(run.text))]
    drugs = [run for run in known if not run.is_indication]
    others = [run for run in runs if not is_measure(run.text)]
    return next(iter(drugs or known or others or runs), None)


def subjects_of(question: str) -> list[Subject]:
    """Neighbouring words that can name a subject, in order."""
    runs: list[Subject] = []
    amounts = [match.span() for match in AMOUNT.finditer(question)]
    for match in _WORD.finditer(question):
        if match.group().casefold() in STOP_WORDS or not own_terms(match.group()):
            continue
        if any(start <= match.start() < end for start, end in amounts):
            continue
        start, end = match.span()
        between = question[runs[-1].end : start] if runs else "."
        if not between.strip(" -–/") or JOINED.fullmatch(between):
            start = runs.pop().start
        runs.append(Subject(start, end, question[start:end]))
    return runs


def with_subject(bare: str, subject: Subject) -> str:
    """The pronouns that nothing in front of them explains, as what they stand for."""
    expletive = _EXPLETIVE.search(bare)
    match = next(
        (
            match
            for match in sorted(
                [*_POSSESSIVE.finditer(bare), *_PRONOUN.finditer(bare)], key=re.Match.start
            )
            if not (expletive and expletive.start() <= match.start() < expletive.end())
        ),
        None,
    )
    # The word in front of "it" or "them" is what is done to it.
    if match is None or own_terms(bare[: match.start()].rpartition(" ")[0].rpartition(" ")[0]):
        return bare
    if not bare[: match.start()].strip() and not bare[match.end() :].strip(END):
        return bare  # "the treatment?" names what it asks for
    named = f"{subject.text}'s" if _POSSESSIVE.fullmatch(match.group()) else subject.text
    return bare[: match.start()] + named + bare[match.end() :]
