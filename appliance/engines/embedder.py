"""Sentence vectors from a BERT-like GGUF through llama.cpp, many texts to a batch.

What somebody waits for (a question, the sentences of a few passages) and what nobody does (an
ingest) each have a context and a thread over the same weights: the cores go from one to the other
as the arbiter says.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from appliance.compute_arbiter import Priority
from appliance.engines.embedding_lane import EmbeddingLane
from appliance.engines.llama_encoder import SETTING, LlamaEncoder
from appliance.engines.llama_runtime import LlamaModel


class LlamaEmbedder:
    """The Embedder protocol over one GGUF file."""

    def __init__(self, path: Path, threads: int) -> None:
        """Use `open`."""
        self._model = LlamaModel(path, setting=SETTING)
        encoders: list[LlamaEncoder] = []
        try:
            for priority in (Priority.PROMPT, Priority.INGEST):
                encoders.append(LlamaEncoder(self._model, threads, priority))
            self._name = f"{self._model.name}:{path.stat().st_size}"
            self._words = self._model.whole_words()
        except BaseException:
            for encoder in encoders:
                encoder.close()
            self._model.close()
            raise
        self._dimensions = encoders[0].dimensions
        self._waited_for = EmbeddingLane(encoders[0], "embedder")
        self._background = EmbeddingLane(encoders[1], "embedder-ingest")

    @classmethod
    async def open(cls, path: Path, *, threads: int) -> LlamaEmbedder:
        """Load off the event loop. Raises Unavailable when `path` holds no embedding model.

        Cancelled, it has to finish loading first.
        """
        loading = asyncio.create_task(asyncio.to_thread(cls, path, threads))
        try:
            return await asyncio.shield(loading)
        except asyncio.CancelledError:
            await asyncio.wait({loading})
            if not loading.cancelled() and loading.exception() is None:
                await loading.result().close()
            raise

    @property
    def name(self) -> str:
        """The weights' own name and the file's size: other weights of that name differ in one of
        them.
        """
        return self._name

    @property
    def dimensions(self) -> int:
        return self._dimensions

    @property
    def words(self) -> frozenset[str]:
        return self._words

    async def embed(self, texts: Sequence[str], *, background: bool = False) -> NDArray[np.float32]:
        """As the protocol says; raises Unavailable once closed or when llama.cpp fails."""
        return await (self._background if background else self._waited_for).embed(texts)

    async def close(self) -> None:
        """End the threads after the batch they are in; what waits gets Unavailable."""
        await asyncio.gather(self._background.close(), self._waited_for.close())
        self._model.close()
