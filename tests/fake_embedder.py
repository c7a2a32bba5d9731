"""An embedder of hashed words: texts that share words are near each other."""

from __future__ import annotations

import asyncio
import hashlib
import re
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

_WORD = re.compile(r"\w+")


class FakeEmbedder:
    """Keeps a history of the batches it was given; `gate`, where set, holds each of them up.

    `begun` is set whenever a batch comes in.
    """

    def __init__(self, *, name: str = "fake", dimensions: int = 64) -> None:
        self.name = name
        self.dimensions = dimensions
        self.words: frozenset[str] = frozenset()
        self.batches: list[list[str]] = []
        self.begun = asyncio.Event()
        self.gate: asyncio.Event | None = None
        self.fail_next: Exception | None = None

    async def embed(self, texts: Sequence[str], *, background: bool = False) -> NDArray[np.float32]:
        self.batches.append(list(texts))
        self.begun.set()
        if self.gate is not None:
            await self.gate.wait()
        if self.fail_next is not None:
            error, self.fail_next = self.fail_next, None
            raise error
        return np.stack([self.vector(text) for text in texts])

    def vector(self, text: str) -> NDArray[np.float32]:
        vector = np.full(self.dimensions, 1e-3, np.float32)
        for word in _WORD.findall(text.casefold()):
            digest = hashlib.blake2b(word.encode(), digest_size=8).digest()
            vector[int.from_bytes(digest, "big") % self.dimensions] += 1
        return vector / np.float32(np.linalg.norm(vector))

    async def close(self) -> None:
        pass
