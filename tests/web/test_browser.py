"""The page in a real browser, against the real appliance."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import urlsplit
from urllib.request import Request, urlopen
from uuid import uuid4

import pyotp
import pytest

from tests.web.webdriver import ENTER, ESCAPE, Browser, missing_program

MISSING = missing_program()
pytestmark = [
    pytest.mark.skipif(MISSING is not None, reason=f"{MISSING} is not on the PATH"),
    pytest.mark.slow,
]

# Characters beyond the basic plane stand before the passage: positions counted in UTF-16 units
# would put the highlight beside the words.
TEXT = """\U0001d6c3\U0001f48a\U0001f489 Zelmotrine at this hospital

Zelmotrine storage
Keep zelmotrine ampoules in the refrigerator between two and eight degrees. Discard opened ampoules.

Zelmotrine dosing
The starting dose of zelmotrine for adults is 40 mg by mouth once a day with food. Raise the dose of
zelmotrine to 80 mg after seven days if it is well tolerated.

Zelmotrine warnings
Zelmotrine must not be given together with grapefruit juice. Check the liver values beforehand.
"""
QUESTION = "What is the starting dose of zelmotrine for adults?"


class Server(Protocol):
    base_url: str
    admin_email: str
    admin_password: str


class Api:
    """The same requests as the page's, without the page."""

    def __init__(self, server: Server) -> None:
        self._base = server.base_url.rstrip("/")
        login = {"email": server.admin_email, "password": server.admin_password}
        answer = self.send("POST", "/api/auth/login", json.dumps(login).encode())
        self._token = str(answer["access_token"])

    _token = ""

    def send(
        self, method: str, path: str, body: bytes | None = None, kind: str = "application/json"
    ) -> dict[str, Any]:
        headers = {"Content-Type": kind}
        if self._token:
            headers["Authorization"] = f"Bearer {self._token}"
        request = Request(self._base + path, data=body, method=method, headers=headers)
        with urlopen(request, timeout=30) as response:
            data: dict[str, Any] = json.loads(response.read())["data"]
            return data

    def upload(self, name: str, title: str, content: bytes) -> dict[str, Any]:
        mark = uuid4().hex
        head = (
            f'--{mark}\r\nContent-Disposition: form-data; name="title"\r\n\r\n{title}\r\n'
            f'--{mark}\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\n'
            "Content-Type: text/plain\r\n\r\n"
        )
        body = head.encode() + content + f"\r\n--{mark}--\r\n".encode()
        kind = f"multipart/form-data; boundary={mark}"
        return self.send("POST", "/api/admin/kb/documents", body, kind)

    def wait_until_indexed(self, document_id: str) -> dict[str, Any]:
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            document = self.send("GET", f"/api/admin/kb/documents/{document_id}")
            assert document["status"] != "failed", document["error"]
            if document["status"] == "indexed":
                return document
            time.sleep(0.2)
        raise AssertionError("the document was not indexed in 60 s")


@pytest.fixture(scope="module")
def library(live_server: Server) -> dict[str, Any]:
    """A document of this test's own, indexed."""
    api = Api(live_server)
    document = api.upload("zelmotrine.txt", "Zelmotrine guide", TEXT.encode())
    return api.wait_until_indexed(document["document_id"])


@pytest.fixture
def page(live_server: Server, tmp_path: Path) -> Iterator[Browser]:
    """The page, logged in; afterwards nothing may have left the server or broken the policy."""
    browser = Browser(tmp_path / "profile")
    try:
        # The browser's own start page asks for things of its own; the record begins after it.
        browser.open("about:blank")
        requested(browser)
        browser.open(live_server.base_url)
        browser.wait_for("#email")
        browser.type("#email", live_server.admin_email)
        browser.type("#password", live_server.admin_password + ENTER)
        browser.wait_for("#question")
        browser.wait_for(".connection[data-state=online]")
        yield browser
        assert_nothing_left(browser, live_server.base_url)
        assert_no_complaints(browser)
    finally:
        browser.close()


