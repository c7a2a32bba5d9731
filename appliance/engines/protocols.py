"""What services know of engines: only these shapes."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from appliance.domain import Question

# All that an engine that writes says when the passages do not answer the question.
NO_ANSWER = "The passages do not answer the question."


@dataclass(frozen=True, slots=True)
class QueuePlace:
    """Where a question waits: 1 is the next to be answered. `seconds` until then, about."""

    position: int
    seconds: float


@dataclass(frozen=True, slots=True)
class LeftOut:
    """So many of a question's passages, the last ones, did not fit the model: it reads the rest."""

    passages: int


Piece = str | QueuePlace | LeftOut


class AnswerEngine(Protocol):
    """Turns a question with numbered passages into the text of an answer."""

    @property
    def name(self) -> str:
        """Stored with every answer, e.g. "extractive" or the GGUF's own name."""
        ...

    @property
    def writes(self) -> bool:
        """Whether it writes, a token a piece; one that quotes has no tokens to count."""
        ...

    @property
    def device(self) -> str | None:
        """What computes, e.g. "CPU (zen4)"; None for one of which that says nothing."""
        ...

    async def check(self) -> None:
        """Raises `Unavailable`, with the reason, while it cannot answer."""
        ...

    def answer(self, question: Question) -> AsyncGenerator[Piece]:
        """Yield the answer piece by piece; the texts joined are the whole answer.

        Before the first text comes, while the question waits, its place whenever that changes, and
        once it does not, what was left out of it, if anything was.

        A sentence names the passages that it rests on as [n], before or after its full stop.
        Closing the generator (`aclose`, or cancelling the task that awaits it) stops the engine
        within one step.
        Raises `Busy` when the engine's queue is full, `Unavailable` when it cannot run, and one
        that writes `Invalid` before its first text when the question is too long for it.
        """
        ...

    async def close(self) -> None: ...


class ModelLoader(Protocol):
    """Looks at language models' files and loads them."""

    def inspect(self, path: Path, beside: Path | None) -> bool:
        """Whether memory holds the model of `path` beside that of `beside`, which is loaded.

        Blocks. Raises `Unavailable`, with the reason, when the file is no whole language model, or
        memory does not hold it even alone.
        """
        ...

    async def try_out(self, path: Path) -> None:
        """Load it where it can do no harm. Raises `Unavailable` when that fails in any way."""
        ...

    async def open(self, path: Path, on_progress: Callable[[float], None]) -> AnswerEngine:
        """Load it; `on_progress` hears the share that is loaded, on another thread.

        Raises `Unavailable`, with the reason. Cancelled, it gives the loading up.
        """
        ...


class Embedder(Protocol):
    """Turns texts into vectors whose dot product is their cosine similarity."""

    @property
    def name(self) -> str:
        """Identifies the weights: vectors of different names must never be compared."""
        ...

    @property
    def dimensions(self) -> int: ...

    @property
    def words(self) -> frozenset[str]:
        """The words that its vocabulary holds whole, in lower case and without accents: the common
        ones of the language. The name of a drug or a disease falls into pieces.
        """
        ...

    async def embed(self, texts: Sequence[str], *, background: bool = False) -> NDArray[np.float32]:
        """Shape (len(texts), dimensions), each row of length 1. Texts past the window are cut.

        `background`: nobody waits for them, so what somebody waits for goes first.
        """
        ...

    async def close(self) -> None: ...
