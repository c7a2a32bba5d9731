"""Chooses among ranked passages those that tell an answer more than the ones before. Pure."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable, Sequence

from appliance.domain import Passage
from appliance.storage.terms import content_words

_SAME = 0.9  # Jaccard similarity of two passages' words, from which on one of them is enough
# Words that make a passage another one, however alike the rest is.
_TELLING = re.compile(r"\d|^(?:no|not|never|without|avoid|contraindicated)$")
# A document's passages past its share give way to another document's that rank hardly lower; where
# one document is clearly the one asked about, the others rank lower by more. (On MedQuAD the
# answer's document is as often among eight passages with this as without.)
_SHARE = 0.5
_HARDLY_LOWER = 0.04


def chosen(
    passages: Sequence[Passage], limit: int, *, first: Collection[str] = ()
) -> list[Passage]:
    """At most `limit` of `passages` (best first), in that order; of them the chunks `first`."""
    left = _different(passages)
    most = max(1, round(_SHARE * limit))
    counts: Counter[str] = Counter()
    taken: set[str] = set()

    def worth(passage: Passage) -> tuple[bool, float]:
        over = counts[passage.document.id] >= most
        return passage.chunk.id in first, passage.score - (_HARDLY_LOWER if over else 0.0)

    while left and len(taken) < limit:
        best = max(left, key=worth)
        left.remove(best)
        taken.add(best.chunk.id)
        counts[best.document.id] += 1
    return [passage for passage in passages if passage.chunk.id in taken]


def _different(passages: Iterable[Passage]) -> list[Passage]:
    kept: list[tuple[Passage, frozenset[str]]] = []
    for passage in passages:
        words = frozenset(content_words(passage.chunk.text))
        if not any(_alike(words, others) for _, others in kept):
            kept.append((passage, words))
    return [passage for passage, _ in kept]


def _alike(one: frozenset[str], other: frozenset[str]) -> bool:
    if len(one & other) < _SAME * len(one | other):
        return False
    return not any(_TELLING.search(word) for word in one ^ other)
