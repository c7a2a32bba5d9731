"""/api/auth/2fa over HTTP: SECURITY B3, B5, B7."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import pyotp
import pytest

from appliance.domain import utc_now
from appliance.settings import Settings
from tests.api.conftest import PASSWORD, Api
from tests.api.socket_client import SocketClient
from tests.api.test_auth import TOKEN_FIELDS, USER, USER_FIELDS, me, post

WRONG = "12345"  # too short to be the right one by chance


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return settings.model_copy(update={"rate_limits": False})


def code(secret: str, *, steps: int = 1) -> str:
    """By default the next one, which is good for 30 to 60 s: no test is cut off by a step's end."""
    return pyotp.TOTP(secret).at(utc_now(), counter_offset=steps)


async def enrol(api: Api, headers: dict[str, str]) -> tuple[str, list[str]]:
    """Secret and recovery codes; the next step's code is left unused."""
    made = await post(api, "2fa/setup", {"password": PASSWORD}, headers)
    assert made.status_code == 200, made.text
    assert set(made.json()["data"]) == {"secret", "otpauth_uri"}
    secret = made.json()["secret"]
    enabled = await post(api, "2fa/enable", {"code": code(secret, steps=0)}, headers)
    assert enabled.status_code == 200, enabled.text
    assert set(enabled.json()["data"]) == {"message", "recovery_codes"}
    return secret, enabled.json()["recovery_codes"]


async def challenge(api: Api) -> str:
    answer = await post(api, "login", USER)
    assert answer.status_code == 200
    data = answer.json()["data"]
    assert set(data) == {"requires_2fa", "challenge", "expires_in"}
    assert (data["requires_2fa"], data["expires_in"]) == (True, 300)
    assert answer.json()["challenge"] == data["challenge"]
    return str(data["challenge"])


async def status(api: Api) -> dict[str, Any]:
    data: dict[str, Any] = (await api.client.get("/api/auth/2fa", headers=api.user)).json()["data"]
    return data


async def test_b7_from_setup_to_the_second_step(api: Api) -> None:
    assert await status(api) == {"enabled": False, "enabled_at": None, "recovery_codes_left": 0}
    made = (await post(api, "2fa/setup", {"password": PASSWORD}, api.user)).json()
    assert made["otpauth_uri"].startswith("otpauth://totp/VoiceAssist:user%40hospital.example?")
    assert set((await post(api, "login", USER)).json()["data"]) == TOKEN_FIELDS

    secret, codes = await enrol(api, api.user)
    assert len(set(codes)) == 10
    assert (await status(api))["enabled"] is True
    given = await challenge(api)
    answer = await post(api, "2fa/verify", {"challenge": given, "code": code(secret)})
    assert answer.status_code == 200
    data = answer.json()["data"]
    assert set(data) == TOKEN_FIELDS and set(data["user"]) == USER_FIELDS
    assert {name: answer.json()[name] for name in TOKEN_FIELDS} == data
    assert await me(api, data["access_token"]) == 200
    assert answer.headers["cache-control"] == "no-store"

    replayed = await post(api, "2fa/verify", {"challenge": given, "code": codes[0]})
    assert (replayed.status_code, replayed.json()["error"]["field"]) == (401, "challenge")
    again = await post(api, "2fa/verify", {"challenge": await challenge(api), "code": codes[0]})
    assert again.status_code == 200
    assert (await status(api))["recovery_codes_left"] == 9

    body = {"password": PASSWORD, "code": codes[1]}
    off = await post(api, "2fa/disable", body, api.user)
    assert off.status_code == 200 and off.json()["data"]["message"]
    assert set((await post(api, "login", USER)).json()["data"]) == TOKEN_FIELDS


async def test_b7_of_20_parallel_verifies_exactly_one_wins(api: Api) -> None:
    secret, _ = await enrol(api, api.user)
    given = await challenge(api)
    body = {"challenge": given, "code": code(secret)}
    answers = await asyncio.gather(*(post(api, "2fa/verify", body) for _ in range(20)))
    assert sorted(each.status_code for each in answers) == [200] + [401] * 19


async def test_b7_the_same_code_on_20_challenges_wins_once(api: Api) -> None:
    secret, _ = await enrol(api, api.user)
    challenges = [await challenge(api) for _ in range(20)]
    shown = code(secret)
    answers = await asyncio.gather(
        *(post(api, "2fa/verify", {"challenge": each, "code": shown}) for each in challenges)
    )
    statuses = [each.status_code for each in answers]
    assert statuses.count(200) == 1
    assert set(statuses) <= {200, 401, 429}  # the replays are guesses, and guesses are throttled


