"""The embedding model that is served: questions are embedded with it until another takes its place.

A readers-writer lock: who embeds a question and searches with its vector holds the model meanwhile,
and the change waits for those who do.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager

import numpy as np
from numpy.typing import NDArray

from appliance.engines.protocols import Embedder


class ServingEmbedder:
    """The Embedder protocol over the model that is served just now."""

    def __init__(self, embedder: Embedder) -> None:
        self._embedder = embedder
        self._uses = 0
        self._unused = asyncio.Event()
        self._settled = asyncio.Event()
        self._settled.set()

    @property
    def name(self) -> str:
        return self._embedder.name

    @property
    def dimensions(self) -> int:
        return self._embedder.dimensions

    @property
    def words(self) -> frozenset[str]:
        return self._embedder.words

    async def embed(self, texts: Sequence[str], *, background: bool = False) -> NDArray[np.float32]:
        # Waits for no change that is about to happen: the caller may be one it waits for.
        with self._used():
            return await self._embedder.embed(texts, background=background)

    async def close(self) -> None:
        await self._embedder.close()

    @asynccontextmanager
    async def held(self) -> AsyncGenerator[None]:
        """The model stays the same meanwhile. Do not nest."""
        while not self._settled.is_set():
            await self._settled.wait()
        with self._used():
            yield

    async def replace(self, embedder: Embedder, then: Callable[[], None]) -> None:
        """When nobody uses the old one, `embedder` takes its place; `then` runs with it, at once.

        The old one is closed.
        """
        self._settled.clear()
        try:
            while self._uses:
                self._unused.clear()
                await self._unused.wait()
            old, self._embedder = self._embedder, embedder
            then()
        finally:
            self._settled.set()
        await old.close()

    @contextmanager
    def _used(self) -> Iterator[None]:
        self._uses += 1
        try:
            yield
        finally:
            self._uses -= 1
            if not self._uses:
                self._unused.set()
