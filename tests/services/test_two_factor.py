"""services/two_factor.py: SECURITY B2, B3, B5, B7, F1."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Coroutine
from typing import Any

import pytest

from appliance.domain import Principal
from appliance.errors import (
    ApplianceError,
    Conflict,
    Forbidden,
    Invalid,
    RateLimited,
    Unauthorized,
)
from appliance.services.login_throttle import LoginThrottle
from appliance.services.sessions import TokenPair
from appliance.storage import two_factor as store
from appliance.storage import users
from appliance.storage.database import Connection, Database
from tests.conftest import SettableClock
from tests.services.own_account import OwnAccount
from tests.services.test_accounts import EMAIL, ORIGIN, PASSWORD

WRONG = "000000"


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


def rows(table: str) -> Callable[[Connection], list[dict[str, Any]]]:
    return lambda tx: [dict(row) for row in tx.execute(f"SELECT * FROM {table}")]


# Turning it on


async def test_a_setup_is_not_in_force_until_it_is_enabled(own: OwnAccount, ada: Principal) -> None:
    made = await own.second.setup(ada, PASSWORD, ORIGIN)
    assert made.secret in made.uri
    assert (await own.second.status(ada)).enabled_at is None
    await own.sign_in()  # by the password alone
    assert (await refusal(own.second.enable(ada, WRONG, ORIGIN))).field == "code"
    await own.sign_in()
    codes = await own.second.enable(ada, own.code(made.secret), ORIGIN)
    assert len(set(codes)) == 10
    status = await own.second.status(ada)
    assert (status.enabled_at, status.recovery_codes_left) == (own.clock(), 10)
    await own.challenge()


async def test_a_new_setup_replaces_one_that_was_not_enabled(
    own: OwnAccount, ada: Principal
) -> None:
    first = await own.second.setup(ada, PASSWORD, ORIGIN)
    second = await own.second.setup(ada, PASSWORD, ORIGIN)
    assert isinstance(
        await refusal(own.second.enable(ada, own.code(first.secret), ORIGIN)), Invalid
    )
    await own.second.enable(ada, own.code(second.secret), ORIGIN)


async def test_a_setup_needs_the_password(own: OwnAccount, ada: Principal) -> None:
    refused = await refusal(own.second.setup(ada, "not my password", ORIGIN))
    assert (refused.code, refused.field) == ("VALIDATION_ERROR", "password")
    assert await own.database.read(rows("two_factor")) == []


async def test_nothing_is_enabled_without_a_setup_or_twice(own: OwnAccount, ada: Principal) -> None:
    assert isinstance(await refusal(own.second.enable(ada, WRONG, ORIGIN)), Conflict)
    secret, codes = await own.enrol(ada)
    before = await own.database.read(rows("two_factor"))
    for act in (
        own.second.enable(ada, own.code(secret), ORIGIN),
        own.second.setup(ada, PASSWORD, ORIGIN),
    ):
        assert isinstance(await refusal(act), Conflict)
    assert await own.database.read(rows("two_factor")) == before
    await own.second.verify(await own.challenge(), codes[0], ORIGIN)


async def test_of_20_who_enable_at_once_one_gets_the_codes(own: OwnAccount, ada: Principal) -> None:
    code = own.code((await own.second.setup(ada, PASSWORD, ORIGIN)).secret)
    outcomes = await asyncio.gather(
        *(own.second.enable(ada, code, ORIGIN) for _ in range(20)), return_exceptions=True
    )
    (codes,) = [outcome for outcome in outcomes if isinstance(outcome, list)]
    assert sum(isinstance(outcome, Conflict) for outcome in outcomes) == 19
    await own.second.verify(await own.challenge(), codes[0], ORIGIN)


async def test_neither_secrets_nor_codes_are_audited_and_codes_are_kept_hashed(
    own: OwnAccount, ada: Principal
) -> None:
    secret, codes = await own.enrol(ada)
    code = own.code(secret)
    challenge = await own.challenge()
    await own.second.verify(challenge, code, ORIGIN)
    await own.second.verify(await own.challenge(), codes[0], ORIGIN)
    trail = json.dumps(await own.trail())
    kept = json.dumps(await own.database.read(rows("recovery_codes")))
    for value in (secret, code, challenge, PASSWORD, EMAIL, *codes):
        assert value not in trail
    for value in codes:
        assert value not in kept and value.replace("-", "") not in kept


# Signing in


async def test_b7_the_password_alone_opens_no_session(own: OwnAccount, ada: Principal) -> None:
    secret, _ = await own.enrol(ada)
    sessions = len(await own.database.read(rows("sessions")))
    challenge = await own.challenge()
    assert len(await own.database.read(rows("sessions"))) == sessions
    for act in (
        own.sessions.authenticate(challenge),
        own.sessions.refresh(challenge, ORIGIN),
        own.second.verify(challenge, WRONG, ORIGIN),
    ):
        assert isinstance(await refusal(act), Unauthorized)
    pair = await own.second.verify(challenge, own.code(secret), ORIGIN)
    assert (await own.sessions.authenticate(pair.access_token)).user.id == ada.user.id
    assert pair.user.last_login == own.clock()


async def test_b5_tokens_of_a_session_are_no_challenge(own: OwnAccount, ada: Principal) -> None:
    secret, _ = await own.enrol(ada)
    pair = await own.second.verify(await own.challenge(), own.code(secret), ORIGIN)
    own.clock.advance(seconds=30)
    for token in (pair.access_token, pair.refresh_token, "", "x.y.z"):
        refused = await refusal(own.second.verify(token, own.code(secret), ORIGIN))
        assert (refused.code, refused.field) == ("UNAUTHORIZED", "challenge")


async def test_b7_a_challenge_serves_once(own: OwnAccount, ada: Principal) -> None:
    secret, codes = await own.enrol(ada)
    challenge = await own.challenge()
    await own.second.verify(challenge, own.code(secret), ORIGIN)
    own.clock.advance(seconds=30)
    for code in (own.code(secret), codes[0]):
        refused = await refusal(own.second.verify(challenge, code, ORIGIN))
        assert (refused.code, refused.field) == ("UNAUTHORIZED", "challenge")
    # And the code that went with it was not used up.
    await own.second.verify(await own.challenge(), own.code(secret), ORIGIN)


async def test_b7_a_code_is_not_accepted_twice(own: OwnAccount, ada: Principal) -> None:
    secret, _ = await own.enrol(ada)
    enabling, current = own.code(secret, steps=-1), own.code(secret)
    # The code that turned it on is used up, though its time has not run out.
    assert isinstance(
        await refusal(own.second.verify(await own.challenge(), enabling, ORIGIN)), Unauthorized
    )
    await own.second.verify(await own.challenge(), current, ORIGIN)
    refused = await refusal(own.second.verify(await own.challenge(), current, ORIGIN))
    assert (refused.code, refused.field) == ("UNAUTHORIZED", "code")
    following = own.code(secret, steps=1)
    await own.second.verify(await own.challenge(), following, ORIGIN)
    # Its own time comes, and it is over.
    own.clock.advance(seconds=30)
    assert isinstance(
        await refusal(own.second.verify(await own.challenge(), following, ORIGIN)), Unauthorized
    )


@pytest.mark.parametrize("same_challenge", [True, False])
async def test_b7_of_20_parallel_verifies_exactly_one_wins(
    own: OwnAccount, ada: Principal, same_challenge: bool
) -> None:
    secret, _ = await own.enrol(ada)
    code = own.code(secret)
    first = await own.challenge()
    challenges = [first if same_challenge else await own.challenge() for _ in range(20)]
    # Each with a throttle of its own, so that nothing but the transaction keeps them apart.
    outcomes = await asyncio.gather(
        *(
            own.two_factor(LoginThrottle(own.database, bytes([n] * 32), clock=own.clock)).verify(
                challenge, code, ORIGIN
            )
            for n, challenge in enumerate(challenges)
        ),
        return_exceptions=True,
    )
    assert sum(isinstance(outcome, TokenPair) for outcome in outcomes) == 1
    assert sum(isinstance(outcome, Unauthorized) for outcome in outcomes) == 19


async def test_b7_parallel_verifies_through_one_door(own: OwnAccount, ada: Principal) -> None:
    secret, _ = await own.enrol(ada)
    code, challenge = own.code(secret), await own.challenge()
    outcomes = await asyncio.gather(
        *(own.second.verify(challenge, code, ORIGIN) for _ in range(20)), return_exceptions=True
    )
    assert sum(isinstance(outcome, TokenPair) for outcome in outcomes) == 1
    # Who came too late was not guessing: nobody is locked out by it.
    await own.challenge()


async def test_codes_may_be_typed_with_spaces(own: OwnAccount, ada: Principal) -> None:
    secret, codes = await own.enrol(ada)
    code = own.code(secret)
    await own.second.verify(await own.challenge(), f" {code[:3]} {code[3:]}\n", ORIGIN)
    await own.second.verify(await own.challenge(), codes[0].upper().replace("-", " "), ORIGIN)


async def test_a_recovery_code_stands_in_once(own: OwnAccount, ada: Principal) -> None:
    _, codes = await own.enrol(ada)
    for number, code in enumerate(codes):
        assert isinstance(await own.second.verify(await own.challenge(), code, ORIGIN), TokenPair)
        assert (await own.second.status(ada)).recovery_codes_left == 9 - number
        refused = await refusal(own.second.verify(await own.challenge(), code, ORIGIN))
        assert refused.field == "code"
    used = [row for row in await own.trail() if row["action"] == "two_factor.recovery_code"]
    assert [json.loads(row["details"])["left"] for row in used] == list(range(9, -1, -1))


async def test_b7_one_recovery_code_in_20_hands_opens_one_session(
    own: OwnAccount, ada: Principal
) -> None:
    _, codes = await own.enrol(ada)
    challenges = [await own.challenge() for _ in range(20)]
    outcomes = await asyncio.gather(
        *(
            own.two_factor(LoginThrottle(own.database, bytes([n] * 32), clock=own.clock)).verify(
                challenge, codes[0], ORIGIN
            )
            for n, challenge in enumerate(challenges)
        ),
        return_exceptions=True,
    )
    assert sum(isinstance(outcome, TokenPair) for outcome in outcomes) == 1


async def test_somebody_elses_codes_are_wrong(own: OwnAccount, ada: Principal) -> None:
    grace = await own.join("grace@ward.local")
    await own.enrol(ada)
    secret, codes = await own.enrol(grace)
    for code in (own.code(secret), codes[0]):
        refused = await refusal(own.second.verify(await own.challenge(), code, ORIGIN))
        assert refused.field == "code"
    await own.second.verify(await own.challenge("grace@ward.local"), codes[0], ORIGIN)


async def test_b2_wrong_codes_count_like_wrong_passwords(own: OwnAccount, ada: Principal) -> None:
    secret, codes = await own.enrol(ada)
    for _ in range(5):
        # A right password in between wins no new guesses.
        await refusal(own.second.verify(await own.challenge(), WRONG, ORIGIN))
    assert isinstance(await refusal(own.open.login(EMAIL, PASSWORD, ORIGIN)), RateLimited)
    own.clock.advance(seconds=30)
    challenge = await own.challenge()
    await refusal(own.second.verify(challenge, WRONG, ORIGIN))
    for code in (own.code(secret), codes[0]):
        refused = await refusal(own.second.verify(challenge, code, ORIGIN))
        assert isinstance(refused, RateLimited) and refused.retry_after == 60
    own.clock.advance(seconds=60)
    await own.second.verify(challenge, own.code(secret), ORIGIN)
    assert await own.database.read(rows("login_failures")) == []


async def test_a_challenge_ends_with_the_password_it_was_given_for(
    own: OwnAccount, ada: Principal
) -> None:
    secret, _ = await own.enrol(ada)
    challenge = await own.challenge()
    await own.profile.change_password(ada, PASSWORD, "another good sentence", ORIGIN)
    refused = await refusal(own.second.verify(challenge, own.code(secret), ORIGIN))
    assert refused.field == "challenge"


async def test_a_challenge_ends_with_the_second_factor_and_the_account(
    own: OwnAccount, ada: Principal
) -> None:
    secret, codes = await own.enrol(ada)
    challenge = await own.challenge()
    await own.second.disable(ada, PASSWORD, codes[0], ORIGIN)
    assert (await refusal(own.second.verify(challenge, own.code(secret), ORIGIN))).field == (
        "challenge"
    )
    await own.profile.delete(ada, ORIGIN)
    assert (await refusal(own.second.verify(challenge, own.code(secret), ORIGIN))).field == (
        "challenge"
    )


async def test_a_deactivated_account_gets_in_by_neither_step(
    own: OwnAccount, ada: Principal
) -> None:
    secret, _ = await own.enrol(ada)
    challenge = await own.challenge()

    def deactivate(tx: Connection) -> None:
        tx.execute("UPDATE users SET is_active = 0")

    await own.database.write(deactivate)
    assert isinstance(
        await refusal(own.second.verify(challenge, own.code(secret), ORIGIN)), Forbidden
    )
    assert isinstance(await refusal(own.open.login(EMAIL, PASSWORD, ORIGIN)), Forbidden)


async def test_b3_a_second_factor_is_not_told_without_the_password(
    own: OwnAccount, ada: Principal
) -> None:
    await own.enrol(ada)
    await own.open.register("plain@ward.local", "Plain", PASSWORD, ORIGIN)
    own.hasher.verified.clear()
    said = {
        (refused.code, refused.message, refused.field)
        for refused in [
            await refusal(own.open.login(email, "not my password", ORIGIN))
            for email in (EMAIL, "plain@ward.local", "nobody@ward.local")
        ]
    }
    assert len(said) == 1
    assert len(own.hasher.verified) == 3  # one check of a password each, real or not
    forged = await refusal(own.second.verify("a.b.c", WRONG, ORIGIN))
    assert EMAIL not in forged.message


async def test_f1_what_happens_is_audited(own: OwnAccount, ada: Principal) -> None:
    secret, codes = await own.enrol(ada)
    challenge = await own.challenge()
    await refusal(own.second.verify(challenge, WRONG, ORIGIN))
    await own.second.verify(challenge, own.code(secret), ORIGIN)
    await refusal(own.second.verify(challenge, own.code(secret), ORIGIN))
    await refusal(own.second.disable(ada, PASSWORD, WRONG, ORIGIN))
    await own.second.disable(ada, PASSWORD, codes[0], ORIGIN)
    told = [
        (row["action"], row["success"], json.loads(row["details"]).get("reason"))
        for row in await own.trail()
    ]
    assert told == [
        ("account.register", 1, None),
        ("session.login", 1, None),
        ("two_factor.setup", 1, None),
        ("two_factor.enable", 1, None),
        ("session.login", 0, "challenged"),
        ("session.login", 0, "two_factor"),
        ("session.login", 1, None),
        ("session.login", 0, "challenge"),
        ("two_factor.disable", 0, None),
        ("two_factor.recovery_code", 1, None),
        ("two_factor.disable", 1, None),
    ]
    assert {row["user_id"] for row in await own.trail()} == {ada.user.id}


async def test_used_challenges_are_forgotten_once_they_have_run_out(
    own: OwnAccount, ada: Principal
) -> None:
    secret, _ = await own.enrol(ada)
    for _ in range(3):
        await own.second.verify(await own.challenge(), own.code(secret), ORIGIN)
        own.clock.advance(minutes=10)
    assert len(await own.database.read(rows("used_challenges"))) == 1


# Turning it off


async def test_turning_it_off_needs_both_factors(own: OwnAccount, ada: Principal) -> None:
    secret, _ = await own.enrol(ada)
    for password, code, field in (
        ("not my password", own.code(secret), "password"),
        (PASSWORD, WRONG, "code"),
        (PASSWORD, own.code(secret, steps=-1), "code"),  # used up by enabling
    ):
        refused = await refusal(own.second.disable(ada, password, code, ORIGIN))
        assert (refused.code, refused.field) == ("VALIDATION_ERROR", field)
        assert (await own.second.status(ada)).enabled_at is not None
    await own.second.disable(ada, PASSWORD, own.code(secret), ORIGIN)
    assert await own.database.read(rows("two_factor")) == []
    assert await own.database.read(rows("recovery_codes")) == []
    await own.sign_in()
    assert isinstance(
        await refusal(own.second.disable(ada, PASSWORD, own.code(secret), ORIGIN)), Conflict
    )


async def test_b2_guesses_at_turning_it_off_are_counted(own: OwnAccount, ada: Principal) -> None:
    secret, _ = await own.enrol(ada)
    for _ in range(4):
        await refusal(own.second.disable(ada, PASSWORD, WRONG, ORIGIN))
        # A right password in between forgives nothing.
        await own.profile.update(ada, ORIGIN, full_name="Ada", password=PASSWORD)
    await refusal(own.second.disable(ada, PASSWORD, WRONG, ORIGIN))
    refused = await refusal(own.second.disable(ada, PASSWORD, own.code(secret), ORIGIN))
    assert isinstance(refused, RateLimited)


async def test_the_rows_go_with_the_account(own: OwnAccount, ada: Principal) -> None:
    await own.enrol(ada)
    await own.database.write(lambda tx: users.delete(tx, ada.user.id))
    assert await own.database.read(lambda tx: store.get(tx, ada.user.id)) is None
    assert await own.database.read(rows("recovery_codes")) == []


async def test_b2_guesses_at_turning_it_on_are_counted(own: OwnAccount, ada: Principal) -> None:
    await own.second.setup(ada, PASSWORD, ORIGIN)
    for _ in range(5):
        with pytest.raises(Invalid):
            await own.second.enable(ada, "000000", ORIGIN)
    with pytest.raises(RateLimited):
        await own.second.enable(ada, "000000", ORIGIN)
    trail = await own.trail()
    wrong = [row for row in trail if row["action"] == "two_factor.enable" and not row["success"]]
    assert len(wrong) == 5
