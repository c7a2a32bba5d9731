"""services/one_time_links.py: invitations and resets; SECURITY A4, B1, B3, F1."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest

from appliance.domain import AdminRole, LockStatus
from appliance.errors import (
    ApplianceError,
    BadRequest,
    Conflict,
    Forbidden,
    Invalid,
    RateLimited,
    Unauthorized,
)
from appliance.services.one_time_links import Link
from appliance.services.sessions import TokenPair
from appliance.services.user_changes import UserChanges
from appliance.storage import users as store
from appliance.storage.database import Connection, Database
from tests.conftest import SettableClock
from tests.services.administration import ORIGIN, Staff, hired

NEW, PASSWORD = "new@ward.local", "several words of mine"


@pytest.fixture
async def staff(database: Database, clock: SettableClock) -> AsyncIterator[Staff]:
    made = await hired(database, clock)
    yield made
    made.close()


async def invite(staff: Staff, email: str = NEW, role: AdminRole = AdminRole.USER) -> Link:
    return (await staff.users.invite(staff.people["root"], ORIGIN, email, "New One", role))[1]


async def reset(staff: Staff, name: str = "ada") -> Link:
    return await staff.users.new_link(staff.people["root"], ORIGIN, name)


async def redeem(
    staff: Staff, link: Link, password: str = PASSWORD, name: str | None = None
) -> str:
    return await staff.links.redeem(link.token, password, name, ORIGIN)


async def refusal(staff: Staff, token: str, password: str = PASSWORD) -> tuple[Any, ...]:
    with pytest.raises(ApplianceError) as refused:
        await staff.links.redeem(token, password, None, ORIGIN)
    error = refused.value
    return type(error), error.message, error.field, error.details, error.retry_after


async def login_failure(staff: Staff, email: str, password: str = PASSWORD) -> ApplianceError:
    with pytest.raises(ApplianceError) as refused:
        await staff.identity.open.login(email, password, ORIGIN)
    return refused.value


async def test_an_invitation_makes_an_account_that_its_link_completes(staff: Staff) -> None:
    user, link = await staff.users.invite(
        staff.people["root"], ORIGIN, " NEW@ward.local", " New One ", AdminRole.VIEWER
    )
    assert (user.email, user.full_name, user.admin_role) == (NEW, "New One", AdminRole.VIEWER)
    assert user.is_active and user.last_login is None
    assert link.user_id == user.id
    assert link.expires_at == staff.clock() + timedelta(hours=72)
    assert len(link.token) == 43  # 256 bits in base64
    assert await redeem(staff, link, name=" Newer One ") == NEW
    pair = await staff.identity.open.login(NEW, PASSWORD, ORIGIN)
    assert isinstance(pair, TokenPair)
    assert (pair.user.full_name, pair.user.admin_role) == ("Newer One", AdminRole.VIEWER)


async def test_b3_an_invited_account_is_like_none_and_like_a_wrong_password(staff: Staff) -> None:
    await invite(staff)
    await staff.identity.open.register("known@ward.local", "Known", "known good words", ORIGIN)
    staff.identity.hasher.verified.clear()
    told = [
        await login_failure(staff, email)
        for email in (NEW, "nobody@ward.local", "known@ward.local")
    ]
    assert {type(error) for error in told} == {Unauthorized}
    assert len({(e.message, e.field, str(e.details), e.retry_after) for e in told}) == 1
    # All three paid for a whole password check.
    invited, unknown, known = staff.identity.hasher.verified
    assert invited is None and unknown is None and known is not None
    for _ in range(4):
        await login_failure(staff, NEW)
    assert isinstance(await login_failure(staff, NEW), RateLimited)


@pytest.mark.parametrize("password", ["", "\0", "."])
async def test_no_password_opens_an_invited_account(staff: Staff, password: str) -> None:
    await invite(staff)
    assert isinstance(await login_failure(staff, NEW, password), Unauthorized)


async def test_an_address_that_is_taken_is_not_invited(staff: Staff) -> None:
    for email in ("ada@ward.local", "ADA@ward.local "):
        with pytest.raises(Conflict) as refused:
            await invite(staff, email)
        assert refused.value.field == "email"
    with pytest.raises(Invalid):
        await invite(staff, "no address")
    assert await staff.trail() == []


async def test_a4_a_reset_ends_every_session_and_the_old_password(staff: Staff) -> None:
    old = "the old words of ada"
    user = await staff.identity.open.register("eve@ward.local", "Eve", old, ORIGIN)
    pair = await staff.identity.open.login("eve@ward.local", old, ORIGIN)
    assert isinstance(pair, TokenPair)
    session_id = (await staff.identity.sessions.authenticate(pair.access_token)).session_id
    heard: list[str] = []
    staff.identity.sessions.watch(session_id, heard.append)
    link = await reset(staff, user.id)
    assert link.expires_at == staff.clock() + timedelta(minutes=30)
    # Until it is used, nothing changes: an administrator's slip locks nobody out.
    await staff.identity.sessions.authenticate(pair.access_token)
    assert await redeem(staff, link) == "eve@ward.local"
    assert heard == ["password_set"]
    with pytest.raises(Unauthorized):
        await staff.identity.sessions.authenticate(pair.access_token)
    with pytest.raises(Unauthorized):
        await staff.identity.sessions.refresh(pair.refresh_token, ORIGIN)
    assert isinstance(await login_failure(staff, "eve@ward.local", old), Unauthorized)
    await staff.identity.open.login("eve@ward.local", PASSWORD, ORIGIN)


async def test_unknown_used_replaced_expired_and_inactive_are_refused_in_the_same_words(
    staff: Staff,
) -> None:
    used = await invite(staff)
    await redeem(staff, used)
    replaced = await reset(staff)
    await reset(staff)
    expired = await reset(staff, "viewer")
    staff.clock.advance(minutes=30)
    inactive = await invite(staff, "inactive@ward.local")
    await staff.users.change(
        staff.people["root"], ORIGIN, inactive.user_id, UserChanges(is_active=False)
    )
    deleted = await invite(staff, "deleted@ward.local")
    await staff.users.delete(staff.people["root"], ORIGIN, deleted.user_id)
    told = {
        await refusal(staff, token)
        for token in (
            "", "unknown", "x" * 4096, "\ud800", used.token, replaced.token, expired.token,
            inactive.token, deleted.token, used.token.lower(),
        )
    }  # fmt: skip
    assert told == {
        (Invalid, "This link is not valid any more. Ask for a new one.", "token", None, None)
    }
    failed = [row for row in await staff.identity.trail() if not row["success"]]
    assert {row["action"] for row in failed} == {"user.password_set"}
    assert len(failed) == 10


async def test_an_invitation_lasts_three_days_and_no_longer(staff: Staff) -> None:
    first, second = await invite(staff), await invite(staff, "second@ward.local")
    staff.clock.advance(hours=71, minutes=59, seconds=59)
    await redeem(staff, first)
    staff.clock.advance(seconds=1)
    assert (await refusal(staff, second.token))[0] is Invalid


async def test_who_has_no_password_yet_is_invited_again(staff: Staff) -> None:
    first = await invite(staff)
    staff.clock.advance(hours=80)
    second = await reset(staff, first.user_id)
    assert second.expires_at == staff.clock() + timedelta(hours=72)
    assert (await refusal(staff, first.token))[0] is Invalid
    await redeem(staff, second)
    third = await reset(staff, first.user_id)
    assert third.expires_at == staff.clock() + timedelta(minutes=30)
    purposes = [row[2]["purpose"] for row in await staff.trail() if row[0] == "user.password_link"]
    assert purposes == ["invitation", "password_reset"]


async def test_one_link_redeemed_many_times_at_once_works_once(staff: Staff) -> None:
    link = await invite(staff)
    words = [f"several words of number {number}" for number in range(10)]
    outcomes = await asyncio.gather(
        *(redeem(staff, link, each) for each in words), return_exceptions=True
    )
    winners = [each for each, told in zip(words, outcomes, strict=True) if told == NEW]
    assert len(winners) == 1
    assert sum(isinstance(outcome, Invalid) for outcome in outcomes) == 9
    await staff.identity.open.login(NEW, winners[0], ORIGIN)


@pytest.mark.parametrize(
    ("password", "name", "field"),
    [
        ("too short", None, "password"),
        ("x y" * 43, None, "password"),
        ("password1234", None, "password"),
        ("new" * 4, None, "password"),
        (PASSWORD, " ", "full_name"),
        (PASSWORD, "x" * 201, "full_name"),
    ],
)
async def test_b1_what_is_refused_leaves_the_link_unused(
    staff: Staff, password: str, name: str | None, field: str
) -> None:
    link = await invite(staff)
    with pytest.raises(Invalid) as refused:
        await redeem(staff, link, password, name)
    assert refused.value.field == field
    assert isinstance(await login_failure(staff, NEW, password), Unauthorized)
    await redeem(staff, link)


async def test_redeeming_ends_the_wait_after_wrong_passwords(staff: Staff) -> None:
    link = await invite(staff)
    for _ in range(5):
        await login_failure(staff, NEW)
    await redeem(staff, link)
    await staff.identity.open.login(NEW, PASSWORD, ORIGIN)
    events = await staff.users.lock_events(
        staff.people["root"], ORIGIN, link.user_id, offset=0, limit=9
    )
    assert [(each.status, each.reason, each.actor_id) for each in events] == [
        (LockStatus.UNLOCKED, "password set by link", None),
        (LockStatus.LOCKED, "5 wrong passwords", None),
    ]


async def test_no_link_for_oneself_or_for_an_account_that_is_not_active(staff: Staff) -> None:
    with pytest.raises(BadRequest):
        await reset(staff, "root")
    await staff.change("ada", is_active=False)
    with pytest.raises(Conflict):
        await reset(staff)
    assert "user.password_link" not in str(await staff.trail())


async def test_an_account_that_is_not_active_stays_so(staff: Staff) -> None:
    link = await reset(staff)
    await staff.change("ada", is_active=False)
    assert (await refusal(staff, link.token))[0] is Invalid
    await staff.change("ada", is_active=True)
    await redeem(staff, link)  # still within its time
    await staff.change("ada", is_active=False)
    assert isinstance(await login_failure(staff, "ada@ward.local"), Forbidden)


async def test_f1_no_token_password_or_name_is_kept_or_audited(staff: Staff) -> None:
    link = await invite(staff)
    await redeem(staff, link, name="Canary Name")
    again = await reset(staff, link.user_id)

    def everything(tx: Connection) -> str:
        names = ("users", "one_time_links", "sessions", "audit_log", "lock_events")
        return str([[dict(row) for row in tx.execute(f"SELECT * FROM {name}")] for name in names])

    kept = await staff.database.read(everything)
    assert NEW in kept  # the account itself
    for secret in (link.token, again.token, PASSWORD):
        assert secret not in kept
    trail = await staff.identity.trail()
    assert NEW not in str(trail) and "Canary" not in str(trail)
    assert await staff.trail() == [
        ("user.invite", link.user_id, {"admin_role": "user"}),
        ("user.password_set", link.user_id, {"by": "link"}),
        ("user.password_link", link.user_id, {"purpose": "password_reset"}),
    ]
    stored = await staff.database.read(lambda tx: store.by_id(tx, link.user_id))
    assert stored is not None and stored.full_name == "Canary Name"
