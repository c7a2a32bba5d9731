"""storage/sessions.py"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from appliance.domain import AdminRole, Session, User
from appliance.storage import sessions, users
from appliance.storage.database import Connection, Database
from appliance.storage.sessions import RefreshToken
from tests.conftest import SettableClock


def a_user(clock: SettableClock, number: int = 1) -> User:
    return User(f"user-{number}", f"u{number}@ward.local", "Ada", True, AdminRole.USER, clock())


def a_session(clock: SettableClock, user: User, number: int = 1) -> Session:
    ends = clock() + timedelta(hours=24)
    return Session(f"session-{number}", user.id, clock(), ends, "10.0.0.1", "Firefox")


async def stored(database: Database, user: User, *kept: Session) -> None:
    def work(tx: Connection) -> None:
        users.insert(tx, user, "hash")
        for session in kept:
            sessions.insert(tx, session)

    await database.write(work)


async def test_a_session_comes_back_with_its_user(database: Database, clock: SettableClock) -> None:
    user = a_user(clock)
    session = a_session(clock, user)
    clock.advance(seconds=1)  # so that the two creation times differ
    late = replace(user, created_at=clock())
    await stored(database, late, session)
    assert await database.read(lambda tx: sessions.with_user(tx, session.id)) == (session, late)
    assert await database.read(lambda tx: sessions.with_user(tx, "absent")) is None


async def test_revoking_works_once_and_on_one_session(
    database: Database, clock: SettableClock
) -> None:
    user = a_user(clock)
    first, second = a_session(clock, user, 1), a_session(clock, user, 2)
    await stored(database, user, first, second)
    assert await database.write(lambda tx: sessions.revoke(tx, first.id, clock())) is True
    earlier = clock()
    clock.advance(seconds=5)
    assert await database.write(lambda tx: sessions.revoke(tx, first.id, clock())) is False
    assert await database.write(lambda tx: sessions.revoke(tx, "absent", clock())) is False
    found = await database.read(lambda tx: sessions.with_user(tx, first.id))
    assert found is not None and found[0].revoked_at == earlier
    other = await database.read(lambda tx: sessions.with_user(tx, second.id))
    assert other is not None and other[0].revoked_at is None


async def test_revoking_all_spares_the_named_one_and_other_people(
    database: Database, clock: SettableClock
) -> None:
    user, other = a_user(clock, 1), a_user(clock, 2)
    mine = [a_session(clock, user, number) for number in (1, 2, 3)]
    theirs = a_session(clock, other, 4)
    await stored(database, user, *mine)
    await stored(database, other, theirs)
    ended = await database.write(
        lambda tx: sessions.revoke_of_user(tx, user.id, clock(), except_session="session-2")
    )
    assert sorted(ended) == ["session-1", "session-3"]
    ids = [session.id for session in [*mine, theirs]]
    holding = await database.read(lambda tx: sessions.holding(tx, ids, clock()))
    assert holding == {"session-2", "session-4"}
    rest = await database.write(lambda tx: sessions.revoke_of_user(tx, user.id, clock()))
    assert rest == ["session-2"]


async def test_what_holds(database: Database, clock: SettableClock) -> None:
    user, idle = a_user(clock, 1), replace(a_user(clock, 2), is_active=False)
    session, inactive = a_session(clock, user, 1), a_session(clock, idle, 2)
    await stored(database, user, session)
    await stored(database, idle, inactive)
    ids = [session.id, inactive.id, "absent"]
    assert await database.read(lambda tx: sessions.holding(tx, ids, clock())) == {session.id}
    clock.now = session.expires_at
    assert await database.read(lambda tx: sessions.holding(tx, ids, clock())) == set()


async def test_refresh_tokens(database: Database, clock: SettableClock) -> None:
    user = a_user(clock)
    session = a_session(clock, user)
    await stored(database, user, session)
    token = RefreshToken("a hash", session.id, clock(), clock() + timedelta(hours=1))
    await database.write(lambda tx: sessions.insert_refresh(tx, token))
    assert await database.read(lambda tx: sessions.refresh_by_hash(tx, "a hash")) == token
    assert await database.read(lambda tx: sessions.refresh_by_hash(tx, "another")) is None
    await database.write(lambda tx: sessions.use_refresh(tx, "a hash", clock()))
    used = await database.read(lambda tx: sessions.refresh_by_hash(tx, "a hash"))
    assert used == replace(token, used_at=clock())


async def test_ended_sessions_are_forgotten_with_their_tokens(
    database: Database, clock: SettableClock
) -> None:
    user = a_user(clock)
    old = a_session(clock, user, 1)
    clock.advance(days=9)
    new = a_session(clock, user, 2)
    await stored(database, user, old, new)
    token = RefreshToken("a hash", old.id, clock(), clock())
    await database.write(lambda tx: sessions.insert_refresh(tx, token))
    await database.write(lambda tx: sessions.forget_ended(tx, user.id, clock() - timedelta(days=7)))
    assert await database.read(lambda tx: sessions.with_user(tx, old.id)) is None
    assert await database.read(lambda tx: sessions.refresh_by_hash(tx, "a hash")) is None
    assert await database.read(lambda tx: sessions.with_user(tx, new.id)) is not None
