"""/api/auth over HTTP: shapes of the contract, limits, tokens that stop working."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import cache
from typing import Any
from uuid import uuid4

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from appliance.domain import AdminRole, utc_now
from tests.api.conftest import PASSWORD, Api
from tests.api.socket_client import SocketClient
from tests.services.test_tokens import part, sign

NEW = {"email": "new@hospital.example", "password": "securePassword123", "full_name": "New One"}
USER = {"email": "user@hospital.example", "password": PASSWORD}
USER_FIELDS = {
    "id", "email", "full_name", "is_active", "is_admin", "admin_role", "created_at", "last_login",
}  # fmt: skip
TOKEN_FIELDS = {
    "access_token", "refresh_token", "token_type", "expires_in", "refresh_expires_in", "user",
}  # fmt: skip


async def post(api: Api, name: str, body: Any, headers: dict[str, str] | None = None) -> Any:
    return await api.client.post(f"/api/auth/{name}", json=body, headers=headers)


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


async def me(api: Api, token: str) -> int:
    return (await api.client.get("/api/auth/me", headers=bearer(token))).status_code


async def test_the_references_own_example(api: Api) -> None:
    registered = await post(api, "register", NEW)
    assert registered.status_code == 201
    body = registered.json()
    assert set(body["data"]) == USER_FIELDS
    assert {name: body[name] for name in USER_FIELDS} == body["data"]
    assert (body["is_active"], body["is_admin"], body["admin_role"]) == (True, False, "user")
    assert body["created_at"].endswith("Z") and body["last_login"] is None
    assert NEW["password"] not in registered.text

    login = await post(api, "login", {name: NEW[name] for name in ("email", "password")})
    tokens = login.json()
    assert login.status_code == 200
    assert set(tokens["data"]) == TOKEN_FIELDS
    assert {name: tokens[name] for name in TOKEN_FIELDS} == tokens["data"]
    assert (tokens["token_type"], tokens["expires_in"]) == ("bearer", 300)
    assert tokens["refresh_expires_in"] > 300
    assert tokens["user"]["id"] == body["id"] and tokens["user"]["last_login"] is not None
    assert login.headers["cache-control"] == "no-store"

    asked = await api.client.get("/api/auth/me", headers=bearer(tokens["access_token"]))
    assert asked.json()["data"] == tokens["user"]

    renewed = await post(api, "refresh", {"refresh_token": tokens["refresh_token"]})
    assert renewed.status_code == 200
    assert set(renewed.json()["data"]) == TOKEN_FIELDS
    assert renewed.json()["refresh_token"] != tokens["refresh_token"]

    access = renewed.json()["access_token"]
    out = await post(api, "logout", None, bearer(access))
    assert (out.status_code, out.json()["data"]) == (200, {"message": "Successfully logged out"})
    assert await me(api, access) == await me(api, tokens["access_token"]) == 401


async def test_both_field_styles_come_in(api: Api) -> None:
    body = {"email": NEW["email"], "password": NEW["password"], "fullName": "New One"}
    assert (await post(api, "register", body)).json()["full_name"] == "New One"
    token = api.accounts["user"].refresh_token
    assert (await post(api, "refresh", {"refreshToken": token})).status_code == 200


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"email": "no address"}, "email"),
        ({"email": "x" * 250 + "@ward"}, "email"),
        ({"email": None}, "email"),
        ({"password": "too short"}, "password"),
        ({"password": "wordy " * 22}, "password"),
        ({"password": "password1234"}, "password"),
        ({"password": "x" * 100_000}, "password"),
        ({"password": 123456789012}, "password"),
        ({"full_name": "  "}, "full_name"),
        ({"full_name": "x" * 201}, "full_name"),
        ({"full_name": "a\u0000b"}, "full_name"),
    ],
    ids=lambda value: str(value)[:40],
)
async def test_bad_input_is_named_and_creates_nothing(
    api: Api, change: dict[str, Any], field: str
) -> None:
    response = await post(api, "register", NEW | change)
    error = response.json()["error"]
    assert (response.status_code, error["code"]) == (422, "VALIDATION_ERROR")
    assert error["field"].replace("fullName", "full_name") == field
    assert str(change.get("password", "-" * 9)) not in response.text
    assert (await post(api, "register", NEW)).status_code == 201


@pytest.mark.parametrize(
    "extra",
    [
        {"is_admin": True}, {"isAdmin": True}, {"admin_role": "admin"}, {"is_active": True},
        {"id": "00000000-0000-4000-8000-000000000000"}, {"role": "admin"},
    ],
    ids=str,
)  # fmt: skip
async def test_a3_no_field_makes_an_admin(api: Api, extra: dict[str, Any]) -> None:
    response = await post(api, "register", NEW | extra)
    assert response.status_code == 422
    created = (await post(api, "register", NEW)).json()
    assert (created["is_admin"], created["admin_role"]) == (False, "user")


async def test_an_address_is_taken_once(api: Api) -> None:
    response = await post(api, "register", NEW | {"email": " USER@hospital.example"})
    error = response.json()["error"]
    assert (response.status_code, error["code"], error["field"]) == (409, "CONFLICT", "email")


async def test_b3_unknown_and_wrong_look_the_same(api: Api) -> None:
    wrong = await post(api, "login", USER | {"password": "not my password"})
    unknown = await post(api, "login", USER | {"email": "nobody@hospital.example"})
    assert wrong.status_code == unknown.status_code == 401
    assert wrong.json()["error"] == unknown.json()["error"]
    assert set(wrong.headers) == set(unknown.headers)


async def test_an_account_that_is_not_active_is_told_so_only_with_its_password(api: Api) -> None:
    await api.container.database.write(
        lambda tx: (
            tx.execute("UPDATE users SET is_active = 0 WHERE email = ?", (USER["email"],)).rowcount
        )
    )
    right = await post(api, "login", USER)
    assert (right.status_code, right.json()["error"]["code"]) == (403, "FORBIDDEN")
    assert (await post(api, "login", USER | {"password": "wrong one"})).status_code == 401


async def test_b2_the_account_is_throttled_before_the_address(api: Api) -> None:
    for _ in range(5):
        assert (await post(api, "login", USER | {"password": "wrong"})).status_code == 401
    limited = await post(api, "login", USER | {"email": "USER@hospital.example "})
    assert (limited.status_code, limited.json()["error"]["code"]) == (429, "RATE_LIMITED")
    assert 1 <= int(limited.headers["retry-after"]) <= 30
    other = await post(api, "login", USER | {"email": "other@hospital.example"})
    assert other.status_code == 200


async def test_logins_and_registrations_are_limited_per_address(api: Api) -> None:
    logins = [await post(api, "login", {}) for _ in range(11)]
    assert [each.status_code for each in logins] == [422] * 10 + [429]
    assert logins[0].headers["x-ratelimit-limit"] == "10"
    assert int(logins[-1].headers["retry-after"]) <= 60
    registrations = [await post(api, "register", {}) for _ in range(6)]
    assert [each.status_code for each in registrations] == [422] * 5 + [429]
    forged = await post(api, "login", USER, {"X-Forwarded-For": "10.9.9.9"})
    assert forged.status_code == 429


async def test_b4_parallel_refreshes_and_then_reuse(api: Api) -> None:
    token = api.accounts["user"].refresh_token
    renewed = await asyncio.gather(
        *(post(api, "refresh", {"refresh_token": token}) for _ in range(20))
    )
    assert {each.status_code for each in renewed} == {200}
    (child,) = {each.json()["refresh_token"] for each in renewed}
    used = await post(api, "refresh", {"refresh_token": child})
    assert used.status_code == 200
    reused = await post(api, "refresh", {"refresh_token": token})
    assert (reused.status_code, reused.json()["error"]["code"]) == (401, "UNAUTHORIZED")
    assert await me(api, used.json()["access_token"]) == 401
    assert await me(api, api.user_token) == 401
    assert await me(api, api.other_token) == 200


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"refresh_token": "nonsense"}, 401),
        ({"refresh_token": ""}, 401),
        ({"refresh_token": "x" * 5000}, 422),
        ({"refresh_token": 7}, 422),
        ({}, 422),
    ],
)
async def test_bad_refreshes(api: Api, body: dict[str, Any], status: int) -> None:
    assert (await post(api, "refresh", body)).status_code == status


async def test_tokens_of_one_kind_do_not_do_for_the_other(api: Api) -> None:
    account = api.accounts["user"]
    assert await me(api, account.refresh_token) == 401
    swapped = await post(api, "refresh", {"refresh_token": account.access_token})
    assert swapped.status_code == 401
    assert await me(api, account.access_token) == 200


@cache
def rsa_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


FORGERIES: dict[str, Callable[[dict[str, Any], bytes], str]] = {
    "none": lambda claims, key: f"{part({'alg': 'none', 'typ': 'JWT'})}.{part(claims)}.",
    "none signed": lambda claims, key: sign(claims, key, {"alg": "none"}),
    "RS256": lambda claims, key: jwt.encode(claims, rsa_key(), algorithm="RS256"),
    "HS256 called RS256": lambda claims, key: sign(claims, key, {"alg": "RS256"}),
    "HS256 called HS512": lambda claims, key: sign(claims, key, {"alg": "HS512"}),
    "crit": lambda claims, key: sign(claims, key, {"crit": ["exp"]}),
    "kid": lambda claims, key: sign(claims, key, {"kid": "../../dev/null"}),
    "jku": lambda claims, key: sign(claims, key, {"jku": "https://evil.example/keys"}),
    "another kind": lambda claims, key: sign({**claims, "typ": "challenge"}, key),
    "expired": lambda claims, key: sign({**claims, "exp": int(utc_now().timestamp()) - 1}, key),
    "not yet": lambda claims, key: sign({**claims, "iat": claims["iat"] + 3600}, key),
    "other install's key": lambda claims, key: sign(claims, bytes(32)),
    "other install's name": lambda claims, key: sign({**claims, "iss": "x", "aud": "x"}, key),
    "other user": lambda claims, key: sign({**claims, "sub": str(uuid4())}, key),
    "other session": lambda claims, key: sign({**claims, "sid": str(uuid4())}, key),
    "changed": lambda claims, key: sign(claims, key)[:-4] + "AAAA",
}


@pytest.mark.parametrize("forge", FORGERIES.values(), ids=FORGERIES)
async def test_b5_a_forged_token_opens_nothing(
    api: Api, forge: Callable[[dict[str, Any], bytes], str]
) -> None:
    key = api.container.keys.derive("access-tokens")
    claims = jwt.decode(api.user_token, options={"verify_signature": False})
    assert await me(api, sign(claims, key)) == 200  # what is forged is all that is wrong
    token = forge(claims, key)
    for method, path in (
        ("GET", "/api/auth/me"),
        ("GET", "/api/users/me"),
        ("DELETE", "/api/users/me"),
        ("POST", "/api/auth/ws-ticket"),
        ("GET", "/api/conversations"),
        ("GET", "/api/admin/kb/documents"),
    ):
        response = await api.client.request(method, path, headers=bearer(token))
        assert (response.status_code, response.json()["error"]["code"]) == (401, "UNAUTHORIZED")
        assert token not in response.text
    async with SocketClient(f"{api.ws_url}?token={token}", None) as ws:
        assert (await ws.frame())["error"]["code"] == "UNAUTHORIZED"
        assert await ws.closed() == 1008


async def test_b1_the_last_byte_of_a_128_byte_password_counts(api: Api) -> None:
    longest = ("seven of the wards " * 7)[:127] + "x"
    assert len(longest.encode()) == 128
    assert (await post(api, "register", NEW | {"password": longest})).status_code == 201
    login = {"email": NEW["email"]}
    for wrong in (longest[:-1] + "y", longest[:-1], longest[:72], longest + "x"):
        refused = await post(api, "login", login | {"password": wrong})
        assert refused.status_code == (422 if len(wrong) > 128 else 401)
    assert (await post(api, "login", login | {"password": longest})).status_code == 200


@pytest.mark.parametrize("body", [None, {}, {"refresh_token": None}, {"refresh_token": "other's"}])
async def test_logout_with_and_without_a_body(api: Api, body: dict[str, Any] | None) -> None:
    account = api.accounts["user"]
    if body is None:
        out = await api.client.post("/api/auth/logout", headers=account.headers)
    else:
        if body.get("refresh_token"):
            body = {"refresh_token": api.accounts["other"].refresh_token}
        out = await post(api, "logout", body, account.headers)
    assert (out.status_code, out.json()["message"]) == (200, "Successfully logged out")
    assert await me(api, account.access_token) == 401
    renewed = await post(api, "refresh", {"refresh_token": account.refresh_token})
    assert renewed.status_code == 401
    assert await me(api, api.other_token) == 200
    other = await post(api, "refresh", {"refresh_token": api.accounts["other"].refresh_token})
    assert other.status_code == 200


@pytest.mark.parametrize(
    "header", ["", "Bearer", "Basic dXNlcjpwYXNz", "Token x", "Bearer a b", "Bearer é"]
)
async def test_odd_authorization_headers(api: Api, header: str) -> None:
    headers = {b"Authorization": header.encode()}
    response = await api.client.get("/api/auth/me", headers=headers)
    assert (response.status_code, response.json()["error"]["code"]) == (401, "UNAUTHORIZED")
    assert "www-authenticate" in response.headers


async def test_roles_are_told(api: Api) -> None:
    for name, role in (("user", "user"), ("viewer", "viewer"), ("admin", "admin")):
        body = (await api.client.get("/api/auth/me", headers=api.accounts[name].headers)).json()
        assert (body["admin_role"], body["is_admin"]) == (role, role == AdminRole.ADMIN.value)
