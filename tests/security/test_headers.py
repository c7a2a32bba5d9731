"""C7: the security headers stand on every response, errors included."""

from __future__ import annotations

import re
import uuid

import pytest

from appliance.api.table import all_routes
from tests.api.conftest import Api

EXPECTED = {
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
}


def check(headers: object, where: str) -> None:
    got = dict(headers)  # type: ignore[call-overload]
    for name, value in EXPECTED.items():
        assert got.get(name) == value, (where, name)
    policy = got["content-security-policy"]
    directives = dict(part.strip().split(" ", 1) for part in policy.split(";"))
    assert directives["default-src"] == "'self'", where
    assert directives["frame-ancestors"] == "'none'", where
    assert "unsafe" not in directives.get("script-src", ""), where
    assert "unsafe-inline" not in directives["default-src"], where
    assert "max-age=" in got["strict-transport-security"], where
    assert "microphone=(self)" in got["permissions-policy"], where
    assert "cache-control" in got, where
    assert "x-request-id" in got, where
    for name in ("x-ratelimit-limit", "x-ratelimit-remaining", "x-ratelimit-reset"):
        assert got[name].isdigit(), (where, name)


@pytest.mark.parametrize("who", ["anonymous", "user", "admin"])
async def test_c7_every_route_and_every_identity(api: Api, who: str) -> None:
    headers = {} if who == "anonymous" else api.accounts[who].headers
    for route in all_routes():
        path = re.sub(r"<\w+>", lambda _: str(uuid.uuid4()), route.path)
        response = await api.client.request(route.method, path, headers=headers)
        check(response.headers, f"{route.method} {path} {response.status_code}")
        if response.headers["content-type"].startswith("application/json") and who != "anonymous":
            # What may hold patient data is kept nowhere.
            assert response.headers["cache-control"] == "no-store", path


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", "/nowhere"), ("POST", "/health"), ("GET", "/ws"), ("GET", "/static/%2e%2e/server.py")],
)
async def test_c7_what_no_route_answers(api: Api, method: str, path: str) -> None:
    response = await api.client.request(method, path)
    assert 400 <= response.status_code < 500
    check(response.headers, path)
