"""Fixtures that several rooms share."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest

from appliance.storage.database import Database
from tests.embedding_model import embedding_model

ROOT = Path(__file__).parents[1]
KEY = bytes(range(32))
LOOPBACK_NAMES = {None, "", "localhost", "127.0.0.1", "::1", b"127.0.0.1", b"localhost"}


def _refuse_other_hosts(event: str, arguments: tuple[Any, ...]) -> None:
    """An audit hook: no test, and nothing it runs in this process, speaks to another machine."""
    if event in ("socket.connect", "socket.sendto"):
        address = arguments[1]
        if isinstance(address, tuple) and not ip_address(address[0].split("%")[0]).is_loopback:
            raise PermissionError(f"tests speak to this machine only, not to {address[0]}")
    elif event == "socket.getaddrinfo" and arguments[0] not in LOOPBACK_NAMES:
        raise PermissionError(f"tests look up no other machine: {arguments[0]}")


sys.addaudithook(_refuse_other_hosts)


class SettableClock:
    """A clock that stands still until it is told to move."""

    def __init__(self) -> None:
        self.now = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def advance(self, **interval: float) -> None:
        """`clock.advance(seconds=10)`: the arguments of timedelta."""
        self.now += timedelta(**interval)


@pytest.fixture
def clock() -> SettableClock:
    return SettableClock()


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    opened = await Database.open(tmp_path / "test.db", KEY)
    yield opened
    await opened.close()


@dataclass(frozen=True)
class LiveServer:
    """The appliance as a process of its own, as `make run` starts it."""

    base_url: str
    admin_email: str
    admin_password: str


@pytest.fixture(scope="session")
def live_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    embedding_model()  # skips where it is not built
    data = tmp_path_factory.mktemp("live") / "data"
    environment = {
        **os.environ,
        "VOICEASSIST_DATA_DIR": str(data),
        "VOICEASSIST_PORT": "0",
        "VOICEASSIST_RATE_LIMITS": "false",  # every test signs in from the same address
        "PYTHONUNBUFFERED": "1",
    }
    with subprocess.Popen(
        [sys.executable, "-m", "appliance", "serve", "--first-run"],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as process:
        try:
            assert process.stdout is not None
            said: dict[str, str] = {}
            for line in process.stdout:
                for mark in ("email: ", "password: ", "VoiceAssist serves at "):
                    if line.startswith(mark):
                        said[mark] = line.removeprefix(mark).strip()
                if "VoiceAssist serves at " in said:
                    break
            yield LiveServer(said["VoiceAssist serves at "], said["email: "], said["password: "])
        finally:
            process.terminate()
            try:
                process.wait(timeout=30)
            except subprocess.TimeoutExpired:
                process.kill()  # leaving the block waits for it without a limit
                raise
