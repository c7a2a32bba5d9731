"""The appliance as a process of its own, with a model of random weights, for benchmarks.

Started by bench_llm_server. It prints one line of JSON when it serves: its port, a token of each
person and the questions to ask. Then it answers each line on its input with the tokens of the
prompts that its model was given since the last.

All is as in service, from the socket to the evidence rule and back, but for the gate that withholds
the sentences that no passage bears out: random weights write no others, so it lets all through.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import sys
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from pathlib import Path

import uvloop

from appliance.container import Container
from appliance.domain import DocumentStatus, Passage, Question
from appliance.engines.llama_engine import LlamaEngine
from appliance.engines.prompt_tokens import prompt_tokens
from appliance.engines.protocols import Piece
from appliance.services import answer_writer
from appliance.settings import Settings
from tests.answering_parts import ORIGIN, enrol, principal
from tests.benchmarks.bench_batching import WINDOW
from tests.benchmarks.ward_texts import section, subjects
from tests.serving import serving


class OpenGate:
    def __init__(self, passages: Sequence[Passage]) -> None:
        self.withheld = 0

    async def sentences(self, pieces: AsyncIterator[str]) -> AsyncGenerator[str]:
        async for piece in pieces:
            yield piece


class Noting:
    """The engine, with a note of what it was asked."""

    def __init__(self, engine: LlamaEngine) -> None:
        self._engine = engine
        self._asked: list[Question] = []

    @property
    def name(self) -> str:
        return self._engine.name

    @property
    def writes(self) -> bool:
        return True

    @property
    def device(self) -> str:
        return self._engine.device

    async def check(self) -> None:
        await self._engine.check()

    def answer(self, question: Question) -> AsyncGenerator[Piece]:
        self._asked.append(question)
        return self._engine.answer(question)

    def prompts(self) -> list[list[int]]:
        """While it answers nothing: the thread that owns the model sleeps."""
        scheduler = self._engine._scheduler
        asked, self._asked = self._asked, []
        return [
            prompt_tokens(scheduler._model, scheduler._template, one, WINDOW).tokens
            for one in asked
        ]

    async def close(self) -> None:
        await self._engine.close()


async def serve(options: argparse.Namespace) -> None:
    answer_writer.__dict__["SentenceGate"] = OpenGate
    engine = Noting(
        await LlamaEngine.open(
            options.model,
            threads=options.threads,
            context_tokens=WINDOW,
            max_tokens=options.answer,
            slots=options.clients,
            queue_limit=options.clients,
        )
    )
    settings = Settings(
        data_dir=options.folder,
        embedding_model=options.embedding,
        threads=options.threads,
        rate_limits=False,
        access_token_seconds=3600,
        passages=1,
    )
    container = Container(settings, engine=engine)
    chooser = random.Random(11)
    names = subjects(options.clients * options.rounds)
    async with serving(container) as (_, port):
        for name in names:
            text = section(name, options.prompt, chooser).encode()
            document, _ = await container.knowledge.import_file(f"{name}.txt", _whole(text))
            while document.status is not DocumentStatus.INDEXED:
                await asyncio.sleep(0.02)
                document = await container.knowledge.get(document.id)
        people = [principal(f"person-{number}") for number in range(options.clients)]
        await enrol(container.database, *people)
        start = container.services.sessions.start
        pairs = [await start(person.user, ORIGIN) for person in people]
        ready = {
            "port": port,
            "tokens": [pair.access_token for pair in pairs],
            "questions": [f"What does the {name} protocol say?" for name in names],
        }
        print(json.dumps(ready), flush=True)
        while await asyncio.to_thread(sys.stdin.readline):
            print(json.dumps(engine.prompts()), flush=True)


async def _whole(content: bytes) -> AsyncIterator[bytes]:
    yield content


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("--model", type=Path, required=True)
    parser.add_argument("--embedding", type=Path, required=True)
    for name in ("threads", "clients", "rounds", "prompt", "answer"):
        parser.add_argument(f"--{name}", type=int, required=True)
    uvloop.run(serve(parser.parse_args()))
