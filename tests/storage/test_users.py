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
    ("role", "is_active", "stored", "expected"),
    [
        (AdminRole.ADMIN, True, "hash", True),
        (AdminRole.ADMIN, False, "hash", False),
        (AdminRole.ADMIN, True, users.NO_PASSWORD, False),
        (AdminRole.VIEWER, True, "hash", False),
        (AdminRole.USER, True, "hash", False),
    ],
)
async def test_only_an_active_admin_who_can_sign_in_is_an_admin(
    database: Database,
    clock: SettableClock,
    role: AdminRole,
    is_active: bool,
    stored: str,
    expected: bool,
) -> None:
    assert not await database.read(users.has_active_admin)
    user = replace(someone(clock, role=role), is_active=is_active)
    await database.write(lambda tx: users.insert(tx, user, stored))
    assert await database.read(users.has_active_admin) is expected
    assert await database.read(lambda tx: users.is_last_admin(tx, user.id)) is expected


async def test_a5_the_last_admin_is_told_from_others(
    database: Database, clock: SettableClock
) -> None:
    first, second = (someone(clock, number, AdminRole.ADMIN) for number in (1, 2))

    async def last(user: User) -> bool:
        return await database.read(lambda tx: users.is_last_admin(tx, user.id))

    await database.write(lambda tx: users.insert(tx, first, "hash"))
    assert await last(first) and not await last(second)
    await database.write(lambda tx: users.insert(tx, second, users.NO_PASSWORD))
    assert await last(first) and not await last(second)  # an invitation is no administrator yet
    await database.write(lambda tx: users.set_password(tx, second.id, "hash"))
    assert not await last(first) and not await last(second)
    await database.write(lambda tx: users.update(tx, replace(first, is_active=False)))
    assert await last(second) and not await last(first)


async def test_an_account_without_a_password_has_no_credentials(
    database: Database, clock: SettableClock
) -> None:
    user = someone(clock)
    await database.write(lambda tx: users.insert(tx, user, users.NO_PASSWORD))
    assert await database.read(lambda tx: users.credentials(tx, user.email)) == (user, None)
    assert not await database.read(lambda tx: users.has_password(tx, user.id))
    await database.write(lambda tx: users.set_password(tx, user.id, "hash"))
    assert await database.read(lambda tx: users.has_password(tx, user.id))
    assert not await database.read(lambda tx: users.has_password(tx, "nobody"))
