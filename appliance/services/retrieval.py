"""Finds the passages that may answer a question."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from appliance.domain import Passage
from appliance.engines.protocols import Embedder
from appliance.services.search_index import SearchIndex
from appliance.storage.cache import Cache

PASSAGES = 8
VECTORS = "question-vector"  # the namespace in the cache


class Retrieval:
    def __init__(
        self, embedder: Embedder, index: SearchIndex, cache: Cache, *, limit: int = PASSAGES
    ) -> None:
        """`limit`: passages per question, at most."""
        self._embedder = embedder
        self._index = index
        self._cache = cache
        self._limit = limit

    async def find(
        self, question: str, *, limit: int | None = None, category: str | None = None
    ) -> list[Passage]:
        """The best first, each with its score and its similarity to the question.

        `limit` other than an answer's, and one `category`, are for looking around. Raises
        `Unavailable` while the index is being rebuilt.
        """
        text = " ".join(question.split())
        hits = await self._index.search(
            await self._vector(text), text, limit or self._limit, category=category
        )
        passages = {p.chunk.id: p for p in await self._index.passages([h.chunk_id for h in hits])}
        # What has been deleted or superseded since it was found is missing here.
        return [
            replace(passages[hit.chunk_id], score=hit.score, similarity=hit.cosine)
            for hit in hits
            if hit.chunk_id in passages
        ]

    async def _vector(self, text: str) -> NDArray[np.float32]:
        key = self._cache.key(VECTORS, self._embedder.name, text)
        known = await self._cache.get(key)
        if known is not None:
            return np.asarray(known, dtype=np.float32)
        vector: NDArray[np.float32] = (await self._embedder.embed([text]))[0]
        await self._cache.set(key, vector.tolist())
        return vector
