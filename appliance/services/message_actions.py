"""What a person does to messages that are there: edit, delete, stop and judge them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from appliance.domain import (
    MAIN_BRANCH,
    Feedback,
    Message,
    MessageRole,
    MessageStatus,
    Principal,
    Rating,
    RequestOrigin,
    utc_now,
)
from appliance.errors import Conflict
from appliance.services.answer_streams import AnswerStreams
from appliance.services.conversation_rules import (
    DEFAULT_TITLE,
    checked_client_id,
    checked_content,
    own_conversation,
    own_message,
    preview,
    record,
    title_of,
)
from appliance.services.questions import Ask, store_question
from appliance.storage import conversations, feedback, messages
from appliance.storage.database import Connection, Database

STOP_S = 3.0  # how long stopping waits for the end to be stored


class MessageActions:
    """All raise `NotFound` alike for an id that does not exist and for somebody else's."""

    def __init__(
        self, db: Database, streams: AnswerStreams, *, clock: Callable[[], datetime] = utc_now
    ) -> None:
        self._db = db
        self._streams = streams
        self._clock = clock

    async def add(
        self,
        principal: Principal,
        origin: RequestOrigin,
        conversation_id: str,
        content: str,
        *,
        branch_id: str = MAIN_BRANCH,
        parent_message_id: str | None = None,
        client_message_id: str | None = None,
    ) -> tuple[Message, Message | None, bool]:
        """Store a question that nobody is to answer now: the question, its answer, whether it is
        new.

        The same `client_message_id` again gives what was stored the first time, with its answer
        where it has one.
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

        def work(tx: Connection) -> tuple[Message, Message | None, bool]:
            stored = store_question(tx, ask)
            answer = None if stored.is_new else messages.answer_to(tx, stored.question)
            return stored.question, answer, stored.is_new

        return await self._db.write(work)

    async def edit(
        self,
        principal: Principal,
        origin: RequestOrigin,
        conversation_id: str,
        message_id: str,
        content: str,
    ) -> Message:
        """Another wording for a question; the earlier one and the answers to it are kept.

        Raises `Conflict` for an answer, and for a question that is being answered.
        """
        checked_content(content)
        now = self._clock()

        def work(tx: Connection) -> Message:
            message = own_message(tx, principal, conversation_id, message_id)
            if message.role is not MessageRole.USER:
                raise Conflict("Answers cannot be edited.")
            if messages.is_being_answered(tx, message):
                raise Conflict("This question is being answered. Stop that answer first.")
            record(tx, now, "message.edit", principal, origin, "message", message_id)
            if content == message.content:
                return message
            messages.edit(tx, message, content, now)
            _touch(tx, conversation_id, 0, now)
            _retitle(tx, principal, conversation_id, {title_of(message.content)}, now)
            return replace(message, content=content, edited_at=now)

        return await self._db.write(work)

    async def delete(
        self, principal: Principal, origin: RequestOrigin, conversation_id: str, message_id: str
    ) -> int:
        """With the answers to it and the branches that start from what goes; returns how many
        messages went. Answers under way among them are stopped.
        """
        now = self._clock()

        def work(tx: Connection) -> list[str]:
            message = own_message(tx, principal, conversation_id, message_id)
            before = messages.questions(tx, conversation_id)
            gone = messages.delete(tx, message)
            _touch(tx, conversation_id, -len(gone), now)
            titles = {title_of(text) for message_id, text in before if message_id in gone}
            _retitle(tx, principal, conversation_id, titles, now)
            details = {"messages": len(gone)}
            record(tx, now, "message.delete", principal, origin, "message", message_id, details)
            return gone

        gone = await self._db.write(work)
        self._streams.forget(frozenset(gone))
        return len(gone)

    async def stop(
        self, principal: Principal, origin: RequestOrigin, conversation_id: str, message_id: str
    ) -> Message:
        """The answer as it stands once it has stopped; one that had ended is as it was.

        Raises `Conflict` for a question.
        """
        await self._db.read(
            lambda tx: _answer(tx, principal, conversation_id, message_id, "stopped")
        )
        stream = self._streams.find(principal.user.id, message_id)
        if stream is not None and not stream.ended:
            stream.cancel()
            try:
                async with asyncio.timeout(STOP_S):
                    await stream.wait()
            except TimeoutError:
                pass  # shown as it stands
        now = self._clock()

        def work(tx: Connection) -> Message:
            message = _answer(tx, principal, conversation_id, message_id, "stopped")
            record(tx, now, "answer.stop", principal, origin, "message", message_id)
            return message

        return await self._db.write(work)

    async def rate(
        self,
        principal: Principal,
        origin: RequestOrigin,
        conversation_id: str,
        message_id: str,
        rating: Rating,
        reason: str | None = None,
    ) -> Message:
        """Say what an answer is worth, in place of what was said before.

        Raises `Conflict` for a question, and for an answer that is still being written.
        """
        given = Feedback(rating, reason, self._clock())

        def work(tx: Connection) -> Message:
            message = _rateable(tx, principal, conversation_id, message_id)
            feedback.put(tx, message_id, given)
            details = {"rating": rating.value}
            record(
                tx, given.created_at, "feedback.give", principal, origin, "message", message_id,
                details,
            )  # fmt: skip
            return replace(message, feedback=given)

        message = await self._db.write(work)
        self._streams.forget({message_id})
        return message

    async def unrate(
        self, principal: Principal, origin: RequestOrigin, conversation_id: str, message_id: str
    ) -> Message:
        """Take back what was said of an answer, if anything was."""
        now = self._clock()

        def work(tx: Connection) -> Message:
            message = _rateable(tx, principal, conversation_id, message_id)
            feedback.delete(tx, message_id)
            record(tx, now, "feedback.withdraw", principal, origin, "message", message_id)
            return replace(message, feedback=None)

        message = await self._db.write(work)
        self._streams.forget({message_id})
        return message


def _answer(
    tx: Connection, principal: Principal, conversation_id: str, message_id: str, done: str
) -> Message:
    message = own_message(tx, principal, conversation_id, message_id)
    if message.role is not MessageRole.ASSISTANT:
        raise Conflict(f"Only answers can be {done}.")
    return message


def _rateable(
    tx: Connection, principal: Principal, conversation_id: str, message_id: str
) -> Message:
    message = _answer(tx, principal, conversation_id, message_id, "rated")
    if message.status is MessageStatus.STREAMING:
        raise Conflict("This answer is still being written.")
    return message


def _touch(tx: Connection, conversation_id: str, added: int, at: datetime) -> None:
    shown = preview(messages.newest_content(tx, conversation_id))
    conversations.touch(tx, conversation_id, preview=shown, added=added, at=at)


def _retitle(
    tx: Connection, principal: Principal, conversation_id: str, titles: set[str], at: datetime
) -> None:
    """A title made of words that are gone goes with them: the first question left gives another."""
    conversation = own_conversation(tx, principal, conversation_id)
    if conversation.title not in titles:
        return
    left = messages.questions(tx, conversation_id)
    title = title_of(left[0][1]) if left else DEFAULT_TITLE
    conversations.update(tx, replace(conversation, title=title, updated_at=at))
