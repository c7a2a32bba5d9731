"""Row 8: search p95 while documents are ingested over p95 when nothing else happens.

    python -m tests.benchmarks.bench_search_ingest [--chunks 10000] [--repeats 5] [--searches 100]

The whole ingest as it is served: files, chunks, the embedding model that `make run` builds on one
thread, the index and its syncs. A search is `SearchIndex.search` with a vector that is at hand, as
in row 7; below it stands the whole of finding passages for a new question, which has to be
embedded, too.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import tempfile
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np

from appliance.engines.embedder import LlamaEmbedder
from appliance.engines.pdf import PdfReader
from appliance.services.ingestion import Ingestion
from appliance.services.knowledge import Knowledge, Metadata
from appliance.services.retrieval import Retrieval
from appliance.services.search_index import SearchIndex
from appliance.storage.cache import Cache
from appliance.storage.database import Database
from appliance.storage.files import FileStore
from tests.benchmarks.bench_retrieval import Named
from tests.benchmarks.bench_search import PER_DOCUMENT, QUESTIONS, Corpus, fill
from tests.benchmarks.interleaved import interleave
from tests.embedding_model import PATH
from tests.library import in_pieces

PAUSE_S = 0.02  # between two searches


class Uploads:
    """Documents that never end: while it runs there is always one under way."""

    def __init__(self, knowledge: Knowledge, db: Database, corpus: Corpus) -> None:
        self._knowledge = knowledge
        self._db = db
        self._corpus = corpus
        self._numbers = itertools.count()
        self._chosen = np.random.default_rng(2)

    async def add(self) -> None:
        some = self._chosen.integers(0, len(self._corpus.texts), 20)
        text = "\n\n".join(self._corpus.texts[n] for n in some)
        number = next(self._numbers)
        content = f"Document {number}.\n\n{text}".encode()
        await self._knowledge.import_file(f"{number}.txt", in_pieces(content), Metadata())

    async def keep_on(self) -> None:
        while True:
            if await self._waiting() < 2:
                await self.add()
            await asyncio.sleep(0.05)

    async def finished(self) -> None:
        while await self._waiting():  # noqa: ASYNC110
            await asyncio.sleep(0.05)

    async def _waiting(self) -> int:
        query = "SELECT count(*) AS n FROM jobs WHERE state IN ('queued', 'running')"
        waiting: int = await self._db.read(lambda tx: tx.execute(query).fetchone()["n"])
        return waiting


async def p95_ms(ask: Callable[[int], Awaitable[Any]], searches: int) -> float:
    times = []
    for number in range(searches):
        started = perf_counter()
        await ask(number % QUESTIONS)
        times.append(1000 * (perf_counter() - started))
        await asyncio.sleep(PAUSE_S)
    return float(np.quantile(times, 0.95))


async def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--chunks", type=int, default=10_000)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--searches", type=int, default=100)
    options = parser.parse_args()
    corpus = Corpus(options.chunks)
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        db = await Database.open(folder / "bench.db", bytes(32))
        stack.push_async_callback(db.close)
        for start in range(0, options.chunks, PER_DOCUMENT):
            await db.write(lambda tx, start=start: fill(tx, corpus, start))  # type: ignore[misc]
        embedder = Named(await LlamaEmbedder.open(PATH, threads=1))
        stack.push_async_callback(embedder.close)
        index = SearchIndex(db, folder / "index", embedder, terms_key=bytes(32))
        await index.open(patience_s=600)
        stack.push_async_callback(index.close)
        files = await FileStore.open(folder / "files")
        stack.push_async_callback(files.close)
        cache = await Cache.open(folder / "cache", bytes(32))
        stack.push_async_callback(cache.close)
        ingestion = Ingestion(db, files, index, index.embedder, PdfReader().pages)
        knowledge = Knowledge(db, files, index, ingestion, max_upload_bytes=1 << 20)
        stack.push_async_callback(knowledge.close)
        await ingestion.open()
        stack.push_async_callback(ingestion.close)
        retrieval = Retrieval(db, index.embedder, index, cache)
        uploads = Uploads(knowledge, db, corpus)

        async def search(n: int) -> Any:
            return await index.search(corpus.asked[n], corpus.questions[n], 8)

        async def find(n: int) -> Any:
            await cache.clear()
            return await retrieval.find(corpus.questions[n])

        for name, ask in (("SearchIndex.search", search), ("a new question", find)):

            async def idle(ask: Callable[[int], Awaitable[Any]] = ask) -> float:
                return await p95_ms(ask, options.searches)

            async def ingesting(ask: Callable[[int], Awaitable[Any]] = ask) -> float:
                await uploads.add()
                adding = asyncio.create_task(uploads.keep_on())
                await asyncio.sleep(0.5)
                try:
                    return await p95_ms(ask, options.searches)
                finally:
                    adding.cancel()
                    await asyncio.gather(adding, return_exceptions=True)
                    await uploads.finished()

            busy, alone = await interleave(ingesting, idle, options.repeats)
            print(f"{name}: p95 {busy.median:.1f} ms during an ingest ({busy.spread}),")
            print(f"  {alone.median:.1f} ms alone ({alone.spread})")
            print(f"  ratio {busy.median / alone.median:.2f}   reach 1.5", flush=True)
        query = "SELECT count(*) AS n FROM jobs WHERE state = 'done'"
        done = await db.read(lambda tx: tx.execute(query).fetchone()["n"])
        print(f"{done} documents of 20 paragraphs were ingested meanwhile")


if __name__ == "__main__":
    asyncio.run(main())
