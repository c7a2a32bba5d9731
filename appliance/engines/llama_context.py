"""A language model's weights and the context in which it reads and writes several texts at once.

Each sequence ("slot") has cells of its own for keys and values, a window's worth. llama.cpp can
also let all share one pool, but then each token's attention looks through the cells of all: with
16 sequences of 800 tokens on a processor a step took 1.6 times as long. A beginning that several
share is copied instead, which takes some microseconds per token.

Everything here blocks and belongs to the one thread that made the context.
"""

from __future__ import annotations

import ctypes
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import llama_cpp

from appliance.compute_arbiter import Priority, compute
from appliance.engines.available_memory import available_memory
from appliance.engines.gguf_header import GgufHeader
from appliance.engines.llama_backends import Device, graphics_cards, processor
from appliance.engines.llama_runtime import LlamaModel, OnProgress, Part, TokenBatch
from appliance.engines.model_need import (
    SETTING,
    ModelNeed,
    read_language_model,
)
from appliance.engines.step_pacer import BLOCK, GPU_BLOCK, most_read
from appliance.errors import Unavailable


class LlamaContext:
    def __init__(
        self,
        path: Path,
        *,
        threads: int,
        window: int,
        slots: int,
        on_progress: OnProgress | None = None,
    ) -> None:
        """Load `path`. Raises Unavailable when it is no model that writes text, or memory does not
        hold the keys and values of one text of `window` tokens; there are fewer slots where it does
        not hold those of all.
        """
        cards = graphics_cards()
        block = GPU_BLOCK if cards else BLOCK
        need = need_of(read_language_model(path), window=window, slots=slots, block=block)
        slots, gpu_layers = placed(need, slots, available := available_memory(), cards)
        if slots < 1:
            raise need.refuse(path.name, available)
        self.model = LlamaModel(
            path, setting=SETTING, gpu_layers=gpu_layers, on_progress=on_progress
        )
        self.device = processor()
        if gpu_layers:
            names = ", ".join(f"{card.name} {card.description}" for card in cards)
            self.device = f"{names} ({gpu_layers} of {need.layers} layers), {self.device}"
        self.block = block if gpu_layers == need.layers else BLOCK
        try:
            self._open(window, threads, slots)
        except BaseException:
            self.model.close()
            raise
        self._batch = TokenBatch(_batch(self.slots, self.block))
        self._state = (ctypes.c_uint8 * 0)()

    def _open(self, window: int, threads: int, slots: int) -> None:
        model = self.model.pointer
        name = self.model.path.name
        if self.model.header.is_encoder or not llama_cpp.llama_model_has_decoder(model):
            raise Unavailable(
                f"{name} is not a language model that writes text (setting {SETTING})."
            )
        trained = int(llama_cpp.llama_model_n_ctx_train(model))
        window = min(window, trained) if trained > 0 else window
        self.divisible = not (
            llama_cpp.llama_model_is_recurrent(model) or llama_cpp.llama_model_is_hybrid(model)
        )
        params = llama_cpp.llama_context_default_params()
        params.n_ctx = window * slots
        params.n_seq_max = slots
        params.n_batch = params.n_ubatch = _batch(slots, self.block)
        params.n_threads = params.n_threads_batch = threads
        params.kv_unified = False
        params.no_perf = True
        self._context = llama_cpp.llama_init_from_model(model, params)
        self._memory = llama_cpp.llama_get_memory(self._context) if self._context else None
        if not self._memory:
            if self._context:
                llama_cpp.llama_free(self._context)
            raise Unavailable(f"llama.cpp cannot make a context for {name} (setting {SETTING}).")
        self.slots = slots
        self.window = min(int(llama_cpp.llama_n_ctx_seq(self._context)), window)

    @property
    def pointer(self) -> Any:
        """For samplers, which read the logits in it."""
        return self._context

    def decode(self, parts: Sequence[Part], *, writes: bool = False) -> tuple[int, list[int]]:
        """llama.cpp's code, 0 for success, and where each part's logits are.

        `parts` are of different slots, in their order; `writes`: whether an answer waits for one of
        them. After a failure `trim` each of them.
        """
        rows = self._batch.mixed(parts)
        with compute.turn(Priority.ANSWER if writes else Priority.PROMPT):
            return int(llama_cpp.llama_decode(self._context, self._batch.native)), rows

    def trim(self, slot: int, length: int) -> bool:
        """Keep the first `length` tokens; False, and nothing is left, where that cannot be done."""
        if length == 0 or not llama_cpp.llama_memory_seq_rm(self._memory, slot, length, -1):
            llama_cpp.llama_memory_seq_rm(self._memory, slot, -1, -1)
            return length == 0
        return True

    def save(self, slot: int) -> bytes | None:
        """The keys and values that the slot holds."""
        size = self._read_state(slot)
        return ctypes.string_at(self._state, size) if size else None

    def state_size(self, slot: int) -> int:
        """Bytes that `save` would give."""
        return int(llama_cpp.llama_state_seq_get_size(self._context, slot))

    def restore(self, slot: int, state: bytes) -> bool:
        """Put what `save` gave into the slot; False, and the slot is empty, when it cannot."""
        data = ctypes.cast(ctypes.c_char_p(state), ctypes.POINTER(ctypes.c_uint8))
        return self._write_state(slot, data, len(state))

    def copy(self, source: int, slot: int) -> bool:
        """As `save` and `restore`, without keeping it in between."""
        size = self._read_state(source)
        return bool(size) and self._write_state(slot, self._state, size)

    def close(self) -> None:
        llama_cpp.llama_free(self._context)
        self.model.close()

    def _read_state(self, slot: int) -> int:
        size = self.state_size(slot)
        if size > len(self._state):
            self._state = (ctypes.c_uint8 * size)()
        return int(llama_cpp.llama_state_seq_get_data(self._context, self._state, size, slot))

    def _write_state(self, slot: int, data: Any, size: int) -> bool:
        llama_cpp.llama_memory_seq_rm(self._memory, slot, -1, -1)
        if llama_cpp.llama_state_seq_set_data(self._context, data, size, slot):
            return True
        llama_cpp.llama_memory_seq_rm(self._memory, slot, -1, -1)
        return False


def need_of(header: GgufHeader, *, window: int, slots: int, block: int = BLOCK) -> ModelNeed:
    """Of a context with up to `slots` texts of `window` tokens, and prompts read in `block`s."""
    return ModelNeed.of(header, window=window, batch=_batch(slots, block))


def _batch(slots: int, block: int) -> int:
    """Tokens of one step at most: one of each that writes, and some of a prompt."""
    return slots + most_read(block) + 1


def placed(need: ModelNeed, slots: int, memory: int, cards: Sequence[Device]) -> tuple[int, int]:
    """How many slots there can be, up to `slots`, and how many layers go on the graphics cards.

    All layers where the cards hold the whole; else as many as they hold, and the machine's `memory`
    (bytes) must do for the whole.
    """
    of_cards = sum(card.free for card in cards)
    if on_cards := need.slots(of_cards, slots):
        return on_cards, need.layers
    slots = need.slots(memory, slots)
    return slots, need.layers_held(of_cards, slots) if slots else 0
