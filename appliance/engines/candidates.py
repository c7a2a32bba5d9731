"""The quotes that may answer a question, each with what its words and its form are worth. Pure."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from appliance.domain import Question
from appliance.engines.asked_numbers import gives_number
from appliance.engines.case_values import Case
from appliance.engines.limits import forbids_strength, is_limit, is_of_another_case, stated_words
from appliance.engines.measured_values import fits, measured
from appliance.engines.patient_groups import is_of_others, share_named, special_groups
from appliance.engines.question_forms import (
    asked_section,
    asks_dose,
    asks_whether,
    dose_owner,
    form_bonus,
)
from appliance.engines.quotable import bare_term, populations, without_pointers
from appliance.engines.quotes import Quote, quotes
from appliance.engines.reports import report_cost
from appliance.engines.sentence_topics import (
    doses_another,
    sets_apart,
    tells_giving,
    without_asides,
)
from appliance.engines.torn_sentences import ends_elsewhere
from appliance.sentences.words import FORM_WORDS, stem, terms

MOST_CANDIDATES = 40  # what is embedded for one question
NUMBER_WORTH = 0.06  # of a number such as the question asks for, and the cost of having none
CASE_WORTH = 0.18  # of a range that holds the patient's value, and the cost of one that does not
UNASKED_COST = 0.08  # of standing under a heading on patients that the question does not name
OTHERS_COST = 0.3  # of being said of other ages than the patient's
LIMIT_WORTH = 0.25  # of saying what is not known of the patients, or not to be given to them
GROUP_WORTH = 0.1  # of naming the special patients of the question, and the cost of naming none
OTHER_DOSE_COST = 0.3  # of giving the dose of another thing than the one whose dose is asked for
GIVING_WORTH = 0.1  # of saying that the thing is given whose dose is asked for
OTHER_PREPARATION_COST = 0.1  # of standing in a document on tablets, asked about capsules
_TITLE_WORTH = 0.5  # a word found in the document's title only, beside one found in the quote
_FAMILY_LETTERS = 6  # "revers" is found in "reversal"
_PREPARATIONS = frozenset(
    stem(word)
    for word in (
        "tablet tablets capsule capsules suspension solution injection infusion cream ointment "
        "drops spray patch inhaler syrup powder gel"
    ).split()
)
# Words of titles that name no drug.
_NO_SUBJECT = _PREPARATIONS.union(
    map(stem, "oral label labels guide guideline information".split())
)
# "single-dose" is more than "single" and "dose", and "*1/*2" than "1" and "2"
_COMPOUND = re.compile(r"(?<![^\W_])[^\W_]+(?:-[^\W_]+)+|\*\w+(?:/\*\w+)*")
# The patient's own values: ranges are looked for that hold them, not the same numbers.
_OWN_VALUE = re.compile(
    r"\b\d+(?:\.\d+)?[\s-]*(?:years?|yrs?|months?|weeks?|days?)[\s-]*(?:olds?\b|of age\b)|"
    r"\bage[ds]?\s+(?:of\s+)?\d+(?:\.\d+)?|"
    r"\b\d+(?:\.\d+)?[\s-]*(?:kg|kilos?|kilograms?|lbs?|pounds?|y[./]?o)\b|"
    r"(?<=GFR)\D{0,20}\d+(?:\.\d+)?|(?<=clearance)\D{0,20}\d+(?:\.\d+)?|"
    r"(?<=CrCl)\D{0,20}\d+(?:\.\d+)?",
    re.IGNORECASE,
)
_DOSE = stem("dose")
# Items that only count together.
_TOGETHER = re.compile(r"\b(?:all|both|each)(?: of)?(?: these| the following|:)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Candidate:
    quote: Quote
    cover: float  # weighted share of the question's words found, 0..1
    bonus: float
    limits: bool  # says what is not known of the asked patients, or not to be given to them
    is_unbounded: bool = False  # gives a dose without saying that it is for the asked patients


@dataclass(frozen=True, slots=True)
class _Asked:
    """A question, read once."""

    text: str
    words: tuple[str, ...]  # stems, and compounds as they are written
    compounds: dict[str, re.Pattern[str]]
    titles: Sequence[frozenset[str]]  # of the passages, stems
    paths: Sequence[str]  # the headings above each passage
    subject: frozenset[str]  # the drug, or what else a title names
    stated: frozenset[str]  # what it says beside that
    case: Case
    measured: Mapping[str, float]  # other values of the patient, by name
    owner: frozenset[str]  # whose dose, where that is not the subject's
    dosed: frozenset[str]  # whose dose, where no title names it
    names: frozenset[str]  # of the subject, or of whose dose is asked
    sets_apart: bool  # it asks how things differ, or what to use for want of one

    @classmethod
    def of(cls, question: Question) -> _Asked:
        text = question.text
        titles = [frozenset(terms(passage.document.title)) for passage in question.passages]
        words = list(dict.fromkeys(terms(_OWN_VALUE.sub(" ", text)) or terms(text)))
        named = frozenset(word for word in words if any(word in title for title in titles))
        subject = named - _NO_SUBJECT or named
        compounds = {
            match: re.compile(r"[-\s]+".join(map(re.escape, match.split("-"))), re.IGNORECASE)
            for match in _COMPOUND.findall(text)
        }
        owner = dose_owner(text)
        dosed = frozenset() if owner & subject else owner
        return cls(
            text,
            (*words, *compounds),
            compounds,
            titles,
            ["\n".join(passage.chunk.path) for passage in question.passages],
            subject,
            stated_words(text, subject),
            Case.of(text, question.patient),
            measured(question.case),
            dosed if subject else frozenset(),
            dosed,
            subject or owner,
            sets_apart(text),
        )

    def is_of_other_preparation(self, number: int) -> bool:
        """Passage `number` is of a document on tablets, and the question about capsules."""
        asked, told = _PREPARATIONS & set(self.words), _PREPARATIONS & self.titles[number]
        return bool(asked and told) and not asked & told

    def held(self, text: str) -> frozenset[str]:
        """The question's words that `text` holds, as they are or in another of their family."""
        own = set(terms(without_pointers(text)))
        own.update(map(bare_term, tuple(own)))
        found = {name for name, pattern in self.compounds.items() if pattern.search(text)}
        for word in self.words:
            if word in own or (
                len(word) >= _FAMILY_LETTERS and any(other.startswith(word) for other in own)
            ):
                found.add(word)
        return frozenset(found)

    def held_by(self, quote: Quote) -> frozenset[str]:
        """Of the question's words; "dosage" is none where it is of another thing than is asked."""
        words = f"{quote.heading} {quote.text}"
        held = self.held(words)
        if not self.dosed or _DOSE not in held or tells_giving(quote.text, self.dosed):
            return held
        gives = gives_number(self.text, quote.text) and _names(self.dosed, words)
        return held if gives else held - {_DOSE}


