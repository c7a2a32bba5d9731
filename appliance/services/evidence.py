"""Whether the passages found can answer a question at all. Code decides to refuse, never a prompt.

A drug that no passage names is not answered by another drug's dose, however alike the sentences
are: so the question's own words must stand in one passage, and its similarity only says that the
subject is the same.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

from appliance.domain import Passage
from appliance.sentences.words import FORM_WORDS, terms

# Below this cosine of question and passage nothing is about the same thing, whatever words they
# share (off-topic questions reach 0.23 on clinical documents, answerable ones start at 0.42).
LEAST_SIMILARITY = 0.30
# A short fact in a long passage is less near; where one sentence holds every word, this will do.
LEAST_SIMILARITY_OF_SENTENCE = 0.25
# Share of the question's words, by weight, that one passage must hold. In absent topics the words
# of the question's form ("starting dose") are held and its subject is not: 0.58 at most in 20 of
# 22 questions. Answerable ones reach 0.62 and more, mostly all.
LEAST_COVER = 0.60
# The same of the words that name the subject alone, which a single mention is not.
LEAST_TOPIC = 0.55
# A close passage may say the same in other words: this near, half of the words are enough.
CLOSE_SIMILARITY = 0.66
CLOSE_COVER = 0.45
# Words that shape a question without naming its subject count this much of a word that does.
FORM_WEIGHT = 0.4
# A subject that a passage mentions once, in a list of interacting drugs say, is not what it is
# about, unless the sentence that mentions it holds the rest of the question as well.
MENTION_WORTH = 0.5

# They ask where something is or whether it may be, and a passage says that in other words.
_ASKING_WORDS = frozenset(terms("allow allowed permitted kept keep located stored"))
_SENTENCE_BREAK = re.compile(r"(?<=[.!?])\s+(?=[^\W_])|\n\s*\n|\n\s*(?=[•●○▪■❑*–-]\s)")
_LONGEST_SENTENCE = 60  # terms; longer ones are tables and lists that lost their lines
# What the question says of its own case: an eGFR, a weight, an age or a year stands in no passage.
_AMOUNT = re.compile(
    r"\b\d[\d.,]*(?:[\s-]*(?:kg|g|mg|mcg|µg|ml|dl|l|mmol|meq|units?|iu|cm|mm)\b(?:/\w+)*|"
    r"[\s-]*(?:years?|months?|weeks?|days?)[\s-]olds?\b|\b)",
    re.IGNORECASE,
)


def has_evidence(question: str, passages: Sequence[Passage]) -> bool:
    """Whether one of `passages` is near enough to `question` and holds enough of its words."""
    asked = terms(_AMOUNT.sub(" ", question)) or terms(question)
    minor = FORM_WORDS | _ASKING_WORDS
    if minor.issuperset(asked):
        minor = FORM_WORDS
    weights = {term: FORM_WEIGHT if term in minor else 1.0 for term in asked}
    if not weights:
        return False
    return any(_bears(weights, passage) for passage in passages)


def _bears(weights: dict[str, float], passage: Passage) -> bool:
    if passage.similarity < LEAST_SIMILARITY_OF_SENTENCE:
        return False
    chunk = passage.chunk
    about = set(terms(f"{passage.document.title} {chunk.section or ''}"))
    counts = Counter(terms(chunk.text))
    full = {term: weight for term, weight in weights.items() if term in about or counts[term]}
    if not _suffices(full, weights, passage.similarity):
        return False
    held = {
        term: weight if term in about or counts[term] > 1 or weight < 1 else MENTION_WORTH * weight
        for term, weight in full.items()
    }
    if passage.similarity >= LEAST_SIMILARITY and _suffices(held, weights, passage.similarity):
        return True
    return _in_one_sentence(weights, passage)


def _suffices(held: dict[str, float], weights: dict[str, float], similarity: float) -> bool:
    cover = sum(held.values()) / sum(weights.values())
    if similarity >= CLOSE_SIMILARITY:
        return cover >= CLOSE_COVER
    topics = [term for term, weight in weights.items() if weight == 1]
    topic = sum(held.get(term, 0.0) for term in topics) / len(topics) if topics else 1.0
    return cover >= LEAST_COVER and topic >= LEAST_TOPIC


def _in_one_sentence(weights: dict[str, float], passage: Passage) -> bool:
    """Whether one sentence holds all topics of the question and the words of its form.

    A single topic must be what the sentence is about: it comes first, and no other subject of the
    document is there.
    """
    topics = {term for term, weight in weights.items() if weight == 1}
    forms = weights.keys() - topics - _ASKING_WORDS
    others = set(terms(passage.document.title)) - weights.keys()
    text = passage.chunk.text.removeprefix(passage.chunk.section or "")
    for sentence in _SENTENCE_BREAK.split(text):
        found = terms(sentence)
        if len(found) > _LONGEST_SENTENCE or not (topics | forms).issubset(found):
            continue
        if len(topics) > 1:
            return True
        if passage.similarity < LEAST_SIMILARITY:
            continue  # one word says too little
        first = next((term for term in found if term not in FORM_WORDS), None)
        if first in topics and others.isdisjoint(found):
            return True
    return False
