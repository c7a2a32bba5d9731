"""Conversations and their branches: making, changing and deleting them."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

from appliance.domain import (
    Branch,
    Conversation,
    Message,
    MessageRole,
    MessageStatus,
    Principal,
    RequestOrigin,
    utc_now,
)
from appliance.errors import Conflict
from appliance.services.answer_streams import AnswerStreams
from appliance.services.conversation_rules import (
    DEFAULT_TITLE,
    PREVIEW_CHARACTERS,
    checked_content,
    insert_conversation,
    insert_question,
    new_conversation,
    not_found,
    own_conversation,
    record,
    shortened,
)
from appliance.services.erasure import erase_conversations
from appliance.storage import branches, conversations, folders, messages
from appliance.storage.database import Connection, Database

MAX_BRANCHES = 200  # of one conversation: following a line costs one step per branch


@dataclass(frozen=True, slots=True)
class Changes:
    """What to change; None leaves a field alone, `unfile` takes it out of its folder."""

    title: str | None = None
    archived: bool | None = None
    folder_id: str | None = None
    unfile: bool = False


class Conversations:
    """All raise `NotFound` alike for an id that does not exist and for somebody else's."""

    def __init__(
        self, db: Database, streams: AnswerStreams, *, clock: Callable[[], datetime] = utc_now
    ) -> None:
        self._db = db
        self._streams = streams
        self._clock = clock

    async def create(
        self,
        principal: Principal,
        origin: RequestOrigin,
        *,
        title: str | None = None,
        folder_id: str | None = None,
    ) -> Conversation:
        now = self._clock()
        conversation = new_conversation(
            principal.user.id, title or DEFAULT_TITLE, now, folder_id=folder_id
        )

        def work(tx: Connection) -> None:
            _check_folder(tx, principal, folder_id)
            insert_conversation(tx, principal, origin, conversation)

        await self._db.write(work)
        return conversation

    async def get(self, principal: Principal, conversation_id: str) -> Conversation:
        """For checks only. It is not recorded, so nobody may be shown what it says."""
        return await self._db.read(lambda tx: own_conversation(tx, principal, conversation_id))

    async def update(
        self, principal: Principal, origin: RequestOrigin, conversation_id: str, changes: Changes
    ) -> Conversation:
        now = self._clock()

        def work(tx: Connection) -> Conversation:
            current = own_conversation(tx, principal, conversation_id)
            _check_folder(tx, principal, changes.folder_id)
            changed = replace(
                current,
                title=current.title if changes.title is None else changes.title,
                archived=current.archived if changes.archived is None else changes.archived,
                folder_id=None if changes.unfile else changes.folder_id or current.folder_id,
            )
            if changed == current:
                return current
            changed = replace(changed, updated_at=now)
            conversations.update(tx, changed)
            record(tx, now, "conversation.update", principal, origin, "conversation", current.id)
            return changed

        return await self._db.write(work)

    async def delete(
        self, principal: Principal, origin: RequestOrigin, conversation_id: str
    ) -> None:
        now = self._clock()

        def work(tx: Connection) -> None:
            if not conversations.delete(tx, principal.user.id, conversation_id):
                raise not_found("conversation")
            record(
                tx, now, "conversation.delete", principal, origin, "conversation", conversation_id
            )

        await self._db.write(work)
        self._streams.cancel_conversation(conversation_id)

    async def delete_all(self, principal: Principal, origin: RequestOrigin) -> int:
        """Returns how many conversations were deleted: those that were there when it began.

        Some at a time: taking many words out of the search index would hold up those who write.
        """
        now = self._clock()

        def on_deleted(tx: Connection, ids: list[str]) -> None:
            for each in ids:
                record(tx, now, "conversation.delete", principal, origin, "conversation", each)

        gone = await erase_conversations(self._db, principal.user.id, on_deleted)
        for each in gone:
            self._streams.cancel_conversation(each)
        return len(gone)

    async def create_branch(
        self,
        principal: Principal,
        origin: RequestOrigin,
        conversation_id: str,
        *,
        parent_message_id: str,
        initial_message: str | None = None,
    ) -> tuple[Branch, Message | None]:
        """A new line that shares everything up to and including `parent_message_id`."""
        content = initial_message
        if content is not None:
            checked_content(content, field="initial_message")
        now = self._clock()
        branch_id, message_id = str(uuid.uuid4()), str(uuid.uuid4())

        def work(tx: Connection) -> tuple[Branch, Message | None]:
            conversation = own_conversation(tx, principal, conversation_id)
            if messages.seq_in(tx, conversation_id, parent_message_id) is None:
                raise not_found("message")
            if len(branches.of_conversation(tx, conversation)) > MAX_BRANCHES:
                raise Conflict("This conversation has too many branches.")
            branches.insert(tx, branch_id, conversation_id, parent_message_id, now)
            record(tx, now, "branch.create", principal, origin, "branch", branch_id)
            message = None
            if content is not None:
                message = Message(
                    id=message_id,
                    conversation_id=conversation_id,
                    branch_id=branch_id,
                    parent_message_id=parent_message_id,
                    role=MessageRole.USER,
                    content=content,
                    status=MessageStatus.COMPLETE,
                    created_at=now,
                )
                insert_question(tx, principal, origin, message)
                conversations.touch(
                    tx, conversation_id, preview=shortened(content, PREVIEW_CHARACTERS), added=1,
                    at=now,
                )  # fmt: skip
            count = 0 if message is None else 1
            return Branch(branch_id, conversation_id, parent_message_id, count, now, now), message

        return await self._db.write(work)


def _check_folder(tx: Connection, principal: Principal, folder_id: str | None) -> None:
    if folder_id is not None and not folders.owns(tx, principal.user.id, folder_id):
        raise not_found("folder")
