"""Finds the passages that may answer a question."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from appliance.domain import Passage, utc_now
from appliance.engines.protocols import Embedder
from appliance.services.lexicon import Lexicon
from appliance.services.query import Query
from appliance.services.search_index import SearchIndex
from appliance.storage import knowledge_epoch
from appliance.storage.cache import QUESTION_VECTORS, RETRIEVAL, Cache
from appliance.storage.database import Database

PASSAGES = 8
SPARE = 3  # times as many are found, to choose an answer's from
VECTOR_S = 7 * 86400.0
# Longer than an epoch lasts in most hospitals; a change of the documents begins a new one at once.
RESULT_S = 86400.0


class Retrieval:
    def __init__(
        self,
        db: Database,
        embedder: Embedder,
        index: SearchIndex,
        cache: Cache,
        *,
        limit: int = PASSAGES,
        lexicon: Lexicon | None = None,
    ) -> None:
        """`limit`: passages of an answer, at most. Without `lexicon`, questions are taken as they
        are written.
        """
        self._db = db
        self._embedder = embedder
        self._index = index
        self._cache = cache
        self._limit = limit
        self._lexicon = lexicon

    async def find(
        self, question: str, *, limit: int | None = None, category: str | None = None
    ) -> list[Passage]:
        """The best first, each with its score and its similarity to the question.

        Without `limit` as many as an answer's are chosen from. Raises `Unavailable` while the index
        is being rebuilt, unless the question was asked before.
        """
        text = " ".join(question.split())
        wanted = SPARE * self._limit if limit is None else limit
        async with self._index.steady():
            hits = await self._hits(text, wanted, category)
        passages = {p.chunk.id: p for p in await self._index.passages([i for i, _, _ in hits])}
        # What has been deleted or superseded since it was found is missing here.
        return [
            replace(passages[chunk_id], score=score, similarity=cosine)
            for chunk_id, score, cosine in hits
            if chunk_id in passages
        ]

    async def understood(self, question: str) -> Query:
        """`question` as it is searched for: what it asks, in words that the documents know."""
        epoch = await self._db.read(knowledge_epoch.current)
        if self._lexicon is None:
            return Query(question)
        _, vocabulary = self._lexicon.vocabulary(epoch)
        text = " ".join(question.split())
        return await asyncio.to_thread(vocabulary.understood, text)

    async def _hits(
        self, text: str, limit: int, category: str | None
    ) -> list[tuple[str, float, float]]:
        """Chunk id, score and cosine of the best, by what the documents are now."""
        # Read before the search: what is found later than that is kept for an epoch that has gone.
        epoch = await self._db.read(knowledge_epoch.current)
        learned, vocabulary = 0, None
        if self._lexicon is not None:
            learned, vocabulary = self._lexicon.vocabulary(epoch)
        today = utc_now().date().isoformat()  # a document may come into force
        wanted = (f"{epoch}.{learned}", today, self._embedder.name, str(limit), category or "")
        key = self._cache.key(RETRIEVAL, *wanted, text)

        async def search() -> list[tuple[str, float, float]]:
            query = Query(text)
            if vocabulary is not None:
                # In a thread: looking for what a word was meant to be takes milliseconds.
                query = await asyncio.to_thread(vocabulary.understood, text)
            found = await self._index.search(
                await self._vector(query.spelt_out or query.text),
                query.text,
                limit,
                category=category,
                names=query.names,
            )
            return [(hit.chunk_id, float(hit.score), float(hit.cosine)) for hit in found]

        return await self._cache.through(key, RESULT_S, search)

    async def _vector(self, text: str) -> NDArray[np.float32]:
        key = self._cache.key(QUESTION_VECTORS, self._embedder.name, text)

        async def embed() -> list[float]:
            values: list[float] = (await self._embedder.embed([text]))[0].tolist()
            return values

        return np.asarray(await self._cache.through(key, VECTOR_S, embed), dtype=np.float32)