def requested(browser: Browser) -> list[str]:
    """Every address that the browser has asked for, web sockets included."""
    addresses = []
    for entry in browser.log("performance"):
        message = json.loads(entry["message"])["message"]
        if message["method"] == "Network.requestWillBeSent":
            addresses.append(message["params"]["request"]["url"])
        elif message["method"] == "Network.webSocketCreated":
            addresses.append(message["params"]["url"])
    return addresses


def assert_nothing_left(browser: Browser, base_url: str) -> None:
    addresses = requested(browser)
    home = urlsplit(base_url).netloc
    assert any(address.startswith("ws") for address in addresses), "the record is empty"
    strangers = [
        address
        for address in addresses
        if urlsplit(address).scheme != "data" and urlsplit(address).netloc != home
    ]
    assert strangers == []
    assert not [address for address in addresses if "token" in urlsplit(address).query]


def assert_no_complaints(browser: Browser) -> None:
    severe = [entry["message"] for entry in browser.log("browser") if entry["level"] == "SEVERE"]
    assert severe == []


def ask(page: Browser, question: str) -> None:
    """Ask, and keep every text that the answer has on its way (`window.seen`)."""
    page.script(
        """
        window.seen = [];
        new MutationObserver(() => {
          const text = document.querySelector(".answer[aria-busy] .answer-text")?.textContent;
          if (text && text !== window.seen.at(-1)) window.seen.push(text);
        }).observe(document.querySelector(".log"), {
          subtree: true, childList: true, characterData: true,
        });
        """
    )
    page.type("#question", question + ENTER)


def texts_of(page: Browser, selector: str) -> list[str]:
    source = "return [...document.querySelectorAll(arguments[0])].map((node) => node.textContent)"
    found: list[str] = page.script(source, selector)
    return found


def letters(text: str) -> str:
    return "".join(text.split())


def test_a_wrong_password_is_told_plainly(live_server: Server, tmp_path: Path) -> None:
    browser = Browser(tmp_path / "profile")
    try:
        browser.open(live_server.base_url)
        browser.wait_for("#email")
        browser.type("#email", live_server.admin_email)
        browser.type("#password", "certainly not the password" + ENTER)
        browser.wait_for("#login-error")
        assert browser.text("#login-error")
        assert browser.count("#question") == 0
        assert browser.script("return sessionStorage.length") == 0
    finally:
        browser.close()


def test_a_code_is_asked_for_where_the_account_has_a_second_factor(
    live_server: Server, tmp_path: Path
) -> None:
    api = Api(live_server)
    password = {"password": live_server.admin_password}
    secret = api.send("POST", "/api/auth/2fa/setup", json.dumps(password).encode())["secret"]
    code = json.dumps({"code": pyotp.TOTP(secret).now()}).encode()
    codes = api.send("POST", "/api/auth/2fa/enable", code)["recovery_codes"]
    browser = Browser(tmp_path / "profile")
    try:
        browser.open(live_server.base_url)
        browser.wait_for("#email")
        browser.type("#email", live_server.admin_email)
        browser.type("#password", live_server.admin_password + ENTER)
        browser.wait_for("#code")
        assert browser.count("#password") == 0
        assert browser.script("return document.activeElement.id") == "code"
        browser.type("#code", "wrong" + ENTER)
        browser.wait("the refusal", lambda: browser.text("#login-error") != "")
        assert browser.script("return document.querySelector('#code').value") == ""
        assert browser.script("return sessionStorage.length") == 0
        browser.type("#code", codes[0] + ENTER)
        browser.wait_for("#question")
    finally:
        browser.close()
        off = json.dumps(password | {"code": codes[1]}).encode()
        api.send("POST", "/api/auth/2fa/disable", off)


