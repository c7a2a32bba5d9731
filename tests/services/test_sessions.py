"""services/sessions.py: SECURITY A4, B4, B6."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import Any

import pytest

from appliance.domain import AdminRole, Principal, RequestOrigin, User
from appliance.errors import Forbidden, Unauthorized
from appliance.services.sessions import Sessions, TokenPair
from appliance.services.tokens import AccessTokens, RefreshTokens
from appliance.storage import users
from appliance.storage.database import Connection, Database
from tests.conftest import SettableClock

ORIGIN = RequestOrigin("request-1", "10.0.0.9", "Firefox")
ACCESS_KEY, REFRESH_KEY = bytes([1] * 32), bytes([2] * 32)


@pytest.fixture
async def sessions(database: Database, clock: SettableClock) -> AsyncIterator[Sessions]:
    made = Sessions(
        database,
        AccessTokens(ACCESS_KEY, "install", clock=clock),
        RefreshTokens(REFRESH_KEY),
        refresh_lifetime=timedelta(hours=8),
        clock=clock,
    )
    yield made
    made.close()


@pytest.fixture
async def user(database: Database, clock: SettableClock) -> User:
    return await new_user(database, clock, "user-1")


async def new_user(database: Database, clock: SettableClock, name: str) -> User:
    made = User(name, f"{name}@ward.local", "Ada", True, AdminRole.VIEWER, clock())
    await database.write(lambda tx: users.insert(tx, made, "hash"))
    return made


def count(table: str) -> Any:
    return lambda tx: tx.execute(f"SELECT count(*) AS n FROM {table}").fetchone()["n"]


def trail(tx: Connection) -> list[dict[str, Any]]:
    return [dict(row) for row in tx.execute("SELECT * FROM audit_log ORDER BY seq")]


async def actions(database: Database) -> list[str]:
    return [row["action"] for row in await database.read(trail)]


async def session_of(sessions: Sessions, pair: TokenPair) -> str:
    return (await sessions.authenticate(pair.access_token)).session_id


async def assert_ended(sessions: Sessions, pair: TokenPair) -> None:
    with pytest.raises(Unauthorized):
        await sessions.authenticate(pair.access_token)
    with pytest.raises(Unauthorized):
        await sessions.refresh(pair.refresh_token, ORIGIN)


async def test_a_start_gives_tokens_that_work(
    sessions: Sessions, user: User, clock: SettableClock, database: Database
) -> None:
    pair = await sessions.start(user, ORIGIN)
    assert (pair.expires_in, pair.refresh_expires_in) == (300, 8 * 3600)
    assert pair.user == replace(user, last_login=clock())
    principal = await sessions.authenticate(pair.access_token)
    assert principal.user == pair.user
    (row,) = await database.read(trail)
    assert (row["action"], row["success"]) == ("session.login", 1)
    assert (row["user_id"], row["role"], row["ip"]) == (user.id, "viewer", "10.0.0.9")
    assert row["session_id"] == row["resource_id"] == principal.session_id


async def test_no_token_is_kept_or_audited(
    sessions: Sessions, user: User, database: Database
) -> None:
    pair = await sessions.start(user, ORIGIN)
    again = await sessions.refresh(pair.refresh_token, ORIGIN)

    def everything(tx: Connection) -> str:
        tables = [row["name"] for row in tx.execute("SELECT name FROM sqlite_master")]
        kept = ("users", "sessions", "refresh_tokens", "audit_log")
        assert set(kept) <= set(tables)
        return str([[dict(row) for row in tx.execute(f"SELECT * FROM {name}")] for name in kept])

    kept = await database.read(everything)
    for token in (pair.access_token, pair.refresh_token, again.access_token, again.refresh_token):
        assert token not in kept


async def test_a_deactivated_user_starts_nothing(
    sessions: Sessions, user: User, database: Database
) -> None:
    await database.write(lambda tx: tx.execute("UPDATE users SET is_active = 0").rowcount)
    with pytest.raises(Forbidden):
        await sessions.start(user, ORIGIN)
    with pytest.raises(Forbidden):
        await sessions.start(replace(user, id="nobody"), ORIGIN)
    assert await database.read(count("sessions")) == 0
    assert await database.read(trail) == []


async def test_b4_a_refresh_rotates(sessions: Sessions, user: User, clock: SettableClock) -> None:
    first = await sessions.start(user, ORIGIN)
    clock.advance(hours=1)
    second = await sessions.refresh(first.refresh_token, ORIGIN)
    assert second.refresh_token != first.refresh_token
    assert second.user.id == user.id
    assert await session_of(sessions, second)
    clock.advance(hours=1)
    third = await sessions.refresh(second.refresh_token, ORIGIN)
    assert len({first.refresh_token, second.refresh_token, third.refresh_token}) == 3


async def test_b4_50_parallel_refreshes_have_one_child(
    sessions: Sessions, user: User, database: Database
) -> None:
    pair = await sessions.start(user, ORIGIN)
    renewed = await asyncio.gather(
        *(sessions.refresh(pair.refresh_token, ORIGIN) for _ in range(50))
    )
    assert len({each.refresh_token for each in renewed}) == 1
    assert await database.read(count("refresh_tokens")) == 2
    for each in renewed:
        await sessions.authenticate(each.access_token)
    await sessions.refresh(renewed[0].refresh_token, ORIGIN)
    assert "session.refresh_reuse" not in await actions(database)


async def test_b4_a_lost_answer_is_given_again(
    sessions: Sessions, user: User, clock: SettableClock
) -> None:
    pair = await sessions.start(user, ORIGIN)
    lost = await sessions.refresh(pair.refresh_token, ORIGIN)
    clock.advance(seconds=10)
    again = await sessions.refresh(pair.refresh_token, ORIGIN)
    assert again.refresh_token == lost.refresh_token
    assert again.refresh_expires_in == lost.refresh_expires_in - 10  # it did not begin anew


async def test_b4_reuse_after_the_grace_ends_the_session(
    sessions: Sessions, user: User, clock: SettableClock, database: Database
) -> None:
    stolen = await sessions.start(user, ORIGIN)
    other = await sessions.start(user, ORIGIN)
    session_id = await session_of(sessions, stolen)
    mine = await sessions.refresh(stolen.refresh_token, ORIGIN)
    clock.advance(seconds=10.001)
    heard: list[str] = []
    sessions.watch(session_id, heard.append)
    with pytest.raises(Unauthorized):
        await sessions.refresh(stolen.refresh_token, ORIGIN)
    assert heard == ["refresh_reuse"]
    await assert_ended(sessions, mine)
    await sessions.authenticate(other.access_token)  # another sign-in is not concerned
    row = (await database.read(trail))[-1]
    assert (row["action"], row["success"]) == ("session.refresh_reuse", 0)
    assert (row["user_id"], row["resource_id"]) == (user.id, session_id)
    assert row["ip"] == "10.0.0.9"


async def test_b4_reuse_once_the_child_was_used_ends_the_session(
    sessions: Sessions, user: User, database: Database
) -> None:
    first = await sessions.start(user, ORIGIN)
    second = await sessions.refresh(first.refresh_token, ORIGIN)
    third = await sessions.refresh(second.refresh_token, ORIGIN)
    with pytest.raises(Unauthorized):
        await sessions.refresh(first.refresh_token, ORIGIN)  # well within ten seconds
    await assert_ended(sessions, third)
    assert (await actions(database)).count("session.refresh_reuse") == 1


async def test_b4_reuse_is_noted_once(
    sessions: Sessions, user: User, clock: SettableClock, database: Database
) -> None:
    pair = await sessions.start(user, ORIGIN)
    await sessions.refresh(pair.refresh_token, ORIGIN)
    clock.advance(minutes=1)
    outcomes = await asyncio.gather(
        *(sessions.refresh(pair.refresh_token, ORIGIN) for _ in range(20)), return_exceptions=True
    )
    assert all(isinstance(outcome, Unauthorized) for outcome in outcomes)
    assert (await actions(database)).count("session.refresh_reuse") == 1


async def test_e11_a_clock_set_back_does_not_stretch_the_grace(
    sessions: Sessions, user: User, clock: SettableClock
) -> None:
    pair = await sessions.start(user, ORIGIN)
    await sessions.refresh(pair.refresh_token, ORIGIN)
    clock.advance(days=-1)
    with pytest.raises(Unauthorized):
        await sessions.refresh(pair.refresh_token, ORIGIN)


@pytest.mark.parametrize("token", ["", "x", "\ud800", "a" * 43, "' OR 1=1 --"])
async def test_an_unknown_refresh_token_changes_nothing(
    sessions: Sessions, user: User, database: Database, token: str
) -> None:
    pair = await sessions.start(user, ORIGIN)
    for each in (token, pair.access_token, pair.refresh_token + "x"):
        with pytest.raises(Unauthorized):
            await sessions.refresh(each, ORIGIN)
    assert await actions(database) == ["session.login"]
    await sessions.refresh(pair.refresh_token, ORIGIN)


async def test_a_pause_longer_than_the_refresh_lifetime_ends_it(
    sessions: Sessions, user: User, clock: SettableClock, database: Database
) -> None:
    pair = await sessions.start(user, ORIGIN)
    clock.advance(hours=8)
    with pytest.raises(Unauthorized):
        await sessions.refresh(pair.refresh_token, ORIGIN)
    assert "session.refresh_reuse" not in await actions(database)


async def test_b6_the_absolute_limit_holds_however_active(
    sessions: Sessions, user: User, clock: SettableClock
) -> None:
    pair = await sessions.start(user, ORIGIN)
    for _ in range(23):
        clock.advance(hours=1)
        pair = await sessions.refresh(pair.refresh_token, ORIGIN)
    assert pair.refresh_expires_in == 3600
    clock.advance(minutes=58)
    pair = await sessions.refresh(pair.refresh_token, ORIGIN)
    assert (pair.expires_in, pair.refresh_expires_in) == (120, 120)
    clock.advance(minutes=2)
    await assert_ended(sessions, pair)


async def test_a_token_of_another_user_and_session_is_refused(
    sessions: Sessions, user: User, clock: SettableClock, database: Database
) -> None:
    other = await new_user(database, clock, "user-2")
    session_id = await session_of(sessions, await sessions.start(user, ORIGIN))
    tokens = AccessTokens(ACCESS_KEY, "install", clock=clock)
    until = clock() + timedelta(hours=1)
    for mixed in (
        tokens.issue(other.id, session_id, not_after=until)[0],
        tokens.issue(user.id, "absent", not_after=until)[0],
    ):
        with pytest.raises(Unauthorized):
            await sessions.authenticate(mixed)


async def test_a4_revoking_acts_on_every_way_in(
    sessions: Sessions, user: User, database: Database
) -> None:
    pair, other = await sessions.start(user, ORIGIN), await sessions.start(user, ORIGIN)
    session_id = await session_of(sessions, pair)
    heard: list[str] = []
    sessions.watch(session_id, heard.append)
    assert await sessions.revoke(session_id, "revoked") is True
    assert heard == ["revoked"]
    await assert_ended(sessions, pair)
    await sessions.authenticate(other.access_token)
    assert await sessions.revoke(session_id, "revoked") is False
    assert (await actions(database)).count("session.revoke") == 1


async def test_a4_revoking_all_but_one(
    sessions: Sessions, user: User, clock: SettableClock, database: Database
) -> None:
    pairs = [await sessions.start(user, ORIGIN) for _ in range(3)]
    stranger = await sessions.start(await new_user(database, clock, "user-2"), ORIGIN)
    ids = [await session_of(sessions, pair) for pair in pairs]
    heard: list[str] = []

    def hear(session_id: str, reason: str) -> None:
        heard.append(session_id + reason)

    for session_id in ids:
        sessions.watch(session_id, partial(hear, session_id))
    ended = await sessions.revoke_all(user.id, "password", except_session=ids[1])
    assert ended == 2
    assert sorted(heard) == sorted([ids[0] + "password", ids[2] + "password"])
    await assert_ended(sessions, pairs[0])
    await assert_ended(sessions, pairs[2])
    await sessions.authenticate(pairs[1].access_token)
    await sessions.authenticate(stranger.access_token)


async def test_a4_a_deactivated_account_is_let_in_nowhere(
    sessions: Sessions, user: User, database: Database
) -> None:
    pair = await sessions.start(user, ORIGIN)
    await database.write(lambda tx: tx.execute("UPDATE users SET is_active = 0").rowcount)
    await assert_ended(sessions, pair)


async def test_a4_a_role_taken_away_is_gone_at_the_next_call(
    sessions: Sessions, user: User, database: Database
) -> None:
    pair = await sessions.start(user, ORIGIN)
    await database.write(lambda tx: tx.execute("UPDATE users SET admin_role = 'user'").rowcount)
    principal = await sessions.authenticate(pair.access_token)
    assert principal.user.admin_role is AdminRole.USER


async def test_sign_out_ends_the_session_and_its_refresh_token(
    sessions: Sessions, user: User, database: Database
) -> None:
    pair = await sessions.start(user, ORIGIN)
    principal = await sessions.authenticate(pair.access_token)
    heard: list[str] = []
    sessions.watch(principal.session_id, heard.append)
    await sessions.sign_out(principal, None, ORIGIN)
    assert heard == ["logout"]
    await assert_ended(sessions, pair)
    row = (await database.read(trail))[-1]
    assert (row["action"], row["success"], row["user_id"]) == ("session.logout", 1, user.id)
    assert row["session_id"] == row["resource_id"] == principal.session_id


async def test_sign_out_takes_along_another_session_of_the_caller_only(
    sessions: Sessions, user: User, clock: SettableClock, database: Database
) -> None:
    here, there = await sessions.start(user, ORIGIN), await sessions.start(user, ORIGIN)
    stranger = await sessions.start(await new_user(database, clock, "user-2"), ORIGIN)
    principal = await sessions.authenticate(here.access_token)
    await sessions.sign_out(principal, there.refresh_token, ORIGIN)
    await assert_ended(sessions, here)
    await assert_ended(sessions, there)
    again = await sessions.authenticate((await sessions.start(user, ORIGIN)).access_token)
    for token in (stranger.refresh_token, "nonsense", ""):
        await sessions.sign_out(again, token, ORIGIN)
    await sessions.authenticate(stranger.access_token)


class Sockets:
    """Hears the ends of sessions, as an open socket does."""

    def __init__(self) -> None:
        self.heard: list[str] = []
        self.rang = asyncio.Event()

    def __call__(self, reason: str) -> None:
        self.heard.append(reason)
        self.rang.set()


async def test_a4_a_change_from_outside_is_heard_within_a_second(
    sessions: Sessions, user: User, database: Database
) -> None:
    session_id = await session_of(sessions, await sessions.start(user, ORIGIN))
    socket = Sockets()
    sessions.watch(session_id, socket)
    await database.write(lambda tx: tx.execute("UPDATE users SET is_active = 0").rowcount)
    await asyncio.wait_for(socket.rang.wait(), 1.0)
    assert socket.heard == ["ended"]


async def test_a4_the_end_of_its_time_is_heard_too(
    sessions: Sessions, user: User, clock: SettableClock
) -> None:
    session_id = await session_of(sessions, await sessions.start(user, ORIGIN))
    socket = Sockets()
    sessions.watch(session_id, socket)
    await sessions._watches.sweep()
    assert socket.heard == []
    clock.advance(hours=24)
    await sessions._watches.sweep()
    await sessions._watches.sweep()
    assert socket.heard == ["ended"]


async def test_watching_a_session_that_ended_a_moment_before_is_no_gap(
    sessions: Sessions, user: User
) -> None:
    session_id = await session_of(sessions, await sessions.start(user, ORIGIN))
    await sessions.revoke(session_id, "revoked")
    socket = Sockets()
    sessions.watch(session_id, socket)
    await asyncio.wait_for(socket.rang.wait(), 1.0)


async def test_who_has_left_hears_nothing(sessions: Sessions, user: User) -> None:
    session_id = await session_of(sessions, await sessions.start(user, ORIGIN))
    gone, stays = Sockets(), Sockets()
    leave = sessions.watch(session_id, gone)
    sessions.watch(session_id, stays)
    leave()
    leave()  # twice does no harm
    await sessions.revoke(session_id, "revoked")
    assert (gone.heard, stays.heard) == ([], ["revoked"])


async def test_one_watcher_s_failure_does_not_silence_the_others(
    sessions: Sessions, user: User
) -> None:
    session_id = await session_of(sessions, await sessions.start(user, ORIGIN))

    def breaks(reason: str) -> None:
        raise ZeroDivisionError

    socket = Sockets()
    sessions.watch(session_id, breaks)
    sessions.watch(session_id, socket)
    await sessions.revoke(session_id, "revoked")
    assert socket.heard == ["revoked"]


async def test_nothing_runs_while_nobody_watches(sessions: Sessions, user: User) -> None:
    session_id = await session_of(sessions, await sessions.start(user, ORIGIN))
    before = asyncio.all_tasks()
    leave = sessions.watch(session_id, Sockets())
    assert len(asyncio.all_tasks() - before) == 1
    leave()
    await asyncio.sleep(0.01)
    assert asyncio.all_tasks() == before
    sessions.watch(session_id, Sockets())
    sessions.close()
    await asyncio.sleep(0.01)
    assert asyncio.all_tasks() == before


async def test_long_ended_sessions_are_tidied_away_at_the_next_sign_in(
    sessions: Sessions, user: User, clock: SettableClock, database: Database
) -> None:
    await sessions.start(user, ORIGIN)
    clock.advance(days=3)
    await sessions.start(user, ORIGIN)
    assert await database.read(count("sessions")) == 2
    clock.advance(days=6)
    await sessions.start(user, ORIGIN)
    assert await database.read(count("sessions")) == 2
    assert await database.read(count("refresh_tokens")) == 2


def test_a_principal_has_no_secret_in_it(user: User) -> None:
    assert "hash" not in repr(Principal(user, "session-1"))
