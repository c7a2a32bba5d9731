"""services/accounts.py: SECURITY B1 to B3, F1; DESIGN decided 5 and 6."""

from __future__ import annotations

import asyncio
import json
import unicodedata
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.domain import AdminRole, RequestOrigin
from appliance.errors import ApplianceError, Conflict, Forbidden, Invalid, RateLimited, Unauthorized
from appliance.services.accounts import Accounts, Registration, normalise_email
from appliance.services.challenges import Challenges
from appliance.services.flags import FlagChanges, Flags
from appliance.services.login_throttle import LoginThrottle
from appliance.services.passwords import PasswordHasher
from appliance.services.sessions import Sessions, TokenPair
from appliance.services.tokens import AccessTokens, RefreshTokens
from appliance.storage import users
from appliance.storage.cache import Cache
from appliance.storage.database import Connection, Database
from tests.answering_parts import principal
from tests.conftest import SettableClock

ORIGIN = RequestOrigin("request-1", "10.0.0.9", "Firefox")
EMAIL, NAME, PASSWORD = "ada@ward.local", "Ada Ward", "correct horse battery"


class CountingHasher(PasswordHasher):
    """Remembers what it was asked to verify against."""

    def __init__(self) -> None:
        super().__init__(bytes([3] * 32), rounds=4)
        self.verified: list[str | None] = []

    async def verify(self, password: str, password_hash: str | None) -> bool:
        self.verified.append(password_hash)
        return await super().verify(password, password_hash)


class Identity:
    """The services of identity, put together as the container does."""

    def __init__(self, database: Database, clock: SettableClock) -> None:
        self.database, self.clock = database, clock
        self.hasher = CountingHasher()
        access = AccessTokens(bytes([1] * 32), "install", clock=clock)
        self.sessions = Sessions(database, access, RefreshTokens(bytes([2] * 32)), clock=clock)
        self.throttle = LoginThrottle(database, bytes([4] * 32), clock=clock)
        self.challenges = Challenges(bytes([5] * 32), "install", clock=clock)
        self.open = self.accounts("open")

    def accounts(self, registration: Registration, flags: Flags | None = None) -> Accounts:
        return Accounts(
            self.database,
            self.sessions,
            self.hasher,
            self.throttle,
            self.challenges,
            registration=registration,
            flags=flags,
            clock=self.clock,
        )

    async def trail(self) -> list[dict[str, Any]]:
        def rows(tx: Connection) -> list[dict[str, Any]]:
            return [dict(row) for row in tx.execute("SELECT * FROM audit_log ORDER BY seq")]

        return await self.database.read(rows)


@pytest.fixture
async def identity(database: Database, clock: SettableClock) -> AsyncIterator[Identity]:
    made = Identity(database, clock)
    yield made
    made.sessions.close()
    made.hasher.close()


async def login(accounts: Accounts, email: str = EMAIL) -> TokenPair:
    pair = await accounts.login(email, PASSWORD, ORIGIN)
    assert isinstance(pair, TokenPair)
    return pair


async def failure(accounts: Accounts, email: str, password: str) -> ApplianceError:
    with pytest.raises(ApplianceError) as refused:
        await accounts.login(email, password, ORIGIN)
    return refused.value


async def test_registering_gives_an_ordinary_active_account(identity: Identity) -> None:
    user = await identity.open.register("  Ada@Ward.LOCAL ", f" {NAME} ", PASSWORD, ORIGIN)
    assert (user.email, user.full_name, user.is_active) == (EMAIL, NAME, True)
    assert (user.admin_role, user.is_admin, user.last_login) == (AdminRole.USER, False, None)
    assert user.created_at == identity.clock()
    pair = await login(identity.open)
    assert (await identity.sessions.authenticate(pair.access_token)).user.id == user.id
    first = (await identity.trail())[0]
    assert (first["action"], first["success"]) == ("account.register", 1)
    assert first["user_id"] == first["resource_id"] == user.id


async def test_nobody_becomes_admin_by_registering_first(identity: Identity) -> None:
    for number in range(3):
        await identity.open.register(f"u{number}@ward.local", NAME, PASSWORD, ORIGIN)
    assert not await identity.open.has_admin()


async def test_approval_makes_an_account_that_has_to_wait(identity: Identity) -> None:
    user = await identity.accounts("approval").register(EMAIL, NAME, PASSWORD, ORIGIN)
    assert not user.is_active
    assert isinstance(await failure(identity.open, EMAIL, PASSWORD), Forbidden)
    assert isinstance(await failure(identity.open, EMAIL, "wrong"), Unauthorized)


