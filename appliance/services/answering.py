"""Asking and answering. Answers belong to the server and go on whoever is connected."""

from __future__ import annotations

import asyncio
import logging
import re
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
from appliance.errors import ApplianceError, Busy, Invalid, Unavailable
from appliance.services.answer_streams import AnswerStream, AnswerStreams, Done
from appliance.services.answer_writer import AnswerWriter
from appliance.services.conversation_rules import checked_content, not_found, record
from appliance.services.questions import Ask, Asked, store
from appliance.storage import audit, messages
from appliance.storage.audit import AuditEntry
from appliance.storage.database import Connection, Database

MAX_CONCURRENT = 64
MAX_PER_USER = 8
RETRY_AFTER_S = 5
DRAIN_S = 15.0
STOP_S = 2.0  # to store what was interrupted
_CLIENT_MESSAGE_ID = re.compile(r"[\x21-\x7e]{1,128}")

# (session id, what to call with the reason when the session ends) -> what takes it back
Watch = Callable[[str, Callable[[str], None]], Callable[[], None]]
T = TypeVar("T")

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
        """Store the question and start its answer; returns once the question is durable.

        The same `client_message_id` again (in the same conversation, or of the same user where none
        is named) gives the stream under way, or the stored answer; never a second one. Raises
        `Invalid`, `NotFound`, `Busy` with a time to wait, `Unavailable` while shutting down.
        """
        checked_content(content)
        if client_message_id is not None and not _CLIENT_MESSAGE_ID.fullmatch(client_message_id):
            raise Invalid(
                "client_message_id must be 1 to 128 visible ASCII characters.",
                field="client_message_id",
            )
        ask = Ask(
            principal=principal,
            origin=origin,
            content=content,
            at=self._clock(),
            conversation_id=conversation_id,
            branch_id=branch_id,
            parent_message_id=parent_message_id,
            client_message_id=client_message_id,
        )
        # Shielded: a caller that goes away must not leave a stored question without its answer.
        return await asyncio.shield(self._spawn(self._begin(ask)))

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

    async def _begin(self, ask: Ask) -> AnswerStream:
        refusal = self._refusal(ask.principal.user.id)
        stream = AnswerStream(
            message_id=ask.answer_id,
            user_message_id=ask.question_id,
            conversation_id=ask.conversation_id or ask.new_conversation_id,
            user_id=ask.principal.user.id,
            client_message_id=ask.client_message_id,
            grace_s=self._streams.grace_s,
        )
        # Entered before it is stored: whoever finds the row finds the stream, and it holds its
        # place.
        self._streams.add(stream)
        unwatch = self._watch(ask.principal.session_id, lambda _: stream.cancel())
        try:
            asked = await self._db.write(lambda tx: store(tx, ask, refusal=refusal))
        except BaseException:
            unwatch()
            self._streams.discard(stream)
            raise
        if not asked.is_new:
            unwatch()
            self._streams.discard(stream)
            return self._joined(ask, asked)
        stream.abandon()  # until its caller listens
        self._spawn(self._write(stream, asked, ask, unwatch))
        return stream

    async def _write(
        self, stream: AnswerStream, asked: Asked, ask: Ask, unwatch: Callable[[], None]
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

    def _joined(self, ask: Ask, asked: Asked) -> AnswerStream:
        stream = self._streams.find(ask.principal.user.id, asked.answer.id)
        if stream is not None and not stream.ended:
            return stream
        if stream is not None and asked.answer.status is MessageStatus.STREAMING:
            return stream  # it ended while its row was being read
        return self._replay(asked.answer, ask.client_message_id)

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
