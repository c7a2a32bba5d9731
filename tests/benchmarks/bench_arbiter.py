"""Who waits for whom: questions, running answers and an ingest on the same cores.

    python -m tests.benchmarks.bench_arbiter [--threads 1 --repeats 4 --seconds 4 --chats 4]

One LlamaEmbedder and one LlamaEngine over a random Llama of about 190 M parameters. An ingest is
chunks without end, an answer is followed by the next of the same user. The phases follow each other
forwards and backwards by turns; of each figure the median over the repeats is told, and from where
to where they lie.
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from time import perf_counter

import numpy as np

from appliance.engines.embedder import LlamaEmbedder
from appliance.engines.llama_engine import LlamaEngine
from tests.benchmarks.bench_batching import WINDOW, Asker, write_model
from tests.benchmarks.bench_embedding import RAW_BATCH, RawLoop, texts
from tests.embedding_model import PATH

PAUSE_S = 0.05  # between two questions
CHUNK_WORDS = 110
ANSWER_TOKENS = 300


@dataclass(slots=True)
class Bench:
    embedder: LlamaEmbedder
    engine: LlamaEngine
    raw: RawLoop
    asker: Asker
    chats: int
    seconds: float
    figures: dict[str, list[float]] = field(default_factory=dict)

    def note(self, name: str, value: float) -> None:
        self.figures.setdefault(name, []).append(value)

    @asynccontextmanager
    async def ingest(self) -> AsyncIterator[list[int]]:
        """Yields the numbers of chunks that are done, one for each request."""
        chunks, done = texts(4, words=CHUNK_WORDS), []

        async def run() -> None:
            while True:
                await self.embedder.embed(chunks, background=True)
                done.append(len(chunks))

        async with _beside([run]):
            yield done

    @asynccontextmanager
    async def answers(self) -> AsyncIterator[list[float]]:
        """Yields the gaps between an answer's pieces, in seconds, once all are being written."""
        gaps: list[float] = []
        writing: set[int] = set()

        async def run(user: int) -> None:
            while True:
                last: float | None = None
                async for piece in self.engine.answer(self.asker.ask(self.chats)[user]):
                    if isinstance(piece, str):
                        now = perf_counter()
                        if last is not None:
                            gaps.append(now - last)
                            writing.add(user)
                        last = now

        async with _beside([lambda user=n: run(user) for n in range(self.chats)]):  # type: ignore[misc]
            while len(writing) < self.chats:  # noqa: ASYNC110
                await asyncio.sleep(0.01)
            yield gaps

    async def questions(self, beside: str) -> None:
        times: list[float] = []
        started = perf_counter()
        while perf_counter() - started < self.seconds:
            asked = perf_counter()
            await self.embedder.embed([f"What is the starting dose of drug {len(times)}?"])
            times.append(1000 * (perf_counter() - asked))
            await asyncio.sleep(PAUSE_S)
        self.note(f"question p50 ms, {beside}", float(np.quantile(times, 0.5)))
        self.note(f"question p95 ms, {beside}", float(np.quantile(times, 0.95)))

    async def idle_questions(self) -> None:
        await self.questions("idle")

    async def ingest_questions(self) -> None:
        async with self.ingest():
            await asyncio.sleep(0.2)
            await self.questions("ingest")

    async def answer_questions(self) -> None:
        async with self.answers():
            await self.questions("answers")

    async def many_questions(self) -> None:
        """As many as there are chats at the same time."""
        async with asyncio.TaskGroup() as group:
            for _ in range(self.chats):
                group.create_task(self.questions(f"{self.chats} at once"))

    async def gaps(self) -> None:
        async with self.answers() as gaps:
            await self._note_gaps(gaps, "alone")

    async def gaps_in_ingest(self) -> None:
        async with self.ingest() as done, self.answers() as gaps:
            before, started = len(done), perf_counter()
            await self._note_gaps(gaps, "ingest")
            speed = sum(done[before:]) / (perf_counter() - started)
            self.note("ingest chunks/s, answers", speed)

    async def throughput(self) -> None:
        items = texts(60)
        started = perf_counter()
        await self.embedder.embed(items)
        self.note("texts/s, embedder", len(items) / (perf_counter() - started))
        started = perf_counter()
        await asyncio.to_thread(self.raw.embed, items)
        self.note("texts/s, bare calls", len(items) / (perf_counter() - started))

    async def throughput_in_answers(self) -> None:
        items = texts(60)
        async with self.answers():
            started = perf_counter()
            await self.embedder.embed(items)
            self.note("texts/s, answers", len(items) / (perf_counter() - started))

    async def ingest_alone(self) -> None:
        chunks = texts(32, words=CHUNK_WORDS)
        started = perf_counter()
        await self.embedder.embed(chunks, background=True)
        self.note("ingest chunks/s, alone", len(chunks) / (perf_counter() - started))

    async def _note_gaps(self, gaps: list[float], beside: str) -> None:
        gaps.clear()
        await asyncio.sleep(self.seconds)
        times = [1000 * gap for gap in gaps]
        self.note(f"gap p50 ms, {beside}", float(np.quantile(times, 0.5)))
        self.note(f"gap p99 ms, {beside}", float(np.quantile(times, 0.99)))

    def ratio(self, above: str, below: str) -> str:
        """Of values that were measured in the same repeat."""
        ratios = [a / b for a, b in zip(self.figures[above], self.figures[below], strict=True)]
        middle = statistics.median(ratios)
        return f"{above} / {below}: {middle:.2f} ({min(ratios):.2f} to {max(ratios):.2f})"


