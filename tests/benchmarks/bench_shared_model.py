"""Rows 17 to 19: what those who share a model notice of each other.

    python -m tests.benchmarks.bench_shared_model [--threads 2 --repeats 5]

Over LlamaEngine and a random-weight Llama of about 190 M parameters in Q8_0.

- Row 17: the first token for a second user who asks something else of the same passages, of about
  2,000 tokens, less than a twentieth of the time that it took for the first.
- Row 18: from the end of an answer that nobody wants any more to its slot being free, beside 15
  others, less the step that was under way, which is the gap between two tokens of theirs.
- Row 19: the 99th percentile of the gaps between two tokens of one answer while a prompt of about
  4,000 tokens of another user is read, by that of the same answer alone, in turn.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import statistics
import tempfile
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from time import perf_counter

from appliance.domain import Question
from appliance.engines.llama_engine import LlamaEngine
from tests.benchmarks.bench_batching import write_model
from tests.benchmarks.bench_embedding import WORDS
from tests.benchmarks.interleaved import quantile
from tests.engines.questions import question

TOKENS_PER_WORD = 6.5  # about, in the vocabulary of the model, which is small
PASSAGES = 8
CHATS = 16
POLL_S = 0.0005


def told(values: Sequence[float]) -> str:
    return f"{statistics.median(values):.3f} ({min(values):.3f} to {max(values):.3f})"


class Words:
    """Texts that were never read before."""

    def __init__(self) -> None:
        self._random = random.Random(11)

    def text(self, tokens: int) -> str:
        return " ".join(self._random.choices(WORDS, k=round(tokens / TOKENS_PER_WORD)))

    def question(self, asker: str, passages: Sequence[str] = ()) -> Question:
        return replace(question(self.text(16), passages), asker=asker)


async def first_token(engine: LlamaEngine, asked: Question) -> float:
    """Seconds; the rest of the answer is not waited for."""
    started = perf_counter()
    async with aclosing(engine.answer(asked)) as pieces:
        async for piece in pieces:
            if isinstance(piece, str):
                break
    return perf_counter() - started


async def moments(
    pieces: AsyncGenerator[object], least: int, until: asyncio.Event, times: list[float]
) -> list[float]:
    """When each piece came, `least` of them and until `until`; `times` has them meanwhile."""
    async with aclosing(pieces):
        async for piece in pieces:
            if isinstance(piece, str):
                times.append(perf_counter())
                if len(times) > least and until.is_set():
                    break
    return times


async def until(holds: Callable[[], bool]) -> float:
    """Seconds that it took."""
    started = perf_counter()
    while not holds():  # noqa: ASYNC110  (nothing tells of it)
        await asyncio.sleep(POLL_S)
    return perf_counter() - started


async def shared_prefix(path: Path, threads: int, repeats: int) -> None:
    words = Words()
    engine = await LlamaEngine.open(
        path, threads=threads, context_tokens=4096, max_tokens=8, slots=4
    )
    cold, warm = [], []
    for number in range(repeats + 1):
        passages = [words.text(2000 // PASSAGES) for _ in range(PASSAGES)]
        first = await first_token(engine, words.question("ada", passages))
        second = await first_token(engine, words.question("bob", passages))
        if number:
            cold.append(first)
            warm.append(second)
    await engine.close()
    ratio = told([b / a for a, b in zip(cold, warm, strict=True)])
    print(f"17  first token cold s {told(cold)}, warm {told(warm)}, warm / cold {ratio} (<= 0.05)")


async def cancelled(path: Path, threads: int, repeats: int) -> None:
    words = Words()
    engine = await LlamaEngine.open(
        path, threads=threads, context_tokens=2048, max_tokens=1500, slots=CHATS, per_user=CHATS
    )
    waits, over = [], []
    for _ in range(repeats):
        freed = asyncio.Event()
        written: list[list[float]] = [[] for _ in range(CHATS - 1)]
        others = [
            asyncio.create_task(
                moments(engine.answer(words.question(f"user-{n}")), 40, freed, times)
            )
            for n, times in enumerate(written)
        ]
        ending = engine.answer(words.question("the one who goes"))
        async for piece in ending:
            if isinstance(piece, str) and all(written):
                break
        await asyncio.sleep(random.random() * 0.2)  # anywhere in a step
        began = perf_counter()
        await ending.aclose()
        waits.append(await until(lambda: engine.running < CHATS))
        await asyncio.sleep(1.0)
        freed.set()
        steps = [
            after - before
            for times in await asyncio.gather(*others)
            for before, after in pairwise(times)
            if before <= began < after
        ]
        over.append(waits[-1] - statistics.median(steps))
    await engine.close()
    print(
        f"18  slot free after ms {told([1000 * s for s in waits])}, "
        f"less the step under way {told([1000 * s for s in over])} (<= 10)"
    )


async def beside_a_long_prompt(path: Path, threads: int, repeats: int) -> None:
    words = Words()
    engine = await LlamaEngine.open(
        path, threads=threads, context_tokens=6144, max_tokens=4000, slots=4
    )
    always = asyncio.Event()
    always.set()

    async def one(*, beside: bool) -> float:
        read = asyncio.Event()
        found = asyncio.create_task(
            moments(engine.answer(words.question("ada")), 200, read if beside else always, [])
        )
        await until(lambda: engine.running > 0)
        await asyncio.sleep(0.5)
        if beside:
            passages = [words.text(4000 // PASSAGES) for _ in range(PASSAGES)]
            await first_token(engine, words.question("bob", passages))
            read.set()
        return quantile([after - before for before, after in pairwise(await found)], 0.99)

    alone: list[float] = []
    shared: list[float] = []
    for number in range(repeats + 1):
        for beside in (False, True) if number % 2 else (True, False):
            value = await one(beside=beside)
            if number:
                (shared if beside else alone).append(value)
    await engine.close()
    print(
        f"19  gap p99 ms alone {told([1000 * s for s in alone])}, "
        f"beside {told([1000 * s for s in shared])}, "
        f"ratio of the medians {statistics.median(shared) / statistics.median(alone):.2f} (<= 2.5)"
    )


async def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--model", type=Path)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        path = options.model or write_model(Path(folder) / "random.gguf")
        for measure in (shared_prefix, cancelled, beside_a_long_prompt):
            await measure(path, options.threads, options.repeats)


if __name__ == "__main__":
    asyncio.run(main())