def candidates(question: Question) -> list[Candidate]:
    """Every quote once, the most promising by words and form when there are too many."""
    asked = _Asked.of(question)
    found = list(_quotes(question, asked))
    own = [asked.held_by(quote) for quote in found]
    counts = Counter(word for held in own for word in held)
    weights = {word: math.log(1 + len(found) / (0.5 + counts[word])) for word in asked.words}
    total = sum(weights.values()) or 1.0
    judged = []
    for quote, held in zip(found, own, strict=True):
        title = asked.titles[quote.passage]
        cover = sum(
            weight * (1.0 if word in held else _TITLE_WORTH * (word in title))
            for word, weight in weights.items()
        )
        bonus, limits = _judged(asked, quote)
        is_unbounded = not limits and _is_unbounded(asked, quote)
        judged.append(Candidate(quote, cover / total, bonus, limits, is_unbounded))
    if len(judged) > MOST_CANDIDATES:
        judged.sort(
            key=lambda c: (asked_section(question.text, c.quote.heading), _promise(c)), reverse=True
        )
        del judged[MOST_CANDIDATES:]
    return judged


def _promise(candidate: Candidate) -> float:
    limits = LIMIT_WORTH if candidate.limits else 0.0
    return candidate.cover + candidate.bonus + limits - 0.02 * candidate.quote.passage


def _quotes(question: Question, asked: _Asked) -> Iterator[Quote]:
    seen: set[tuple[str, ...]] = set()
    # What two documents say alike is quoted from that of the preparation which is asked about.
    order = sorted(range(len(question.passages)), key=asked.is_of_other_preparation)
    ends = ends_elsewhere(question.passages)
    for number in order:
        for quote in quotes(number, question.passages[number], rest=ends.get(number)):
            key = quote.lead, *quote.lines
            if key in seen or not _is_about(quote, asked):
                continue
            seen.add(key)
            yield _narrowed(quote, asked)