async def test_closed_registration_takes_nobody(identity: Identity) -> None:
    with pytest.raises(Forbidden):
        await identity.accounts("closed").register(EMAIL, NAME, PASSWORD, ORIGIN)
    assert await identity.database.read(lambda tx: users.by_email(tx, EMAIL)) is None
    assert await identity.trail() == []


async def test_a_flag_closes_registration_too(
    identity: Identity, tmp_path: Path, clock: SettableClock
) -> None:
    cache = await Cache.open(tmp_path / "cache", bytes(32))
    flags = Flags(identity.database, cache, clock=clock)
    accounts = identity.accounts("open", flags)
    actor = principal("admin")
    await accounts.register("first@ward.local", NAME, PASSWORD, ORIGIN)
    await flags.toggle("registration_open", actor=actor, origin=ORIGIN)
    before = len(await identity.trail())
    with pytest.raises(Forbidden):
        await accounts.register(EMAIL, NAME, PASSWORD, ORIGIN)
    assert await identity.database.read(lambda tx: users.by_email(tx, EMAIL)) is None
    assert len(await identity.trail()) == before
    await flags.toggle("registration_open", actor=actor, origin=ORIGIN)
    await accounts.register(EMAIL, NAME, PASSWORD, ORIGIN)
    # Both must agree: the flag opens nothing that the setting closes.
    with pytest.raises(Forbidden):
        await identity.accounts("closed", flags).register("c@ward.local", NAME, PASSWORD, ORIGIN)
    await cache.close()


async def test_registration_is_rolled_out_by_address_however_it_is_written(
    identity: Identity, tmp_path: Path, clock: SettableClock
) -> None:
    cache = await Cache.open(tmp_path / "cache", bytes(32))
    flags = Flags(identity.database, cache, clock=clock)
    accounts = identity.accounts("open", flags)
    half = FlagChanges(rollout_percentage=50)
    await flags.update("registration_open", half, actor=principal("admin"), origin=ORIGIN)
    let_in = 0
    for number in range(20):
        try:
            await accounts.register(f"u{number}@ward.local", NAME, PASSWORD, ORIGIN)
        except Forbidden:
            for again in (f"U{number}@WARD.local", f" u{number}@ward.local "):
                with pytest.raises(Forbidden):
                    await accounts.register(again, NAME, PASSWORD, ORIGIN)
        else:
            let_in += 1
    assert 0 < let_in < 20
    await cache.close()


async def test_an_address_is_one_however_it_is_written(identity: Identity) -> None:
    await identity.open.register(EMAIL, NAME, PASSWORD, ORIGIN)
    for same in (EMAIL, "ADA@ward.local", " ada@ward.local\n", "\uff41da@ward.local"):
        with pytest.raises(Conflict) as refused:
            await identity.open.register(same, "Somebody Else", PASSWORD, ORIGIN)
        assert refused.value.field == "email"
    stored = await identity.database.read(lambda tx: users.by_email(tx, EMAIL))
    assert stored is not None and stored.full_name == NAME
    assert len(await identity.trail()) == 1


async def test_registering_one_address_many_times_at_once_makes_one_account(
    identity: Identity,
) -> None:
    outcomes = await asyncio.gather(
        *(identity.open.register(EMAIL, NAME, PASSWORD, ORIGIN) for _ in range(20)),
        return_exceptions=True,
    )
    assert sum(isinstance(outcome, Conflict) for outcome in outcomes) == 19


@pytest.mark.parametrize(
    ("email", "name", "password", "field"),
    [
        ("no address", NAME, PASSWORD, "email"),
        (EMAIL, "  ", PASSWORD, "full_name"),
        (EMAIL, "x" * 201, PASSWORD, "full_name"),
        (EMAIL, NAME, "too short", "password"),
        (EMAIL, NAME, "x y" * 43, "password"),
        ("longlocalpart@ward.local", NAME, "longlocalpart", "password"),
    ],
)
async def test_what_is_refused_is_named(
    identity: Identity, email: str, name: str, password: str, field: str
) -> None:
    for create in (
        identity.open.register(email, name, password, ORIGIN),
        identity.open.create_admin(email, name, password),
    ):
        with pytest.raises(Invalid) as refused:
            await create
        assert refused.value.field == field
    assert await identity.trail() == []


async def test_the_console_makes_an_admin(identity: Identity) -> None:
    assert not await identity.open.has_admin()
    closed = identity.accounts("closed")
    admin = await closed.create_admin("Admin@VoiceAssist.local", "Root", closed.generate_password())
    assert admin.is_admin and admin.is_active and admin.email == "admin@voiceassist.local"
    assert await identity.open.has_admin()
    with pytest.raises(Conflict):
        await closed.create_admin("admin@voiceassist.local", "Root", closed.generate_password())
    (row,) = await identity.trail()
    assert (row["action"], row["resource_id"]) == ("account.create_admin", admin.id)


