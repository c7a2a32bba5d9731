"""The language model that is served: answers are written by it until another takes its place.

An answer ends on the model that it began on. Where memory does not hold two models, new answers
wait, told that they do, until the running ones have ended and the other model is there.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncGenerator, Callable, Iterator
from contextlib import aclosing, contextmanager
from dataclasses import dataclass

from appliance.domain import Question
from appliance.engines.protocols import AnswerEngine, Piece, QueuePlace
from appliance.errors import Unavailable


@dataclass(frozen=True, slots=True)
class Absence:
    """A model that is configured and not there: its name, and why, told when a question comes."""

    name: str
    reason: Callable[[], Unavailable]


class ServingLlm:
    def __init__(self, engine: AnswerEngine | None = None) -> None:
        self._engine = engine
        self._absence: Absence | None = None
        self._uses: Counter[AnswerEngine] = Counter()
        self._ended = asyncio.Event()
        self._open = asyncio.Event()
        self._open.set()
        self._waiting = 0
        self._seconds: Callable[[], float] = float

    @property
    def engine(self) -> AnswerEngine | None:
        """The model that is loaded."""
        return self._engine

    @property
    def name(self) -> str | None:
        """Of what is loaded or ought to be; None when there is to be no language model."""
        if self._engine is not None:
            return self._engine.name
        return None if self._absence is None else self._absence.name

    def for_question(self) -> AnswerEngine | None:
        """What answers one question; None when there is to be no language model."""
        return None if self.name is None else _OneAnswer(self)

    def check(self) -> None:
        """Raises Unavailable, with the reason, when a model is configured and does not answer."""
        if self._engine is None and self._absence is not None:
            raise self._absence.reason()

    def take(self, engine: AnswerEngine | None, absence: Absence | None = None) -> None:
        """`engine` answers from now on; with None, questions are refused as `absence` says."""
        self._engine, self._absence = engine, absence

    async def unused(self, engine: AnswerEngine) -> None:
        """Returns when no answer of `engine` is running."""
        while self._uses[engine]:
            self._ended.clear()
            await self._ended.wait()

    @contextmanager
    def paused(self, seconds: Callable[[], float]) -> Iterator[None]:
        """No answer begins meanwhile; `seconds` guesses how long that still is."""
        self._seconds = seconds
        self._open.clear()
        try:
            yield
        finally:
            self._open.set()

    async def turn(self) -> AsyncGenerator[QueuePlace]:
        """Ends when an answer may begin; before that, its place among those that wait."""
        while not self._open.is_set():
            self._waiting += 1
            try:
                yield QueuePlace(self._waiting, self._seconds())
                await self._open.wait()
            finally:
                self._waiting -= 1

    @contextmanager
    def used(self) -> Iterator[AnswerEngine]:
        """The model of now, which stays open meanwhile. Raises Unavailable when there is none."""
        self.check()
        engine = self._engine
        if engine is None:
            raise Unavailable("There is no language model.")
        self._uses[engine] += 1
        try:
            yield engine
        finally:
            self._uses[engine] -= 1
            if not self._uses[engine]:
                del self._uses[engine]
                self._ended.set()


class _OneAnswer:
    """The AnswerEngine protocol for one question; the name is that of the model that answers it."""

    def __init__(self, serving: ServingLlm) -> None:
        self._serving = serving
        self._name: str | None = None

    @property
    def name(self) -> str:
        return self._name or self._serving.name or ""

    @property
    def writes(self) -> bool:
        engine = self._serving.engine
        return engine is None or engine.writes

    @property
    def device(self) -> str | None:
        engine = self._serving.engine
        return None if engine is None else engine.device

    async def check(self) -> None:
        self._serving.check()
        if self._serving.engine is not None:
            await self._serving.engine.check()

    async def answer(self, question: Question) -> AsyncGenerator[Piece]:
        async with aclosing(self._serving.turn()) as places:
            async for place in places:
                yield place
        with self._serving.used() as engine:
            self._name = engine.name
            async with aclosing(engine.answer(question)) as pieces:
                async for piece in pieces:
                    yield piece

    async def close(self) -> None:
        """What is served is closed by whoever loaded it."""
