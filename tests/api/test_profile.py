"""/api/users/me: SECURITY A3, A4, A5, B1."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from appliance.domain import AdminRole
from tests.api.conftest import PASSWORD, Api, sign_up
from tests.api.socket_client import SocketClient
from tests.api.test_auth import USER, USER_FIELDS, me, post
from tests.api.test_own_sessions import sign_in_again
from tests.api.test_ws import engine_idle
from tests.api.test_ws import known as known  # questions find something to answer from

NEW_PASSWORD = "another good sentence"
NEW_EMAIL = "new.address@hospital.example"
ME = "/api/users/me"


async def stored(api: Api) -> dict[str, Any]:
    def work(tx: Any) -> dict[str, Any]:
        return dict(
            tx.execute(
                "SELECT * FROM users WHERE id = ?", (api.accounts["user"].user.id,)
            ).fetchone()
        )

    return await api.container.database.read(work)


async def test_me_is_the_caller_and_no_id(api: Api) -> None:
    for name in ("user", "viewer", "admin"):
        account = api.accounts[name]
        for path in (ME, ME + "/"):
            response = await api.client.get(path, headers=account.headers)
            assert response.status_code == 200
            body = response.json()
            assert set(body["data"]) == USER_FIELDS
            assert body["data"]["id"] == account.user.id == body["id"]
    assert (await api.client.get(ME)).status_code == 401
    assert (await api.client.post(ME, headers=api.user)).status_code == 405


@pytest.mark.parametrize("method", ["PUT", "PATCH"])
async def test_the_references_own_update(api: Api, method: str) -> None:
    body = {"full_name": "John Updated", "email": NEW_EMAIL, "password": PASSWORD}
    response = await api.client.request(method, ME, json=body, headers=api.user)
    assert response.status_code == 200
    data = response.json()["data"]
    assert set(data) == USER_FIELDS
    assert (data["full_name"], data["email"]) == ("John Updated", NEW_EMAIL)
    asked = (await api.client.get("/api/auth/me", headers=api.user)).json()["data"]
    assert asked == data  # still signed in
    assert (await post(api, "login", USER)).status_code == 401
    assert (await post(api, "login", USER | {"email": NEW_EMAIL})).status_code == 200


async def test_an_update_takes_both_styles_and_what_is_left_out_stays(api: Api) -> None:
    response = await api.client.put(ME, json={"fullName": "Only Name"}, headers=api.user)
    assert response.json()["data"]["full_name"] == "Only Name"
    assert response.json()["data"]["email"] == USER["email"]
    before = await stored(api)
    for body in ({}, {"email": None, "full_name": None}, {"email": USER["email"].upper()}):
        response = await api.client.put(ME, json=body, headers=api.user)
        assert response.status_code == 200
    assert await stored(api) == before


@pytest.mark.parametrize(
    "extra",
    [
        {"is_admin": True}, {"isAdmin": True}, {"admin_role": "admin"}, {"adminRole": "admin"},
        {"is_active": False}, {"isActive": False}, {"userId": "x"}, {"user_id": "x"},
        {"id": "00000000-0000-4000-8000-000000000000"}, {"password_hash": "x"},
        {"created_at": "2020-01-01T00:00:00Z"}, {"last_login": None}, {"role": "admin"},
    ],
    ids=str,
)  # fmt: skip
async def test_a3_no_field_gives_more_than_it_says(api: Api, extra: dict[str, Any]) -> None:
    before = await stored(api)
    for method, path, body in (
        ("PUT", ME, {"full_name": "Someone Else"}),
        ("PATCH", ME, {"full_name": "Someone Else"}),
        ("POST", ME + "/change-password", {"old_password": PASSWORD, "new_password": NEW_PASSWORD}),
    ):
        response = await api.client.request(method, path, json=body | extra, headers=api.user)
        error = response.json()["error"]
        assert (response.status_code, error["code"]) == (422, "VALIDATION_ERROR")
        assert error["field"] in extra
    assert await stored(api) == before


@pytest.mark.parametrize(
    ("body", "status", "field"),
    [
        ({"full_name": "  "}, 422, "full_name"),
        ({"full_name": "x" * 201}, 422, "full_name"),
        ({"full_name": "a\u0000b"}, 422, "full_name"),
        ({"full_name": "a\u202eb"}, 422, "full_name"),
        ({"full_name": 7}, 422, "full_name"),
        ({"full_name": ["x"]}, 422, "full_name"),
        ({"email": "no address", "password": PASSWORD}, 422, "email"),
        ({"email": "x" * 600, "password": PASSWORD}, 422, "email"),
        ({"email": {"a": 1}}, 422, "email"),
        ({"email": NEW_EMAIL}, 422, "password"),
        ({"email": NEW_EMAIL, "password": "not my password"}, 422, "password"),
        ({"email": NEW_EMAIL, "password": "x" * 2000}, 422, "password"),
        ({"email": NEW_EMAIL, "password": False}, 422, "password"),
        ({"email": "OTHER@hospital.example", "password": PASSWORD}, 409, "email"),
    ],
    ids=lambda value: str(value)[:50],
)
async def test_bad_input_is_named_and_changes_nothing(
    api: Api, body: dict[str, Any], status: int, field: str
) -> None:
    before = await stored(api)
    response = await api.client.put(ME, json=body, headers=api.user)
    assert (response.status_code, response.json()["error"]["field"]) == (status, field)
    assert await stored(api) == before
    assert await me(api, api.user_token) == 200  # nobody is logged out by a typing error


async def change_password(api: Api, old: str, new: str) -> Any:
    body = {"old_password": old, "new_password": new}
    return await api.client.post(ME + "/change-password", json=body, headers=api.user)


async def test_a4_a_new_password_ends_other_sockets_and_their_answers(api: Api) -> None:
    again = await sign_in_again(api)
    api.engine.enqueue(["The usual dose "], hangs=True)
    async with (
        SocketClient(api.ws_url, again.access_token) as theirs,
        SocketClient(api.ws_url, api.user_token) as mine,
        SocketClient(api.ws_url, api.other_token) as others,
    ):
        await theirs.send("message_send", content="Dose?")
        await theirs.until("chunk")
        response = await change_password(api, PASSWORD, NEW_PASSWORD)
        async with asyncio.timeout(1):
            assert (response.status_code, set(response.json()["data"])) == (200, {"message"})
            assert (await theirs.until("error"))[-1]["error"]["code"] == "UNAUTHORIZED"
            assert await theirs.closed() == 1008
            await engine_idle(api)
        assert await mine.alive() and await others.alive()
    assert await me(api, again.access_token) == 401
    renewed = await post(api, "refresh", {"refresh_token": again.refresh_token})
    assert renewed.status_code == 401
    mine_renewed = await post(api, "refresh", {"refresh_token": api.accounts["user"].refresh_token})
    assert mine_renewed.status_code == 200
    assert (await post(api, "login", USER)).status_code == 401
    assert (await post(api, "login", USER | {"password": NEW_PASSWORD})).status_code == 200


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "old_password"),
        ({"old_password": PASSWORD}, "new_password"),
        ({"old_password": "not my password", "new_password": NEW_PASSWORD}, "old_password"),
        ({"old_password": PASSWORD, "new_password": "short"}, "new_password"),
        ({"old_password": PASSWORD, "new_password": "wordy " * 22}, "new_password"),
        ({"old_password": PASSWORD, "new_password": "password1234"}, "new_password"),
        ({"old_password": PASSWORD, "new_password": "user@hospital.example"}, "new_password"),
        ({"old_password": PASSWORD, "new_password": 123456789012}, "new_password"),
        ({"old_password": 1, "new_password": NEW_PASSWORD}, "old_password"),
        ({"oldPassword": "wrong", "newPassword": NEW_PASSWORD}, "old_password"),
    ],
    ids=lambda value: str(value)[:60],
)
async def test_b1_a_password_that_is_refused_changes_nothing(
    api: Api, body: dict[str, Any], field: str
) -> None:
    before = await stored(api)
    response = await api.client.post(ME + "/change-password", json=body, headers=api.user)
    error = response.json()["error"]
    assert (response.status_code, error["code"], error["field"]) == (422, "VALIDATION_ERROR", field)
    assert NEW_PASSWORD not in response.text
    assert await stored(api) == before


async def test_b1_the_last_of_128_characters_counts(api: Api) -> None:
    longest = ("Wörter, 病院, слова; " * 8)[:127] + "a"
    assert len(longest) == 128
    assert (await change_password(api, PASSWORD, longest)).status_code == 200
    other = longest[:-1] + "b"
    assert (await post(api, "login", USER | {"password": other})).status_code == 401
    assert (await post(api, "login", USER | {"password": longest[:-1]})).status_code == 401
    assert (await post(api, "login", USER | {"password": longest})).status_code == 200


async def test_a4_deleting_the_account_ends_everything_of_it(api: Api) -> None:
    again = await sign_in_again(api)
    api.engine.enqueue(["The usual dose "], hangs=True)
    created = await api.client.post(
        "/api/conversations", json={"title": "canary title"}, headers=api.user
    )
    async with (
        SocketClient(api.ws_url, again.access_token) as theirs,
        SocketClient(api.ws_url, api.user_token) as mine,
    ):
        await theirs.send("message_send", content="Dose?")
        await theirs.until("chunk")
        response = await api.client.delete(ME, headers=api.user)
        async with asyncio.timeout(1):
            assert (response.status_code, set(response.json()["data"])) == (200, {"message"})
            assert await theirs.closed() == await mine.closed() == 1008
            await engine_idle(api)
    assert await me(api, api.user_token) == await me(api, again.access_token) == 401
    assert (await post(api, "login", USER)).status_code == 401
    left = await api.container.database.read(
        lambda tx: tx.execute("SELECT count(*) AS n FROM conversations").fetchone()["n"]
    )
    assert created.status_code == 201 and left == 0
    assert await me(api, api.other_token) == 200


async def test_questions_on_their_way_while_the_account_goes_are_refused_in_order(api: Api) -> None:
    async def create(number: int) -> int:
        body = {"title": f"Ward round {number}"}
        response = await api.client.post("/api/conversations", json=body, headers=api.user)
        return response.status_code

    deletion = api.client.delete(ME, headers=api.user)
    statuses = await asyncio.gather(
        *(create(n) for n in range(20)), deletion, *(create(n) for n in range(20))
    )
    assert {each for each in statuses if isinstance(each, int)} <= {201, 401, 409}
    left = await api.container.database.read(
        lambda tx: tx.execute("SELECT count(*) AS n FROM conversations").fetchone()["n"]
    )
    assert left == 0


async def test_a5_100_requests_leave_one_admin(api: Api) -> None:
    second = await sign_up(api.container, "second-admin", AdminRole.ADMIN)
    answers = await asyncio.gather(
        *(
            api.client.delete(ME, headers=headers)
            for headers in (api.admin, second.headers)
            for _ in range(50)
        )
    )
    statuses = [each.status_code for each in answers]
    assert statuses.count(200) == 1
    assert set(statuses) == {200, 401, 409}
    refused = next(each for each in answers if each.status_code == 409)
    assert refused.json()["error"]["code"] == "CONFLICT"
    left = await api.container.database.read(
        lambda tx: tx.execute(
            "SELECT count(*) AS n FROM users WHERE admin_role = 'admin'"
        ).fetchone()["n"]
    )
    assert left == 1
