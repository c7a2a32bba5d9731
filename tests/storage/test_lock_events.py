"""storage/lock_events.py"""

from __future__ import annotations

from appliance.domain import LockEvent, LockStatus
from appliance.storage import lock_events, users
from appliance.storage.database import Connection, Database
from tests.conftest import SettableClock
from tests.storage.test_users import someone


async def test_newest_first_page_by_page_and_gone_with_the_user(
    database: Database, clock: SettableClock
) -> None:
    user, other = someone(clock), someone(clock, 2)
    events = [
        LockEvent(
            id=f"event-{number}",
            user_id=user.id,
            timestamp=clock(),
            actor_id=None if number == 0 else "admin",
            status=LockStatus.LOCKED if number % 2 else LockStatus.UNLOCKED,
            reason=None if number == 1 else "because",
            request_id=None if number == 2 else "request",
        )
        for number in range(5)
    ]

    def work(tx: Connection) -> None:
        users.insert(tx, user, "hash")
        users.insert(tx, other, "hash")
        for event in events:
            lock_events.insert(tx, event)

    async def found(user_id: str, offset: int = 0, limit: int = 9) -> list[LockEvent]:
        return await database.read(
            lambda tx: lock_events.of_user(tx, user_id, offset=offset, limit=limit)
        )

    await database.write(work)
    newest_first = events[::-1]
    for offset, limit in ((0, 9), (0, 2), (3, 2), (5, 2)):
        assert await found(user.id, offset, limit) == newest_first[offset : offset + limit]
    assert await found(other.id) == []
    await database.write(lambda tx: users.delete(tx, user.id))
    assert await found(user.id) == []
