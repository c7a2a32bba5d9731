"""/api/admin/panel/users: shapes, access, histories; SECURITY A2 to A4 and F1."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from tests.api.conftest import PASSWORD, Api
from tests.api.socket_client import SocketClient
from tests.api.test_users import ABSENT, BAD_CHANGES, USER_FIELDS, account, status_of, user_id
from tests.api.test_ws import Known, engine_idle, known  # noqa: F401

PANEL = "/api/admin/panel/users"
OVERVIEW_FIELDS = USER_FIELDS | {
    "conversations", "messages", "last_active", "locked", "sessions", "invited",
}  # fmt: skip
INVITATION = {"email": "new@hospital.example", "full_name": "New One"}


async def send(
    api: Api, method: str, rest: str = "", body: Any = None, headers: dict[str, str] | None = None
) -> Any:
    return await api.client.request(
        method, f"{PANEL}{rest}", json=body, headers=headers or api.admin
    )


async def data(api: Api, method: str, rest: str = "", body: Any = None) -> Any:
    response = await send(api, method, rest, body)
    assert response.status_code in (200, 201), response.text
    payload = response.json()
    assert set(payload) == {"success", "data", "error", "meta"}  # flat under /api/users alone
    return payload["data"]


async def fail_to_sign_in(api: Api, name: str, times: int) -> None:
    for _ in range(times):
        body = {"email": f"{name}@hospital.example", "password": "wrong words"}
        assert (await api.client.post("/api/auth/login", json=body)).status_code == 401


async def test_the_list_and_one_account_have_the_same_figures(api: Api) -> None:
    for _ in range(2):
        await api.client.post("/api/conversations", json={}, headers=api.user)
    listed = await data(api, "GET", "?offset=0&limit=20")
    assert set(listed) == {"users", "total", "offset", "limit"}
    assert (listed["total"], listed["offset"], listed["limit"]) == (4, 0, 20)
    assert all(set(each) == OVERVIEW_FIELDS for each in listed["users"])
    (mine,) = [each for each in listed["users"] if each["id"] == user_id(api)]
    assert (mine["conversations"], mine["messages"], mine["sessions"]) == (2, 0, 1)
    assert (mine["locked"], mine["invited"]) == (False, False)
    assert mine["last_active"].endswith("Z")
    assert await data(api, "GET", f"/{user_id(api)}") == mine
    as_viewer = await send(api, "GET", "", None, api.viewer)
    assert as_viewer.json()["data"] == listed
    narrowed = await data(api, "GET", "?isAdmin=true&limit=1")
    assert ([each["id"] for each in narrowed["users"]], narrowed["total"]) == (
        [user_id(api, "admin")],
        1,
    )


@pytest.mark.parametrize("method", ["PUT", "PATCH"])
async def test_an_account_is_changed(api: Api, method: str) -> None:
    changed = await data(api, method, f"/{user_id(api)}", {"is_active": False, "reason": "left"})
    assert set(changed) == OVERVIEW_FIELDS
    assert (changed["is_active"], changed["sessions"]) == (False, 0)
    assert await account(api) == {name: changed[name] for name in USER_FIELDS}


@pytest.mark.parametrize("who", ["user", "viewer"])
async def test_a2_who_is_no_admin_changes_nothing(api: Api, who: str) -> None:
    before = await data(api, "GET")
    headers = api.accounts[who].headers
    for name in ("other", "admin", who):
        one = f"/{user_id(api, name)}"
        for method, rest, body in (
            ("POST", "", INVITATION),
            ("PUT", one, {"is_admin": True}),
            ("PATCH", one, {"is_admin": True}),
            ("DELETE", one, None),
            ("POST", f"{one}/reset-password", None),
            ("POST", f"{one}/unlock", None),
        ):
            assert (await send(api, method, rest, body, headers)).status_code == 403
    if who == "user":
        for rest in ("", one, f"{one}/role-history", f"{one}/lock-reasons"):
            assert (await send(api, "GET", rest, None, headers)).status_code == 403
    assert await data(api, "GET") == before


@pytest.mark.parametrize("wrong", [ABSENT, "1", "%00", "x" * 300])
async def test_a2_absent_and_malformed_ids_are_the_same_404(api: Api, wrong: str) -> None:
    for method, rest, body in (
        ("GET", "", None),
        ("PUT", "", {"is_active": False}),
        ("DELETE", "", None),
        ("POST", "/reset-password", None),
        ("POST", "/unlock", None),
        ("GET", "/role-history", None),
        ("GET", "/lock-reasons", None),
    ):
        response = await send(api, method, f"/{wrong}{rest}", body)
        assert (response.status_code, response.json()["error"]["code"]) == (404, "NOT_FOUND")


async def test_deleting_answers_with_the_id_and_leaves_nothing(api: Api) -> None:
    created = await api.client.post("/api/conversations", json={}, headers=api.user)
    assert created.status_code == 201
    deleted = await data(api, "DELETE", f"/{user_id(api)}")
    assert set(deleted) == {"message", "user_id"} and deleted["user_id"] == user_id(api)
    assert await status_of(api, "user") == 401
    assert (await send(api, "GET", f"/{user_id(api)}")).status_code == 404
    assert (await send(api, "DELETE", f"/{user_id(api)}")).status_code == 404
    login = {"email": "user@hospital.example", "password": PASSWORD}
    assert (await api.client.post("/api/auth/login", json=login)).status_code == 401
    own = await send(api, "DELETE", f"/{user_id(api, 'admin')}")
    assert (own.status_code, own.json()["error"]["code"]) == (400, "BAD_REQUEST")
    left = await api.container.database.read(
        lambda tx: tx.execute("SELECT count(*) AS n FROM conversations").fetchone()["n"]
    )
    assert left == 0


async def test_role_history(api: Api) -> None:
    one = f"/{user_id(api)}"
    assert await data(api, "GET", f"{one}/role-history") == {"history": []}
    for role, reason in (("viewer", None), ("admin", "on call"), ("user", "back again")):
        headers = api.admin | {"X-Request-ID": f"change-{role}"}
        await send(api, "PUT", one, {"admin_role": role, "reason": reason}, headers)
    await send(api, "PUT", one, {"full_name": "No Role"})
    history = (await data(api, "GET", f"{one}/role-history"))["history"]
    fields = {"id", "changed_at", "actor", "from_role", "to_role", "reason", "request_id"}
    assert all(set(entry) == fields for entry in history)
    assert [(each["from_role"], each["to_role"], each["reason"]) for each in history] == [
        ("admin", "user", "back again"),
        ("viewer", "admin", "on call"),
        ("user", "viewer", None),
    ]
    assert {each["actor"] for each in history} == {user_id(api, "admin")}
    assert history[0]["request_id"] == "change-user"
    assert history[0]["changed_at"].endswith("Z")
    page = (await data(api, "GET", f"{one}/role-history?offset=1&limit=1"))["history"]
    assert page == history[1:2]
    for query in ("limit=0", "limit=501", "offset=-1"):
        assert (await send(api, "GET", f"{one}/role-history?{query}")).status_code == 422


async def test_lock_reasons(api: Api) -> None:
    one = f"/{user_id(api)}"
    assert await data(api, "GET", f"{one}/lock-reasons") == {"events": []}
    await fail_to_sign_in(api, "user", 5)
    assert (await data(api, "GET", one))["locked"] is True
    assert (await data(api, "POST", f"{one}/unlock", {"reason": "rang me"}))["locked"] is False
    await data(api, "PUT", one, {"is_active": False})
    events = (await data(api, "GET", f"{one}/lock-reasons"))["events"]
    fields = {"id", "timestamp", "actor", "status", "reason", "request_id"}
    assert all(set(event) == fields for event in events)
    admin = user_id(api, "admin")
    assert [(each["status"], each["reason"], each["actor"]) for each in events] == [
        ("locked", None, admin),
        ("unlocked", "rang me", admin),
        ("locked", "5 wrong passwords", None),
    ]
    assert all(each["request_id"] and each["timestamp"].endswith("Z") for each in events)


async def test_b2_unlocking_lets_the_right_password_in_at_once(api: Api) -> None:
    login = {"email": "user@hospital.example", "password": PASSWORD}
    await fail_to_sign_in(api, "user", 5)
    assert (await api.client.post("/api/auth/login", json=login)).status_code == 429
    await data(api, "POST", f"/{user_id(api)}/unlock")
    assert (await api.client.post("/api/auth/login", json=login)).status_code == 200


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "email"),
        ({"email": "new@hospital.example"}, "full_name"),
        (INVITATION | {"email": "no address"}, "email"),
        (INVITATION | {"email": None}, "email"),
        (INVITATION | {"full_name": " "}, "full_name"),
        (INVITATION | {"full_name": "a\u0000"}, "full_name"),
        (INVITATION | {"admin_role": "root"}, "admin_role"),
        (INVITATION | {"adminRole": True}, "adminRole"),
        (INVITATION | {"password": PASSWORD}, "password"),
        (INVITATION | {"is_admin": True}, "is_admin"),
        (INVITATION | {"is_active": True}, "is_active"),
        (INVITATION | {"id": ABSENT}, "id"),
        (INVITATION | {"userId": ABSENT}, "userId"),
    ],
    ids=str,
)
async def test_a3_a_bad_invitation_is_named_and_makes_nothing(
    api: Api, body: dict[str, Any], field: str
) -> None:
    response = await send(api, "POST", "", body)
    assert (response.status_code, response.json()["error"]["field"]) == (422, field)
    assert (await data(api, "GET"))["total"] == 4


async def test_a3_no_field_but_a_reason_goes_with_an_unlock(api: Api) -> None:
    one = f"/{user_id(api)}"
    before = await account(api)
    for body, _ in BAD_CHANGES[:12]:
        response = await send(api, "POST", f"{one}/unlock", body)
        assert response.status_code == 422
    assert await account(api) == before


# SECURITY A4: what ends reaches every way in within a second

ENDINGS = [
    ("PUT", "/api/users/{id}/deactivate", None, "user"),
    ("PATCH", "/api/users/{id}", {"is_active": False}, "user"),
    ("PUT", PANEL + "/{id}", {"is_active": False}, "user"),
    ("DELETE", PANEL + "/{id}", None, "user"),
    ("PUT", "/api/users/{id}/revoke-admin", None, "viewer"),
    ("PATCH", PANEL + "/{id}", {"admin_role": "user"}, "viewer"),
]


@pytest.mark.parametrize(
    ("method", "path", "body", "who"), ENDINGS, ids=[f"{e[0]} {e[1]} {e[2]}" for e in ENDINGS]
)
async def test_revocation_that_misses_live_sockets_mattermost_cve_2026_9162(
    api: Api, method: str, path: str, body: Any, who: str
) -> None:
    api.engine.enqueue(["The usual dose "], hangs=True)
    token = api.accounts[who].access_token
    async with (
        SocketClient(api.ws_url, token) as ws,
        SocketClient(api.ws_url, token) as idle,
        SocketClient(api.ws_url, api.other_token) as other,
    ):
        await ws.send("message_send", content="Dose?")
        await ws.until("chunk")
        async with asyncio.timeout(1):
            response = await api.client.request(
                method, path.format(id=user_id(api, who)), json=body, headers=api.admin
            )
            assert response.status_code == 200, response.text
            assert await status_of(api, who) == 401
            assert await ws.closed() == 1008
            assert await idle.closed() == 1008
            await engine_idle(api)
        assert await other.alive()
    async with SocketClient(api.ws_url, None) as again:
        await again.send("auth", token=token)
        assert (await again.frame())["error"]["code"] == "UNAUTHORIZED"
    body = {"refresh_token": api.accounts[who].refresh_token}
    assert (await api.client.post("/api/auth/refresh", json=body)).status_code == 401


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/api/users/{id}", {"full_name": "New Name"}),
        ("/api/users/{id}/promote-admin", None),
        ("/api/users/{id}/activate", None),
        (PANEL + "/{id}", {"admin_role": "admin"}),
    ],
)
async def test_a_change_that_takes_nothing_away_leaves_sockets_open(
    api: Api, path: str, body: Any
) -> None:
    async with SocketClient(api.ws_url, api.user_token) as ws:
        response = await api.client.put(path.format(id=user_id(api)), json=body, headers=api.admin)
        assert response.status_code == 200
        assert await status_of(api, "user") == 200
        assert await ws.alive()


async def test_f1_every_act_is_in_the_trail_and_no_word_of_it(api: Api) -> None:
    one = f"/{user_id(api)}"
    canary = {"full_name": "Canary Name", "email": "canary@hospital.example", "reason": "canary"}
    for method, rest, body in (
        ("GET", "?search=canary", None),
        ("GET", one, None),
        ("PUT", one, canary),
        ("PUT", one, {"admin_role": "viewer", "reason": "canary"}),
        ("PUT", one, {"is_active": False, "reason": "canary"}),
        ("PUT", one, {"is_active": True}),
        ("POST", f"{one}/reset-password", None),
        ("POST", f"{one}/unlock", {"reason": "canary"}),
        ("DELETE", one, None),
        ("POST", "", INVITATION | {"full_name": "Canary Name"}),
    ):
        assert (await send(api, method, rest, body)).status_code in (200, 201)
    admin = user_id(api, "admin")
    rows = await api.container.database.read(
        lambda tx: [
            dict(row)
            for row in tx.execute(
                "SELECT * FROM audit_log WHERE user_id = ? AND action NOT LIKE 'session.%'",
                (admin,),
            )
        ]
    )
    assert [row["action"] for row in rows] == [
        "user.list", "user.read", "user.update", "user.role_change", "user.deactivate",
        "user.activate", "user.password_link", "account.unlock", "user.delete", "user.invite",
    ]  # fmt: skip
    assert all(row["success"] and row["ip"] and row["request_id"] for row in rows)
    assert {row["role"] for row in rows} == {"admin"}
    assert "canary" not in str(rows).lower() and "@" not in str(rows)
