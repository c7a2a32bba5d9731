"""storage/one_time_links.py"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from appliance.storage import one_time_links, users
from appliance.storage.database import Connection, Database
from appliance.storage.one_time_links import OneTimeLink, Purpose
from tests.conftest import SettableClock
from tests.storage.test_users import someone


async def test_a_user_has_one_link(database: Database, clock: SettableClock) -> None:
    user, other = someone(clock), someone(clock, 2)
    hour = timedelta(hours=1)
    first = OneTimeLink("h1", user.id, Purpose.INVITATION, "admin", clock(), clock() + hour)
    second = replace(first, hash="h2", purpose=Purpose.PASSWORD_RESET, created_by=None)
    others = replace(first, hash="h3", user_id=other.id)

    def work(tx: Connection) -> None:
        for each in (user, other):
            users.insert(tx, each, "hash")
        for link in (first, others):
            one_time_links.replace_of_user(tx, link)

    async def found() -> list[OneTimeLink | None]:
        return await database.read(
            lambda tx: [one_time_links.by_hash(tx, name) for name in ("h1", "h2", "h3")]
        )

    await database.write(work)
    assert await found() == [first, None, others]
    await database.write(lambda tx: one_time_links.replace_of_user(tx, second))
    assert await found() == [None, second, others]
    clock.advance(minutes=1)
    await database.write(lambda tx: one_time_links.use(tx, "h2", clock()))
    assert await found() == [None, replace(second, used_at=clock()), others]
    await database.write(lambda tx: users.delete(tx, user.id))
    assert await found() == [None, None, others]