def test_ask_and_check_the_source(page: Browser, library: dict[str, Any]) -> None:
    ask(page, QUESTION)
    page.wait_for(".answer:not([aria-busy]) .chip", 60)
    answer = page.text(".answer-text")
    assert "40 mg" in answer
    seen = page.script("return window.seen")
    assert seen, "the answer did not stream into the page"
    assert all(late.startswith(early) for early, late in pairwise(seen))
    assert page.count(".source") >= 1
    assert page.count("#status") == 1

    page.click(".answer .chip")
    page.wait_for(".page-text mark")
    marked = "".join(texts_of(page, ".page-text mark"))
    assert "40 mg" in marked
    assert letters(marked) == letters(page.text(".quote"))
    assert letters(marked) in letters(TEXT)
    assert page.text("#evidence-title") == library["title"]
    assert page.script(
        """
        const mark = document.querySelector(".page-text mark").getBoundingClientRect();
        const box = document.querySelector(".evidence").getBoundingClientRect();
        return mark.top >= box.top && mark.top < box.bottom && mark.top < innerHeight;
        """
    ), "the highlighted words are out of view"

    page.type("#evidence-title", ESCAPE)
    page.wait("the panel to close", lambda: page.count(".evidence") == 0)
    assert page.script("return document.activeElement.matches('.answer .chip')")

    # The same answer, from the store, after loading the page again within the session.
    page.wait("the address", lambda: page.script("return location.hash").startswith("#/c/"))
    page.script("location.reload()")
    page.wait_for(".answer:not([aria-busy]) .chip", 30)
    assert page.text(".answer-text") == answer


def test_no_evidence_gives_the_refusal_without_sources(
    page: Browser, library: dict[str, Any]
) -> None:
    ask(page, "Who won the 1998 World Cup?")
    page.wait_for(".answer:not([aria-busy]) .origin.refusal", 60)
    assert page.count(".chip") == 0
    assert page.count(".source") == 0
    assert page.count(".unsupported-note") == 0


OVERDUE = """Brontavil guide

Brontavil dosing
The starting dose of brontavil for adults is 15 mg by mouth once a day.
"""


def test_governance_and_references_go_with_the_answer(page: Browser, live_server: Server) -> None:
    api = Api(live_server)
    document = api.upload("brontavil.txt", "Brontavil guide", OVERDUE.encode())
    address = f"/api/admin/kb/documents/{document['document_id']}"
    dates = {"effective_date": "2019-03-04", "review_by": "2021-05-06", "version": "7"}
    api.wait_until_indexed(document["document_id"])
    api.send("PATCH", address, json.dumps(dates).encode())
    ask(page, "What is the starting dose of brontavil for adults?")
    page.wait_for(".answer:not([aria-busy]) .chip", 60)
    assert "2019" in page.text(".source-page")
    assert "2021" in page.text(".answer .notice")

    page.script("navigator.clipboard.writeText = async (text) => { window.copied = text; };")
    page.click(".answer .copy")
    page.wait("the copy", lambda: page.script("return Boolean(window.copied)"))
    copied = str(page.script("return window.copied"))
    assert copied.startswith(
        page.script("return document.querySelector('.answer-text').textContent")
    )
    assert "[1] Brontavil guide" in copied
    assert "version 7" in copied
    assert "2019" in copied
    assert "review was due" in copied and "2021" in copied

    selected = str(
        page.script(
            """
            getSelection().selectAllChildren(document.querySelector(".answer-text"));
            const data = new DataTransfer();
            const event = new ClipboardEvent("copy", {
              clipboardData: data, bubbles: true, cancelable: true,
            });
            document.querySelector(".answer-text").dispatchEvent(event);
            return data.getData("text/plain");
            """
        )
    )
    assert "15 mg" in selected
    assert "[1] Brontavil guide" in selected

    newer = OVERDUE.replace("15 mg", "20 mg").encode()
    replacement = api.upload("brontavil2.txt", "Brontavil guide 2", newer)
    api.wait_until_indexed(replacement["document_id"])
    supersedes = json.dumps({"supersedes": document["document_id"]}).encode()
    api.send("PATCH", f"/api/admin/kb/documents/{replacement['document_id']}", supersedes)
    page.click(".answer .chip")
    page.wait_for(".passage-box .notice")
    assert "replaced" in page.text(".passage-box .notice")
    # With the evidence beside it the answer is narrow: a source's date stays in its card.
    outside = """return [...document.querySelectorAll(".source")].filter((card) => {
      const edge = card.getBoundingClientRect();
      return [...card.children].some((part) => {
        const box = part.getBoundingClientRect();
        return box.right > edge.right || box.left < edge.left;
      });
    }).length"""
    for width in (1366, 1200, 400):
        page.resize(width, 900)
        page.script("document.querySelector('.source-title').textContent += ' Pharmacotherapy'")
        assert page.script(outside) == 0, width


