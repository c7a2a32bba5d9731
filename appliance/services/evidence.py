"""Whether the passages found can answer a question at all. Code decides to refuse, never a prompt.

A drug that no passage names is not answered by another drug's dose, however alike the sentences
are: so the question's own words must stand in one passage, and its similarity only says that the
subject is the same.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from appliance.domain import Passage
from appliance.sentences.words import FORM_WORDS, terms

# Below this cosine of question and passage nothing is about the same thing, whatever words they
# share (off-topic questions reach 0.23 on clinical documents, answerable ones start at 0.42).
LEAST_SIMILARITY = 0.30
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
# about.
MENTION_WORTH = 0.5


def has_evidence(question: str, passages: Sequence[Passage]) -> bool:
    """Whether one of `passages` is near enough to `question` and holds enough of its words."""
    weights = {term: FORM_WEIGHT if term in FORM_WORDS else 1.0 for term in terms(question)}
    if not weights:
        return False
    return any(_bears(weights, passage) for passage in passages)


def _bears(weights: dict[str, float], passage: Passage) -> bool:
    if passage.similarity < LEAST_SIMILARITY:
        return False
    chunk = passage.chunk
    about = set(terms(f"{passage.document.title} {chunk.section or ''}"))
    counts = Counter(terms(chunk.text))
    held = {
        term: weight if term in about or counts[term] > 1 or weight < 1 else MENTION_WORTH * weight
        for term, weight in weights.items()
        if term in about or counts[term]
    }
    cover = sum(held.values()) / sum(weights.values())
    if passage.similarity >= CLOSE_SIMILARITY:
        return cover >= CLOSE_COVER
    topics = [term for term, weight in weights.items() if weight == 1]
    topic = sum(held.get(term, 0.0) for term in topics) / len(topics) if topics else 1.0
    return cover >= LEAST_COVER and topic >= LEAST_TOPIC