@asynccontextmanager
async def _beside(runs: list[Callable[[], Awaitable[None]]]) -> AsyncIterator[None]:
    tasks = [asyncio.ensure_future(run()) for run in runs]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--repeats", type=int, default=4)
    parser.add_argument("--seconds", type=float, default=4)
    parser.add_argument("--chats", type=int, default=4)
    parser.add_argument("--model", type=Path)
    options = parser.parse_args()
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        path = options.model or write_model(folder / "random.gguf")
        embedder = await LlamaEmbedder.open(PATH, threads=options.threads)
        stack.push_async_callback(embedder.close)
        engine = await LlamaEngine.open(
            path,
            threads=options.threads,
            context_tokens=WINDOW,
            max_tokens=ANSWER_TOKENS,
            slots=options.chats,
        )
        stack.push_async_callback(engine.close)
        raw = RawLoop(PATH, options.threads, RAW_BATCH)
        stack.callback(raw.close)
        bench = Bench(embedder, engine, raw, Asker(128), options.chats, options.seconds)
        phases = [
            bench.idle_questions,
            bench.ingest_questions,
            bench.answer_questions,
            bench.many_questions,
            bench.throughput,
            bench.throughput_in_answers,
            bench.ingest_alone,
            bench.gaps,
            bench.gaps_in_ingest,
        ]
        async with bench.answers():  # until what begins all prompts is read
            pass
        for repeat in range(options.repeats):
            for phase in phases if repeat % 2 == 0 else phases[::-1]:
                await phase()
    for name, values in bench.figures.items():
        print(
            f"{name:32}{statistics.median(values):8.1f}  ({min(values):.1f} to {max(values):.1f})"
        )
    for above, below in (
        ("question p95 ms, ingest", "question p95 ms, idle"),
        ("question p50 ms, ingest", "question p50 ms, idle"),
        ("question p95 ms, answers", "question p95 ms, idle"),
        ("texts/s, embedder", "texts/s, bare calls"),
        ("texts/s, answers", "texts/s, embedder"),
        ("ingest chunks/s, answers", "ingest chunks/s, alone"),
        ("gap p99 ms, ingest", "gap p99 ms, alone"),
        ("gap p50 ms, ingest", "gap p50 ms, alone"),
    ):
        print(bench.ratio(above, below))


if __name__ == "__main__":
    asyncio.run(main())
