"""Many texts to vectors in one call of llama.cpp.

Everything here blocks; an encoder belongs to one thread. Several may share a model.
"""

from __future__ import annotations

import ctypes

import llama_cpp
import numpy as np
from numpy.typing import NDArray

from appliance.compute_arbiter import Priority, compute
from appliance.engines.llama_runtime import LlamaModel, TokenBatch
from appliance.errors import Unavailable

SETTING = "embedding_model"
# Attention runs over the whole batch, also between texts that may not see each other: past this
# many tokens a batch costs more per text, below it the graph's fixed cost tells.
BATCH_TOKENS = 128
_ABORTED = 2  # llama_encode's code
# Between two operations of a graph, a hundred times a batch, llama.cpp asks whether to go on. In
# Python the answer would have to wait for the interpreter each time; strlen gives it of two bytes.
_ask_flag = ctypes.cast(ctypes.CDLL(None).strlen, llama_cpp.ggml_abort_callback)


class GaveWay(Exception):
    """The batch was dropped for something more urgent: ask again."""


class LlamaEncoder:
    """A context of its own for texts, whose computations are of one priority."""

    def __init__(self, model: LlamaModel, threads: int, priority: Priority) -> None:
        """Raises Unavailable when `model` makes no vectors. It must outlive the encoder."""
        self._model = model
        self._priority = priority
        header, name = model.header, model.path.name
        window = header.of_architecture("context_length")
        if not header.is_encoder or not header.of_architecture("pooling_type"):
            raise Unavailable(f"{name} is not an embedding model with pooling (setting {SETTING}).")
        self.window = int(window) if window else 512
        self.capacity = max(BATCH_TOKENS, self.window)
        self._drop = ctypes.create_string_buffer(b"", 2)  # "" or "1"
        params = llama_cpp.llama_context_default_params()
        params.n_ctx = self.window
        params.n_batch = params.n_ubatch = self.capacity
        params.n_seq_max = min(BATCH_TOKENS // 2, llama_cpp.llama_max_parallel_sequences())
        params.n_threads = params.n_threads_batch = threads
        params.embeddings = True
        params.no_perf = True
        params.abort_callback = _ask_flag
        params.abort_callback_data = ctypes.addressof(self._drop)
        self.sequences = int(params.n_seq_max)
        self._context = llama_cpp.llama_init_from_model(model.pointer, params)
        if not self._context:
            raise Unavailable(f"llama.cpp cannot make a context for {name} ({SETTING}).")
        self.dimensions = int(llama_cpp.llama_model_n_embd_out(model.pointer))
        self._batch = TokenBatch(self.capacity)

    def tokenize(self, text: str) -> NDArray[np.int32]:
        """Cut to the window, closing token kept. The text is cut first: a token has some
        character.
        """
        room = self.window * 24
        tokens = self._model.tokenize(text[:room], add_special=True, parse_special=False)
        if len(tokens) > self.window:
            tokens = [*tokens[: self.window - 1], tokens[-1]]
        return np.array(tokens, np.int32)

    def encode(self, texts: list[NDArray[np.int32]]) -> NDArray[np.float32]:
        """Unit vectors, shape (len(texts), dimensions).

        Raises `GaveWay`, and Unavailable when llama.cpp fails.
        """
        self._batch.many_sequences(texts)
        self._drop[0] = b"\0"
        with compute.turn(self._priority, give_way=self._give_way):
            code = llama_cpp.llama_encode(self._context, self._batch.native)
            if code == _ABORTED:
                raise GaveWay
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

    def _give_way(self) -> None:
        self._drop[0] = b"1"
