"""A running appliance as the smoke test sees it: its process, console, HTTP and socket."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import threading
import time
import urllib.error
import urllib.request
import uuid
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from websockets.sync.client import connect

Json = dict[str, Any]


class SmokeFailure(AssertionError):
    """The appliance did not do what the smoke test asked of it."""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Running:
    """One run of the command under test over `folder`, without this machine's environment."""

    def __init__(self, command: Sequence[str], folder: Path) -> None:
        self.port = free_port()
        self.base = f"http://127.0.0.1:{self.port}"
        self.token = ""
        for name in ("home", "no-programs"):
            (folder / name).mkdir(exist_ok=True)
        environment = {
            # An empty directory: neither a Python nor any other program can be found.
            "PATH": str(folder / "no-programs"),
            "HOME": str(folder / "home"),
            "LANG": "C.UTF-8",
            "TMPDIR": os.environ.get("TMPDIR", "/tmp"),
            "VOICEASSIST_DATA_DIR": str(folder / "data"),
            "VOICEASSIST_HOST": "127.0.0.1",
            "VOICEASSIST_PORT": str(self.port),
        }
        self._started = time.monotonic()
        self._process = subprocess.Popen(
            command,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            start_new_session=True,
        )
        self._lines: list[str] = []
        self._reader = threading.Thread(target=self._read_console, daemon=True)
        self._reader.start()

    def _read_console(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self._lines.append(line.rstrip("\n"))

    # The process

    def console(self, last: int = 40) -> str:
        return "\n".join(f"    {line}" for line in self._lines[-last:])

    def printed(self, label: str) -> str:
        """What the console says after `label:` at the start of a line of its own."""
        for _ in range(50):
            for line in list(self._lines):
                if line.strip().startswith(f"{label}:"):
                    return line.split(":", 1)[1].strip()
            time.sleep(0.1)
        raise SmokeFailure(f"the console shows no `{label}:` line")

    def wait_ready(self, within_s: float) -> float:
        """Seconds from the start of the process until /ready answers 200."""
        deadline = self._started + within_s
        last = "no answer"
        while time.monotonic() < deadline:
            if self._process.poll() is not None:
                raise SmokeFailure(f"the process ended with code {self._process.returncode}")
            try:
                status, body = self._exchange("GET", "/ready", None, {})
            except OSError as error:
                last = str(error)
            else:
                if status == 200:
                    return time.monotonic() - self._started
                last = f"{status} {body[:300]!r}"
            time.sleep(0.1)
        raise SmokeFailure(f"/ready was not 200 within {within_s:.0f} s; last: {last}")

    def stop(self, within_s: float = 20) -> float:
        """SIGTERM; the seconds until the process ended with code 0."""
        asked = time.monotonic()
        self._process.send_signal(signal.SIGTERM)
        try:
            code = self._process.wait(timeout=within_s)
        except subprocess.TimeoutExpired:
            raise SmokeFailure(f"still running {within_s:.0f} s after SIGTERM") from None
        if code != 0:
            raise SmokeFailure(f"SIGTERM ended the process with code {code}, not 0")
        return time.monotonic() - asked

    def kill_now(self) -> None:
        """SIGKILL to all of it, as when the power goes."""
        os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()

    def kill(self) -> None:
        """Leaves nothing behind, whatever state the run is in."""
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(timeout=20)
        # A one-file executable is a parent and a child, and there may be a PDF child below.
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        self._reader.join(timeout=5)
        if self._process.stdout is not None:
            self._process.stdout.close()

    # HTTP

    def _exchange(
        self, method: str, path: str, body: bytes | None, headers: Mapping[str, str]
    ) -> tuple[int, bytes]:
        request = urllib.request.Request(
            self.base + path, data=body, method=method, headers=dict(headers)
        )
        if self.token:
            request.add_header("Authorization", f"Bearer {self.token}")
        # No proxy of the environment stands between this and the loopback.
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        try:
            with opener.open(request, timeout=30) as answer:
                return int(answer.status), answer.read()
        except urllib.error.HTTPError as refused:
            with refused:
                return refused.code, refused.read()

    def get(self, path: str) -> Json:
        """The whole body of a GET that must succeed."""
        return self._read(path, *self._exchange("GET", path, None, {}))

    def post(self, path: str, value: Json) -> Json:
        body = json.dumps(value).encode()
        headers = {"Content-Type": "application/json"}
        return self._read(path, *self._exchange("POST", path, body, headers))

    def upload(self, filename: str, mime: str, content: bytes, **fields: str) -> Json:
        boundary = uuid.uuid4().hex
        parts = [
            f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
            for name, value in fields.items()
        ]
        parts.append(
            f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="{filename}"'
            f"\r\nContent-Type: {mime}\r\n\r\n"
        )
        body = "".join(parts).encode() + content + f"\r\n--{boundary}--\r\n".encode()
        path = "/api/admin/kb/documents"
        headers = {"Content-Type": f"multipart/form-data; boundary={boundary}"}
        return self._read(path, *self._exchange("POST", path, body, headers))

    @staticmethod
    def _read(path: str, status: int, body: bytes) -> Json:
        if not 200 <= status < 300:
            raise SmokeFailure(f"{path} answered {status}: {body[:500]!r}")
        value = json.loads(body)
        assert isinstance(value, dict)
        return value

    # The socket

    def ask(self, question: str, conversation_id: str | None = None) -> tuple[Json, float]:
        """The stored answer to a question over /ws, and the seconds until its first words.

        Raises SmokeFailure on an error frame, or when the streamed pieces are not the stored text.
        """
        address = f"ws://127.0.0.1:{self.port}/ws?token={self.token}"
        with connect(address, proxy=None, open_timeout=20) as wire:
            frames = _frames(wire, within_s=60)
            _expect(next(frames), "connected")
            sent = {"type": "message_send", "content": question}
            sent["client_message_id"] = str(uuid.uuid4())
            if conversation_id:
                sent["conversation_id"] = conversation_id
            asked = time.monotonic()
            wire.send(json.dumps(sent))
            pieces: list[str] = []
            first = 0.0
            for frame in frames:
                if frame["type"] == "chunk":
                    first = first or time.monotonic() - asked
                    pieces.append(frame["content"])
                elif frame["type"] == "message_done":
                    message: Json = frame["message"]
                    if "".join(pieces) != message["content"]:
                        raise SmokeFailure("the streamed pieces differ from the stored answer")
                    return message, first
                elif frame["type"] == "error":
                    raise SmokeFailure(f"the question got an error: {frame['error']}")
        raise SmokeFailure("the socket closed before the answer was done")


def _frames(wire: Any, within_s: float) -> Iterator[Json]:
    deadline = time.monotonic() + within_s
    while True:
        try:
            frame = json.loads(wire.recv(timeout=max(0.1, deadline - time.monotonic())))
        except TimeoutError:
            raise SmokeFailure(f"no end of the answer within {within_s:.0f} s") from None
        yield frame


def _expect(frame: Json, kind: str) -> None:
    if frame.get("type") != kind:
        raise SmokeFailure(f"expected a `{kind}` frame, got {frame}")
