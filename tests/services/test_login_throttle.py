"""services/login_throttle.py: SECURITY B2."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from appliance.errors import RateLimited
from appliance.services.login_throttle import LoginThrottle
from appliance.storage.database import Connection, Database
from tests.conftest import SettableClock

KEY = bytes(range(32))
EMAIL = "ada@ward.local"


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
