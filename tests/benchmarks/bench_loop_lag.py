"""Row 2: how late the event loop is while 16 chats stream over sockets and people sign in.

    python -m tests.benchmarks.bench_loop_lag [--seconds 20] [--model [FILE.gguf] --threads 1]

The appliance serves in this process, with a scripted engine or with a language model (a file, or
one of random weights, 190 M); clients are a process of their own.
The lag is how much later than asked a sleep of 2 ms ends. The same is measured idle, as the noise
of the machine.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import json
import socket
import statistics
import subprocess
import sys
import tempfile
from collections.abc import AsyncGenerator
from pathlib import Path
from time import perf_counter

import httpx2
import uvloop

from appliance.container import Container
from appliance.domain import Passage, Question, RequestOrigin
from appliance.engines.llama_engine import LlamaEngine
from appliance.server import create_app
from appliance.services.query import Query
from appliance.settings import Settings
from tests.answering_parts import DOSE, all_bear, passage
from tests.api.socket_client import SocketClient
from tests.benchmarks.bench_batching import write_model
from tests.benchmarks.interleaved import quantile
from tests.fake_embedder import FakeEmbedder
from tests.fake_engine import FakeEngine

CHATS = 16
PEOPLE = 4
SIGNING_IN = 2  # at a time
PIECES_PER_SECOND = 20  # of each chat
PIECES = 100
RANDOM = Path("random.gguf")
PROBE_S = 0.002
PATIENCE_S = 120.0  # of a client; what a model with random weights writes is withheld
PASSWORD = "correct horse battery"
ORIGIN = RequestOrigin("bench", "127.0.0.1")


class TalkativeEngine(FakeEngine):
    async def answer(self, question: Question) -> AsyncGenerator[str]:
        for _ in range(PIECES):
            await asyncio.sleep(1 / PIECES_PER_SECOND)
            yield "word "
        yield DOSE + " [1]"


class OnePassage:
    async def understood(self, question: str) -> Query:
        return Query(question)

    async def find(self, question: str) -> list[Passage]:
        return [passage(DOSE)]


async def lags(seconds: float) -> list[float]:
    """Milliseconds."""
    found = []
    end = perf_counter() + seconds
    while (now := perf_counter()) < end:
        await asyncio.sleep(PROBE_S)
        found.append((perf_counter() - now - PROBE_S) * 1000)
    return found


async def serve(seconds: float, model: Path | None, threads: int) -> None:
    engine: FakeEngine | LlamaEngine = TalkativeEngine()
    with tempfile.TemporaryDirectory() as folder:
        if model is not None:
            path = write_model(Path(folder) / model) if model == RANDOM else model
            engine = await LlamaEngine.open(
                path, threads=threads, context_tokens=2048, max_tokens=PIECES, slots=CHATS
            )
        settings = Settings(data_dir=Path(folder), rate_limits=False)
        container = Container(settings, embedder=FakeEmbedder(), engine=engine)
        app = create_app(container)
        listener = socket.create_server(("127.0.0.1", 0))
        # Before LanceDB has threads, which a fork does not like.
        clients = await asyncio.create_subprocess_exec(
            sys.executable,
            *("-m", "tests.benchmarks.bench_loop_lag", "--load"),
            *(f"127.0.0.1:{listener.getsockname()[1]}", "--seconds", str(seconds + 3)),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        server = await app.create_server(sock=listener, return_asyncio_server=True)
        assert server is not None
        await server.startup()  # type: ignore[no-untyped-call]
        await server.before_start()  # type: ignore[no-untyped-call]
        serving = asyncio.create_task(server.serve_forever())  # type: ignore[no-untyped-call]
        writer = container.services.answering._writer
        writer._retrieval = OnePassage()  # type: ignore[assignment]
        writer._bearing = all_bear
        people = [f"person{number}@hospital.example" for number in range(PEOPLE)]
        for email in people:
            await container.accounts.register(email, "Person", PASSWORD, ORIGIN)
        idle = await lags(3)
        assert clients.stdin is not None
        clients.stdin.write(b"go\n")
        await asyncio.sleep(3)
        busy = await lags(seconds)
        told, _ = await clients.communicate()
        serving.cancel()
        await asyncio.gather(serving, return_exceptions=True)
        await container.drain(1.0)
        await container.close()
    speed = f" of {PIECES_PER_SECOND} pieces/s" if model is None else f" of {model.name}"
    print(f"{CHATS} chats{speed}, {SIGNING_IN} signing in at a time")
    print(f"clients: {told.decode().strip()}")
    for name, values in (("idle", idle), ("loaded", busy)):
        ordered = sorted(values)
        p99 = quantile(ordered, 0.99)
        print(
            f"{name:<7} lag ms: p50 {statistics.median(ordered):.2f}  p99 {p99:.2f}  "
            f"max {ordered[-1]:.2f}  ({len(ordered)} probes)"
        )
    print("reach: loaded p99 <= 25 ms on 2 cores")


async def load(address: str, seconds: float) -> None:
    """16 chats that ask again and again, and people who sign in again and again."""
    await asyncio.to_thread(sys.stdin.readline)
    end = perf_counter() + seconds
    done = {"answers": 0, "pieces": 0, "logins": 0, "wrong": 0}

    async def login(client: httpx2.AsyncClient, number: int) -> str:
        body = {"email": f"person{number % PEOPLE}@hospital.example", "password": PASSWORD}
        response = await client.post("/api/auth/login", json=body)
        done["logins"] += response.status_code == 200
        done["wrong"] += response.status_code != 200
        return str(response.json().get("access_token"))

    async def sign_in_again(client: httpx2.AsyncClient) -> None:
        for number in itertools.count():
            if perf_counter() > end:
                return
            await login(client, number)

    async def chat(token: str) -> None:
        async with SocketClient(f"ws://{address}/ws", token) as client:
            while perf_counter() < end:
                frames = await client.ask("What is the dose?", wait_s=PATIENCE_S)
                done["answers"] += frames[-1]["type"] == "message_done"
                done["wrong"] += frames[-1]["type"] != "message_done"
                done["pieces"] += sum(frame["type"] == "chunk" for frame in frames)

    async with httpx2.AsyncClient(base_url=f"http://{address}", trust_env=False) as client:
        tokens = [await login(client, number) for number in range(CHATS)]
        await asyncio.gather(
            *(chat(token) for token in tokens),
            *(sign_in_again(client) for _ in range(SIGNING_IN)),
        )
    print(json.dumps(done))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=20)
    parser.add_argument("--model", type=Path, nargs="?", const=RANDOM)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--load", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.load:
        uvloop.run(load(options.load, options.seconds))
    else:
        uvloop.run(serve(options.seconds, options.model, options.threads))