async def test_an_existing_account_is_not_taken_over_by_creating_an_admin(
    identity: Identity,
) -> None:
    user = await identity.open.register(EMAIL, NAME, PASSWORD, ORIGIN)
    with pytest.raises(Conflict):
        await identity.open.create_admin(EMAIL, "Root", "another long password")
    assert await identity.database.read(lambda tx: users.by_id(tx, user.id)) == user


def test_generated_passwords_are_good_and_differ() -> None:
    hasher = PasswordHasher(bytes(32), rounds=4)
    made = {Accounts.generate_password() for _ in range(200)}
    assert len(made) == 200
    for password in made:
        hasher.check(password, email="admin@voiceassist.local")
        assert not set(password) & set("01ilou ")
    hasher.close()


async def test_a_login_is_audited_and_remembered(identity: Identity) -> None:
    user = await identity.open.register(EMAIL, NAME, PASSWORD, ORIGIN)
    identity.clock.advance(hours=1)
    pair = await login(identity.open, " ADA@ward.local ")
    assert pair.user.last_login == identity.clock()
    stored = await identity.database.read(lambda tx: users.by_id(tx, user.id))
    assert stored == pair.user
    row = (await identity.trail())[-1]
    assert (row["action"], row["success"], row["user_id"]) == ("session.login", 1, user.id)
    assert row["session_id"] is not None


async def test_b3_unknown_and_wrong_look_the_same(identity: Identity) -> None:
    user = await identity.open.register(EMAIL, NAME, PASSWORD, ORIGIN)
    wrong = await failure(identity.open, EMAIL, "wrong password")
    unknown = await failure(identity.open, "nobody@ward.local", "wrong password")
    assert type(wrong) is type(unknown) is Unauthorized
    for name in ("message", "code", "field", "details", "retry_after"):
        assert getattr(wrong, name) == getattr(unknown, name)
    # Both paid for a whole password check.
    known_hash, no_hash = identity.hasher.verified
    assert known_hash is not None and no_hash is None
    rows = (await identity.trail())[1:]
    assert [row["user_id"] for row in rows] == [user.id, None]
    assert [(row["action"], row["success"]) for row in rows] == [("session.login", 0)] * 2


async def test_f1_no_password_and_no_strangers_address_is_kept(identity: Identity) -> None:
    await identity.open.register(EMAIL, NAME, PASSWORD, ORIGIN)
    await failure(identity.open, "typed.my.password@instead", "wrong horse battery")
    await failure(identity.open, EMAIL, "wrong horse battery")

    def everything(tx: Connection) -> str:
        names = ("users", "sessions", "refresh_tokens", "login_failures", "audit_log")
        return str([[dict(row) for row in tx.execute(f"SELECT * FROM {name}")] for name in names])

    kept = await identity.database.read(everything)
    assert EMAIL in kept  # the account itself
    for secret in ("typed.my.password", "horse battery", PASSWORD):
        assert secret not in kept
    assert EMAIL not in json.dumps(await identity.trail())


async def test_b2_one_counter_over_case_spaces_and_parallel_calls(identity: Identity) -> None:
    await identity.open.register(EMAIL, NAME, PASSWORD, ORIGIN)
    spellings = [EMAIL, "ADA@WARD.LOCAL", " ada@ward.local", "Ada@Ward.Local "] * 10
    outcomes = await asyncio.gather(
        *(identity.open.login(each, "wrong password", ORIGIN) for each in spellings),
        return_exceptions=True,
    )
    assert sum(isinstance(outcome, Unauthorized) for outcome in outcomes) == 5
    limited = [outcome for outcome in outcomes if isinstance(outcome, RateLimited)]
    assert len(limited) == 35
    assert all(each.retry_after == 30 for each in limited)
    assert len(identity.hasher.verified) == 5  # refused before any hashing
    reasons = [json.loads(row["details"]).get("reason") for row in await identity.trail()]
    assert (reasons.count("credentials"), reasons.count("throttled")) == (5, 35)


async def test_b2_the_right_password_has_to_wait_too(identity: Identity) -> None:
    await identity.open.register(EMAIL, NAME, PASSWORD, ORIGIN)
    for _ in range(5):
        await failure(identity.open, EMAIL, "wrong password")
    assert isinstance(await failure(identity.open, EMAIL, PASSWORD), RateLimited)
    identity.clock.advance(seconds=30)
    await identity.open.login(EMAIL, PASSWORD, ORIGIN)
    for _ in range(4):
        await failure(identity.open, EMAIL, "wrong password")
    await identity.open.login(EMAIL, PASSWORD, ORIGIN)


