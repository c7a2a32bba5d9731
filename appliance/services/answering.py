"""Asking and answering. Answers belong to the server and go on whoever is connected."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from appliance.domain import (
    MAIN_BRANCH,
    Message,
    MessageRole,
    MessageStatus,
    Principal,
    RequestOrigin,
    utc_now,
)
from appliance.errors import ApplianceError, Busy, Unavailable
from appliance.services.answer_streams import AnswerStream, AnswerStreams, Done
from appliance.services.answer_writer import AnswerWriter
from appliance.services.conversation_rules import (
    checked_client_id,
    checked_content,
    not_found,
    record,
)
from appliance.services.questions import Ask, AskAgain, Asked, store, store_again
from appliance.storage import audit, messages
from appliance.storage.audit import AuditEntry
from appliance.storage.database import Connection, Database

MAX_CONCURRENT = 64
MAX_PER_USER = 8
RETRY_AFTER_S = 5
DRAIN_S = 15.0
STOP_S = 2.0  # to store what was interrupted

# (session id, what to call with the reason when the session ends) -> what takes it back
Watch = Callable[[str, Callable[[str], None]], Callable[[], None]]
# Stores an ask, or raises the refusal that it is given, where there is something to store.
Storing = Callable[[Connection, ApplianceError | None], Asked]
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Begun:
    """A stored question and the stream of its answer; `is_new` is false for a retry."""

    stream: AnswerStream
    question: Message
    is_new: bool


logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Load:
    """Answers under way: those yet without a word, those that are coming, and room for both."""

    waiting: int
    running: int
    slots: int


class Answering:
    """`watch` tells when a session loses its right; its answers then stop at once."""

    def __init__(
        self,
        db: Database,
        writer: AnswerWriter,
        streams: AnswerStreams,
        *,
        watch: Watch,
        clock: Callable[[], datetime] = utc_now,
        max_concurrent: int = MAX_CONCURRENT,
        max_per_user: int = MAX_PER_USER,
    ) -> None:
        self._db = db
        self._writer = writer
        self._streams = streams
        self._watch = watch
        self._clock = clock
        self._max_concurrent = max_concurrent
        self._max_per_user = max_per_user
        self._tasks: set[asyncio.Task[Any]] = set()
        self._draining = False

    @property
    def load(self) -> Load:
        streams = self._streams.running
        waiting = sum(not stream.pieces for stream in streams)
        return Load(waiting, len(streams) - waiting, self._max_concurrent)

    async def recover(self) -> int:
        """At start: mark what an earlier run left unfinished as interrupted; returns how many."""
        now = self._clock()

        def work(tx: Connection) -> int:
            cut_short = messages.interrupt_streaming(tx)
            for message_id, user_id in cut_short:
                audit.append(
                    tx,
                    AuditEntry(
                        at=now,
                        action="answer.interrupted",
                        success=True,
                        user_id=user_id,
                        resource_type="message",
                        resource_id=message_id,
                        details={"restart": True},
                    ),
                )
            return len(cut_short)

        return await self._db.write(work)

    async def reply(
        self,
        principal: Principal,
        origin: RequestOrigin,
        content: str,
        *,
        conversation_id: str | None = None,
        branch_id: str = MAIN_BRANCH,
        parent_message_id: str | None = None,
        client_message_id: str | None = None,
    ) -> AnswerStream:
        """The stream of `ask`."""
        begun = await self.ask(
            principal,
            origin,
            content,
            conversation_id=conversation_id,
            branch_id=branch_id,
            parent_message_id=parent_message_id,
            client_message_id=client_message_id,
        )
        return begun.stream

    async def ask(
        self,
        principal: Principal,
        origin: RequestOrigin,
        content: str,
        *,
        conversation_id: str | None = None,
        branch_id: str = MAIN_BRANCH,
        parent_message_id: str | None = None,
        client_message_id: str | None = None,
    ) -> Begun:
        """Store the question and start its answer; returns once the question is durable.

        The same `client_message_id` again (in the same conversation, or of the same user where none
        is named) gives the stream under way, or the stored answer; never a second one. Raises
        `Invalid`, `NotFound`, `Busy` with a time to wait, `Unavailable` while shutting down.
        """
        ask = Ask(
            principal=principal,
            origin=origin,
            content=checked_content(content),
            at=self._clock(),
            conversation_id=conversation_id,
            branch_id=branch_id,
            parent_message_id=parent_message_id,
            client_message_id=checked_client_id(client_message_id),
        )
        stream = AnswerStream(
            message_id=ask.answer_id,
            user_message_id=ask.question_id,
            conversation_id=ask.conversation_id or ask.new_conversation_id,
            user_id=principal.user.id,
            client_message_id=ask.client_message_id,
            grace_s=self._streams.grace_s,
        )

        def storing(tx: Connection, refusal: ApplianceError | None) -> Asked:
            return store(tx, ask, refusal=refusal)

        # Shielded: a caller that goes away must not leave a stored question without its answer.
        return await asyncio.shield(self._spawn(self._begin(ask, stream, storing)))

    async def ask_again(
        self, principal: Principal, origin: RequestOrigin, conversation_id: str, message_id: str
    ) -> Begun:
        """Start another answer to a stored question, named by itself or by one of its answers.

        It gets a branch of its own, so that nothing is lost. Raises `NotFound`, `Conflict` while
        the question is being answered, `Busy`, `Unavailable`.
        """
        again = AskAgain(principal, origin, self._clock(), conversation_id, message_id)
        stream = AnswerStream(
            message_id=again.answer_id,
            user_message_id="",  # until the question is known
            conversation_id=conversation_id,
            user_id=principal.user.id,
            client_message_id=None,
            grace_s=self._streams.grace_s,
        )

        def storing(tx: Connection, refusal: ApplianceError | None) -> Asked:
            return store_again(tx, again, refusal=refusal)

        return await asyncio.shield(self._spawn(self._begin(again, stream, storing)))

    async def resume(
        self, principal: Principal, origin: RequestOrigin, message_id: str
    ) -> AnswerStream:
        """The stream of the caller's answer, or for one that has long ended its stored end.

        Either is a reading, and recorded.
        """
        now = self._clock()
        stream = self._streams.find(principal.user.id, message_id)

        def read(tx: Connection) -> Message | None:
            message = None if stream is not None else _own_answer(tx, principal, message_id)
            record(tx, now, "message.read", principal, origin, "message", message_id)
            return message

        message = await self._db.write(read)
        if stream is not None:
            return stream
        assert message is not None
        return self._replay(message, None)

    async def cancel(self, principal: Principal, message_id: str) -> None:
        """Stop the caller's answer; one that has ended stays as it is."""
        stream = self._streams.find(principal.user.id, message_id)
        if stream is not None:
            stream.cancel()
        else:
            await self._db.read(lambda tx: _own_answer(tx, principal, message_id))

    async def drain(self, timeout_s: float = DRAIN_S) -> None:
        """Before closing: take nothing new, let what is under way finish, interrupt the rest."""
        self._draining = True
        await self._settle(timeout_s)
        for stream in self._streams.running:
            stream.cancel()
        await self._settle(STOP_S)

    async def _settle(self, timeout_s: float) -> None:
        """Wait for the tasks, and for those that they start."""
        loop = asyncio.get_running_loop()
        until = loop.time() + timeout_s
        while self._tasks and (left := until - loop.time()) > 0:
            await asyncio.wait(set(self._tasks), timeout=left, return_when=asyncio.FIRST_COMPLETED)

    async def _begin(self, ask: Ask | AskAgain, stream: AnswerStream, storing: Storing) -> Begun:
        refusal = self._refusal(ask.principal.user.id)
        # Entered before it is stored: whoever finds the row finds the stream, and it holds its
        # place.
        self._streams.add(stream)
        unwatch = self._watch(ask.principal.session_id, lambda _: stream.cancel())
        try:
            asked = await self._db.write(lambda tx: storing(tx, refusal))
        except BaseException:
            unwatch()
            self._streams.discard(stream)
            raise
        if not asked.is_new:
            unwatch()
            self._streams.discard(stream)
            return Begun(self._joined(stream, asked), asked.question, is_new=False)
        stream.user_message_id = asked.question.id
        stream.conversation_id = asked.question.conversation_id
        stream.abandon()  # until its caller listens
        self._spawn(self._write(stream, asked, ask, unwatch))
        return Begun(stream, asked.question, is_new=True)

    async def _write(
        self, stream: AnswerStream, asked: Asked, ask: Ask | AskAgain, unwatch: Callable[[], None]
    ) -> None:
        try:
            await self._writer.write(stream, asked, ask.principal, ask.origin)
        finally:
            unwatch()
            self._streams.retain(stream)

    def _refusal(self, user_id: str) -> ApplianceError | None:
        """Why no new question can be taken now."""
        if self._draining:
            return Unavailable("The appliance is shutting down.", retry_after=RETRY_AFTER_S)
        if len(self._streams.running) >= self._max_concurrent:
            return Busy("Too many answers are under way.", retry_after=RETRY_AFTER_S)
        if self._streams.running_of(user_id) >= self._max_per_user:
            return Busy("You have too many answers under way.", retry_after=RETRY_AFTER_S)
        return None

    def _joined(self, unused: AnswerStream, asked: Asked) -> AnswerStream:
        stream = self._streams.find(unused.user_id, asked.answer.id)
        if stream is not None and not stream.ended:
            return stream
        if stream is not None and asked.answer.status is MessageStatus.STREAMING:
            return stream  # it ended while its row was being read
        return self._replay(asked.answer, unused.client_message_id)

    def _replay(self, answer: Message, client_message_id: str | None) -> AnswerStream:
        stream = AnswerStream(
            message_id=answer.id,
            user_message_id=answer.parent_message_id or "",
            conversation_id=answer.conversation_id,
            user_id="",
            client_message_id=client_message_id,
        )
        stream.end(Done(answer))
        return stream

    def _spawn(self, work: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._over)
        return task

    def _over(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        if not task.cancelled():
            task.exception()  # whoever waits for it hears of it; a caller that has gone need not


def _own_answer(tx: Connection, principal: Principal, message_id: str) -> Message:
    message = messages.by_id(tx, principal.user.id, message_id)
    if message is None or message.role is not MessageRole.ASSISTANT:
        raise not_found("message")
    return message
