"""Vectors of what documents say, kept for the next question that it may answer.

Of the time to the first words of a quoted answer four fifths went into embedding sentences, and
questions come back to the same ones. What people ask is not kept.
"""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from appliance.engines.protocols import Embedder

MOST_KEPT = 8192  # 13 MB of 384 dimensions


class QuoteVectors:
    """Of one embedder at a time; least recently used first out. For the event loop's thread."""

    def __init__(self, embedder: Embedder, *, most: int = MOST_KEPT) -> None:
        """`embedder` is shared and stays open."""
        self._embedder = embedder
        self._most = most
        self._name = embedder.name
        self._kept: OrderedDict[bytes, NDArray[np.float32]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._kept)

    async def beside(self, question: str, texts: Sequence[str]) -> NDArray[np.float32]:
        """Rows of length 1: that of `question`, then those of `texts`, all by the same model."""
        keys = [hashlib.blake2b(text.encode(), digest_size=16).digest() for text in texts]
        while True:
            name = self._embedder.name
            known = self._known(name, keys)
            new = {key: text for key, text in zip(keys, texts, strict=True) if key not in known}
            asked, *found = await self._embedder.embed([question, *new.values()])
            if self._embedder.name == name:  # else another one took its place meanwhile
                break
        known.update(zip(new, found, strict=True))
        self._keep(known)
        return np.stack([asked, *(known[key] for key in keys)])

    def _known(self, name: str, keys: Sequence[bytes]) -> dict[bytes, NDArray[np.float32]]:
        if name != self._name:
            self._kept.clear()
            self._name = name
        return {key: self._kept[key] for key in keys if key in self._kept}

    def _keep(self, vectors: dict[bytes, NDArray[np.float32]]) -> None:
        for key, vector in vectors.items():
            # A copy: a row would hold all those that it was computed with.
            self._kept[key] = self._kept.get(key, vector.copy())
            self._kept.move_to_end(key)
        while len(self._kept) > self._most:
            self._kept.popitem(last=False)
