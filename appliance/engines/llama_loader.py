"""Loads language models from GGUF files, as the settings say."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from appliance.engines import llama_backends
from appliance.engines.available_memory import available_memory
from appliance.engines.llama_context import need_of
from appliance.engines.llama_engine import LlamaEngine
from appliance.engines.model_need import ModelNeed, read_language_model
from appliance.engines.model_trial import try_out


@dataclass(frozen=True, slots=True)
class _Held:
    """What a model that was loaded holds: its weights, and everything else."""

    weights: int
    rest: int


_NOTHING = _Held(0, 0)


class LlamaLoader:
    """The ModelLoader protocol over llama.cpp."""

    def __init__(
        self,
        *,
        threads: int,
        context_tokens: int,
        max_tokens: int,
        temperature: float,
        slots: int,
        queue_limit: int,
        cache_bytes: int,
        backends: Path | None,
    ) -> None:
        """As `LlamaEngine.open`; `backends` is the folder of graphics cards' libraries."""
        self._threads = threads
        self._context_tokens = context_tokens
        self._max_tokens = max_tokens
        self._temperature = temperature
        self._slots = slots
        self._queue_limit = queue_limit
        self._cache_bytes = cache_bytes
        self._backends = backends
        self._held: dict[Path, _Held] = {}

    def inspect(self, path: Path, beside: Path | None) -> bool:
        """As the protocol says. It is held beside the other only with all the slots that it would
        have alone.
        """
        llama_backends.load(self._backends)
        need, available = self._need(path), available_memory()
        cards = sum(card.free for card in llama_backends.graphics_cards())
        held = self._held.get(beside, _NOTHING) if beside else _NOTHING
        # Mapped weights count as available though the model that is loaded needs them.
        both = need.slots(available - held.weights, self._slots)
        alone = need.slots(available + held.rest, self._slots)
        if need.slots(cards, 1) or 0 < both == alone:
            return True
        if not alone and not need.slots(cards + held.weights + held.rest, 1):
            raise need.refuse(path.name, available + held.rest)
        return False

    async def try_out(self, path: Path) -> None:
        await try_out(path)

    async def open(self, path: Path, on_progress: Callable[[float], None]) -> LlamaEngine:
        await asyncio.to_thread(llama_backends.load, self._backends)
        need = await asyncio.to_thread(self._need, path)
        engine = await LlamaEngine.open(
            path,
            threads=self._threads,
            context_tokens=self._context_tokens,
            max_tokens=self._max_tokens,
            temperature=self._temperature,
            slots=self._slots,
            queue_limit=self._queue_limit,
            cache_bytes=self._cache_bytes,
            on_progress=on_progress,
        )
        self._held[path] = _Held(need.weights, engine.slots * need.slot + need.compute)
        return engine

    def _need(self, path: Path) -> ModelNeed:
        return need_of(read_language_model(path), window=self._context_tokens, slots=self._slots)
