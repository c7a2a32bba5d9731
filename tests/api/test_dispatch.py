"""What every route has in common: envelope, headers, errors, refusal before the body is read."""

from __future__ import annotations

import asyncio
import errno
import json
import logging
from collections.abc import AsyncIterator
from typing import Any

import pytest

from appliance.logs import JsonFormatter
from tests.api.conftest import Api

SECURITY_HEADERS = {
    "content-security-policy",
    "strict-transport-security",
    "x-content-type-options",
    "referrer-policy",
    "permissions-policy",
    "x-request-id",
    "cache-control",
}


async def raw(api: Api, request: bytes) -> bytes:
    """Send bytes as they are; returns what comes back until half a second is silent."""
    port = int(api.base_url.rsplit(":", 1)[1])
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(request)
    await writer.drain()
    answer = b""
    try:
        while piece := await asyncio.wait_for(reader.read(65536), 0.5):
            answer += piece
    except TimeoutError:
        pass
    writer.close()
    return answer


async def test_success_is_enveloped(api: Api) -> None:
    response = await api.client.get("/api/conversations", headers=api.user)
    body = response.json()
    assert set(body) == {"success", "data", "error", "meta"}
    assert (body["success"], body["error"]) == (True, None)
    assert body["meta"]["request_id"] == response.headers["x-request-id"]
    assert body["meta"]["timestamp"].endswith("Z")


async def test_auth_fields_stand_at_the_top_level_too(api: Api) -> None:
    body = (await api.client.get("/api/auth/me", headers=api.user)).json()
    assert body["email"] == body["data"]["email"] == "user@hospital.example"


async def test_the_envelope_can_be_left_off_on_success_only(api: Api) -> None:
    headers = api.user | {"X-Envelope": "off"}
    assert set((await api.client.get("/api/conversations", headers=headers)).json()) >= {"items"}
    missing = await api.client.get(
        "/api/conversations/00000000-0000-4000-8000-000000000000", headers=headers
    )
    assert missing.json()["error"]["code"] == "NOT_FOUND"


async def test_a_request_id_is_taken_over_when_it_is_one(api: Api) -> None:
    given = await api.client.get("/health", headers={"X-Request-ID": "ward-7.a_b"})
    assert given.headers["x-request-id"] == "ward-7.a_b"
    odd = await api.client.get("/health", headers={"X-Request-ID": "a b" * 40})
    assert odd.headers["x-request-id"] != "a b" * 40


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/nowhere", 404, "NOT_FOUND"),
        ("GET", "/api/../../etc/passwd", 404, "NOT_FOUND"),
        ("GET", "/static/..%2f..%2fsettings.py", 404, "NOT_FOUND"),
        ("GET", "/static/__init__.py", 404, "NOT_FOUND"),
        ("DELETE", "/health", 405, "METHOD_NOT_ALLOWED"),
        ("GET", "/api/conversations/not-an-id", 404, "NOT_FOUND"),
        ("GET", "/api/conversations?page=0", 422, "VALIDATION_ERROR"),
        ("GET", "/api/conversations?pageSize=many", 422, "VALIDATION_ERROR"),
        ("GET", "/ws", 426, "UPGRADE_REQUIRED"),
    ],
)
async def test_refusals_have_the_contracts_code(
    api: Api, method: str, path: str, status: int, code: str
) -> None:
    response = await api.client.request(method, path, headers=api.user)
    assert (response.status_code, response.json()["error"]["code"]) == (status, code)
    assert SECURITY_HEADERS <= set(response.headers)
    assert "x-ratelimit-limit" in response.headers


@pytest.mark.parametrize(
    ("content", "media_type", "status"),
    [
        (b"{", "application/json", 422),
        (b"[1]", "application/json", 422),
        (b"\xff\xfe", "application/json", 422),
        (b'{"title": "\\ud800"}', "application/json", 422),
        (b'{"title": 7}', "application/json", 422),
        (b'{"title": "a\\u0000b"}', "application/json", 422),
        (b'{"title": "x", "user_id": "y"}', "application/json", 422),
        (b"[" * 100_000, "application/json", 422),
        (b'{"title": "x"}', "text/plain", 415),
        (b'{"title": "' + b"x" * (1 << 20) + b'"}', "application/json", 413),
    ],
)
async def test_bad_bodies(api: Api, content: bytes, media_type: str, status: int) -> None:
    headers = api.user | {"Content-Type": media_type}
    response = await api.client.post("/api/conversations", content=content, headers=headers)
    assert response.status_code == status
    listed = await api.client.get("/api/conversations", headers=api.user)
    assert listed.json()["data"]["total"] == 0