def test_an_upload_is_followed_until_it_is_indexed(page: Browser, tmp_path: Path) -> None:
    title = f"Quintoxate guide {uuid4().hex[:8]}"
    file = tmp_path / "quintoxate.txt"
    file.write_text(f"{title}\n\nThe dose of quintoxate is 5 mg twice a day.\n", "utf-8")
    page.click("a[href='#/documents']")
    page.wait_for("#document-file")
    page.script(
        """
        window.states = [];
        window.bars = 0;
        const note = () => {
          window.bars += document.querySelectorAll(".documents progress").length;
          for (const row of document.querySelectorAll(".document")) {
            if (row.querySelector("h3").textContent !== arguments[0]) continue;
            if (row.dataset.status !== window.states.at(-1)) window.states.push(row.dataset.status);
          }
        };
        new MutationObserver(note).observe(document.querySelector(".documents"), {
          subtree: true, childList: true, attributes: true, characterData: true,
        });
        """,
        title,
    )
    page.type("#document-file", str(file))
    page.type("#document-title", title)
    page.type("#document-category", "Test")
    page.click(".upload button[type=submit]")
    states: Callable[[], list[str]] = lambda: page.script("return window.states")  # noqa: E731
    page.wait("indexed", lambda: "indexed" in states(), 60)
    assert states()[-1] == "indexed"
    assert states()[0] in ("uploaded", "processing")
    assert page.script("return window.bars") > 0, "no progress was shown"
    assert page.count(".document progress") == 0


def test_log_out_leaves_nothing_behind(page: Browser) -> None:
    page.click("#log-out")
    page.wait_for("#email")
    assert page.script("return sessionStorage.length") == 0
    assert page.count(".answer") == 0
    page.script("location.reload()")
    page.wait_for("#email")
    assert page.count("#question") == 0


def test_an_invitation_ends_logged_in_and_its_link_stays_nowhere(
    live_server: Server, tmp_path: Path
) -> None:
    email = f"invited-{uuid4().hex[:8]}@hospital.example"
    body = json.dumps({"email": email, "full_name": "Invited Person"}).encode()
    link = Api(live_server).send("POST", "/api/admin/panel/users", body)
    browser = Browser(tmp_path / "profile")
    try:
        browser.open("about:blank")
        requested(browser)
        browser.open(link["link"])
        browser.wait_for("#new-password")
        assert browser.script("return location.href") == live_server.base_url.rstrip("/") + "/"
        browser.type("#new-password", "several words of mine")
        browser.type("#repeat-password", "other words of mine" + ENTER)
        browser.wait_for("#link-error")
        assert browser.count("#question") == 0
        browser.script("document.querySelector('#repeat-password').value = ''")
        browser.type("#repeat-password", "several words of mine" + ENTER)
        browser.wait_for("#question")
        browser.wait_for(".connection[data-state=online]")
        assert_no_complaints(browser)
        addresses = requested(browser)
        assert any(address.endswith("/api/auth/links/redeem") for address in addresses)
        home = urlsplit(live_server.base_url).netloc
        assert {urlsplit(each).netloc for each in addresses if not each.startswith("data:")} == {
            home
        }
        assert link["token"] not in str(addresses)  # a fragment is not sent
        browser.open("about:blank")
        browser.open(link["link"])
        browser.wait_for("#new-password")
        browser.type("#new-password", "several words of mine")
        browser.type("#repeat-password", "several words of mine" + ENTER)
        browser.wait_for("#link-error")
        assert "not valid" in browser.text("#link-error")
    finally:
        browser.close()