async def test_b2_unknown_accounts_are_throttled_alike(identity: Identity) -> None:
    for _ in range(5):
        await failure(identity.open, "nobody@ward.local", "wrong password")
    limited = await failure(identity.open, "nobody@ward.local", "wrong password")
    assert isinstance(limited, RateLimited) and limited.retry_after == 30


async def test_many_may_sign_in_to_one_account_at_once(identity: Identity) -> None:
    await identity.open.register(EMAIL, NAME, PASSWORD, ORIGIN)
    pairs = await asyncio.gather(*(login(identity.open) for _ in range(20)))
    assert len({pair.refresh_token for pair in pairs}) == 20


async def test_an_account_changed_while_its_password_is_checked_is_not_signed_in(
    identity: Identity, monkeypatch: pytest.MonkeyPatch
) -> None:
    await identity.open.register(EMAIL, NAME, PASSWORD, ORIGIN)

    async def change(column: str, value: object) -> None:
        await identity.database.write(
            lambda tx: tx.execute(f"UPDATE users SET {column} = ?", (value,)).rowcount
        )

    for column, value, expected in (
        ("is_active", 0, Forbidden),
        ("password_hash", "changed meanwhile", Unauthorized),
    ):

        async def meanwhile(
            password: str, stored: str | None, column: str = column, value: object = value
        ) -> bool:
            await change(column, value)
            return True

        monkeypatch.setattr(identity.hasher, "verify", meanwhile)
        assert type(await failure(identity.open, EMAIL, PASSWORD)) is expected
    no_sessions = await identity.database.read(
        lambda tx: tx.execute("SELECT count(*) AS n FROM sessions").fetchone()["n"]
    )
    assert no_sessions == 0


async def test_logout_ends_the_session(identity: Identity) -> None:
    await identity.open.register(EMAIL, NAME, PASSWORD, ORIGIN)
    pair = await login(identity.open)
    principal = await identity.sessions.authenticate(pair.access_token)
    await identity.open.logout(principal, pair.refresh_token, ORIGIN)
    with pytest.raises(Unauthorized):
        await identity.sessions.authenticate(pair.access_token)
    with pytest.raises(Unauthorized):
        await identity.sessions.refresh(pair.refresh_token, ORIGIN)
    assert (await identity.trail())[-1]["action"] == "session.logout"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("user@example.com", "user@example.com"),
        (" User@Example.COM\n", "user@example.com"),
        ("user@hospital", "user@hospital"),
        ("admin@voiceassist.local", "admin@voiceassist.local"),
        ("first.last+tag@sub.ward-3.example", "first.last+tag@sub.ward-3.example"),
        ("o'neill@ward.local", "o'neill@ward.local"),
        ("\uff41da\uff20ward.local", "ada@ward.local"),
        ("jürgen@müller.example", "jürgen@müller.example"),
        ("a" * 64 + "@" + "b" * 63, "a" * 64 + "@" + "b" * 63),
    ],
)
def test_addresses(text: str, expected: str) -> None:
    assert normalise_email(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "", " ", "@", "user", "user@", "@ward", "a@b@c", "a b@ward", "a@wa rd", "a@ward..local",
        "a@.ward", "a@ward.", "a@-ward", "a@ward-", "a@ward.-x", ".a@ward", "a.@ward", "a..b@ward",
        "a@ward_3", "a@[127.0.0.1]", "<a@ward>", "Ada <a@ward>", "a,b@ward", "a;b@ward", 'a"b@ward',
        "a@ward\u200b", "a\u202eb@ward", "a\0b@ward", "a\tb@ward", "a\u00a0b@ward", "\ud800@ward",
        "a" * 65 + "@ward", "a@" + "b" * 64, "a@" + ".".join(["b" * 60] * 5),
    ],
)  # fmt: skip
def test_what_is_no_address(text: str) -> None:
    with pytest.raises(Invalid) as refused:
        normalise_email(text)
    assert refused.value.field == "email"
    assert not text.strip() or text.strip("@ ") == "" or text not in refused.value.message


@given(st.text(min_size=1, max_size=12), st.text(min_size=1, max_size=12))
def test_the_normal_form_is_its_own_normal_form(local_part: str, domain: str) -> None:
    try:
        once = normalise_email(f"{local_part}@{domain}")
    except Invalid:
        return
    assert normalise_email(once) == once


def test_no_letter_has_two_normal_forms() -> None:
    for code in range(0x110000):
        character = chr(code)
        if unicodedata.category(character)[0] not in "LMNPS":
            continue
        try:
            once = normalise_email(f"a{character}@ward")
        except Invalid:
            continue
        assert normalise_email(once) == once, hex(code)