async def test_c1_refused_before_the_body_is_sent(api: Api) -> None:
    head = (
        "POST /api/conversations HTTP/1.1\r\nHost: x\r\nContent-Type: {}\r\nContent-Length: {}\r\n"
    )
    token = f"Authorization: Bearer {api.user_token}\r\n"
    cases = [
        (head.format("application/json", 50_000_000) + "\r\n", b"401"),
        (head.format("application/json", 50_000_000) + token + "\r\n", b"413"),
        (head.format("text/html", 10) + token + "\r\n", b"415"),
    ]
    for request, status in cases:
        answer = await raw(api, request.encode())
        assert answer.split(b" ", 2)[1] == status


@pytest.mark.parametrize(
    "request_bytes",
    [b"garbage\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n", b"\x16\x03\x01\x02\x00\x01" * 40 + b"\r\n\r\n"],
)
async def test_what_is_not_http_is_refused_and_the_service_goes_on(
    api: Api, request_bytes: bytes
) -> None:
    answer = await raw(api, request_bytes)
    assert b" 400 " in answer.split(b"\r\n")[0]
    assert b"Traceback" not in answer
    assert (await api.client.get("/health")).status_code == 200


async def test_no_token_and_no_text_in_the_log(api: Api, caplog: Any) -> None:
    caplog.set_level(logging.DEBUG, logger="appliance")
    await api.client.post("/api/conversations", json={"title": "Mrs Smith"}, headers=api.user)
    await api.client.get(f"/api/conversations?token={api.user_token}", headers=api.user)
    lines = json.dumps([[record.getMessage(), str(record.__dict__)] for record in caplog.records])
    assert "/api/conversations" in lines
    assert "Smith" not in lines
    assert api.user_token not in lines


async def test_an_unforeseen_error_shows_nothing(
    api: Api, monkeypatch: pytest.MonkeyPatch, caplog: Any
) -> None:
    async def broken(*_: object, **__: object) -> None:
        raise RuntimeError("Mrs Smith takes warfarin")

    monkeypatch.setattr(type(api.container.services.conversation_reads), "find", broken)
    response = await api.client.get("/api/conversations", headers=api.user)
    assert response.status_code == 500
    assert response.json()["error"]["code"] == "INTERNAL_ERROR"
    assert "warfarin" not in response.text
    logged = [JsonFormatter().format(record) for record in caplog.records]
    assert any('"error":"RuntimeError"' in line for line in logged)
    assert not any("warfarin" in line for line in logged)


async def test_a_forwarded_address_from_a_stranger_is_ignored(api: Api) -> None:
    for number in range(100):
        await api.client.get("/health", headers={"X-Forwarded-For": f"192.0.2.{number}"})
    spoofed = await api.client.get("/health", headers={"X-Forwarded-For": "192.0.2.200"})
    assert spoofed.status_code == 429


async def test_a_body_that_drips_is_given_up(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("appliance.api.dispatch.BODY_TIMEOUT_S", 0.3)

    async def drips() -> AsyncIterator[bytes]:
        for byte in b'{"refresh_token": "' + b"x" * 60:
            yield bytes([byte])
            await asyncio.sleep(0.05)

    response = await api.client.post(
        "/api/auth/refresh", content=drips(), headers={"Content-Type": "application/json"}
    )
    assert (response.status_code, response.json()["error"]["field"]) == (422, "body")


@pytest.mark.parametrize(
    ("origin", "status"),
    [
        ("http://[", 403),
        ("http://evil.example", 403),
        ("null", 403),
        (None, 426),
    ],
)
async def test_only_our_own_pages_may_open_the_socket(
    api: Api, origin: str | None, status: int
) -> None:
    headers = {} if origin is None else {"Origin": origin}
    assert (await api.client.get("/ws", headers=headers)).status_code == status
    own = {"Origin": api.base_url}
    assert (await api.client.get("/ws", headers=own)).status_code == 426


async def test_out_of_descriptors_is_told_as_such(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def full(*_: object, **__: object) -> None:
        raise OSError(errno.EMFILE, "Too many open files")

    monkeypatch.setattr(type(api.container.services.conversation_reads), "find", full)
    response = await api.client.get("/api/conversations", headers=api.user)
    assert (response.status_code, response.json()["error"]["code"]) == (503, "UNAVAILABLE")


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("DELETE", "/api/auth/login", {"POST"}),
        ("POST", "/health", {"GET"}),
        ("POST", "/api/users/me", {"GET", "PUT", "PATCH", "DELETE"}),
    ],
)
async def test_a_method_that_is_not_allowed_is_told_which_are(
    api: Api, method: str, path: str, allowed: set[str]
) -> None:
    response = await api.client.request(method, path)
    assert response.status_code == 405
    assert set(response.headers["allow"].replace(" ", "").split(",")) == allowed
