"""Many texts to vectors in one call of llama.cpp.

Everything here blocks and belongs to the one thread that made the encoder.
"""

from __future__ import annotations

import ctypes
from pathlib import Path

import llama_cpp
import numpy as np
from numpy.typing import NDArray

from appliance.engines.llama_runtime import LlamaModel, TokenBatch, compute
from appliance.errors import Unavailable

SETTING = "embedding_model"
# Attention runs over the whole batch, also between texts that may not see each other: past this
# many tokens a batch costs more per text, below it the graph's fixed cost tells.
BATCH_TOKENS = 256


class LlamaEncoder:
    """The model and its context. Every method blocks and belongs to the owner thread."""

    def __init__(self, path: Path, threads: int) -> None:
        self.model = LlamaModel(path, setting=SETTING)
        header = self.model.header
        window = header.of_architecture("context_length")
        if not header.is_encoder or not header.of_architecture("pooling_type"):
            self.model.close()
            raise Unavailable(
                f"{path.name} is not an embedding model with pooling (setting {SETTING})."
            )
        self.window = int(window) if window else 512
        self.capacity = max(BATCH_TOKENS, self.window)
        params = llama_cpp.llama_context_default_params()
        params.n_ctx = self.window
        params.n_batch = params.n_ubatch = self.capacity
        params.n_seq_max = min(BATCH_TOKENS // 2, llama_cpp.llama_max_parallel_sequences())
        params.n_threads = params.n_threads_batch = threads
        params.embeddings = True
        params.no_perf = True
        self.sequences = int(params.n_seq_max)
        self._context = llama_cpp.llama_init_from_model(self.model.pointer, params)
        if not self._context:
            self.model.close()
            raise Unavailable(f"llama.cpp cannot make a context for {path.name} ({SETTING}).")
        self.dimensions = int(llama_cpp.llama_model_n_embd_out(self.model.pointer))
        self._batch = TokenBatch(self.capacity)

    def tokenize(self, text: str) -> NDArray[np.int32]:
        """Cut to the window, closing token kept. The text is cut first: a token has some
        character.
        """
        room = self.window * 24
        tokens = self.model.tokenize(text[:room], add_special=True, parse_special=False)
        if len(tokens) > self.window:
            tokens = [*tokens[: self.window - 1], tokens[-1]]
        return np.array(tokens, np.int32)

    def encode(self, texts: list[NDArray[np.int32]]) -> NDArray[np.float32]:
        """Unit vectors, shape (len(texts), dimensions). Raises Unavailable when llama.cpp fails."""
        self._batch.many_sequences(texts)
        with compute.turn():
            code = llama_cpp.llama_encode(self._context, self._batch.native)
            if code != 0:
                raise Unavailable(f"The embedding model failed (llama.cpp code {code}).")
            rows = np.empty((len(texts), self.dimensions), np.float32)
            size = 4 * self.dimensions
            for number in range(len(texts)):
                vector = llama_cpp.llama_get_embeddings_seq(self._context, number)
                ctypes.memmove(rows[number].ctypes.data, vector, size)
        lengths = np.linalg.norm(rows, axis=1, keepdims=True)
        return np.asarray(rows / np.maximum(lengths, 1e-12), np.float32)

    def close(self) -> None:
        llama_cpp.llama_free(self._context)
        self.model.close()
