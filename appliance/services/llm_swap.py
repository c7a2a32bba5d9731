"""From one language model to another: check the file, load it, let it take the old one's place.

While memory holds both the old one answers until the new one is there. Otherwise its running
answers end first, new ones wait, and it is loaded again when the new one cannot be.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from enum import StrEnum
from pathlib import Path
from time import monotonic

from appliance.engines.protocols import AnswerEngine, ModelLoader
from appliance.errors import Unavailable
from appliance.services.model_files import ModelFiles, Proof, glance
from appliance.services.serving_llm import Absence, ServingLlm

_RETRY_AFTER_S = 5
_GUESS_S = 30.0  # that loading takes, before any of it is done

logger = logging.getLogger(__name__)

Switch = Callable[[Proof], Awaitable[None]]


class Phase(StrEnum):
    CHECKING = "checking"
    TRYING = "trying"  # bytes that nobody has loaded yet, in a process of their own
    DRAINING = "draining"  # running answers end; memory does not hold both models
    LOADING = "loading"
    RESTORING = "restoring"  # the old one is loaded again
    FAILED = "failed"


class LlmSwap:
    """One swap at a time: the caller sees to that."""

    def __init__(self, serving: ServingLlm, files: ModelFiles, loader: ModelLoader) -> None:
        self._serving = serving
        self._files = files
        self._loader = loader
        self._served: Path | None = None
        self._phase_began = monotonic()
        self._retiring: dict[asyncio.Task[None], AnswerEngine] = {}
        self.phase = Phase.CHECKING
        self.progress = 0.0  # of the phase, 0 to 1

    @property
    def served(self) -> Path | None:
        """The file of the model that answers."""
        return self._served

    async def inspect(self, path: Path) -> bool:
        """Whether memory holds it beside the one that answers. Raises Unavailable as a loader."""

        def work() -> bool:
            glance(path)  # its refusals are shown to anybody, so they name no directory
            return self._loader.inspect(path, self._served)

        return await asyncio.to_thread(work)

    async def to(self, path: Path, *, sha256: str | None, switch: Switch) -> None:
        """`switch` is called when the model is loaded, before it answers, and may refuse it.

        `sha256`: what the file must hold whatever was accepted before. Raises Unavailable with the
        reason, and what `switch` raises; then the old one answers as before, if it can be had.
        """
        old = self._serving.engine
        if old is None and self._serving.name is not None:
            self.expect(path)
        self.enter(Phase.CHECKING)
        holds_both = await self.inspect(path)
        proof = await self._files.prove(path, expected=sha256, on_progress=self._progressed)
        if proof.accepted_at is None:
            self.enter(Phase.TRYING)
            await self._loader.try_out(path)
        if old is None or holds_both:
            self._take(await self._open(proof, switch), path)
            self._retire(old)
            return
        with self._serving.paused(self._seconds_left):
            self.enter(Phase.DRAINING)
            await self._serving.unused(old)
            self.expect(path)
            await old.close()
            try:
                self._take(await self._open(proof, switch), path)
            except Exception:
                await self._restore()
                raise

    def expect(self, path: Path) -> None:
        """Until there is a model questions are refused, not answered without one."""
        self._serving.take(None, Absence(path.name, self._not_yet))

    def to_none(self) -> None:
        """The one that answers is closed when its running answers have ended."""
        old, self._served = self._serving.engine, None
        self._serving.take(None)
        self._retire(old)

    async def close(self) -> None:
        """Every model that is loaded, whether it is answering or not."""
        engines = set(self._retiring.values())
        for task in tuple(self._retiring):
            task.cancel()
        if self._serving.engine is not None:
            engines.add(self._serving.engine)
        await asyncio.gather(*(engine.close() for engine in engines))

    def enter(self, phase: Phase) -> None:
        self.phase, self.progress, self._phase_began = phase, 0.0, monotonic()

    async def _open(self, proof: Proof, switch: Switch) -> AnswerEngine:
        self.enter(Phase.LOADING)
        engine = await self._loader.open(proof.path, self._progressed)
        try:
            self._files.check_unchanged(proof)
            await switch(proof)
        except BaseException:
            await engine.close()
            raise
        return engine

    async def _restore(self) -> None:
        assert self._served is not None
        self.enter(Phase.RESTORING)
        try:
            self._take(await self._loader.open(self._served, self._progressed), self._served)
        except Exception:
            self._served = None
            logger.exception("the language model that answered before cannot be loaded again")

    def _take(self, engine: AnswerEngine, path: Path) -> None:
        self._serving.take(engine)
        self._served = path

    def _retire(self, engine: AnswerEngine | None) -> None:
        if engine is None:
            return

        async def work() -> None:
            await self._serving.unused(engine)
            await engine.close()

        task = asyncio.create_task(work())
        self._retiring[task] = engine
        task.add_done_callback(lambda done: self._retiring.pop(done, None))

    def _progressed(self, share: float) -> None:
        self.progress = share

    def _not_yet(self) -> Unavailable:
        return Unavailable(
            f"The language model is not ready yet ({self.phase.value}, {self.progress:.0%} done); "
            "ask again in a moment.",
            retry_after=_RETRY_AFTER_S,
        )

    def _seconds_left(self) -> float:
        if self.progress <= 0:
            return _GUESS_S
        return (monotonic() - self._phase_began) * (1 - self.progress) / self.progress
