"""A small WebDriver client over the standard library: enough of it to drive Chromium."""

from __future__ import annotations

import base64
import json
import shutil
import socket
import subprocess
import time
from collections.abc import Callable
from http.client import HTTPConnection
from pathlib import Path
from typing import Any, TypeVar

_T = TypeVar("_T")

ELEMENT = "element-6066-11e4-a52e-4f735466cecf"
ENTER = "\ue007"
ESCAPE = "\ue00c"
SHIFT = "\ue008"
NULL = "\ue000"  # lets go of SHIFT

ARGUMENTS = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--no-default-browser-check",
)


class WebDriverError(Exception):
    """What the driver refused; `kind` is the protocol's error, such as "no such element"."""

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(f"{kind}: {message}")
        self.kind = kind


def missing_program() -> str | None:
    """The first of the two programs that is not on the PATH."""
    for name in ("chromium", "chromedriver"):
        if shutil.which(name) is None:
            return name
    return None


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


class Browser:
    """One headless Chromium with a fresh profile. Elements are named by CSS selectors."""

    def __init__(self, profile: Path, *, width: int = 1366, height: int = 900) -> None:
        self._port = free_port()
        self._driver = subprocess.Popen(
            ["chromedriver", f"--port={self._port}"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            self._session = self._start(profile, width, height)
        except BaseException:
            self._end_driver()
            raise

    def _start(self, profile: Path, width: int, height: int) -> str:
        self._wait_for_driver()
        options = {
            "binary": shutil.which("chromium"),
            "args": [*ARGUMENTS, f"--user-data-dir={profile}", f"--window-size={width},{height}"],
        }
        wanted = {
            "goog:chromeOptions": options,
            "goog:loggingPrefs": {"performance": "ALL", "browser": "ALL"},
        }
        started = self._send("POST", "/session", {"capabilities": {"alwaysMatch": wanted}})
        return str(started["sessionId"])

    def _wait_for_driver(self) -> None:
        deadline = time.monotonic() + 20
        while True:
            try:
                self._send("GET", "/status")
                return
            except OSError:
                if time.monotonic() > deadline or self._driver.poll() is not None:
                    raise
                time.sleep(0.1)

    def _send(self, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        connection = HTTPConnection("127.0.0.1", self._port, timeout=60)
        try:
            payload = json.dumps(body or {}) if method == "POST" else None
            connection.request(method, path, payload, {"Content-Type": "application/json"})
            value = json.loads(connection.getresponse().read())["value"]
        finally:
            connection.close()
        if isinstance(value, dict) and "error" in value:
            raise WebDriverError(value["error"], value.get("message", ""))
        return value

    def _do(self, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        return self._send(method, f"/session/{self._session}{path}", body)

    def close(self) -> None:
        try:
            self._do("DELETE", "")
        finally:
            self._end_driver()

    def _end_driver(self) -> None:
        self._driver.terminate()
        try:
            self._driver.wait(10)
        except subprocess.TimeoutExpired:
            self._driver.kill()
            self._driver.wait()

    def open(self, url: str) -> None:
        self._do("POST", "/url", {"url": url})

    def script(self, source: str, *arguments: Any) -> Any:
        """Run a function body in the page; `arguments[i]` there, `return` gives the value back."""
        return self._do("POST", "/execute/sync", {"script": source, "args": list(arguments)})

    def resize(self, width: int, height: int) -> None:
        self._do("POST", "/window/rect", {"width": width, "height": height})

    def protocol(self, command: str, parameters: dict[str, Any]) -> Any:
        """A command of the Chrome DevTools protocol."""
        body = {"cmd": command, "params": parameters}
        return self._do("POST", "/goog/cdp/execute", body)

    def screenshot(self, path: Path) -> None:
        path.write_bytes(base64.b64decode(self._do("GET", "/screenshot")))

    def log(self, kind: str) -> list[dict[str, Any]]:
        """What was logged since the last call: "performance" or "browser"."""
        entries: list[dict[str, Any]] = self._do("POST", "/se/log", {"type": kind})
        return entries

    def _element(self, selector: str) -> str:
        found = self._do("POST", "/element", {"using": "css selector", "value": selector})
        return str(found[ELEMENT])

    def click(self, selector: str) -> None:
        self._do("POST", f"/element/{self._element(selector)}/click")

    def type(self, selector: str, text: str) -> None:
        """Key presses; for a file field, the path of the file."""
        self._do("POST", f"/element/{self._element(selector)}/value", {"text": text})

    def text(self, selector: str) -> str:
        return str(self._do("GET", f"/element/{self._element(selector)}/text"))

    def count(self, selector: str) -> int:
        """How many such elements the page shows."""
        source = (
            "return [...document.querySelectorAll(arguments[0])]"
            ".filter((node) => node.checkVisibility()).length"
        )
        return int(self.script(source, selector))

    def wait(self, what: str, probe: Callable[[], _T], seconds: float = 20) -> _T:
        """The first true value of `probe`; an element that is not there yet counts as false."""
        deadline = time.monotonic() + seconds
        while True:
            try:
                value = probe()
            except WebDriverError as error:
                if error.kind not in ("no such element", "stale element reference"):
                    raise
            else:
                if value:
                    return value
            if time.monotonic() > deadline:
                raise AssertionError(f"{what}: not seen in {seconds:g} s")
            time.sleep(0.05)

    def wait_for(self, selector: str, seconds: float = 20) -> None:
        self.wait(selector, lambda: self.count(selector) > 0, seconds)
