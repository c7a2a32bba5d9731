"""storage/users.py"""

from __future__ import annotations

from dataclasses import replace

import pytest

from appliance.domain import AdminRole, User
from appliance.errors import Conflict
from appliance.storage import users
from appliance.storage.database import Database
from tests.conftest import SettableClock


def someone(clock: SettableClock, number: int = 1, role: AdminRole = AdminRole.USER) -> User:
    return User(f"user-{number}", f"u{number}@ward.local", "Ada Ward", True, role, clock())


async def test_a_user_comes_back_as_it_went_in(database: Database, clock: SettableClock) -> None:
    user = someone(clock, role=AdminRole.VIEWER)
    await database.write(lambda tx: users.insert(tx, user, "a hash"))
    assert await database.read(lambda tx: users.by_id(tx, user.id)) == user
    assert await database.read(lambda tx: users.by_email(tx, user.email)) == user
    assert await database.read(lambda tx: users.credentials(tx, user.email)) == (user, "a hash")


async def test_an_absent_user_is_none(database: Database) -> None:
    assert await database.read(lambda tx: users.by_id(tx, "nobody")) is None
    assert await database.read(lambda tx: users.by_email(tx, "nobody@ward.local")) is None
    assert await database.read(lambda tx: users.credentials(tx, "nobody@ward.local")) is None


async def test_an_address_is_taken_once(database: Database, clock: SettableClock) -> None:
    first = someone(clock)
    second = replace(someone(clock, 2), email=first.email)
    await database.write(lambda tx: users.insert(tx, first, "first"))
    with pytest.raises(Conflict) as refused:
        await database.write(lambda tx: users.insert(tx, second, "second"))
    assert refused.value.field == "email"
    assert first.email not in refused.value.message
    assert await database.read(lambda tx: users.by_id(tx, second.id)) is None
    assert await database.read(lambda tx: users.credentials(tx, first.email)) == (first, "first")


async def test_another_broken_rule_is_no_conflict(database: Database, clock: SettableClock) -> None:
    user = someone(clock)
    twin = replace(user, email="other@ward.local")
    await database.write(lambda tx: users.insert(tx, user, "hash"))
    with pytest.raises(Exception, match=r"users\.id"):
        await database.write(lambda tx: users.insert(tx, twin, "hash"))


async def test_last_login(database: Database, clock: SettableClock) -> None:
    user = someone(clock)
    await database.write(lambda tx: users.insert(tx, user, "hash"))
    clock.advance(hours=1)
    await database.write(lambda tx: users.set_last_login(tx, user.id, clock()))
    stored = await database.read(lambda tx: users.by_id(tx, user.id))
    assert stored == replace(user, last_login=clock())


@pytest.mark.parametrize(
    ("role", "is_active", "expected"),
    [
        (AdminRole.ADMIN, True, True),
        (AdminRole.ADMIN, False, False),
        (AdminRole.VIEWER, True, False),
        (AdminRole.USER, True, False),
    ],
)
async def test_only_an_active_admin_is_an_admin(
    database: Database, clock: SettableClock, role: AdminRole, is_active: bool, expected: bool
) -> None:
    assert not await database.read(users.has_active_admin)
    user = replace(someone(clock, role=role), is_active=is_active)
    await database.write(lambda tx: users.insert(tx, user, "hash"))
    assert await database.read(users.has_active_admin) is expected
