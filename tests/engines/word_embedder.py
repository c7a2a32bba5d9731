"""An embedder without a model: texts that share words are near each other."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from appliance.sentences.words import terms

DIMENSIONS = 512


class WordEmbedder:
    """Each term has a fixed direction; a text is the sum of its terms'."""

    def __init__(self, words: Iterable[str] = ()) -> None:
        """`words` are the common ones."""
        self.texts: list[str] = []
        self.words = frozenset(words)

    @property
    def name(self) -> str:
        return "words"

    @property
    def dimensions(self) -> int:
        return DIMENSIONS

    async def embed(self, texts: Sequence[str], *, background: bool = False) -> NDArray[np.float32]:
        self.texts += texts
        rows = np.zeros((len(texts), DIMENSIONS), np.float32)
        for row, text in zip(rows, texts, strict=True):
            for term in set(terms(text)):
                row[zlib.crc32(term.encode()) % DIMENSIONS] += 1
        lengths = np.linalg.norm(rows, axis=1, keepdims=True)
        return np.asarray(rows / np.maximum(lengths, 1e-9), np.float32)

    async def close(self) -> None:
        pass