async def test_b5_a_challenge_is_good_for_nothing_else(api: Api) -> None:
    secret, _ = await enrol(api, api.user)
    given = await challenge(api)
    assert await me(api, given) == 401
    assert (await post(api, "refresh", {"refresh_token": given})).status_code == 401
    async with SocketClient(f"{api.ws_url}?token={given}", None) as ws:
        assert (await ws.frame())["error"]["code"] == "UNAUTHORIZED"
        assert await ws.closed() == 1008
    account = api.accounts["user"]
    for token in (account.access_token, account.refresh_token, "x.y.z", ""):
        answer = await post(api, "2fa/verify", {"challenge": token, "code": code(secret)})
        assert (answer.status_code, answer.json()["error"]["code"]) == (401, "UNAUTHORIZED")


async def test_b3_nothing_is_told_of_a_second_factor_without_the_password(api: Api) -> None:
    await enrol(api, api.user)
    answers = [
        await post(api, "login", {"email": email, "password": "not my password"})
        for email in (USER["email"], "other@hospital.example", "nobody@hospital.example")
    ]
    assert {each.status_code for each in answers} == {401}
    assert len({str(each.json()["error"]) for each in answers}) == 1
    assert len({frozenset(each.headers) for each in answers}) == 1


async def test_b2_wrong_codes_lock_the_account_for_a_while(api: Api) -> None:
    secret, codes = await enrol(api, api.user)
    given = await challenge(api)
    for _ in range(5):
        wrong = await post(api, "2fa/verify", {"challenge": given, "code": WRONG})
        assert (wrong.status_code, wrong.json()["error"]["field"]) == (401, "code")
    for right in (code(secret), codes[0]):
        locked = await post(api, "2fa/verify", {"challenge": given, "code": right})
        assert (locked.status_code, locked.json()["error"]["code"]) == (429, "RATE_LIMITED")
        assert 1 <= int(locked.headers["retry-after"]) <= 30
    assert (await post(api, "login", USER)).status_code == 429


@pytest.mark.parametrize(
    ("name", "body", "field"),
    [
        ("setup", {}, "password"),
        ("setup", {"password": 7}, "password"),
        ("setup", {"password": "not my password"}, "password"),
        ("setup", {"password": PASSWORD, "secret": "JBSWY3DPEHPK3PXP"}, "secret"),
        ("enable", {}, "code"),
        ("enable", {"code": 123456}, "code"),
        ("enable", {"code": ""}, "code"),
        ("enable", {"code": "1" * 33}, "code"),
        ("enable", {"code": "1", "userId": "x"}, "userId"),
        ("disable", {"code": "123456"}, "password"),
        ("disable", {"password": PASSWORD}, "code"),
        ("verify", {"code": "123456"}, "challenge"),
        ("verify", {"challenge": "x" * 4097, "code": "123456"}, "challenge"),
        ("verify", {"challenge": "x"}, "code"),
        ("verify", {"challenge": ["x"], "code": "1"}, "challenge"),
    ],
    ids=str,
)
async def test_bad_input_is_named(api: Api, name: str, body: dict[str, Any], field: str) -> None:
    response = await post(api, f"2fa/{name}", body, api.user)
    error = response.json()["error"]
    assert (response.status_code, error["code"], error["field"]) == (422, "VALIDATION_ERROR", field)
    assert (await status(api))["enabled"] is False


@pytest.mark.parametrize("typed", ["\x00", "'; --", "٠٠٠٠٠٠", "💊💊💊💊💊💊", "()", "     "])
async def test_odd_codes_are_wrong_codes(api: Api, typed: str) -> None:
    await enrol(api, api.user)
    response = await post(api, "2fa/verify", {"challenge": await challenge(api), "code": typed})
    assert (response.status_code, response.json()["error"]["field"]) == (401, "code")


async def test_each_step_says_when_it_is_out_of_place(api: Api) -> None:
    assert (await post(api, "2fa/enable", {"code": "123456"}, api.user)).status_code == 409
    body = {"password": PASSWORD, "code": "123456"}
    assert (await post(api, "2fa/disable", body, api.user)).status_code == 409
    await enrol(api, api.user)
    assert (await post(api, "2fa/setup", {"password": PASSWORD}, api.user)).status_code == 409


async def test_somebody_elses_setup_is_not_touched(api: Api) -> None:
    secret, _ = await enrol(api, api.user)
    other = (await post(api, "2fa/setup", {"password": PASSWORD}, api.other)).json()["secret"]
    assert other != secret
    answer = await post(api, "2fa/enable", {"code": code(secret)}, api.other)
    assert (answer.status_code, answer.json()["error"]["field"]) == (422, "code")
    given = await challenge(api)
    assert (
        await post(api, "2fa/verify", {"challenge": given, "code": code(secret)})
    ).status_code == 200


async def test_b5_an_expired_challenge(api: Api) -> None:
    secret, _ = await enrol(api, api.user)
    past = utc_now() - timedelta(seconds=301)
    signed = api.container.accounts._challenges._tokens
    now, signed._clock = signed._clock, lambda: past
    try:
        given = await challenge(api)
    finally:
        signed._clock = now
    answer = await post(api, "2fa/verify", {"challenge": given, "code": code(secret)})
    assert (answer.status_code, answer.json()["error"]["field"]) == (401, "challenge")
