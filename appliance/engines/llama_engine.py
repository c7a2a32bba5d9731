"""Answers from a language model in a GGUF file, many at once, on a thread of their own.

The event loop and the thread meet in two places: the queue of requests, under the scheduler's
lock, and one call of the loop per step, which hands over what the step gave to all answers.
"""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import AsyncGenerator, Callable, Sequence
from pathlib import Path

from appliance.domain import Question
from appliance.engines.llama_context import LlamaContext
from appliance.engines.llama_sampler import Sampling
from appliance.engines.llama_scheduler import CLOSED, Event, LlamaScheduler, Request
from appliance.engines.prefix_cache import PrefixCache
from appliance.engines.protocols import Piece
from appliance.errors import Unavailable

_log = logging.getLogger(__name__)
STUCK_S = 120.0  # no step takes that long on a machine that is of use
CLOSE_S = 30.0


class LlamaEngine:
    """The AnswerEngine protocol over one GGUF file."""

    def __init__(self) -> None:
        """Use `open`."""
        self._scheduler: LlamaScheduler
        self._thread: threading.Thread
        self._name = ""
        self._device = ""
        self._closing = False

    @classmethod
    async def open(
        cls,
        path: Path,
        *,
        threads: int,
        context_tokens: int = 4096,
        max_tokens: int = 512,
        temperature: float = 0.0,
        seed: int | None = None,
        sampling: Sampling | None = None,
        slots: int = 16,
        queue_limit: int = 16,
        per_user: int = 1,
        cache_bytes: int = 256 << 20,
        on_progress: Callable[[float], None] = lambda share: None,
    ) -> LlamaEngine:
        """Load off the event loop. Raises Unavailable when `path` holds no language model, or one
        that memory does not hold.

        Up to `slots` answers are written at once, `per_user` of each user, each within
        `context_tokens`; `queue_limit` is how many may wait beside them. `cache_bytes` is for the
        beginnings of earlier prompts. `seed` fixes what a temperature above 0 leaves to chance;
        `sampling` goes before both. `on_progress` hears, on the thread, which share of the weights
        is loaded. Cancelled, it ends its thread first.
        """
        engine = cls()
        loop = asyncio.get_running_loop()
        opened: asyncio.Future[None] = loop.create_future()

        def on_loop(*call: object) -> None:
            try:
                loop.call_soon_threadsafe(*call)  # type: ignore[arg-type]
            except RuntimeError:  # the loop has gone
                engine._stop()

        def settle(error: Exception | None) -> None:
            if opened.done():
                return
            if error is None:
                opened.set_result(None)
            else:
                opened.set_exception(error)

        def tell(events: Sequence[Event]) -> None:
            if events:
                on_loop(_deliver, events)

        def progressed(share: float) -> bool:
            on_progress(share)
            return not engine._closing

        def run() -> None:
            try:
                context = LlamaContext(
                    path,
                    threads=threads,
                    window=context_tokens,
                    slots=slots,
                    on_progress=progressed,
                )
            except Exception as error:
                on_loop(settle, error)
                return
            try:
                engine._name = context.model.name
                engine._device = context.device
                engine._scheduler = LlamaScheduler(
                    context,
                    PrefixCache(cache_bytes),
                    sampling or Sampling(temperature=temperature, seed=seed),
                    max_tokens=max_tokens,
                    queue_limit=queue_limit,
                    per_user=per_user,
                    tell=tell,
                )
                if engine._closing:
                    engine._scheduler.stop()
                on_loop(settle, None)
                engine._scheduler.run()
            except Exception as error:
                _log.error("the language model's thread ended: %s", type(error).__name__)
                on_loop(settle, Unavailable("The language model cannot be used."))
            finally:
                context.close()

        engine._thread = threading.Thread(target=run, name="language-model", daemon=True)
        engine._thread.start()
        try:
            await opened
        except BaseException:
            await engine.close()
            raise
        return engine

    @property
    def name(self) -> str:
        return self._name

    @property
    def writes(self) -> bool:
        return True

    @property
    def device(self) -> str:
        return self._device

    @property
    def slots(self) -> int:
        """How many answers can be written at once."""
        return self._scheduler.slots

    @property
    def running(self) -> int:
        """Answers that have a slot now."""
        return self._scheduler.running

    @property
    def waiting(self) -> int:
        return self._scheduler.waiting

    async def check(self) -> None:
        """Raises Unavailable when the model's thread has ended or is stuck in a step."""
        if not self._thread.is_alive():
            raise Unavailable(CLOSED)
        if self._scheduler.step_seconds > STUCK_S:
            raise Unavailable("The language model is stuck; start the appliance again.")

    async def answer(self, question: Question) -> AsyncGenerator[Piece]:
        """As the protocol says; raises Invalid when the question alone does not fit the model."""
        await self.check()
        pieces: asyncio.Queue[Piece | Exception | None] = asyncio.Queue()
        request = Request(question, pieces.put_nowait)
        scheduler = self._scheduler
        scheduler.submit(request)
        try:
            while (piece := await pieces.get()) is not None:
                if isinstance(piece, Exception):
                    raise piece
                yield piece
        finally:
            scheduler.withdraw(request)

    async def close(self) -> None:
        """End the thread after the step it is in; running and waiting answers get Unavailable.

        A thread that is stuck in a step is left behind.
        """
        self._stop()
        await asyncio.to_thread(self._thread.join, CLOSE_S)
        if self._thread.is_alive():
            _log.error("the language model is stuck in a step and was left behind")

    def _stop(self) -> None:
        self._closing = True
        scheduler: LlamaScheduler | None = getattr(self, "_scheduler", None)
        if scheduler is not None:
            scheduler.stop()


def _deliver(events: Sequence[Event]) -> None:
    for request, what in events:
        if not request.cancelled:
            request.deliver(what)
