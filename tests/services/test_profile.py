"""services/profile.py: SECURITY A4, A5, B1, B2, F1; DESIGN decided 10."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Coroutine
from typing import Any

import pytest

from appliance.domain import AdminRole, Principal
from appliance.errors import ApplianceError, Conflict, Invalid, RateLimited, Unauthorized
from appliance.services.answer_streams import AnswerStream
from appliance.storage import users
from appliance.storage.database import Connection, Database
from tests.conftest import SettableClock
from tests.services.own_account import OwnAccount
from tests.services.test_accounts import EMAIL, NAME, ORIGIN, PASSWORD

NEW_PASSWORD = "another good sentence"
NEW_EMAIL = "ada.lovelace@ward.local"


@pytest.fixture
async def own(database: Database, clock: SettableClock) -> AsyncIterator[OwnAccount]:
    made = OwnAccount(database, clock)
    yield made
    made.sessions.close()
    made.hasher.close()


@pytest.fixture
async def ada(own: OwnAccount) -> Principal:
    return await own.join()


async def refusal(act: Coroutine[Any, Any, Any]) -> ApplianceError:
    with pytest.raises(ApplianceError) as refused:
        await act
    return refused.value


async def holds(own: OwnAccount, principal: Principal) -> bool:
    try:
        await own.sessions.principal(principal.session_id)
    except Unauthorized:
        return False
    return True


def overheard(own: OwnAccount, *principals: Principal) -> list[tuple[str, str]]:
    """Fills with (session, reason) as their sessions are told that they have ended."""
    told: list[tuple[str, str]] = []

    def listen(session_id: str) -> None:
        own.sessions.watch(session_id, lambda reason: told.append((session_id, reason)))

    for principal in principals:
        listen(principal.session_id)
    return told


async def make_admin(own: OwnAccount, principal: Principal) -> None:
    def work(tx: Connection) -> None:
        tx.execute("UPDATE users SET admin_role = 'admin' WHERE id = ?", (principal.user.id,))

    await own.database.write(work)


# Name and address


async def test_a_name_needs_no_password(own: OwnAccount, ada: Principal) -> None:
    user = await own.profile.update(ada, ORIGIN, full_name=" Ada Lovelace ")
    assert (user.full_name, user.email) == ("Ada Lovelace", EMAIL)
    assert await own.database.read(lambda tx: users.by_id(tx, user.id)) == user
    row = (await own.trail())[-1]
    assert (row["action"], row["user_id"], row["success"]) == ("account.update", user.id, 1)
    assert json.loads(row["details"]) == {"email": False, "full_name": True}


@pytest.mark.parametrize("password", [None, "not my password"])
async def test_another_address_needs_the_password(
    own: OwnAccount, ada: Principal, password: str | None
) -> None:
    refused = await refusal(
        own.profile.update(ada, ORIGIN, full_name="X", email=NEW_EMAIL, password=password)
    )
    assert (refused.code, refused.field) == ("VALIDATION_ERROR", "password")
    assert await own.database.read(lambda tx: users.by_id(tx, ada.user.id)) == ada.user


async def test_another_address(own: OwnAccount, ada: Principal) -> None:
    user = await own.profile.update(ada, ORIGIN, email=f" {NEW_EMAIL.upper()}", password=PASSWORD)
    assert user.email == NEW_EMAIL
    await own.sign_in(NEW_EMAIL)
    assert isinstance(await refusal(own.open.login(EMAIL, PASSWORD, ORIGIN)), Unauthorized)
    trail = json.dumps(await own.trail())
    assert EMAIL not in trail and NEW_EMAIL not in trail


async def test_the_same_address_is_no_change(own: OwnAccount, ada: Principal) -> None:
    before = await own.actions()
    assert await own.profile.update(ada, ORIGIN, email=" ADA@ward.local") == ada.user
    assert await own.profile.update(ada, ORIGIN) == ada.user
    assert await own.actions() == before


async def test_an_address_that_is_taken(own: OwnAccount, ada: Principal) -> None:
    await own.open.register(NEW_EMAIL, "Other", PASSWORD, ORIGIN)
    refused = await refusal(
        own.profile.update(ada, ORIGIN, full_name="X", email=NEW_EMAIL, password=PASSWORD)
    )
    assert (refused.code, refused.field) == ("CONFLICT", "email")
    assert await own.database.read(lambda tx: users.by_id(tx, ada.user.id)) == ada.user


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"full_name": "  "}, "full_name"),
        ({"full_name": "x" * 201}, "full_name"),
        ({"email": "no address", "password": PASSWORD}, "email"),
        ({"full_name": "Ada", "password": "not my password"}, "password"),
    ],
    ids=str,
)
async def test_what_is_refused_is_named(
    own: OwnAccount, ada: Principal, change: dict[str, str], field: str
) -> None:
    refused = await refusal(own.profile.update(ada, ORIGIN, **change))
    assert (refused.code, refused.field) == ("VALIDATION_ERROR", field)
    assert await own.database.read(lambda tx: users.by_id(tx, ada.user.id)) == ada.user


async def test_an_address_is_not_taken_back_without_the_password(
    own: OwnAccount, ada: Principal
) -> None:
    """`ada` is what the caller was when it came in: the address has changed since."""
    await own.profile.update(ada, ORIGIN, email=NEW_EMAIL, password=PASSWORD)
    refused = await refusal(own.profile.update(ada, ORIGIN, email=EMAIL))
    assert refused.field == "password"


async def test_a3_an_update_keeps_what_an_admin_has_changed_meanwhile(
    own: OwnAccount, ada: Principal
) -> None:
    await make_admin(own, ada)
    user = await own.profile.update(ada, ORIGIN, full_name="Ada")
    assert user.admin_role is AdminRole.ADMIN


# Password


async def test_a4_a_new_password_ends_all_other_sessions(own: OwnAccount, ada: Principal) -> None:
    others = [await own.sign_in() for _ in range(3)]
    grace = await own.join("grace@ward.local")
    told = overheard(own, ada, grace, *others)
    await own.profile.change_password(ada, PASSWORD, NEW_PASSWORD, ORIGIN)
    assert sorted(told) == sorted((each.session_id, "password_changed") for each in others)
    assert [await holds(own, each) for each in (ada, grace, *others)] == [True, True] + [False] * 3
    assert isinstance(await refusal(own.open.login(EMAIL, PASSWORD, ORIGIN)), Unauthorized)
    await own.open.login(EMAIL, NEW_PASSWORD, ORIGIN)
    assert "account.change_password" in await own.actions()
    trail = json.dumps(await own.trail())
    assert PASSWORD not in trail and NEW_PASSWORD not in trail


@pytest.mark.parametrize(
    ("old", "new", "field"),
    [
        ("not my password", NEW_PASSWORD, "old_password"),
        ("", NEW_PASSWORD, "old_password"),
        (PASSWORD, "too short", "new_password"),
        (PASSWORD, "x y" * 43, "new_password"),
        (PASSWORD, "password1234", "new_password"),
        (PASSWORD, EMAIL, "new_password"),
        (PASSWORD, PASSWORD, "new_password"),
        (PASSWORD, "long enough \ud800", "new_password"),
    ],
)
async def test_b1_a_password_that_is_refused_changes_nothing(
    own: OwnAccount, ada: Principal, old: str, new: str, field: str
) -> None:
    other = await own.sign_in()
    refused = await refusal(own.profile.change_password(ada, old, new, ORIGIN))
    assert (refused.code, refused.field) == ("VALIDATION_ERROR", field)
    assert await holds(own, other)
    await own.sign_in()


async def test_b2_wrong_old_passwords_count_like_failed_logins(
    own: OwnAccount, ada: Principal
) -> None:
    for _ in range(5):
        await refusal(own.profile.change_password(ada, "not my password", NEW_PASSWORD, ORIGIN))
    for act in (
        own.profile.change_password(ada, PASSWORD, NEW_PASSWORD, ORIGIN),
        own.profile.update(ada, ORIGIN, email=NEW_EMAIL, password=PASSWORD),
        own.open.login(EMAIL, PASSWORD, ORIGIN),
    ):
        assert isinstance(await refusal(act), RateLimited)
    failures = [row for row in await own.trail() if row["action"] == "account.reauthenticate"]
    reasons = [json.loads(row["details"])["reason"] for row in failures]
    assert reasons == ["credentials"] * 5 + ["throttled"] * 2
    assert {(row["success"], row["user_id"]) for row in failures} == {(0, ada.user.id)}


async def test_of_two_who_change_the_same_password_one_is_told_that_it_was_changed(
    own: OwnAccount, ada: Principal
) -> None:
    outcomes = await asyncio.gather(
        *(
            own.profile.change_password(ada, PASSWORD, f"{NEW_PASSWORD} {n}", ORIGIN)
            for n in range(2)
        ),
        return_exceptions=True,
    )
    assert {type(outcome) for outcome in outcomes} == {type(None), Invalid}


# The end


async def test_deleting_erases_all_but_the_trail(own: OwnAccount, ada: Principal) -> None:
    await own.enrol(ada)
    grace = await own.join("grace@ward.local")
    await refusal(own.profile.change_password(ada, "not my password", NEW_PASSWORD, ORIGIN))

    def tell_secrets(tx: Connection) -> None:
        at = "2026-01-01T00:00:00.000000Z"
        tx.execute(
            "INSERT INTO folders VALUES ('f', ?, NULL, 'canary folder', ?)", (ada.user.id, at)
        )
        tx.execute(
            "INSERT INTO conversations VALUES ('c', ?, 'canary title', 0, 'f', 1, 'canary', ?, ?)",
            (ada.user.id, at, at),
        )
        tx.execute(
            """INSERT INTO messages (id, conversation_id, branch_id, role, content, status,
                                     created_at)
               VALUES ('m', 'c', 'main', 'user', 'canary question', 'complete', ?)""",
            (at,),
        )
        tx.execute("INSERT INTO message_feedback VALUES ('m', 'up', 'canary reason', ?)", (at,))
        tx.execute("INSERT INTO message_edits VALUES (NULL, 'm', 'canary before', ?)", (at,))

    def tables_with(word: str) -> Callable[[Connection], list[str]]:
        return lambda tx: found(tx, word)

    def found(tx: Connection, word: str) -> list[str]:
        tables = [
            row["name"]
            for row in tx.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
            if not row["name"].startswith("messages_fts")
        ]
        return [
            table
            for table in tables
            if word
            in json.dumps([list(map(str, row)) for row in tx.execute(f"SELECT * FROM {table}")])
        ]

    def searched(tx: Connection) -> int:
        return len(tx.execute("SELECT rowid FROM messages_fts('canary')").fetchall())

    await own.database.write(tell_secrets)
    assert await own.database.read(searched) == 1
    await own.profile.delete(ada, ORIGIN)
    for word in ("canary", EMAIL, own.throttle.account(EMAIL)):
        assert await own.database.read(tables_with(word)) == [], word
    assert await own.database.read(tables_with(ada.user.id)) == ["audit_log"]
    assert await own.database.read(searched) == 0
    assert await holds(own, grace) and not await holds(own, ada)
    last = (await own.trail())[-1]
    assert (last["action"], last["user_id"]) == ("account.delete", ada.user.id)
    assert NAME not in json.dumps(await own.trail())


async def test_a_deleted_account_is_gone_and_its_address_is_free(
    own: OwnAccount, ada: Principal
) -> None:
    await own.profile.delete(ada, ORIGIN)
    assert isinstance(await refusal(own.open.login(EMAIL, PASSWORD, ORIGIN)), Unauthorized)
    for act in (
        own.profile.delete(ada, ORIGIN),
        own.profile.update(ada, ORIGIN, full_name="X"),
    ):
        assert isinstance(await refusal(act), Unauthorized)
    again = await own.join()
    assert again.user.id != ada.user.id


async def test_a4_deleting_ends_sessions_and_answers(own: OwnAccount, ada: Principal) -> None:
    other, grace = await own.sign_in(), await own.join("grace@ward.local")
    told = overheard(own, ada, other, grace)
    streams = {}
    for principal in (ada, grace):
        streams[principal.user.id] = stream = AnswerStream(
            message_id=principal.session_id,
            user_message_id="q",
            conversation_id="c",
            user_id=principal.user.id,
            client_message_id=None,
        )
        own.streams.add(stream)
    await own.profile.delete(ada, ORIGIN)
    assert sorted(told) == sorted((each.session_id, "account_deleted") for each in (ada, other))
    assert streams[ada.user.id].cancelled.is_set()
    assert not streams[grace.user.id].cancelled.is_set()


async def test_a5_the_last_admin_stays(own: OwnAccount, ada: Principal) -> None:
    await make_admin(own, ada)
    refused = await refusal(own.profile.delete(ada, ORIGIN))
    assert isinstance(refused, Conflict)
    assert await holds(own, ada)
    grace = await own.join("grace@ward.local")
    assert isinstance(await refusal(own.profile.delete(ada, ORIGIN)), Conflict)
    await make_admin(own, grace)
    await own.profile.delete(ada, ORIGIN)
    assert isinstance(await refusal(own.profile.delete(grace, ORIGIN)), Conflict)


async def test_a5_of_admins_who_all_leave_at_once_one_stays(own: OwnAccount) -> None:
    admins = [await own.join(f"admin{n}@ward.local") for n in range(10)]
    for each in admins:
        await make_admin(own, each)
    outcomes = await asyncio.gather(
        *(own.profile.delete(each, ORIGIN) for each in admins for _ in range(10)),
        return_exceptions=True,
    )
    assert outcomes.count(None) == 9
    assert all(isinstance(each, Conflict | Unauthorized) for each in outcomes if each is not None)
    left = await own.database.read(
        lambda tx: [row["id"] for row in tx.execute("SELECT id FROM users")]
    )
    assert len(left) == 1
    assert await own.database.read(users.has_active_admin)
