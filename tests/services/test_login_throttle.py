"""services/login_throttle.py: SECURITY B2."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from appliance.domain import LockEvent, LockStatus, Principal, RequestOrigin, User
from appliance.errors import RateLimited
from appliance.services.login_throttle import LoginThrottle
from appliance.storage import lock_events, users
from appliance.storage.database import Connection, Database
from tests.conftest import SettableClock
from tests.storage.test_users import someone

KEY = bytes(range(32))
EMAIL = "ada@ward.local"
ORIGIN = RequestOrigin("request-1", "10.0.0.9")


@pytest.fixture
def throttle(database: Database, clock: SettableClock) -> LoginThrottle:
    return LoginThrottle(database, KEY, clock=clock)


async def fail(throttle: LoginThrottle, database: Database, email: str = EMAIL) -> None:
    account = throttle.account(email)
    async with throttle.attempt(account):
        await database.write(lambda tx: throttle.failed(tx, account))


async def wait(throttle: LoginThrottle, email: str = EMAIL) -> int:
    """Seconds that the account is told to wait."""
    try:
        async with throttle.attempt(throttle.account(email)):
            return 0
    except RateLimited as refused:
        assert refused.retry_after is not None
        assert email not in refused.message
        return refused.retry_after


def counted(tx: Connection) -> list[dict[str, object]]:
    return [dict(row) for row in tx.execute("SELECT * FROM login_failures")]


async def test_b2_five_failures_are_free_and_then_the_wait_doubles(
    throttle: LoginThrottle, database: Database, clock: SettableClock
) -> None:
    for _ in range(4):
        await fail(throttle, database)
        assert await wait(throttle) == 0
    waits = []
    for _ in range(8):
        await fail(throttle, database)
        waits.append(await wait(throttle))
        clock.advance(seconds=waits[-1])
        assert await wait(throttle) == 0
    assert waits == [30, 60, 120, 240, 480, 900, 900, 900]


async def test_b2_the_wait_runs_off(
    throttle: LoginThrottle, database: Database, clock: SettableClock
) -> None:
    for _ in range(5):
        await fail(throttle, database)
    clock.advance(seconds=29.5)
    assert await wait(throttle) == 1
    clock.advance(seconds=0.5)
    assert await wait(throttle) == 0


async def test_b2_a_success_resets(throttle: LoginThrottle, database: Database) -> None:
    for _ in range(4):
        await fail(throttle, database)
    await database.write(lambda tx: throttle.succeeded(tx, throttle.account(EMAIL)))
    assert await database.read(counted) == []
    for _ in range(4):
        await fail(throttle, database)
    assert await wait(throttle) == 0


async def test_b2_a_restart_forgives_nothing(
    throttle: LoginThrottle, database: Database, clock: SettableClock
) -> None:
    for _ in range(5):
        await fail(throttle, database)
    assert await wait(LoginThrottle(database, KEY, clock=clock)) == 30


async def test_b2_one_account_does_not_lock_another_out(
    throttle: LoginThrottle, database: Database
) -> None:
    for _ in range(5):
        await fail(throttle, database)
    assert await wait(throttle, "grace@ward.local") == 0


async def test_b2_parallel_attempts_are_one_counter(
    throttle: LoginThrottle, database: Database
) -> None:
    checked = 0

    async def guess() -> None:
        nonlocal checked
        account = throttle.account(EMAIL)
        async with throttle.attempt(account):
            checked += 1
            await asyncio.sleep(0)  # as long as a password takes
            await database.write(lambda tx: throttle.failed(tx, account))

    outcomes = await asyncio.gather(*(guess() for _ in range(50)), return_exceptions=True)
    assert checked == 5
    assert sum(isinstance(outcome, RateLimited) for outcome in outcomes) == 45


async def test_b2_parallel_right_passwords_all_come_in(
    throttle: LoginThrottle, database: Database
) -> None:
    async def succeed() -> bool:
        account = throttle.account(EMAIL)
        async with throttle.attempt(account):
            await database.write(lambda tx: throttle.succeeded(tx, account))
            return True

    assert all(await asyncio.gather(*(succeed() for _ in range(50))))


async def test_a_turn_is_given_back_when_its_holder_fails(
    throttle: LoginThrottle, database: Database
) -> None:
    account = throttle.account(EMAIL)
    with pytest.raises(ZeroDivisionError):
        async with throttle.attempt(account):
            raise ZeroDivisionError
    assert await asyncio.wait_for(wait(throttle), 2) == 0
    assert len(throttle._turns) == 0  # nothing is kept per account in memory


async def test_no_address_is_stored(throttle: LoginThrottle, database: Database) -> None:
    await fail(throttle, database)
    assert "ward" not in str(await database.read(counted))
    other_key = LoginThrottle(database, bytes(32))
    assert throttle.account(EMAIL) != other_key.account(EMAIL)


async def test_old_failures_are_forgotten(
    throttle: LoginThrottle, database: Database, clock: SettableClock
) -> None:
    for _ in range(6):
        await fail(throttle, database)
        clock.advance(minutes=16)
    clock.advance(hours=24)
    await fail(throttle, database)
    assert await wait(throttle) == 0
    clock.advance(hours=25)
    await fail(throttle, database, "grace@ward.local")
    assert len(await database.read(counted)) == 1


async def test_e11_a_clock_set_back_locks_nobody_out_for_a_day(
    throttle: LoginThrottle, database: Database, clock: SettableClock
) -> None:
    for _ in range(5):
        await fail(throttle, database)
    clock.now -= timedelta(days=1)
    assert await wait(throttle) == 0
    await fail(throttle, database)  # and the next failure counts on
    assert await wait(throttle) == 60


async def test_a_very_long_count_still_gives_the_longest_wait(
    throttle: LoginThrottle, database: Database, clock: SettableClock
) -> None:
    await fail(throttle, database)
    await database.write(
        lambda tx: tx.execute("UPDATE login_failures SET failures = 1000000").rowcount
    )
    await fail(throttle, database)
    assert await wait(throttle) == 900


# What an account that exists remembers of it


@pytest.fixture
async def ada(database: Database, clock: SettableClock) -> User:
    user = someone(clock)
    await database.write(lambda tx: users.insert(tx, user, "hash"))
    return user


async def fail_as(throttle: LoginThrottle, database: Database, user: User, times: int = 1) -> None:
    account = throttle.account(user.email)
    for _ in range(times):
        await database.write(
            lambda tx: throttle.failed(tx, account, user_id=user.id, origin=ORIGIN)
        )


async def events(database: Database, user: User) -> list[LockEvent]:
    """Oldest first."""
    found = await database.read(lambda tx: lock_events.of_user(tx, user.id, offset=0, limit=99))
    return found[::-1]


async def trail(database: Database) -> list[tuple[str, str, str | None]]:
    return await database.read(
        lambda tx: [
            (row["action"], row["details"], row["user_id"])
            for row in tx.execute("SELECT * FROM audit_log ORDER BY seq")
        ]
    )


async def test_each_new_wait_of_an_account_is_one_lock_event(
    throttle: LoginThrottle, database: Database, ada: User, clock: SettableClock
) -> None:
    await fail_as(throttle, database, ada, 4)
    assert await events(database, ada) == [] and await trail(database) == []
    await fail_as(throttle, database, ada)
    (first,) = await events(database, ada)
    assert (first.status, first.reason, first.actor_id) == (
        LockStatus.LOCKED,
        "5 wrong passwords",
        None,
    )
    assert (first.timestamp, first.request_id) == (clock(), ORIGIN.request_id)
    clock.advance(seconds=31)
    await fail_as(throttle, database, ada)
    assert [event.reason for event in await events(database, ada)] == [
        "5 wrong passwords",
        "6 wrong passwords",
    ]
    assert await trail(database) == [
        ("account.lock", '{"failures":5}', ada.id),
        ("account.lock", '{"failures":6}', ada.id),
    ]


async def test_a_success_after_a_wait_unlocks_and_one_without_a_wait_does_not(
    throttle: LoginThrottle, database: Database, ada: User
) -> None:
    account = throttle.account(ada.email)

    async def succeed() -> None:
        await database.write(
            lambda tx: throttle.succeeded(tx, account, user_id=ada.id, origin=ORIGIN)
        )

    await fail_as(throttle, database, ada, 4)
    await succeed()
    assert await events(database, ada) == []
    await fail_as(throttle, database, ada, 5)
    await succeed()
    await succeed()
    statuses = [event.status for event in await events(database, ada)]
    assert statuses == [LockStatus.LOCKED, LockStatus.UNLOCKED]
    assert [action for action, _, _ in await trail(database)] == ["account.lock", "account.unlock"]


async def test_an_admin_unlocks(throttle: LoginThrottle, database: Database, ada: User) -> None:
    admin = Principal(replace(ada, id="admin", email="admin@ward.local"), "session-1")
    account = throttle.account(ada.email)

    async def unlock() -> bool:
        return await database.write(
            lambda tx: throttle.unlock(tx, account, ada.id, "called me", admin, ORIGIN)
        )

    assert not await unlock()
    await fail_as(throttle, database, ada, 7)
    assert await wait(throttle, ada.email) > 0
    assert await unlock()
    assert await wait(throttle, ada.email) == 0
    last = (await events(database, ada))[-1]
    assert (last.status, last.reason, last.actor_id) == (LockStatus.UNLOCKED, "called me", "admin")
    assert (await trail(database))[-1] == ("account.unlock", '{"failures":7}', "admin")
    await fail_as(throttle, database, ada)
    assert await wait(throttle, ada.email) == 0  # the count began anew


async def test_b3_an_unknown_address_leaves_no_event(
    throttle: LoginThrottle, database: Database
) -> None:
    for _ in range(6):
        await database.write(lambda tx: throttle.failed(tx, throttle.account(EMAIL), origin=ORIGIN))
    assert await trail(database) == []
    assert await wait(throttle) > 0


async def test_who_has_to_wait_now(
    throttle: LoginThrottle, database: Database, ada: User, clock: SettableClock
) -> None:
    async def waiting() -> set[str]:
        return await database.read(lambda tx: throttle.waiting(tx, [ada.email, EMAIL]))

    await fail_as(throttle, database, ada, 4)
    assert await waiting() == set()
    await fail_as(throttle, database, ada)
    assert await waiting() == {ada.email}
    assert await database.read(lambda tx: throttle.waiting(tx, [])) == set()
    clock.advance(seconds=30)
    assert await waiting() == set()
