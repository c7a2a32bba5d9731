"""Invitations and password resets over HTTP: the link, redeeming, what is refused."""

from __future__ import annotations

import asyncio
import statistics
from time import perf_counter
from typing import Any

import pytest

from tests.api.conftest import ORIGIN, PASSWORD, Api
from tests.api.socket_client import SocketClient
from tests.api.test_panel_users import INVITATION, PANEL, data
from tests.api.test_users import ABSENT, USER_FIELDS, status_of, user_id
from tests.api.test_ws import Known, engine_idle, known  # noqa: F401

WORDS = "several words of mine"
LINK_FIELDS = {"link", "token", "expires_at"}


async def redeem(api: Api, **body: Any) -> Any:
    return await api.client.post("/api/auth/links/redeem", json=body)


async def login(api: Api, email: str, password: str) -> Any:
    body = {"email": email, "password": password}
    return await api.client.post("/api/auth/login", json=body)


async def test_from_invitation_to_sign_in(api: Api) -> None:
    invited = await data(api, "POST", "", INVITATION | {"adminRole": "viewer"})
    assert set(invited) == LINK_FIELDS | {"user"}
    assert set(invited["user"]) == USER_FIELDS
    assert (invited["user"]["admin_role"], invited["user"]["is_active"]) == ("viewer", True)
    assert invited["link"] == f"{api.base_url}/#link={invited['token']}"
    assert invited["expires_at"].endswith("Z")
    shown = await data(api, "GET", f"/{invited['user']['id']}")
    assert (shown["invited"], shown["sessions"], shown["last_active"]) == (True, 0, None)
    response = await redeem(api, token=invited["token"], password=WORDS, fullName="Newer One")
    said = response.json()
    assert response.status_code == 200
    assert set(said["data"]) == {"message", "email"}
    assert said["email"] == said["data"]["email"] == INVITATION["email"]
    signed_in = (await login(api, said["email"], WORDS)).json()
    assert signed_in["user"]["full_name"] == "Newer One"
    assert (await data(api, "GET", f"/{invited['user']['id']}"))["invited"] is False


async def test_the_link_names_the_page_that_asked(api: Api) -> None:
    async def link(**headers: str) -> str:
        response = await api.client.post(
            f"{PANEL}/{user_id(api)}/reset-password",
            headers=api.admin | {"Host": "assist.ward:8443"} | headers,
        )
        assert set(response.json()["data"]) == LINK_FIELDS | {"user_id"}
        text: str = response.json()["data"]["link"]
        return text.partition("#")[0]

    assert await link() == "http://assist.ward:8443/"
    assert await link(Origin="https://assist.ward:8443") == "https://assist.ward:8443/"
    # Nobody else's word counts.
    for headers in (
        {"Origin": "https://evil.example"},
        {"Origin": "https://[broken"},
        {"X-Forwarded-Proto": "https"},
        {"X-Forwarded-Host": "evil.example"},
        {"Forwarded": "host=evil.example;proto=https"},
    ):
        assert await link(**headers) == "http://assist.ward:8443/"


async def test_a4_redeeming_a_reset_ends_what_was_open(api: Api) -> None:
    api.engine.enqueue(["The usual dose "], hangs=True)
    link = await data(api, "POST", f"/{user_id(api)}/reset-password")
    assert link["user_id"] == user_id(api)
    async with (
        SocketClient(api.ws_url, api.user_token) as ws,
        SocketClient(api.ws_url, api.other_token) as other,
    ):
        await ws.send("message_send", content="Dose?")
        await ws.until("chunk")
        assert await status_of(api, "user") == 200
        response = await redeem(api, token=link["token"], password=WORDS)
        assert response.status_code == 200
        async with asyncio.timeout(1):
            assert await status_of(api, "user") == 401
            assert await ws.closed() == 1008
            await engine_idle(api)
        assert await other.alive()
    assert (await login(api, "user@hospital.example", PASSWORD)).status_code == 401
    assert (await login(api, "user@hospital.example", WORDS)).status_code == 200


