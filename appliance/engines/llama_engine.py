"""Answers from a language model in a GGUF file, one after the other, on a thread of their own.

The event loop and the thread meet in two places: the queue of requests, under a lock, and each
request's pieces of text, handed over with `call_soon_threadsafe`.
"""

from __future__ import annotations

import asyncio
import logging
import math
import threading
import time
from collections import deque
from collections.abc import AsyncGenerator
from pathlib import Path

from appliance.domain import Question
from appliance.engines.answer_grammar import answer_grammar
from appliance.engines.answer_text import AnswerText
from appliance.engines.chat_template import ChatTemplate
from appliance.engines.llama_decoder import LlamaDecoder
from appliance.engines.prompt import candidates
from appliance.errors import Busy, Invalid, Unavailable

_log = logging.getLogger(__name__)
_CLOSED = "The language model is closed."
_SMALLEST_ANSWER = 16  # tokens that a prompt must leave free
_FIRST_GUESS_SECONDS = 10.0


class _Request:
    """One question and the way back to the task that asked it."""

    def __init__(self, question: Question) -> None:
        self.question = question
        self.cancelled = False  # set by the loop, read by the thread between steps
        self.loop = asyncio.get_running_loop()
        self.pieces: asyncio.Queue[str | Exception | None] = asyncio.Queue()

    def send(self, piece: str | Exception | None) -> None:
        """From the thread. None ends the answer."""
        try:
            self.loop.call_soon_threadsafe(self.pieces.put_nowait, piece)
        except RuntimeError:  # the loop has gone
            self.cancelled = True


class LlamaEngine:
    """The AnswerEngine protocol over one GGUF file."""

    def __init__(self, *, max_tokens: int, queue_limit: int) -> None:
        """Use `open`."""
        self._max_tokens = max_tokens
        self._queue_limit = queue_limit
        self._wake = threading.Condition()
        self._waiting: deque[_Request] = deque()
        self._running: _Request | None = None
        self._closing = False
        self._answer_seconds = _FIRST_GUESS_SECONDS
        self._thread: threading.Thread
        self._name = ""

    @classmethod
    async def open(
        cls,
        path: Path,
        *,
        threads: int,
        context_tokens: int = 4096,
        max_tokens: int = 512,
        temperature: float = 0.0,
        queue_limit: int = 16,
        seed: int | None = None,
    ) -> LlamaEngine:
        """Load off the event loop. Raises Unavailable when `path` holds no language model.

        `queue_limit` is how many may wait beside the one being answered;
        `seed` fixes what a temperature above 0 leaves to chance.
        Cancelled, it ends its thread first, which may have to finish loading.
        """
        engine = cls(max_tokens=max_tokens, queue_limit=queue_limit)
        loop = asyncio.get_running_loop()
        opened: asyncio.Future[None] = loop.create_future()

        def tell(error: Exception | None) -> None:
            try:
                loop.call_soon_threadsafe(settle, error)
            except RuntimeError:  # the loop has gone
                engine._closing = True

        def settle(error: Exception | None) -> None:
            if opened.done():
                return
            if error is None:
                opened.set_result(None)
            else:
                opened.set_exception(error)

        def run() -> None:
            try:
                decoder = LlamaDecoder(
                    path,
                    threads=threads,
                    context_tokens=context_tokens,
                    temperature=temperature,
                    seed=seed,
                )
            except Exception as error:
                tell(error)
                return
            engine._name = decoder.model.name
            tell(None)
            engine._serve(decoder)

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
    def running(self) -> int:
        """Answers being written now: 0 or 1."""
        return int(self._running is not None)

    @property
    def waiting(self) -> int:
        return len(self._waiting)

    async def answer(self, question: Question) -> AsyncGenerator[str]:
        """As the protocol says; raises Invalid when the question alone does not fit the model."""
        request = _Request(question)
        with self._wake:
            if self._closing:
                raise Unavailable(_CLOSED)
            if len(self._waiting) >= self._queue_limit:
                raise Busy(
                    "Too many questions are waiting for the language model.",
                    retry_after=math.ceil(self._answer_seconds),
                )
            self._waiting.append(request)
            self._wake.notify()
        try:
            while (piece := await request.pieces.get()) is not None:
                if isinstance(piece, Exception):
                    raise piece
                yield piece
        finally:
            request.cancelled = True
            with self._wake:
                if request in self._waiting:
                    self._waiting.remove(request)

    async def close(self) -> None:
        """End the thread after the step it is in; running and waiting answers get Unavailable."""
        with self._wake:
            self._closing = True
            self._wake.notify()
        await asyncio.to_thread(self._thread.join)

    # From here on: the owner thread.

    def _serve(self, decoder: LlamaDecoder) -> None:
        model = decoder.model
        source = model.header.metadata.get("tokenizer.chat_template")
        template = ChatTemplate(
            source if isinstance(source, str) else None,
            bos=model.token_text(model.bos),
            eos=model.token_text(model.eos),
        )
        try:
            while (request := self._next()) is not None:
                started = time.monotonic()
                try:
                    self._answer(decoder, template, request)
                    request.send(None)
                except Exception as error:
                    if not isinstance(error, (Unavailable, Invalid)):
                        _log.error("the language model failed: %s", type(error).__name__)
                        decoder.forget()
                        error = Unavailable("The language model failed.")
                    request.send(error)
                finally:
                    self._running = None
                self._answer_seconds += 0.3 * (time.monotonic() - started - self._answer_seconds)
        finally:
            with self._wake:
                left = list(self._waiting)
                self._waiting.clear()
            for request in left:
                request.send(Unavailable(_CLOSED))
            decoder.close()

    def _next(self) -> _Request | None:
        with self._wake:
            while not self._closing and not self._waiting:
                self._wake.wait()
            if self._closing:
                return None
            self._running = self._waiting.popleft()
            return self._running

    def _answer(self, decoder: LlamaDecoder, template: ChatTemplate, request: _Request) -> None:
        tokens, passages = _prompt_tokens(decoder, template, request.question)
        # Without passages there is nothing to cite and so no form to keep to.
        decoder.begin(tokens, answer_grammar(passages) if passages else None)
        while not self._stopped(request) and decoder.read_step():
            pass
        text = AnswerText(template.stop)
        token: int | None = None
        for _ in range(min(self._max_tokens, decoder.room)):
            if token is not None:
                decoder.write_step(token)
            if self._stopped(request) or (token := decoder.sample()) is None:
                break
            if piece := text.take(decoder.model.piece(token)):
                request.send(piece)
            if text.ended:
                return
        if rest := text.rest():
            request.send(rest)

    def _stopped(self, request: _Request) -> bool:
        if self._closing:
            raise Unavailable(_CLOSED)
        return request.cancelled


def _prompt_tokens(
    decoder: LlamaDecoder, template: ChatTemplate, question: Question
) -> tuple[list[int], int]:
    """The fullest prompt that leaves room for an answer, and how many passages it holds.

    Raises Invalid when there is none.
    """
    model = decoder.model
    for prompt in candidates(question):
        tokens: list[int] = []
        for segment in template.render(prompt.turns):
            tokens += model.tokenize(segment.text, add_special=False, parse_special=segment.trusted)
        if model.begins_with_bos and tokens[:1] != [
            model.bos
        ]:  # some templates write it themselves
            tokens.insert(0, model.bos)
        if len(tokens) + max(_SMALLEST_ANSWER, decoder.window // 8) <= decoder.window:
            return tokens, prompt.passages
    raise Invalid("The question is too long for the language model.", field="content")
