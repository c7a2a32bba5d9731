"""The real embedding model, asked for each text once in the lifetime of a folder."""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from appliance.engines.protocols import Embedder


class KeptVectors:
    """Keeps what it embeds at once: a run that is stopped goes on where it was.

    Closing it leaves the model open, so that several containers may share it.
    """

    def __init__(self, embedder: Embedder, folder: Path) -> None:
        self._embedder = embedder
        folder.mkdir(parents=True, exist_ok=True)
        digest = hashlib.sha256(embedder.name.encode()).hexdigest()[:16]
        self._kept = sqlite3.connect(folder / f"vectors-{digest}.db")
        self._kept.execute(
            "CREATE TABLE IF NOT EXISTS vectors (text BLOB PRIMARY KEY, vector BLOB) WITHOUT ROWID"
        )

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
        keys = [hashlib.sha256(text.encode()).digest() for text in texts]
        found = {key: vector for key in keys if (vector := self._find(key)) is not None}
        missing = {key: text for key, text in zip(keys, texts, strict=True) if key not in found}
        if missing:
            vectors = await self._embedder.embed(list(missing.values()), background=background)
            new = dict(zip(missing, vectors, strict=True))
            self.keep(new)
            found |= new
        return np.stack([found[key] for key in keys])

    def keep(self, vectors: dict[bytes, NDArray[np.float32]]) -> None:
        """By the SHA-256 of their texts."""
        with self._kept:
            self._kept.executemany(
                "INSERT OR REPLACE INTO vectors VALUES (?, ?)",
                [(key, vector.astype("<f4").tobytes()) for key, vector in vectors.items()],
            )

    async def close(self) -> None:
        pass

    def end(self) -> None:
        self._kept.close()

    def _find(self, key: bytes) -> NDArray[np.float32] | None:
        row = self._kept.execute("SELECT vector FROM vectors WHERE text = ?", (key,)).fetchone()
        return None if row is None else np.frombuffer(row[0], "<f4")
