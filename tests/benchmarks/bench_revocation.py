"""How soon a lost right is felt: from the act to the last byte of an answer that is streaming.

    python -m tests.benchmarks.bench_revocation [--times 50]

Each act (signing out, deactivation, demotion, deletion, a changed password elsewhere) is done while
16 sockets stream; the time runs from the sending of the act to the last frame that the socket of
the person concerned still gets, and to its close; for a changed password from its answer on.
"""

from __future__ import annotations

import argparse
import asyncio
import tempfile
import uuid
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack
from pathlib import Path
from time import perf_counter
from typing import Any

import httpx2
import uvloop
from websockets.exceptions import ConnectionClosed

from appliance.container import Container
from appliance.domain import AdminRole, Passage, Question, User, utc_now
from appliance.services.query import Query
from appliance.settings import Settings
from appliance.storage import users
from tests.answering_parts import DOSE, all_bear, passage
from tests.api.conftest import ORIGIN, PASSWORD, Account, password_hash
from tests.api.socket_client import SocketClient
from tests.benchmarks.interleaved import quantile
from tests.fake_embedder import FakeEmbedder
from tests.fake_engine import FakeEngine
from tests.serving import serving

OTHERS = 15
EVERY_S = 0.005
ACTS = ("sign out", "deactivate", "demote", "delete", "change password")


class Endless(FakeEngine):
    async def answer(self, question: Question) -> AsyncGenerator[str]:
        while True:
            await asyncio.sleep(EVERY_S)
            yield "word "


class OnePassage:
    async def understood(self, question: str) -> Query:
        return Query(question)

    async def find(self, question: str) -> list[Passage]:
        return [passage(DOSE)]


class Bench:
    def __init__(self, container: Container, port: int, client: httpx2.AsyncClient) -> None:
        self.container, self.client = container, client
        self.url = f"ws://127.0.0.1:{port}/ws"

    async def person(self, role: AdminRole) -> Account:
        user_id = str(uuid.uuid4())
        user = User(user_id, f"{user_id}@hospital.example", "Person", True, role, utc_now())
        stored = password_hash(self.container.keys.derive("password-pepper"))
        await self.container.database.write(lambda tx: users.insert(tx, user, stored))
        return await self.session(user)

    async def session(self, user: User) -> Account:
        pair = await self.container.services.sessions.start(user, ORIGIN)
        return Account(user, pair.access_token, pair.refresh_token)

    async def act(self, name: str, who: Account, admin: Account) -> httpx2.Response:
        one = f"/api/users/{who.user.id}"
        send = self.client.request
        if name == "sign out":
            return await send("POST", "/api/auth/logout", headers=who.headers)
        if name == "deactivate":
            return await send("PUT", f"{one}/deactivate", headers=admin.headers)
        if name == "demote":
            return await send("PUT", f"{one}/revoke-admin", headers=admin.headers)
        if name == "delete":
            return await send(
                "DELETE", f"/api/admin/panel/users/{who.user.id}", headers=admin.headers
            )
        elsewhere = await self.session(who.user)
        return await send(
            "POST",
            "/api/users/me/change-password",
            json={"old_password": PASSWORD, "new_password": "another good passphrase"},
            headers=elsewhere.headers,
        )

    async def once(self, name: str, admin: Account) -> tuple[float, float]:
        """Milliseconds to the last piece and to the close."""
        who = await self.person(AdminRole.ADMIN)
        async with SocketClient(self.url, who.access_token) as client:
            await client.send("message_send", content="Dose?")
            await client.until("chunk")
            last: list[float] = []

            async def listen() -> None:
                try:
                    while True:
                        frame = await client.frame(10)
                        if frame["type"] == "chunk":
                            last.append(perf_counter())
                except ConnectionClosed:
                    return

            listening = asyncio.create_task(listen())
            await asyncio.sleep(0.02)
            started = perf_counter()
            answer = await self.act(name, who, admin)
            assert answer.status_code == 200, answer.text
            if name == "change password":
                started = perf_counter()  # before that it is checked and hashed, on purpose slowly
            await listening
            closed = perf_counter()
        return max(0.0, last[-1] - started) * 1000, (closed - started) * 1000


async def main(times: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        container = Container(
            Settings(data_dir=Path(folder), rate_limits=False, password_rounds=10),
            embedder=FakeEmbedder(),
            engine=Endless(),
        )
        async with serving(container) as (_, port), AsyncExitStack() as stack:
            writer: Any = container.services.answering._writer
            writer._retrieval, writer._bearing = OnePassage(), all_bear
            client = await stack.enter_async_context(
                httpx2.AsyncClient(base_url=f"http://127.0.0.1:{port}", trust_env=False, timeout=30)
            )
            bench = Bench(container, port, client)
            admin = await bench.person(AdminRole.ADMIN)
            readers = []
            for _ in range(OTHERS):
                other = await bench.person(AdminRole.USER)
                socket = await stack.enter_async_context(
                    SocketClient(bench.url, other.access_token)
                )
                await socket.send("message_send", content="Dose?")
                readers.append(asyncio.create_task(_read(socket)))
            print(f"{times} times each, beside {OTHERS} other streams; milliseconds from the act")
            everything: list[float] = []
            for name in ACTS:
                found = [await bench.once(name, admin) for _ in range(times)]
                words, closes = [each[0] for each in found], [each[1] for each in found]
                everything += closes
                print(
                    f"{name:<16} last words p50 {quantile(words, 0.5):6.1f}  "
                    f"p99 {quantile(words, 0.99):6.1f}   "
                    f"close p50 {quantile(closes, 0.5):6.1f}  p99 {quantile(closes, 0.99):6.1f}"
                )
            print(f"all: close p99 {quantile(everything, 0.99):.1f} ms; reach: p99 <= 1000 ms")
            for reader in readers:
                reader.cancel()
            await asyncio.gather(*readers, return_exceptions=True)


async def _read(socket: SocketClient) -> None:
    while True:
        await socket.frame(30)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--times", type=int, default=50)
    uvloop.run(main(parser.parse_args().times))
