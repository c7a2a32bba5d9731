"""An answer engine that says what it was told to, and remembers what it was asked."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass

from appliance.domain import Question
from appliance.engines.protocols import AnswerEngine, Piece
from appliance.errors import Unavailable


@dataclass(frozen=True)
class Script:
    """One answer: its pieces, the seconds before each of them, and how it ends.

    With `error` it raises that after its last piece; with `hangs` it waits there until it is
    stopped.
    """

    pieces: tuple[Piece, ...]
    delay_s: float = 0.0
    error: BaseException | None = None
    hangs: bool = False


class FakeEngine:
    """Answers from a queue, in order; with the queue empty it quotes the first passage and cites
    it.
    """

    def __init__(
        self, name: str = "fake", *, writes: bool = False, device: str | None = None
    ) -> None:
        """With `writes` it is not trusted: what it says passes the check sentence by sentence."""
        self._name = name
        self._writes = writes
        self._device = device
        self.failure: Unavailable | None = None  # what its check raises
        self._queue: deque[Script] = deque()
        self.history: list[Question] = []
        self.started = 0
        self.stopped = 0  # generators that ended, in whatever way
        self.running = 0
        self.closed = False

    @property
    def name(self) -> str:
        return self._name

    @property
    def writes(self) -> bool:
        return self._writes

    @property
    def device(self) -> str | None:
        return self._device

    async def check(self) -> None:
        if self.failure is not None:
            raise self.failure

    def enqueue(
        self,
        pieces: Sequence[Piece],
        *,
        delay_s: float = 0.0,
        error: BaseException | None = None,
        hangs: bool = False,
    ) -> None:
        self._queue.append(Script(tuple(pieces), delay_s, error, hangs))

    async def answer(self, question: Question) -> AsyncGenerator[Piece]:
        self.history.append(question)
        self.started += 1
        self.running += 1
        script = self._queue.popleft() if self._queue else _quotation(question)
        try:
            for piece in script.pieces:
                await asyncio.sleep(script.delay_s)
                yield piece
            if script.error is not None:
                raise script.error
            if script.hangs:
                await asyncio.Event().wait()
        finally:
            self.running -= 1
            self.stopped += 1

    async def close(self) -> None:
        self.closed = True


def _quotation(question: Question) -> Script:
    words = " ".join(question.passages[0].chunk.text.split())
    return Script((*(word + " " for word in words.split(" ")), "[1]"))


_: type[AnswerEngine] = FakeEngine
