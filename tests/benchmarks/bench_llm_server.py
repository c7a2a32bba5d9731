"""Many chats through the whole appliance, WebSocket to WebSocket, against llama-server.

    python -m tests.benchmarks.bench_llm_server [--clients 16 --prompt 256 --answer 64 --threads 2]

Both sides are processes of their own, have the same random-weight model of 190 M parameters, the
same threads and as many slots as there are clients, and get the same prompts, token for token: the
appliance tells which prompts it made of the questions, each about a document of its own. It also
embeds the question, searches, judges the evidence, holds its model to the grammar, and stores and
audits both messages; llama-server gets the tokens and gives text. Both share what prompts have in
common as they do by default. `--prompt` is about what a question adds to the instructions.

The sides are measured in turn, the order changing: each has its own prompts of a round only once.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import statistics
import subprocess
import sys
import tempfile
from asyncio.subprocess import Process
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter

import uvloop

from appliance.engines.http_exchange import HttpRequest, exchange
from appliance.engines.lan_server import LanServer
from appliance.settings import Settings
from tests.api.socket_client import SocketClient
from tests.benchmarks.bench_batching import WINDOW, write_model
from tests.engines.llama_server import llama_server

PATIENCE_S = 600.0
LINE_BYTES = 16 << 20  # the tokens of all prompts


@dataclass(frozen=True, slots=True)
class Chat:
    """Seconds from the start to the first and the last of `tokens` tokens."""

    first: float
    last: float
    tokens: int


@dataclass(frozen=True, slots=True)
class Round:
    chats: tuple[Chat, ...]

    @property
    def speed(self) -> float:
        """Tokens per second over the whole run."""
        return sum(chat.tokens for chat in self.chats) / max(chat.last for chat in self.chats)

    @property
    def median_first(self) -> float:
        return statistics.median(chat.first for chat in self.chats)

    @property
    def last_first(self) -> float:
        return max(chat.first for chat in self.chats)


class Appliance:
    def __init__(
        self, process: Process, sockets: Sequence[SocketClient], questions: list[str]
    ) -> None:
        self._process = process
        self._sockets = sockets
        self._questions = questions

    async def round(self) -> Round:
        count = len(self._sockets)
        asked, self._questions = self._questions[:count], self._questions[count:]
        started = perf_counter()

        async def chat(socket: SocketClient, question: str) -> Chat:
            await socket.send("message_send", content=question)
            first = 0.0
            while True:
                frame = await socket.frame(PATIENCE_S)
                if frame["type"] == "chunk" and not first:
                    first = perf_counter() - started
                elif frame["type"] == "message_done":
                    message = frame["message"]
                    if message["status"] != "complete" or not message["tokens"]:
                        raise RuntimeError(f"no answer of the model but one of {message['model']}")
                    return Chat(first, perf_counter() - started, message["tokens"])
                elif frame["type"] == "error":
                    raise RuntimeError(frame["error"]["message"])

        return Round(tuple(await asyncio.gather(*map(chat, self._sockets, asked))))

    async def prompts(self) -> list[list[int]]:
        """Of the round that is over."""
        assert self._process.stdin is not None and self._process.stdout is not None
        self._process.stdin.write(b"\n")
        found: list[list[int]] = json.loads(await self._process.stdout.readline())
        return found


@asynccontextmanager
async def appliance(
    options: argparse.Namespace, model: Path, folder: str
) -> AsyncIterator[Appliance]:
    named = {name: getattr(options, name) for name in ("threads", "clients", "prompt", "answer")}
    given = {"model": model, "embedding": options.embedding, "rounds": options.repeats + 2, **named}
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.benchmarks.served_model", folder),
        *(part for name, value in given.items() for part in (f"--{name}", str(value))),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        limit=LINE_BYTES,
    )
    assert process.stdin is not None and process.stdout is not None
    try:
        ready = json.loads(await process.stdout.readline())
        async with AsyncExitStack() as stack:
            url = f"ws://127.0.0.1:{ready['port']}/ws"
            sockets = [
                await stack.enter_async_context(SocketClient(url, token))
                for token in ready["tokens"]
            ]
            yield Appliance(process, sockets, ready["questions"])
    finally:
        process.stdin.close()
        await process.wait()


async def server_round(url: str, prompts: Sequence[Sequence[int]], answer: int) -> Round:
    server = LanServer.parse(url)
    started = perf_counter()

    async def chat(prompt: Sequence[int]) -> Chat:
        asked = {
            "prompt": prompt,
            "n_predict": answer,
            "stream": True,
            "ignore_eos": True,
            "temperature": 0.0,
        }
        request = HttpRequest("POST", "/completion", json.dumps(asked).encode())
        first = 0.0
        async with exchange(server, request, patience_s=PATIENCE_S) as found:
            while (line := await found.line()) is not None:
                if not line.startswith(b"data: "):
                    continue
                told = json.loads(line[6:])
                if told["content"] and not first:
                    first = perf_counter() - started
                if told["stop"]:
                    return Chat(first, perf_counter() - started, told["tokens_predicted"])
        raise RuntimeError("llama-server broke off")

    return Round(tuple(await asyncio.gather(*map(chat, prompts))))


async def main(options: argparse.Namespace) -> None:
    mine: list[Round] = []
    theirs: list[Round] = []
    with tempfile.TemporaryDirectory() as folder:
        model = options.model or write_model(Path(folder) / "random.gguf")
        context = ("--ctx-size", str(WINDOW * options.clients), "--parallel", str(options.clients))
        threads = ("--threads", str(options.threads), "--threads-batch", str(options.threads))
        async with (
            appliance(options, model, str(Path(folder) / "data")) as ours,
            llama_server(model, *context, *threads) as url,
        ):
            await ours.round()
            await server_round(url, await ours.prompts(), options.answer)
            await ours.round()
            prompts = await ours.prompts()
            for number in range(options.repeats):
                if number % 2:
                    theirs.append(await server_round(url, prompts, options.answer))
                mine.append(await ours.round())
                if number % 2 == 0:
                    theirs.append(await server_round(url, prompts, options.answer))
                prompts = await ours.prompts()
    sizes = [len(prompt) for prompt in prompts]
    print(
        f"{options.clients} clients, prompts of {min(sizes)} to {max(sizes)} tokens, answers of "
        f"{options.answer}, {options.threads} threads; medians of {options.repeats} rounds"
    )
    print(f"{'':14}{'tokens/s':>10}{'first p50 s':>13}{'first last s':>14}{'tokens':>9}")
    for side, rounds in (("appliance", mine), ("llama-server", theirs)):
        print(
            f"{side:14}{_median([r.speed for r in rounds]):10.1f}"
            f"{_median([r.median_first for r in rounds]):13.2f}"
            f"{_median([r.last_first for r in rounds]):14.2f}"
            f"{sum(chat.tokens for chat in rounds[-1].chats):9}"
        )
    speed = _median([r.speed for r in mine]) / _median([r.speed for r in theirs])
    first = _median([r.median_first for r in mine]) / _median([r.median_first for r in theirs])
    print(f"tokens/s ratio {speed:.2f}   reach: >= 1.00")
    print(f"first p50 ratio {first:.2f}   reach: < 1.00")


def _median(values: Sequence[float]) -> float:
    return statistics.median(values)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--clients", type=int, default=16)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--prompt", type=int, default=256)
    parser.add_argument("--answer", type=int, default=64)
    parser.add_argument("--repeats", type=int, default=4)
    parser.add_argument("--model", type=Path, help="instead of the one of random weights")
    parser.add_argument("--embedding", type=Path, default=Settings().embedding_model)
    uvloop.run(main(parser.parse_args()))
