"""How rare each term is in the documents that are served, learned from a sample of their chunks.

In memory only. Terms are those of `sentences.words`; rarity is the inverse document frequency
(Sparck Jones 1972) of chunks, in parts of that of a term which no chunk holds.
"""

from __future__ import annotations

import asyncio
import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from appliance.sentences.words import terms
from appliance.storage import chunks, documents, knowledge_epoch
from appliance.storage.database import Connection, Database

SAMPLE = 2000  # chunks; a term that is not in them is rare enough


@dataclass(frozen=True, slots=True)
class Rarity:
    """`counts`: how many of `total` chunks hold a term. `titled`: the terms of the titles of all
    documents that are served.
    """

    total: int
    counts: Mapping[str, int]
    titled: frozenset[str] = frozenset()

    def of(self, term: str) -> float:
        """0 for a term of every chunk, 1 for one that is in none."""
        most = math.log(2 * (self.total + 1))
        rarity = math.log((self.total + 1) / (self.counts.get(term, 0) + 0.5)) / most
        return min(1.0, max(0.0, rarity))

    def knows(self, term: str) -> bool:
        return term in self.counts


class TermRarity:
    """Learned anew when the documents have changed, while the last one serves."""

    def __init__(self, db: Database, *, sample: int = SAMPLE) -> None:
        self._db = db
        self._sample = sample
        self._known: tuple[int, Rarity] | None = None
        self._learning: asyncio.Task[Rarity] | None = None

    async def current(self) -> Rarity:
        """What is known; the first time this waits until it is learned."""
        epoch = await self._db.read(knowledge_epoch.current)
        if self._known is not None and self._known[0] == epoch:
            return self._known[1]
        if self._learning is None or self._learning.done():
            self._learning = asyncio.create_task(self._learn(epoch))
        if self._known is not None:
            return self._known[1]
        return await asyncio.shield(self._learning)

    async def close(self) -> None:
        if self._learning is not None:
            self._learning.cancel()
            await asyncio.gather(self._learning, return_exceptions=True)

    async def _learn(self, epoch: int) -> Rarity:
        def sampled(tx: Connection) -> tuple[list[str], list[str]]:
            titles = [document.title for document in documents.served(tx)]
            return chunks.sample(tx, self._sample), titles

        rarity = await asyncio.to_thread(counted, *await self._db.read(sampled))
        self._known = epoch, rarity
        return rarity


def counted(texts: Sequence[str], titles: Iterable[str] = ()) -> Rarity:
    """The rarity of terms in `texts`, one of each chunk with its title and section."""
    counts: Counter[str] = Counter()
    for text in texts:
        counts.update(set(terms(text)))
    return Rarity(len(texts), counts, frozenset(term for title in titles for term in terms(title)))
