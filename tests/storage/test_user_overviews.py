"""storage/user_overviews.py"""

from __future__ import annotations

from dataclasses import replace

import pytest

from appliance.domain import AdminRole, Session, User
from appliance.storage import sessions, user_overviews, users
from appliance.storage.database import Connection, Database
from appliance.storage.users import Wanted
from tests.conftest import SettableClock
from tests.storage.test_users import someone


def conversation(tx: Connection, user: User, number: int, messages: int, at: str) -> None:
    tx.execute(
        """INSERT INTO conversations (id, user_id, title, message_count, created_at, updated_at)
           VALUES (?, ?, 'Title', ?, ?, ?)""",
        (f"{user.id}-{number}", user.id, messages, at, at),
    )


async def overview(database: Database, user: User, clock: SettableClock) -> object:
    found = await database.read(lambda tx: user_overviews.by_id(tx, user.id, clock()))
    assert found is not None
    return found


async def test_an_account_that_did_nothing(database: Database, clock: SettableClock) -> None:
    user = someone(clock)
    await database.write(lambda tx: users.insert(tx, user, users.NO_PASSWORD))
    expected = user_overviews.UserOverview(user, 0, "", 0, None, invited=True)
    assert await overview(database, user, clock) == expected
    await database.write(lambda tx: users.set_password(tx, user.id, "hash"))
    assert await overview(database, user, clock) == replace(expected, invited=False)
    assert await database.read(lambda tx: user_overviews.by_id(tx, "nobody", clock())) is None


async def test_figures_are_the_accounts_own(database: Database, clock: SettableClock) -> None:
    user, other = someone(clock), someone(clock, 2)
    start = clock()

    def work(tx: Connection) -> None:
        for each in (user, other):
            users.insert(tx, each, "hash")
        conversation(tx, user, 1, 4, "2026-01-02T10:00:00.000000Z")
        conversation(tx, user, 2, 3, "2026-01-02T09:00:00.000000Z")
        conversation(tx, other, 1, 50, "2026-01-05T09:00:00.000000Z")
        for name, ends in (("holds", 24), ("expired", 1), ("revoked", 24)):
            until = start.replace(hour=(start.hour + ends) % 24, day=start.day + ends // 24)
            sessions.insert(tx, Session(name, user.id, start, until, "", ""))
        sessions.revoke(tx, "revoked", start)

    await database.write(work)
    clock.advance(hours=2)
    found = await database.read(lambda tx: user_overviews.by_id(tx, user.id, clock()))
    assert found is not None
    assert (found.conversations, found.changed[:13], found.sessions) == (2, "2026-01-02T10", 1)
    assert await database.read(lambda tx: user_overviews.messages(tx, user.id)) == 7
    assert found.last_active is not None
    assert found.last_active.isoformat() == "2026-01-02T10:00:00+00:00"
    clock.advance(hours=8)

    def renew(tx: Connection) -> None:
        sessions.insert_refresh(tx, sessions.RefreshToken("h", "holds", clock(), clock()))

    await database.write(renew)
    found = await database.read(lambda tx: user_overviews.by_id(tx, user.id, clock()))
    assert found is not None and found.last_active == clock()


async def test_one_statement_whatever_the_number_of_accounts(
    database: Database, clock: SettableClock
) -> None:
    def work(tx: Connection) -> None:
        for number in range(60):
            user = replace(someone(clock, number), created_at=clock())
            users.insert(tx, user, "hash")
            conversation(tx, user, 1, number, "2026-01-02T10:00:00.000000Z")

    await database.write(work)
    statements: list[str] = []

    def traced(tx: Connection, limit: int) -> list[int]:
        statements.clear()
        tx.set_trace_callback(statements.append)
        found, total = user_overviews.page(tx, Wanted(), clock(), offset=0, limit=limit)
        tx.set_trace_callback(None)
        assert (len(found), total) == (limit, 60)
        return [each.conversations for each in found]

    for limit in (2, 60):
        await database.read(lambda tx, limit=limit: traced(tx, limit))  # type: ignore[misc]
        assert len([each for each in statements if not each.startswith("--")]) == 2, statements
    assert await database.read(lambda tx: traced(tx, 60)) == [1] * 60


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        (Wanted(), {"u1", "u2", "u3"}),
        (Wanted(is_active=False), {"u3"}),
        (Wanted(is_admin=True), {"u2"}),
        (Wanted(is_admin=False, is_active=True), {"u1"}),
        (Wanted(search="MÜLLER"), {"u1"}),
        (Wanted(search="ßen"), {"u2"}),
        (Wanted(search="SSEN"), {"u2"}),
        (Wanted(search="u3@WARD"), {"u3"}),
        (Wanted(search="%"), {"u3"}),
        (Wanted(search="_"), set()),
        (Wanted(search="' OR 1=1 --"), set()),
        (Wanted(search=""), {"u1", "u2", "u3"}),
    ],
    ids=lambda value: str(sorted(value) if isinstance(value, set) else value),
)
async def test_narrowing(
    database: Database, clock: SettableClock, wanted: Wanted, expected: set[str]
) -> None:
    people = [
        replace(someone(clock), full_name="Jörg müller"),
        replace(someone(clock, 2, AdminRole.ADMIN), full_name="Anna Gießen"),
        replace(someone(clock, 3), full_name="100% Sure", is_active=False),
    ]

    def work(tx: Connection) -> None:
        for user in people:
            users.insert(tx, user, "hash")

    await database.write(work)
    plain, total = await database.read(lambda tx: users.listing(tx, wanted, offset=0, limit=9))
    full, again = await database.read(
        lambda tx: user_overviews.page(tx, wanted, clock(), offset=0, limit=9)
    )
    names = {user.email.partition("@")[0] for user in plain}
    assert (names, total, again) == (expected, len(expected), len(expected))
    assert [each.user for each in full] == plain


async def test_pages_are_newest_first_and_meet(database: Database, clock: SettableClock) -> None:
    def work(tx: Connection) -> None:
        for number in range(7):
            # Some at the same moment: the order must hold all the same.
            if number % 3 == 0:
                clock.advance(seconds=1)
            users.insert(tx, someone(clock, number), "hash")

    await database.write(work)

    def plain(tx: Connection, offset: int) -> list[User]:
        return users.listing(tx, Wanted(), offset=offset, limit=3)[0]

    def full(tx: Connection, offset: int) -> list[User]:
        found, _ = user_overviews.page(tx, Wanted(), clock(), offset=offset, limit=3)
        return [each.user for each in found]

    for listing in (plain, full):
        pages = await database.read(lambda tx, f=listing: [f(tx, at) for at in (0, 3, 6, 9)])  # type: ignore[misc]
        assert [len(page) for page in pages] == [3, 3, 1, 0]
        found = [user for page in pages for user in page]
        assert len({user.id for user in found}) == 7
        assert found == sorted(found, key=lambda user: (user.created_at, user.id), reverse=True)
