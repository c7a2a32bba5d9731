"""Questions whose subject was taken out of the documents, and as many whose subject is there.

Which ones is drawn with a fixed seed, from all sets; no question is looked at.
"""

from __future__ import annotations

import random
import re
import tempfile
from collections import Counter
from pathlib import Path

from appliance.engines.protocols import Embedder
from appliance.services.evaluation.outcomes import Outcome
from appliance.services.evaluation.questions import QuestionSet, SetQuestion
from tests.quality.corpora import Asked, Corpus, Entry, document_id, opened

SEED = 20261125
_WORD = re.compile(r"[^\W_]{3,}|\d+")
_APOSTROPHE = re.compile(r"['’]")
_SENTENCE = re.compile(r"(?<=[.?!])\s")
_LINKS = frozenset({"and", "the", "with", "for", "from"})
_KINDS = frozenset({"syndrome", "disease", "disorder"})
_RAREST = 3
_SHARED = 2


async def refusals(corpus: Corpus, embedder: Embedder, count: int) -> list[Outcome]:
    """Ask `count` questions whose subject was removed and `count` whose subject is there."""
    order = drawn(corpus)
    subject = Subjects(corpus)
    gone = order[:count]
    removed = {entry.id for question in gone for entry in subject.entries(question)}
    there = [q for q in order[count:] if q.relevant.isdisjoint(removed)][:count]
    questions = [SetQuestion(q.id, q.text, refuse=True, category=corpus.name) for q in gone]
    questions += [
        SetQuestion(q.id, q.text, tuple(map(document_id, sorted(q.relevant))), category=corpus.name)
        for q in there
    ]
    left = [entry for entry in corpus.entries if entry.id not in removed]
    with tempfile.TemporaryDirectory() as folder:
        async with opened(Path(folder), embedder, left) as (_, evaluated):
            run = await evaluated.run(QuestionSet(corpus.name, tuple(questions)))
    return list(run.outcomes)


def drawn(corpus: Corpus) -> list[Asked]:
    """All questions in the order in which they are taken."""
    return random.Random(SEED).sample(corpus.questions, len(corpus.questions))


class Subjects:
    """Which documents are about what a question asks."""

    def __init__(self, corpus: Corpus) -> None:
        self._entries = corpus.entries
        self._topics = {e.id: _names(e.topic) for e in corpus.entries if e.topic}
        self._sentences = [
            [frozenset(_folded(sentence)) for sentence in _SENTENCE.split(entry.text)]
            for entry in corpus.entries
        ]
        self._words = [frozenset().union(*sentences) for sentences in self._sentences]
        self._frequency = Counter(word for words in self._words for word in words)

    def entries(self, question: Asked) -> list[Entry]:
        """Those that answer it, and all that name its topic in one sentence, in whatever order and
        form; without topics, all that share the rarest of the question's words, or two of the
        rarest three.
        """
        topics = {self._topics[i] for i in question.relevant if i in self._topics}
        asked = set(_folded(question.text)) & self._frequency.keys()
        rarest = sorted(asked, key=lambda word: (self._frequency[word], word))[:_RAREST]

        def is_about(number: int) -> bool:
            if topics:
                return any(
                    topic <= self._words[number]
                    and any(topic <= sentence for sentence in self._sentences[number])
                    for topic in topics
                )
            shared = self._words[number].intersection(rarest)
            return len(shared) >= _SHARED or rarest[0] in shared

        return [
            entry
            for number, entry in enumerate(self._entries)
            if entry.id in question.relevant
            or self._topics.get(entry.id) in topics
            or is_about(number)
        ]


def _folded(text: str) -> list[str]:
    """Words of three letters or more, without plural and genitive: "Alzheimer's" is written
    "Alzheimers" in some of the documents.
    """
    words = _WORD.findall(_APOSTROPHE.sub("", text.casefold()))
    return [word.rstrip("s") for word in words if word not in _LINKS]


def _names(topic: str) -> frozenset[str]:
    """What names a topic: "von Hippel-Lindau disease" is the syndrome of that name."""
    words = frozenset(_folded(topic))
    return words - _KINDS or words
