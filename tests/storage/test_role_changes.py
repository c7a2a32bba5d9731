"""storage/role_changes.py"""

from __future__ import annotations

from appliance.domain import AdminRole, RoleChange
from appliance.storage import role_changes, users
from appliance.storage.database import Connection, Database
from tests.conftest import SettableClock
from tests.storage.test_users import someone


async def test_newest_first_page_by_page_and_gone_with_the_user(
    database: Database, clock: SettableClock
) -> None:
    user, other = someone(clock), someone(clock, 2)
    changes = [
        RoleChange(
            id=f"change-{number}",
            user_id=user.id,
            changed_at=clock(),
            actor_id=None if number == 0 else "admin",
            from_role=AdminRole.USER,
            to_role=AdminRole.VIEWER,
            reason=None if number == 1 else "because",
            request_id=None if number == 2 else "request",
        )
        for number in range(5)
    ]

    def work(tx: Connection) -> None:
        users.insert(tx, user, "hash")
        users.insert(tx, other, "hash")
        for change in changes:
            role_changes.insert(tx, change)

    async def found(user_id: str, offset: int = 0, limit: int = 9) -> list[RoleChange]:
        return await database.read(
            lambda tx: role_changes.of_user(tx, user_id, offset=offset, limit=limit)
        )

    await database.write(work)
    newest_first = changes[::-1]
    for offset, limit in ((0, 9), (0, 2), (3, 2), (5, 2)):
        assert await found(user.id, offset, limit) == newest_first[offset : offset + limit]
    assert await found(other.id) == []
    await database.write(lambda tx: users.delete(tx, user.id))
    assert await found(user.id) == []
