"""The documentation pages in a real browser: they work offline and under their own policies."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from urllib.request import Request, urlopen

import pytest

from tests.conftest import LiveServer
from tests.web.webdriver import Browser, missing_program

MISSING = missing_program()
pytestmark = [
    pytest.mark.skipif(MISSING is not None, reason=f"{MISSING} is not on the PATH"),
    pytest.mark.slow,
]


@pytest.fixture
def browser(live_server: LiveServer, tmp_path: Path) -> Iterator[Browser]:
    """Afterwards no page may have complained, and none may have asked anybody else for anything."""
    opened = Browser(tmp_path / "profile")
    try:
        # The browser's own start page asks for things of its own; the record begins after it.
        opened.open("about:blank")
        opened.log("performance")
        yield opened
        home = urlsplit(live_server.base_url).netloc
        addresses = [
            message["params"]["request"]["url"]
            for entry in opened.log("performance")
            for message in [json.loads(entry["message"])["message"]]
            if message["method"] == "Network.requestWillBeSent"
        ]
        assert f"{live_server.base_url}/openapi.json" in addresses, "the record is empty"
        assert {urlsplit(a).netloc for a in addresses if not a.startswith("data:")} == {home}
        assert [entry["message"] for entry in opened.log("browser")] == []
    finally:
        opened.close()


def fetched(server: LiveServer, path: str, body: dict[str, str] | None = None) -> Any:
    data = None if body is None else json.dumps(body).encode()
    request = Request(server.base_url + path, data, {"Content-Type": "application/json"})
    with urlopen(request, timeout=30) as response:
        return json.loads(response.read())


def operations(server: LiveServer) -> int:
    return sum(len(path) for path in fetched(server, "/openapi.json")["paths"].values())


def test_swagger_ui_shows_every_operation_and_calls_them(
    browser: Browser, live_server: LiveServer
) -> None:
    login = {"email": live_server.admin_email, "password": live_server.admin_password}
    token = fetched(live_server, "/api/auth/login", login)["access_token"]
    browser.open(live_server.base_url + "/docs")
    browser.wait_for(".opblock")
    count = "return document.querySelectorAll('.opblock').length"
    assert browser.script(count) == operations(live_server)

    browser.click(".scheme-container .btn.authorize")
    browser.wait_for(".modal-ux input")
    browser.type(".modal-ux input", token)
    browser.click(".modal-ux .btn.authorize")
    browser.click(".modal-ux .btn-done")

    opened = "#operations-Authentication-get_auth_me"
    browser.click(f"{opened} .opblock-summary-control")
    browser.wait_for(f"{opened} .execute")
    browser.click(f"{opened} .execute")
    browser.wait_for(f"{opened} .live-responses-table .highlight-code")
    shown = browser.text(f"{opened} .live-responses-table .highlight-code")
    assert live_server.admin_email in shown
    assert browser.script("return localStorage.length") == 0, "the token must not be kept"


def test_redoc_shows_every_operation(browser: Browser, live_server: LiveServer) -> None:
    browser.open(live_server.base_url + "/redoc")
    browser.wait_for("[data-section-id^='tag/']")
    count = "return document.querySelectorAll('[data-section-id*=\"/operation/\"]').length"
    browser.wait("every operation", lambda: browser.script(count) == operations(live_server), 30)
    font = "return getComputedStyle(document.querySelector('#redoc h1')).fontFamily"
    assert browser.script(font) == "system-ui, sans-serif", "its styles did not take"
    assert browser.script("return document.querySelectorAll('#redoc img').length") == 0
    # A response opens with styles of its own.
    browser.script("document.querySelector('[data-section-id*=auth_login] button').click()")
    browser.wait_for("[data-section-id*=auth_login] table")
