"""Deleting much of what a person wrote, a little at a time.

Taking words out of the search index costs, and the database has one writer: a whole account in one
transaction would hold everybody up for seconds.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import replace

from appliance.domain import Principal, RequestOrigin, User
from appliance.services.answer_streams import AnswerStreams
from appliance.services.login_throttle import LoginThrottle
from appliance.services.sessions import Sessions
from appliance.storage import conversations, users
from appliance.storage.database import Connection, Database

MESSAGES_AT_ONCE = 100

OnDeleted = Callable[[Connection, list[str]], None]


async def erase_conversations(
    db: Database, user_id: str, on_deleted: OnDeleted = lambda tx, ids: None
) -> list[str]:
    """Delete the conversations that the user has now; returns their ids.

    Each goes whole; `on_deleted` is part of the transaction in which it does.
    """
    gone: list[str] = []
    sizes = await db.read(lambda tx: conversations.sizes(tx, user_id))
    for some in _batches(sizes):

        def work(tx: Connection, some: list[str] = some) -> list[str]:
            deleted = conversations.delete_many(tx, user_id, some)
            on_deleted(tx, deleted)
            return deleted

        gone += await db.write(work)
    return gone


def _batches(sizes: list[tuple[str, int]]) -> Iterator[list[str]]:
    batch: list[str] = []
    total = 0
    for conversation_id, messages in sizes:
        if batch and total + messages > MESSAGES_AT_ONCE:
            yield batch
            batch, total = [], 0
        batch.append(conversation_id)
        total += messages + 1
    if batch:
        yield batch


class AccountErasure:
    """Ends an account at once, and then removes it with all that is its own.

    A stop in between leaves it deactivated and partly erased; deleting it again goes on.
    """

    def __init__(
        self, db: Database, sessions: Sessions, throttle: LoginThrottle, streams: AnswerStreams
    ) -> None:
        self._db = db
        self._sessions = sessions
        self._throttle = throttle
        self._streams = streams
        self._tasks: set[asyncio.Task[None]] = set()

    async def erase(
        self,
        user_id: str,
        permit: Callable[[Connection], User],
        record: Callable[[Connection], None],
        reason: str,
        *,
        actor: Principal,
        origin: RequestOrigin,
    ) -> None:
        """`permit` finds the account and raises where it may not go, `record` writes the audit
        row. Once begun it goes on, whatever becomes of the caller.
        """

        def end(tx: Connection) -> list[str]:
            user = permit(tx)
            users.update(tx, replace(user, is_active=False))
            self._throttle.succeeded(tx, self._throttle.account(user.email))
            ended = self._sessions.end_all(tx, user.id, reason, actor=actor, origin=origin)
            record(tx)
            return ended

        self._sessions.ended(await self._db.write(end), reason)
        self._streams.cancel_user(user_id)
        task = asyncio.create_task(self._remove(user_id))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        await asyncio.shield(task)

    async def _remove(self, user_id: str) -> None:
        await erase_conversations(self._db, user_id)
        await self._db.write(lambda tx: users.delete(tx, user_id))

    async def close(self) -> None:
        """Finish what was begun."""
        await asyncio.gather(*self._tasks, return_exceptions=True)
