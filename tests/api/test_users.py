"""/api/users for administrators: shapes, bad input, SECURITY A2 to A5 and the holes of peers."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from appliance.settings import Settings
from tests.api.conftest import PASSWORD, Api
from tests.shared_data import shared_data

USER_FIELDS = {
    "id", "email", "full_name", "is_active", "is_admin", "admin_role", "created_at", "last_login",
}  # fmt: skip
ABSENT = "00000000-0000-4000-8000-00000000dead"
ACTS = ("activate", "deactivate", "promote-admin", "revoke-admin")


def user_id(api: Api, name: str = "user") -> str:
    return api.accounts[name].user.id


async def send(
    api: Api, method: str, rest: str, body: Any = None, headers: dict[str, str] | None = None
) -> Any:
    return await api.client.request(
        method, f"/api/users{rest}", json=body, headers=headers or api.admin
    )


async def account(api: Api, name: str = "user") -> Any:
    return (await send(api, "GET", f"/{user_id(api, name)}")).json()["data"]


async def status_of(api: Api, name: str) -> int:
    response = await api.client.get("/api/auth/me", headers=api.accounts[name].headers)
    return response.status_code


async def test_the_list_has_the_references_shape(api: Api) -> None:
    response = await send(api, "GET", "?offset=0&limit=20")
    body = response.json()
    assert response.status_code == 200
    assert set(body["data"]) == {"items", "total", "offset", "limit"}
    assert {name: body[name] for name in body["data"]} == body["data"]
    assert (body["total"], body["offset"], body["limit"]) == (4, 0, 20)
    assert all(set(item) == USER_FIELDS for item in body["items"])
    created = [item["created_at"] for item in body["items"]]
    assert created == sorted(created, reverse=True)
    assert (await send(api, "GET", "/")).json()["data"] == body["data"]


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("search=USER%40hos", {"user"}),
        ("search=%25", set()),
        ("search=_", set()),
        ("is_admin=true", {"admin"}),
        ("isAdmin=true", {"admin"}),
        ("is_active=false", set()),
        ("is_active=true&is_admin=false&limit=100", {"user", "other", "viewer"}),
        ("offset=4", set()),
    ],
)
async def test_filters(api: Api, query: str, names: set[str]) -> None:
    items = (await send(api, "GET", f"?{query}")).json()["data"]["items"]
    assert {item["email"].partition("@")[0] for item in items} == names


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("offset=-1", "offset"), ("offset=x", "offset"), ("offset=1000001", "offset"),
        ("limit=0", "limit"), ("limit=101", "limit"), ("limit=1.5", "limit"),
        ("is_active=maybe", "is_active"), ("isAdmin=2", "isAdmin"), ("search=%00", "search"),
        ("search=" + "x" * 201, "search"),
    ],
)  # fmt: skip
async def test_bad_queries_are_named(api: Api, query: str, field: str) -> None:
    for path in ("/api/users", "/api/admin/panel/users"):
        response = await api.client.get(f"{path}?{query}", headers=api.admin)
        error = response.json()["error"]
        assert (response.status_code, error["code"]) == (422, "VALIDATION_ERROR"), path
        assert error["field"] == field


@pytest.mark.parametrize("method", ["PUT", "PATCH"])
async def test_an_account_is_changed_by_put_and_patch_and_in_both_styles(
    api: Api, method: str
) -> None:
    path = f"/{user_id(api)}"
    changed = (
        await send(api, method, path, {"fullName": "New Name", "admin_role": "viewer"})
    ).json()
    assert {name: changed[name] for name in USER_FIELDS} == changed["data"]
    assert (changed["full_name"], changed["admin_role"], changed["is_admin"]) == (
        "New Name",
        "viewer",
        False,
    )
    assert await account(api) == changed["data"]
    again = (await send(api, method, path, {"isAdmin": True, "reason": "why"})).json()["data"]
    assert (again["admin_role"], again["is_admin"]) == ("admin", True)
    assert (await send(api, method, path, {})).json()["data"] == again
    assert (await send(api, method, path, dict.fromkeys(("email", "is_active")))).status_code == 200


BAD_CHANGES: list[tuple[Any, str]] = [
    ({"is_admin": True, "admin_role": "viewer"}, "admin_role"),
    ({"is_admin": False, "admin_role": "admin"}, "admin_role"),
    ({"isAdmin": True, "adminRole": "user"}, "adminRole"),
    ({"admin_role": "root"}, "admin_role"),
    ({"admin_role": 1}, "admin_role"),
    ({"is_admin": "yes"}, "is_admin"),
    ({"is_admin": 1}, "is_admin"),
    ({"is_active": "false"}, "is_active"),
    ({"is_active": 0}, "is_active"),
    ({"full_name": ""}, "full_name"),
    ({"full_name": "  "}, "full_name"),
    ({"full_name": "x" * 201}, "full_name"),
    ({"full_name": "a\u0000b"}, "full_name"),
    ({"full_name": "a\u202eb"}, "full_name"),
    ({"full_name": ["x"]}, "full_name"),
    ({"email": "no address"}, "email"),
    ({"email": "x" * 300 + "@ward"}, "email"),
    ({"email": {"x": 1}}, "email"),
    ({"reason": "x" * 501}, "reason"),
    ({"reason": "a\nb"}, "reason"),
    ({"full_name": "Changed", "is_active": False, "unknown": 1}, "unknown"),
    ([], "body"),
    ("text", "body"),
]


@pytest.mark.parametrize(("body", "field"), BAD_CHANGES, ids=lambda value: str(value)[:50])
async def test_bad_changes_are_named_and_change_nothing(api: Api, body: Any, field: str) -> None:
    before = await account(api)
    for path in ("/api/users", "/api/admin/panel/users"):
        response = await api.client.patch(f"{path}/{user_id(api)}", json=body, headers=api.admin)
        error = response.json()["error"]
        assert (response.status_code, error["code"], error["field"]) == (
            422,
            "VALIDATION_ERROR",
            field,
        )
    assert await account(api) == before


async def test_a_taken_address_is_a_conflict(api: Api) -> None:
    body = {"email": " OTHER@hospital.example", "full_name": "Changed"}
    response = await send(api, "PATCH", f"/{user_id(api)}", body)
    assert (response.status_code, response.json()["error"]["field"]) == (409, "email")
    assert (await account(api))["full_name"] == "User"


@pytest.mark.parametrize("method", ["PUT", "PATCH"])
async def test_the_four_acts(api: Api, method: str) -> None:
    path = f"/{user_id(api)}"
    for act, field, value in (
        ("promote-admin", "is_admin", True),
        ("promote-admin", "is_admin", True),  # once more changes nothing
        ("revoke-admin", "admin_role", "user"),
        ("deactivate", "is_active", False),
        ("deactivate", "is_active", False),
        ("activate", "is_active", True),
    ):
        body = {"reason": "as agreed"} if act.endswith("admin") else None
        response = await send(api, method, f"{path}/{act}", body)
        said = response.json()
        assert response.status_code == 200
        assert set(said["data"]) == USER_FIELDS | {"message"}
        assert said[field] == said["data"][field] == value
        assert said["message"]
    viewer = await send(api, method, f"/{user_id(api, 'viewer')}/revoke-admin")
    assert viewer.json()["admin_role"] == "user"
    bad: list[Any] = [{"reason": 1}, {"reason": ""}, {"is_admin": True}, []]
    for refused in bad:
        assert (await send(api, method, f"{path}/deactivate", refused)).status_code == 422
    assert (await account(api))["is_active"] is True


async def test_nobody_deactivates_or_demotes_themselves(api: Api) -> None:
    own = f"/{user_id(api, 'admin')}"
    for method, path, body in (
        ("PUT", f"{own}/deactivate", None),
        ("PUT", f"{own}/revoke-admin", None),
        ("PATCH", own, {"is_active": False}),
        ("PATCH", own, {"is_admin": False}),
        ("PUT", own, {"admin_role": "viewer"}),
        ("PATCH", own, {"email": "elsewhere@hospital.example"}),
    ):
        response = await send(api, method, path, body)
        assert (response.status_code, response.json()["error"]["code"]) == (400, "BAD_REQUEST")
    assert (await account(api, "admin"))["is_admin"] is True
    assert (await account(api, "admin"))["is_active"] is True


@pytest.mark.parametrize(
    "wrong",
    [ABSENT, "1", "me%20", "..%2Fadmin", "%00", "x" * 300, "'; DROP TABLE users; --", "{user_id}"],
)
async def test_a2_absent_and_malformed_ids_are_the_same_404(api: Api, wrong: str) -> None:
    before = (await send(api, "GET", "")).json()["data"]
    for method, rest, body in (
        ("GET", "", None),
        ("PATCH", "", {"is_active": False}),
        *(("PUT", f"/{act}", None) for act in ACTS),
    ):
        response = await send(api, method, f"/{wrong}{rest}", body)
        assert (response.status_code, response.json()["error"]["code"]) == (404, "NOT_FOUND")
    assert (await send(api, "GET", "")).json()["data"] == before


@pytest.mark.parametrize("who", ["user", "viewer"])
async def test_a2_another_accounts_id_is_no_way_in(api: Api, who: str) -> None:
    """Also one's own: these are the administrators' routes."""
    before = (await send(api, "GET", "")).json()["data"]
    for name in ("other", "admin", who):
        path = f"/{user_id(api, name)}"
        for method, rest, body in (
            ("GET", "", None),
            ("PATCH", "", {"full_name": "Mine"}),
            ("PUT", "", {"is_admin": True}),
            *(("PUT", f"/{act}", None) for act in ACTS),
        ):
            response = await send(api, method, path + rest, body, api.accounts[who].headers)
            assert response.status_code == 403
            assert response.json()["data"] is None
    assert (await send(api, "GET", "")).json()["data"] == before


@pytest.mark.parametrize(
    "extra",
    [
        {"id": ABSENT}, {"password": PASSWORD}, {"password_hash": "x"}, {"created_at": "2020"},
        {"last_login": None}, {"userId": ABSENT}, {"role": "admin"}, {"is_superuser": True},
        {"__proto__": {"is_admin": True}},
    ],
    ids=str,
)  # fmt: skip
async def test_a3_no_other_field_is_taken(api: Api, extra: dict[str, Any]) -> None:
    before = await account(api)
    path = f"/{user_id(api)}"
    for method, rest, more in (
        ("PATCH", "", {"full_name": "Changed"}),
        ("PUT", "", {"full_name": "Changed"}),
        *(("PUT", f"/{act}", {}) for act in ACTS),
    ):
        response = await send(api, method, path + rest, more | extra)
        assert (response.status_code, response.json()["error"]["field"]) == (422, *extra)
    for act in ACTS:  # nor one of the account's own fields beside the act
        for body in ({"is_admin": True}, {"is_active": False}, {"admin_role": "admin"}):
            assert (await send(api, "PUT", f"{path}/{act}", body)).status_code == 422
    assert await account(api) == before


async def test_a5_a_hundred_requests_at_once_leave_an_admin(api: Api) -> None:
    for name in ("user", "other", "viewer"):
        await send(api, "PUT", f"/{user_id(api, name)}/promote-admin")
    names = ["user", "other", "viewer", "admin"]

    async def attempt(number: int) -> int:
        by, target = names[number % 4], names[(number // 4 + 1 + number) % 4]
        path, headers = f"/{user_id(api, target)}", api.accounts[by].headers
        kind = number % 5
        if kind == 0:
            response = await send(api, "PUT", f"{path}/deactivate", None, headers)
        elif kind == 1:
            response = await send(api, "PUT", f"{path}/revoke-admin", None, headers)
        elif kind == 2:
            response = await send(api, "PATCH", path, {"admin_role": "user"}, headers)
        elif kind == 3:
            response = await send(api, "PATCH", path, {"is_active": False}, headers)
        else:
            response = await api.client.delete(f"/api/admin/panel/users{path}", headers=headers)
        code: int = response.status_code
        return code

    codes = await asyncio.gather(*(attempt(number) for number in range(100)))
    # 401: the caller had lost the right before.
    assert set(codes) <= {200, 400, 401, 404, 409}, codes
    left = await api.container.database.read(
        lambda tx: tx.execute(
            "SELECT count(*) AS n FROM users WHERE admin_role = 'admin' AND is_active = 1"
        ).fetchone()["n"]
    )
    assert left == 1


async def test_naughty_strings_are_never_a_server_error(api: Api) -> None:
    strings: list[str] = json.loads((shared_data("payloads") / "blns.json").read_text("utf-8"))
    path = f"/{user_id(api)}"
    for text in strings:
        for response in (
            await send(api, "PATCH", path, {"full_name": text, "reason": text}),
            await api.client.get("/api/users", params={"search": text}, headers=api.admin),
        ):
            assert response.status_code in (200, 422), text


class TestEmptyAppliance:
    """Nobody has an account yet."""

    @pytest.fixture
    def settings(self, tmp_path: Path) -> Settings:
        return Settings(data_dir=tmp_path / "data", password_rounds=10, rate_limits=False)

    async def test_first_signup_admin_race_open_webui_cve_2026_45675(self, api: Api) -> None:
        await api.container.database.write(lambda tx: tx.execute("DELETE FROM users").rowcount)

        def new(number: int) -> dict[str, Any]:
            return {
                "email": f"first{number % 6}@hospital.example",
                "password": "several words of mine",
                "full_name": "First",
            }

        answers = await asyncio.gather(
            *(api.client.post("/api/auth/register", json=new(number)) for number in range(12))
        )
        codes = [answer.status_code for answer in answers]
        assert (codes.count(201), codes.count(409)) == (6, 6)
        made = [answer.json()["data"] for answer in answers if answer.status_code == 201]
        assert {(user["is_admin"], user["admin_role"]) for user in made} == {(False, "user")}
        login = {name: new(0)[name] for name in ("email", "password")}
        token = (await api.client.post("/api/auth/login", json=login)).json()["access_token"]
        headers = {"Authorization": f"Bearer {token}"}
        assert (await send(api, "GET", "", None, headers)).status_code == 403
        assert not await api.container.accounts.has_admin()


@pytest.mark.parametrize(
    "header",
    [
        "X-Forwarded-For", "X-Real-IP", "Forwarded", "CF-Connecting-IP", "True-Client-IP",
        "X-Client-IP", "X-Cluster-Client-IP", "X-Original-Forwarded-For", "Client-IP",
    ],
)  # fmt: skip
async def test_throttle_bypass_by_header_vikunja_cve_2026_29794(api: Api, header: str) -> None:
    def forged(number: int) -> dict[str, str]:
        address = f"10.9.{number}.{number}"
        return {header: f"for={address}" if header == "Forwarded" else address}

    redeem = {"token": "guess", "password": "several words of mine"}
    answers = [
        await api.client.post("/api/auth/links/redeem", json=redeem, headers=forged(number))
        for number in range(11)
    ]
    assert [each.status_code for each in answers] == [422] * 10 + [429]
    wrong = {"email": "user@hospital.example", "password": "wrong words"}
    answers = [
        await api.client.post("/api/auth/login", json=wrong, headers=forged(number))
        for number in range(11)
    ]
    # The account's own count first, then that of the address; neither is reset by the header.
    assert [each.status_code for each in answers] == [401] * 5 + [429] * 6
    remaining = [int(each.headers["x-ratelimit-remaining"]) for each in answers]
    assert remaining == [*range(9, -1, -1), 0]
    other = {"email": "other@hospital.example", "password": PASSWORD}
    answer = await api.client.post("/api/auth/login", json=other, headers=forged(99))
    assert answer.status_code == 429
