"""What the cache saves: finding passages for a question that was asked before, over a new one.

    python -m tests.benchmarks.bench_retrieval [--chunks 10000] [--repeats 5]

The whole of `Retrieval.find`, with the embedding model that `make run` builds, over a corpus of
random words.
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import tempfile
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from time import perf_counter

import numpy as np
from numpy.typing import NDArray

from appliance.engines.embedder import LlamaEmbedder
from appliance.services.retrieval import Retrieval
from appliance.services.search_index import SearchIndex
from appliance.storage.cache import RETRIEVAL, Cache
from appliance.storage.database import Database
from tests.benchmarks.bench_search import DIMENSIONS, PER_DOCUMENT, Corpus, fill

MODEL = Path("models/all-MiniLM-L6-v2-f16.gguf")


class Named:
    """The real model under the name under which the corpus has its vectors."""

    name = "bench"
    dimensions = DIMENSIONS

    def __init__(self, embedder: LlamaEmbedder) -> None:
        self._embedder = embedder
        self.words = embedder.words

    async def embed(self, texts: Sequence[str], *, background: bool = False) -> NDArray[np.float32]:
        return await self._embedder.embed(texts, background=background)

    async def close(self) -> None:
        await self._embedder.close()


async def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--chunks", type=int, default=10_000)
    parser.add_argument("--repeats", type=int, default=5)
    options = parser.parse_args()
    corpus = Corpus(options.chunks)
    with tempfile.TemporaryDirectory() as folder:
        db = await Database.open(Path(folder) / "bench.db", bytes(32))
        for start in range(0, options.chunks, PER_DOCUMENT):
            await db.write(lambda tx, start=start: fill(tx, corpus, start))  # type: ignore[misc]
        embedder = Named(await LlamaEmbedder.open(MODEL, threads=1))
        index = SearchIndex(db, Path(folder) / "index", embedder, terms_key=bytes(32))
        await index.open(patience_s=600)
        cache = await Cache.open(Path(folder) / "cache", bytes(32))
        retrieval = Retrieval(db, embedder, index, cache)

        async def nothing() -> None: ...

        async def all_of_it() -> None:
            await cache.clear()

        async def results() -> None:
            await cache.delete(f"{RETRIEVAL}:")

        async def memory() -> None:
            cache._memory.clear()

        forgetting: dict[str, Callable[[], Awaitable[None]]] = {
            "a new question": all_of_it,
            "its vector known": results,
            "its passages known, on disk": memory,
            "its passages known, in memory": nothing,
        }
        found: dict[str, list[float]] = {name: [] for name in forgetting}
        for _ in range(options.repeats):
            for name, forget in forgetting.items():
                times = []
                for question in corpus.questions:
                    await forget()
                    started = perf_counter()
                    await retrieval.find(question)
                    times.append(1000 * (perf_counter() - started))
                found[name].append(statistics.median(times))
                # What the next row finds known.
                for question in corpus.questions:
                    await retrieval.find(question)
        new = statistics.median(found["a new question"])
        for name, values in found.items():
            p50 = statistics.median(values)
            spread = f"({min(values):.2f} to {max(values):.2f})"
            print(f"{name:30} p50 {p50:6.2f} ms  {spread:18} ratio {p50 / new:.3f}")
        await cache.close()
        await index.close()
        await embedder.close()
        await db.close()


if __name__ == "__main__":
    asyncio.run(main())