def _is_about(quote: Quote, asked: _Asked) -> bool:
    """Of the document that the question names, or naming it itself; another drug's dose is no
    answer, nor what is said for want of what the question states.

    A list that only a heading introduces must have a word of the question in the heading or an
    item, or a number such as it asks for.
    """
    words = f"{quote.heading} {quote.text}"
    told = words if asked.sets_apart else without_asides(words)
    held = set(terms(told))
    title = asked.titles[quote.passage]
    if asked.names & (set(terms(words)) - held) - FORM_WORDS:
        return False
    if asked.subject and not asked.subject & title and not asked.subject <= held:
        return False
    if asks_dose(asked.text) and asked.names & held - title:
        if doses_another(quote.text, asked.names | asked.owner):
            return False
    topics = set(asked.words) - FORM_WORDS
    if topics and not topics & (held | title):
        return False
    if is_of_another_case(asked.stated, quote.heading, quote.text):
        return False
    if quote.lead and quote.lead == quote.heading and len(quote.lines) > 1:
        return bool(held & set(asked.words)) or gives_number(asked.text, quote.text) is True
    return True


def _narrowed(quote: Quote, asked: _Asked) -> Quote:
    """Of a list, the items that a question whether something is so is about, if any are; and those
    that a question for a dose is about, where the list as a whole is about something else.
    """
    topics = set(asked.words) - FORM_WORDS - asked.subject

    def is_asked(words: str) -> bool:
        return bool(asked.held(words) & topics) or share_named(asked.case, "", words) > 0

    if len(quote.lines) == 1 or not quote.lead or _TOGETHER.search(quote.lead):
        return quote
    is_loose = not is_asked(f"{quote.heading} {quote.lead}")
    if asks_whether(asked.text) or (is_loose and asks_dose(asked.text)):
        lines = tuple(line for line in quote.lines if is_asked(line))
        return replace(quote, lines=lines) if lines else quote
    return quote


def _judged(asked: _Asked, quote: Quote) -> tuple[float, bool]:
    """What its form is worth, and whether it limits the answer."""
    question, case = asked.text, asked.case
    about = f"{quote.heading} {quote.lead}"
    bonus = form_bonus(question, quote.heading, quote.text)
    limits = any(
        is_limit(question, case, about, line) or forbids_strength(question, line)
        for line in quote.lines
    )
    number = gives_number(question, quote.text)
    if number is not None and (number or not limits):
        bonus += NUMBER_WORTH if number else -NUMBER_WORTH
    for holds in (case.fits(quote.text), fits(asked.measured, quote.text)):
        if holds is not None:
            bonus += CASE_WORTH if holds else -CASE_WORTH
    if special_groups(case):
        share = share_named(case, about, " ".join(quote.lines))
        bonus += GROUP_WORTH * share if share else -GROUP_WORTH
    if (who := populations(quote.heading)) and not who & case.patients:
        bonus -= UNASKED_COST
    if is_of_others(case, f"{quote.heading} {quote.text}"):
        bonus -= OTHERS_COST
    if asked.owner and number and not _names(asked.owner, f"{quote.heading} {quote.text}"):
        bonus -= OTHER_DOSE_COST
    if tells_giving(quote.text, asked.dosed):
        bonus += GIVING_WORTH
    if asked.is_of_other_preparation(quote.passage):
        bonus -= OTHER_PREPARATION_COST
    return bonus - report_cost(
        question, f"{asked.paths[quote.passage]}\n{quote.heading}", quote.text
    ), limits


def _is_unbounded(asked: _Asked, quote: Quote) -> bool:
    case, about = asked.case, f"{quote.heading} {quote.lead}"
    if case.age is None and not special_groups(case):
        return False
    if not asks_dose(asked.text) or not gives_number(asked.text, quote.text):
        return False
    line = " ".join(quote.lines)
    return case.fits(f"{about} {line}") is not True and not share_named(case, about, line)


def _names(owner: frozenset[str], text: str) -> bool:
    """Whole, or the beginning of the word ("vit")."""
    own = terms(text)
    return any(word.startswith(name) for name in owner if len(name) > 2 for word in own)