async def test_unknown_used_and_replaced_links_are_refused_in_the_same_words(api: Api) -> None:
    first = await data(api, "POST", f"/{user_id(api)}/reset-password")
    second = await data(api, "POST", f"/{user_id(api)}/reset-password")
    assert (await redeem(api, token=second["token"], password=WORDS)).status_code == 200
    told = [
        await redeem(api, token=token, password=WORDS)
        for token in ("guess", "", first["token"], second["token"], "\u00e9\U0001d6c3")
    ]
    assert {each.status_code for each in told} == {422}
    errors = [each.json()["error"] for each in told]
    assert all(error == errors[0] for error in errors)
    assert (errors[0]["code"], errors[0]["field"]) == ("VALIDATION_ERROR", "token")


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"token": None}, "token"),
        ({"token": 7}, "token"),
        ({"token": "x" * 4097}, "token"),
        ({"password": None}, "password"),
        ({"password": "too short"}, "password"),
        ({"password": "x" * 2000}, "password"),
        ({"password": ["several words of mine"]}, "password"),
        ({"full_name": ""}, "full_name"),
        ({"full_name": "a\nb"}, "full_name"),
        ({"full_name": "x" * 201}, "full_name"),
        ({"email": "other@hospital.example"}, "email"),
        ({"is_admin": True}, "is_admin"),
        ({"admin_role": "admin"}, "admin_role"),
        ({"is_active": True}, "is_active"),
        ({"user_id": ABSENT}, "user_id"),
    ],
    ids=str,
)
async def test_a3_bad_redemptions_are_named_and_use_nothing(
    api: Api, change: dict[str, Any], field: str
) -> None:
    link = await data(api, "POST", f"/{user_id(api)}/reset-password")
    response = await redeem(api, **({"token": link["token"], "password": WORDS} | change))
    assert (response.status_code, response.json()["error"]["field"]) == (422, field)
    assert link["token"] not in response.text
    assert await status_of(api, "user") == 200
    assert (await redeem(api, token=link["token"], password=WORDS)).status_code == 200


async def test_no_link_for_oneself_or_for_who_is_not_active(api: Api) -> None:
    own = await api.client.post(
        f"{PANEL}/{user_id(api, 'admin')}/reset-password", headers=api.admin
    )
    assert (own.status_code, own.json()["error"]["code"]) == (400, "BAD_REQUEST")
    await data(api, "PUT", f"/{user_id(api)}", {"is_active": False})
    inactive = await api.client.post(f"{PANEL}/{user_id(api)}/reset-password", headers=api.admin)
    assert (inactive.status_code, inactive.json()["error"]["code"]) == (409, "CONFLICT")


async def test_b3_an_invited_account_cannot_be_told_from_none(api: Api) -> None:
    await data(api, "POST", "", INVITATION)
    answers = {
        email: await login(api, email, WORDS)
        for email in (INVITATION["email"], "nobody@hospital.example", "user@hospital.example")
    }
    assert {each.status_code for each in answers.values()} == {401}
    assert len({str(each.json()["error"]) for each in answers.values()}) == 1
    assert len({tuple(sorted(each.headers)) for each in answers.values()}) == 1


async def test_b3_nor_by_the_time_that_the_answer_takes(api: Api) -> None:
    await data(api, "POST", "", INVITATION)
    accounts = api.container.accounts
    times: dict[str, list[float]] = {INVITATION["email"]: [], "nobody@hospital.example": []}
    for _ in range(15):
        for email, taken in times.items():
            started = perf_counter()
            await accounts._passwords.verify(WORDS, None)
            alone = perf_counter() - started
            started = perf_counter()
            with pytest.raises(Exception, match="wrong"):
                await accounts.login(email, WORDS, ORIGIN)
            taken.append((perf_counter() - started) / alone)
            await api.container.database.write(
                lambda tx: tx.execute("DELETE FROM login_failures").rowcount
            )
    medians = [statistics.median(taken) for taken in times.values()]
    # One password check each, and little beside it.
    assert max(medians) < 2 * min(medians), medians


async def test_a_link_ends_when_its_owner_changes_the_password(api: Api) -> None:
    made = await api.client.post(f"{PANEL}/{user_id(api)}/reset-password", headers=api.admin)
    body = {"old_password": PASSWORD, "new_password": "words that only I know"}
    changed = await api.client.post("/api/users/me/change-password", json=body, headers=api.user)
    assert changed.status_code == 200
    late = await redeem(api, token=made.json()["data"]["token"], password=WORDS)
    assert late.status_code == 422
