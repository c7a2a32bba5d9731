"""Answers from a language model on another machine of the local network.

The server is any that speaks OpenAI's chat completions as a stream: vLLM, llama-server. Every
answer has a connection of its own, so that closing the connection stops the server at once.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, Callable
from contextlib import AbstractAsyncContextManager, aclosing
from pathlib import Path

from appliance.domain import Question
from appliance.engines.answer_grammar import answer_grammar
from appliance.engines.api_key import read_api_key
from appliance.engines.chat_completion import (
    ChatEvent,
    PromptTooLong,
    ServedModel,
    completion_body,
    most_tokens,
    refusal,
    served_model,
)
from appliance.engines.chat_events import chat_events
from appliance.engines.fair_queue import READ_COST, WRITTEN_COST
from appliance.engines.fair_turns import FairTurns, Turn
from appliance.engines.http_exchange import BROKEN_OFF, HttpAnswer, HttpRequest, exchange
from appliance.engines.lan_server import LanServer
from appliance.engines.prompt import Prompt, candidates
from appliance.engines.prompt_tokens import SMALLEST_ANSWER
from appliance.engines.protocols import LeftOut, Piece
from appliance.errors import Busy, Invalid, Unavailable

_log = logging.getLogger(__name__)
PATIENCE_S = 120.0  # a long prompt, read on processors behind others', takes that long
PROBE_S = 3.0
PROBE_AGAIN_S = 5.0
_ERROR_BYTES = 64 << 10
_LIST_BYTES = 1 << 20
_SHORTER = 0.9  # of a prompt that was too long: the next that is worth a try


class OpenAiEngine:
    """The AnswerEngine protocol over one server."""

    def __init__(
        self,
        server: LanServer,
        *,
        key: str | None = None,
        model: str | None = None,
        context_tokens: int = 4096,
        max_tokens: int = 512,
        temperature: float = 0.0,
        slots: int = 16,
        queue_limit: int = 16,
        per_user: int = 1,
        patience_s: float = PATIENCE_S,
        connecting: Callable[[], None] = lambda: None,
    ) -> None:
        """`slots` answers are asked for at once, `per_user` of each user; `queue_limit` may wait.

        `model` is asked for by name, else the first that is served. A prompt and its answer keep
        within `context_tokens`, or less where the server tells so. `connecting` hears of every
        connection that is begun.
        """
        self._server = server
        self._key = key
        self._model = model
        self._context_tokens = context_tokens
        self._max_tokens = max_tokens
        self._temperature = temperature
        self._patience_s = patience_s
        self._connecting = connecting
        self._turns = FairTurns(slots=slots, limit=queue_limit, per_user=per_user)
        self._probing = asyncio.Lock()
        self._probe_at = 0.0
        self._served: ServedModel | None = None
        self._stale = True  # what is known of the server may not hold
        self._failure: str | None = None

    @classmethod
    async def open(
        cls,
        base_url: str,
        *,
        ca_file: Path | None = None,
        key_file: Path | None = None,
        model: str | None = None,
        context_tokens: int = 4096,
        max_tokens: int = 512,
        temperature: float = 0.0,
        slots: int = 16,
        queue_limit: int = 16,
        connecting: Callable[[], None] = lambda: None,
    ) -> OpenAiEngine:
        """Raises Unavailable for settings that cannot be used.

        A server that cannot be reached yet is only logged: it may come later.
        """
        engine = cls(
            LanServer.parse(base_url, ca_file),
            key=None if key_file is None else read_api_key(key_file),
            model=model,
            context_tokens=context_tokens,
            max_tokens=max_tokens,
            temperature=temperature,
            slots=slots,
            queue_limit=queue_limit,
            connecting=connecting,
        )
        try:
            await engine.check()
        except Unavailable as error:
            _log.warning("%s", error.message)
        return engine

    @property
    def name(self) -> str:
        """As the server calls its model; until it was reached, as the settings do."""
        return self._served.name if self._served else self._model or "language model"

    @property
    def writes(self) -> bool:
        return True

    @property
    def device(self) -> None:
        return None

    @property
    def slots(self) -> int:
        """How many answers may be written at once."""
        return self._turns.slots

    @property
    def running(self) -> int:
        return self._turns.running

    @property
    def waiting(self) -> int:
        return self._turns.waiting

    async def check(self) -> None:
        """Raises Unavailable while the server does not answer; it is asked every PROBE_AGAIN_S."""
        clock = asyncio.get_running_loop().time
        async with self._probing:
            if clock() >= self._probe_at:
                try:
                    self._served, self._failure = await self._probe(), None
                    self._stale = False
                except (Unavailable, Busy) as error:
                    self._failure = error.message
                self._probe_at = clock() + PROBE_AGAIN_S
        if self._failure is not None:
            raise Unavailable(self._failure)

    async def answer(self, question: Question) -> AsyncGenerator[Piece]:
        """As the protocol says; raises Invalid when the question alone does not fit the model."""
        turn = self._turns.enter(question.asker)
        try:
            while (place := await turn.news.get()) is not None:
                yield place
            if self._stale:
                await self.check()
            async with aclosing(self._written(question, turn)) as pieces:
                async for piece in pieces:
                    yield piece
        finally:
            self._turns.leave(turn)

    async def close(self) -> None:
        """Nothing is kept: every connection belongs to who reads from it."""

    async def _written(self, question: Question, turn: Turn) -> AsyncGenerator[str | LeftOut]:
        """With the fullest prompt that the server takes."""
        assert self._served is not None
        window = min(self._context_tokens, self._served.window or self._context_tokens)
        room = window - max(SMALLEST_ANSWER, window // 8)
        for prompt in candidates(question):
            size = most_tokens(prompt)
            if size > room:
                continue
            left_out = len(question.passages) - prompt.passages
            try:
                async with aclosing(self._stream(prompt, size, window, turn)) as pieces:
                    async for piece in pieces:
                        if left_out:
                            yield LeftOut(left_out)
                            left_out = 0
                        yield piece
                return
            except PromptTooLong:
                room = int(size * _SHORTER)
        raise Invalid("The question is too long for the language model.", field="content")

    async def _stream(
        self, prompt: Prompt, size: int, window: int, turn: Turn
    ) -> AsyncGenerator[str]:
        """`size`: about the tokens of `prompt`. Raises PromptTooLong before the first piece."""
        served = self._served
        assert served is not None
        body = completion_body(
            served.id,
            prompt,
            max_tokens=min(self._max_tokens, window - size),
            temperature=self._temperature,
            # Where the server knows no grammars, the text is held to the form when it is read.
            grammar=answer_grammar(prompt.passages)
            if served.takes_grammar and prompt.passages
            else None,
        )
        request = HttpRequest("POST", "/v1/chat/completions", body, self._key)
        async with self._exchange(request, self._patience_s) as answer:
            if answer.status != 200:
                self._stale = self._stale or answer.status == 404
                raise refusal(answer.status, await answer.body(_ERROR_BYTES), answer.headers)
            self._turns.charge(turn, READ_COST * size)
            written = 0
            try:
                async with aclosing(chat_events(answer)) as events:
                    async for event in events:
                        self._settle(turn, event, size, written)
                        text = event.text if written else event.text.lstrip()
                        if text:
                            written += 1
                            self._turns.charge(turn, WRITTEN_COST)
                            yield text
            except (PromptTooLong, Busy):
                if written:
                    raise Unavailable(BROKEN_OFF) from None
                raise

    def _settle(self, turn: Turn, event: ChatEvent, size: int, written: int) -> None:
        """Put right what was charged by guess, where the server counted."""
        if event.usage is not None:
            read, wrote = event.usage
            cost = READ_COST * (read - size) + WRITTEN_COST * (wrote - written)
            self._turns.charge(turn, cost)

    async def _probe(self) -> ServedModel:
        request = HttpRequest("GET", "/v1/models", key=self._key)
        try:
            async with asyncio.timeout(PROBE_S), self._exchange(request, PROBE_S) as answer:
                body = await answer.body(_LIST_BYTES)
                if answer.status != 200:
                    raise refusal(answer.status, body, answer.headers)
                return served_model(body, self._model)
        except TimeoutError:
            raise Unavailable("The language model's server does not respond.") from None

    def _exchange(
        self, request: HttpRequest, patience_s: float
    ) -> AbstractAsyncContextManager[HttpAnswer]:
        self._connecting()
        return exchange(self._server, request, patience_s=patience_s)
