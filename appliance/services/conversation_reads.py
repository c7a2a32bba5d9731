"""Reading conversations. What is shown is read in the transaction that records the reading.

Places in a list are found on a connection that only reads: they tell nothing of what anybody
wrote, and finding them may take longer than those who write should wait.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from appliance.domain import (
    MAIN_BRANCH,
    Branch,
    Conversation,
    Message,
    Principal,
    RequestOrigin,
    utc_now,
)
from appliance.errors import Invalid
from appliance.services import cursors
from appliance.services.conversation_rules import check_branch, own_conversation
from appliance.storage import audit, branches, conversations, messages
from appliance.storage.audit import AuditEntry
from appliance.storage.conversations import Filter, Position
from appliance.storage.database import Connection, Database

_MESSAGE = "message"


@dataclass(frozen=True, slots=True)
class ConversationPage:
    items: list[Conversation]
    total: int
    next_cursor: str | None


@dataclass(frozen=True, slots=True)
class MessagePage:
    items: list[Message]
    total: int
    next_cursor: str | None


class ConversationReads:
    """All raise `NotFound` alike for an id that does not exist and for somebody else's."""

    def __init__(self, db: Database, *, clock: Callable[[], datetime] = utc_now) -> None:
        self._db = db
        self._clock = clock

    async def find(
        self,
        principal: Principal,
        origin: RequestOrigin,
        *,
        archived: bool | None = None,
        folder_id: str | None = None,
        search: str | None = None,
        page: int = 1,
        page_size: int = 20,
        cursor: str | None = None,
    ) -> ConversationPage:
        """Newest activity first. `cursor` continues where its page ended and overrides `page`.

        `search` keeps those in whose title, or in one of whose messages, all its words stand.
        Raises `Invalid` for a cursor that no page gave out, and for a blank `search`.
        """
        words = None if search is None else words_of(search, field="search")
        wanted = Filter(archived, folder_id, words)
        after = position(cursors.decode(cursor)) if cursor else None
        user_id, now = principal.user.id, self._clock()

        def places(tx: Connection) -> tuple[list[Position], int]:
            total = conversations.count(tx, user_id, wanted)
            # One more than asked for tells whether there is a next page.
            limit = page_size + 1
            if after is not None:
                found = conversations.positions_after(tx, user_id, wanted, after, limit=limit)
            else:
                offset = (page - 1) * page_size
                found = conversations.positions(tx, user_id, wanted, offset=offset, limit=limit)
            return found, total

        found, total = await self._db.read(places)
        shown = found[:page_size]

        def read(tx: Connection) -> list[Conversation]:
            items = conversations.by_ids(tx, user_id, [place.id for place in shown])
            record_read(tx, now, "conversation.list", principal, origin, count=len(items))
            return items

        items = await self._db.write(read)
        more = len(found) > page_size
        last = cursors.encode(shown[-1].updated_at, shown[-1].id) if more else None
        return ConversationPage(items, total, last)

    async def get(
        self, principal: Principal, origin: RequestOrigin, conversation_id: str
    ) -> Conversation:
        now = self._clock()

        def read(tx: Connection) -> Conversation:
            conversation = own_conversation(tx, principal, conversation_id)
            record_read(tx, now, "conversation.read", principal, origin, conversation_id)
            return conversation

        return await self._db.write(read)

    async def list_branches(
        self, principal: Principal, origin: RequestOrigin, conversation_id: str
    ) -> list[Branch]:
        """The main line first."""
        now = self._clock()

        def read(tx: Connection) -> list[Branch]:
            conversation = own_conversation(tx, principal, conversation_id)
            found = branches.of_conversation(tx, conversation)
            record_read(
                tx, now, "branch.list", principal, origin, conversation_id, count=len(found)
            )
            return found

        return await self._db.write(read)

    async def messages(
        self,
        principal: Principal,
        origin: RequestOrigin,
        conversation_id: str,
        *,
        branch_id: str = MAIN_BRANCH,
        page: int = 1,
        page_size: int = 100,
        cursor: str | None = None,
    ) -> MessagePage:
        """What the branch shows, oldest first. `cursor` continues where its page ended, also when
        the message there has gone since, and overrides `page`.
        """
        now = self._clock()
        after = None if cursor is None else _place(cursors.decode(cursor))

        def read(tx: Connection) -> MessagePage:
            own_conversation(tx, principal, conversation_id)
            check_branch(tx, conversation_id, branch_id)
            line = branches.lineage(tx, branch_id)
            limit = page_size + 1
            if after is not None:
                found = messages.page_after(tx, conversation_id, line, after, limit=limit)
            else:
                offset = (page - 1) * page_size
                found = messages.page(tx, conversation_id, line, offset=offset, limit=limit)
            items = found[:page_size]
            more = len(found) > page_size
            total = messages.count(tx, conversation_id, line)
            count = len(items)
            record_read(tx, now, "message.list", principal, origin, conversation_id, count=count)
            last = messages.seq_in(tx, conversation_id, items[-1].id) if more else None
            return MessagePage(
                items, total, None if last is None else cursors.encode(_MESSAGE, str(last))
            )

        return await self._db.write(read)


def _place(parts: list[str]) -> int:
    """Raises `Invalid` for parts that are not those of a place among messages."""
    if len(parts) != 2 or parts[0] != _MESSAGE or not re.fullmatch("[0-9]{1,18}", parts[1]):
        raise cursors.refused()
    return int(parts[1])


def words_of(text: str, *, field: str) -> tuple[str, ...]:
    """Raises `Invalid` when there is none."""
    words = tuple(text.split())
    if not words:
        raise Invalid("There is nothing to search for.", field=field)
    return words


def position(parts: list[str]) -> Position:
    """Raises `Invalid` for parts that are not those of a position."""
    if len(parts) != 2:
        raise cursors.refused()
    return Position(*parts)


def record_read(
    tx: Connection,
    at: datetime,
    action: str,
    principal: Principal,
    origin: RequestOrigin,
    conversation_id: str | None = None,
    *,
    count: int | None = None,
) -> None:
    """Append the audit row of a reading: of one conversation, or of `count` things."""
    audit.append(
        tx,
        AuditEntry(
            at=at,
            action=action,
            success=True,
            actor=principal,
            origin=origin,
            resource_type="conversation",
            resource_id=conversation_id,
            details={} if count is None else {"count": count},
        ),
    )
