"""services/users.py and services/user_changes.py: SECURITY A4, A5, F1, F2."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from typing import Any

import pytest

from appliance.domain import AdminRole, LockStatus
from appliance.errors import ApplianceError, BadRequest, Conflict, Invalid, NotFound
from appliance.services.user_changes import UserChanges
from appliance.services.users import Wanted
from appliance.storage.database import Connection, Database
from tests.conftest import SettableClock
from tests.services.administration import ORIGIN, Staff, hired

ROLES = list(AdminRole)
ABSENT = "00000000-0000-4000-8000-00000000dead"


@pytest.fixture
async def staff(database: Database, clock: SettableClock) -> AsyncIterator[Staff]:
    made = await hired(database, clock)
    yield made
    made.close()


async def test_fields_are_changed_and_the_trail_names_them_without_their_values(
    staff: Staff,
) -> None:
    before = staff.people["ada"].user
    changed = await staff.change("ada", full_name=" Ada Lovelace ", email=" Ada.L@WARD.local")
    assert changed == replace(before, full_name="Ada Lovelace", email="ada.l@ward.local")
    assert await staff.stored("ada") == changed
    assert await staff.trail() == [("user.update", "ada", {"fields": "email,full_name"})]
    assert "lovelace" not in str(await staff.identity.trail()).lower()
    assert await staff.holds("ada")


async def test_what_changes_nothing_leaves_no_trace(staff: Staff) -> None:
    for changes in ({}, {"email": "ADA@ward.local"}, {"is_active": True}, {"is_admin": False}):
        assert await staff.change("ada", **changes) == staff.people["ada"].user
    assert await staff.trail() == []
    assert await staff.holds("ada")


@pytest.mark.parametrize(
    ("changes", "error", "field"),
    [
        ({"email": "no address"}, Invalid, "email"),
        ({"email": "viewer@ward.local", "full_name": "New"}, Conflict, "email"),
        ({"full_name": " "}, Invalid, "full_name"),
        ({"full_name": "x" * 201, "is_active": False}, Invalid, "full_name"),
    ],
)
async def test_what_is_refused_changes_nothing(
    staff: Staff, changes: dict[str, Any], error: type[ApplianceError], field: str
) -> None:
    with pytest.raises(error) as refused:
        await staff.change("ada", **changes)
    assert refused.value.field == field
    assert await staff.stored("ada") == staff.people["ada"].user
    assert await staff.trail() == []


@pytest.mark.parametrize("before", ROLES)
@pytest.mark.parametrize(
    ("changes", "roles"),
    [
        ({"admin_role": AdminRole.USER}, dict.fromkeys(ROLES, AdminRole.USER)),
        ({"admin_role": AdminRole.VIEWER}, dict.fromkeys(ROLES, AdminRole.VIEWER)),
        ({"admin_role": AdminRole.ADMIN}, dict.fromkeys(ROLES, AdminRole.ADMIN)),
        ({"is_admin": True}, dict.fromkeys(ROLES, AdminRole.ADMIN)),
        (
            {"is_admin": False},
            {
                AdminRole.USER: AdminRole.USER,
                AdminRole.VIEWER: AdminRole.VIEWER,
                AdminRole.ADMIN: AdminRole.USER,
            },
        ),
    ],
    ids=str,
)
async def test_a4_every_change_of_role_is_kept_and_a_loss_ends_the_sessions(
    staff: Staff, before: AdminRole, changes: dict[str, Any], roles: dict[AdminRole, AdminRole]
) -> None:
    await staff.join("eve", before)
    after = (await staff.change("eve", reason="new duties", **changes)).admin_role
    assert after is roles[before]
    history = await staff.users.role_history(
        staff.people["viewer"], ORIGIN, "eve", offset=0, limit=9
    )
    if after is before:
        assert history == []
    else:
        (entry,) = history
        assert (entry.from_role, entry.to_role, entry.actor_id) == (before, after, "root")
        assert (entry.reason, entry.request_id) == ("new duties", ORIGIN.request_id)
        assert (await staff.trail())[0] == (
            "user.role_change",
            "eve",
            {"from": before.value, "to": after.value},
        )
    assert await staff.holds("eve") is (ROLES.index(after) >= ROLES.index(before))
    assert "new duties" not in str(await staff.identity.trail())


async def test_a4_deactivation_ends_the_sessions_and_both_ways_are_lock_events(
    staff: Staff,
) -> None:
    heard: list[str] = []
    staff.identity.sessions.watch(staff.people["ada"].session_id, heard.append)
    await staff.change("ada", is_active=False, reason="left the ward")
    assert heard == ["rights_lost"]
    assert not await staff.holds("ada")
    await staff.change("ada", is_active=True)
    assert not await staff.holds("ada")  # the old session stays ended
    events = await staff.users.lock_events(staff.people["viewer"], ORIGIN, "ada", offset=0, limit=9)
    assert [(each.status, each.reason, each.actor_id) for each in events] == [
        (LockStatus.UNLOCKED, None, "root"),
        (LockStatus.LOCKED, "left the ward", "root"),
    ]
    actions = [action for action, _, _ in await staff.trail()]
    assert actions == ["user.deactivate", "user.activate", "user.read"]


@pytest.mark.parametrize(
    "changes",
    [
        {"is_active": False},
        {"admin_role": AdminRole.VIEWER},
        {"is_admin": False},
        {"email": "new@ward.local"},
        {"full_name": "New", "admin_role": AdminRole.USER},
    ],
    ids=str,
)
async def test_nobody_takes_their_own_rights_by_mistake(
    staff: Staff, changes: dict[str, Any]
) -> None:
    with pytest.raises(BadRequest):
        await staff.change("root", **changes)
    assert await staff.stored("root") == staff.people["root"].user
    assert await staff.holds("root")
    assert await staff.trail() == []


async def test_ones_own_name_may_be_changed(staff: Staff) -> None:
    assert (await staff.change("root", full_name="Root", is_admin=True)).full_name == "Root"


async def test_a5_the_last_admin_stays(staff: Staff) -> None:
    # As when another administrator's request was under way while that one was being demoted.
    await staff.change("deputy", admin_role=AdminRole.USER)
    for attempt in (
        staff.change("root", by="deputy", is_active=False),
        staff.change("root", by="deputy", is_admin=False),
        staff.change("root", by="deputy", admin_role=AdminRole.VIEWER),
        staff.users.delete(staff.people["deputy"], ORIGIN, "root"),
    ):
        with pytest.raises(Conflict):
            await attempt
    assert await staff.stored("root") == staff.people["root"].user
    assert await staff.holds("root")


async def test_a5_an_inactive_or_invited_admin_does_not_count(staff: Staff) -> None:
    await staff.join("sleeper", AdminRole.ADMIN, is_active=False)
    await staff.users.invite(staff.people["root"], ORIGIN, "new@ward.local", "New", AdminRole.ADMIN)
    await staff.change("deputy", is_active=False)
    with pytest.raises(Conflict):
        await staff.change("root", by="deputy", is_active=False)
    await staff.users.delete(staff.people["root"], ORIGIN, "sleeper")


async def test_a5_a_hundred_at_once_leave_an_admin(staff: Staff) -> None:
    names = ["root", "deputy"]
    for number in range(8):
        names.append(f"admin{number}")
        await staff.join(names[-1], AdminRole.ADMIN)

    def attempt(number: int) -> Awaitable[Any]:
        by, target = names[number % 10], names[(number * 7 + number // 10 + 1) % 10]
        acts: list[Callable[[], Awaitable[Any]]] = [
            lambda: staff.change(target, by=by, is_active=False),
            lambda: staff.change(target, by=by, admin_role=AdminRole.USER),
            lambda: staff.change(target, by=by, is_admin=False),
            lambda: staff.users.delete(staff.people[by], ORIGIN, target),
        ]
        return acts[number % 4]()

    outcomes = await asyncio.gather(*(attempt(n) for n in range(100)), return_exceptions=True)
    unexpected = [
        outcome
        for outcome in outcomes
        if isinstance(outcome, BaseException)
        and not isinstance(outcome, BadRequest | Conflict | NotFound)
    ]
    assert unexpected == []
    assert any(isinstance(outcome, Conflict) for outcome in outcomes)
    found, total = await staff.users.find(
        staff.people["viewer"], ORIGIN, Wanted(is_active=True, is_admin=True), offset=0, limit=99
    )
    assert total == len(found) == 1


async def test_deleting_erases_content_and_identity_and_keeps_the_trail(staff: Staff) -> None:
    heard: list[str] = []
    staff.identity.sessions.watch(staff.people["ada"].session_id, heard.append)
    account = staff.identity.throttle.account("ada@ward.local")

    def populate(tx: Connection) -> None:
        tx.execute(
            """INSERT INTO conversations (id, user_id, title, created_at, updated_at)
               VALUES ('c', 'ada', 'Canary', '', '')"""
        )
        tx.execute(
            """INSERT INTO messages (id, conversation_id, branch_id, role, content, status,
                                     created_at)
               VALUES ('m', 'c', 'main', 'user', 'Canary', 'complete', '')"""
        )
        staff.identity.throttle.failed(tx, account, user_id="ada")

    await staff.database.write(populate)
    await staff.change("ada", admin_role=AdminRole.VIEWER, reason="Canary")
    await staff.change("ada", is_active=False, reason="Canary")
    await staff.users.delete(staff.people["root"], ORIGIN, "ada")
    assert heard == ["rights_lost"]
    assert not await staff.holds("ada")

    def everything(tx: Connection) -> str:
        tables = [
            row["name"]
            for row in tx.execute(
                "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE '%fts%'"
            )
        ]
        assert {"users", "messages", "role_changes", "lock_events", "audit_log"} <= set(tables)
        return str([[dict(row) for row in tx.execute(f"SELECT * FROM {t}")] for t in tables])

    kept = await staff.database.read(everything)
    for gone in ("Canary", "ada@ward.local", "'Ada'", account):
        assert gone not in kept
    assert ("user.delete", "ada", {}) in await staff.trail()


async def test_a_deleted_accounts_socket_is_told(staff: Staff) -> None:
    heard: list[str] = []
    staff.identity.sessions.watch(staff.people["ada"].session_id, heard.append)
    await staff.users.delete(staff.people["root"], ORIGIN, "ada")
    assert heard == ["deleted"]


async def test_nobody_deletes_themselves_here(staff: Staff) -> None:
    with pytest.raises(BadRequest):
        await staff.users.delete(staff.people["root"], ORIGIN, "root")
    assert await staff.stored("root") is not None


async def test_an_absent_id_is_not_found_and_leaves_no_trace(staff: Staff) -> None:
    root, manage = staff.people["root"], staff.users
    for attempt in (
        manage.get(root, ORIGIN, ABSENT),
        manage.overview(root, ORIGIN, ABSENT),
        manage.change(root, ORIGIN, ABSENT, UserChanges(is_active=False)),
        manage.delete(root, ORIGIN, ABSENT),
        manage.new_link(root, ORIGIN, ABSENT),
        manage.unlock(root, ORIGIN, ABSENT),
        manage.role_history(root, ORIGIN, ABSENT, offset=0, limit=9),
        manage.lock_events(root, ORIGIN, ABSENT, offset=0, limit=9),
    ):
        with pytest.raises(NotFound) as refused:
            await attempt
        assert refused.value.message == "There is no such user."
    assert await staff.trail() == []


async def test_f1_reading_is_audited_without_what_was_searched(staff: Staff) -> None:
    viewer = staff.people["viewer"]
    wanted = Wanted(search="ada@ward")
    assert (await staff.users.find(viewer, ORIGIN, wanted, offset=0, limit=9))[1] == 1
    assert (await staff.users.overviews(viewer, ORIGIN, Wanted(), offset=0, limit=3))[1] == 4
    await staff.users.get(viewer, ORIGIN, "ada")
    await staff.users.overview(viewer, ORIGIN, "ada")
    await staff.users.role_history(viewer, ORIGIN, "ada", offset=0, limit=9)
    await staff.users.lock_events(viewer, ORIGIN, "ada", offset=0, limit=9)
    assert await staff.trail() == [
        ("user.list", None, {"count": 1}),
        ("user.list", None, {"count": 3}),
        ("user.read", "ada", {}),
        ("user.read", "ada", {}),
        ("user.read", "ada", {"part": "role_history"}),
        ("user.read", "ada", {"part": "lock_events"}),
    ]
    rows = [row for row in await staff.identity.trail() if row["action"].startswith("user.")]
    assert {(row["user_id"], row["role"]) for row in rows} == {("viewer", "viewer")}
    assert "ward" not in str(rows)


async def test_f2_a_read_that_cannot_be_audited_is_denied(staff: Staff) -> None:
    await staff.database.write(
        lambda tx: (
            tx.execute(
                """CREATE TRIGGER full BEFORE INSERT ON audit_log
               BEGIN SELECT RAISE(ABORT, 'no room'); END"""
            ).rowcount
        )
    )
    viewer, manage = staff.people["viewer"], staff.users
    for attempt in (
        manage.find(viewer, ORIGIN, Wanted(), offset=0, limit=9),
        manage.overview(viewer, ORIGIN, "ada"),
        manage.lock_events(viewer, ORIGIN, "ada", offset=0, limit=9),
        staff.change("ada", is_active=False),
        manage.delete(staff.people["root"], ORIGIN, "ada"),
    ):
        with pytest.raises(Exception, match="no room"):
            await attempt
    assert await staff.stored("ada") == staff.people["ada"].user
    assert await staff.holds("ada")


async def test_unlocking_lets_in_at_once(staff: Staff) -> None:
    account = staff.identity.throttle.account("ada@ward.local")
    for _ in range(5):
        await staff.database.write(
            lambda tx: staff.identity.throttle.failed(tx, account, user_id="ada")
        )
    root = staff.people["root"]
    assert (await staff.users.overview(root, ORIGIN, "ada")).locked
    assert not (await staff.users.unlock(root, ORIGIN, "ada", reason="called")).locked
    async with staff.identity.throttle.attempt(account):
        pass
    await staff.users.unlock(root, ORIGIN, "ada")
    unlocks = [row for row in await staff.trail() if row[0] == "account.unlock"]
    assert [details for _, _, details in unlocks] == [{"failures": 5}, {"failures": 0}]
    events = await staff.users.lock_events(root, ORIGIN, "ada", offset=0, limit=9)
    assert [(each.status, each.reason) for each in events] == [
        (LockStatus.UNLOCKED, "called"),
        (LockStatus.LOCKED, "5 wrong passwords"),
    ]
