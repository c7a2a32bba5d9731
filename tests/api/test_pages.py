"""The pages and the files they load, as they are served."""

from __future__ import annotations

import re

import pytest

from appliance.server import SECURITY_HEADERS
from tests.api.conftest import Api


async def test_they_are_served_with_tag_and_compressed(api: Api) -> None:
    for address in ("/docs", "/redoc", "/openapi.json", "/static/vendor/redoc.standalone.js"):
        plain = await api.client.get(address, headers={"Accept-Encoding": "identity"})
        packed = await api.client.get(address, headers={"Accept-Encoding": "gzip"})
        assert plain.status_code == packed.status_code == 200
        assert "content-encoding" not in plain.headers
        assert packed.headers["content-encoding"] == "gzip"
        assert packed.content == plain.content
        assert packed.headers["vary"] == "Accept-Encoding"
        again = await api.client.get(address, headers={"If-None-Match": plain.headers["etag"]})
        assert (again.status_code, again.content) == (304, b"")


@pytest.mark.parametrize(
    "address",
    [
        "/static/vendor/VENDORED.md",
        "/static/vendor/..%2f__init__.py",
        "/static/..%2fapi/pages.py",
        "/static/docs/nothing.js",
        "/static/api/pages.py",
    ],
)
async def test_nothing_else_can_be_asked_for(api: Api, address: str) -> None:
    assert (await api.client.get(address)).status_code == 404


@pytest.mark.parametrize("address", ["/docs", "/redoc"])
async def test_c7_no_page_allows_inline_scripts_or_strangers(api: Api, address: str) -> None:
    policy = (await api.client.get(address)).headers["content-security-policy"]
    directives = dict(part.strip().split(" ", 1) for part in policy.split(";"))
    usual = dict(
        part.strip().split(" ", 1)
        for part in SECURITY_HEADERS["Content-Security-Policy"].split(";")
    )
    styles = directives.pop("style-src", "'self'").split()
    assert directives == usual
    assert styles[0] == "'self'"
    assert all(re.fullmatch(r"'sha256-[\w+/]{43}='", source) for source in styles[1:])
    assert len(styles) == (3 if address == "/redoc" else 1)
