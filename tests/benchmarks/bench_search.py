"""Row 7: hybrid search over LanceDB's own hybrid query, and over the slower of its raw legs.

    python -m tests.benchmarks.bench_search [--chunks 10000] [--repeats 5]

Ours is `SearchIndex.search`: both legs, fusion, and the look into SQLite at what may be served.
The references are LanceDB queries on a table of the same texts and vectors, indexed as it does by
default.
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import tempfile
import uuid
from collections.abc import Awaitable, Callable
from pathlib import Path
from time import perf_counter
from typing import Any, Protocol

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from appliance.domain import Chunk, Document, DocumentStatus, Page, utc_now
from appliance.services.search_index import SearchIndex
from appliance.storage import chunks, documents, file_rows, pages, vectors
from appliance.storage.database import Connection, Database
from appliance.storage.files import SealedFile
from tests.fake_embedder import FakeEmbedder

import lancedb  # isort: skip  # after vectors, which sets its environment
from lancedb.index import FTS  # isort: skip
from lancedb.query import MatchQuery  # isort: skip

DIMENSIONS = 384
WORDS = 140
QUESTIONS = 40
LIMIT = 64
PER_DOCUMENT = 100

Ask = Callable[[int], Awaitable[Any]]


class Corpus:
    """Texts of words as frequent as in a language (Zipf), and unit vectors."""

    def __init__(self, count: int) -> None:
        random = np.random.default_rng(11)
        letters = np.array(list("abcdefghijklmnopqrstuvwxyz"))
        words = ["".join(random.choice(letters, random.integers(3, 11))) for _ in range(20_000)]
        weights = 1 / np.arange(1, len(words) + 1)
        weights /= weights.sum()
        chosen = random.choice(len(words), (count, WORDS), p=weights)
        self.texts = [" ".join(words[n] for n in row) for row in chosen]
        self.vectors = unit(random.standard_normal((count, DIMENSIONS)))
        asked = random.choice(len(words), (QUESTIONS, 9), p=weights)
        self.questions = [" ".join(words[n] for n in row) for row in asked]
        near = self.vectors[:QUESTIONS] + 0.05 * random.standard_normal((QUESTIONS, DIMENSIONS))
        self.asked = unit(near)


def unit(rows: NDArray[np.float64]) -> NDArray[np.float32]:
    return np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True), np.float32)


class Filling(Protocol):
    """What can be written into a database."""

    texts: list[str]
    vectors: NDArray[np.float32]


def fill(tx: Connection, corpus: Filling, start: int) -> None:
    document_id, sha256 = str(uuid.uuid4()), uuid.uuid4().hex * 2
    some = range(start, min(start + PER_DOCUMENT, len(corpus.texts)))
    file_rows.insert(tx, SealedFile(sha256, 1, b"k" * 32, Path()), utc_now())
    documents.insert(
        tx,
        Document(
            id=document_id,
            title="",
            category=None,
            filename="x.txt",
            file_type="txt",
            size=1,
            sha256=sha256,
            status=DocumentStatus.UPLOADED,
            uploaded_by=None,
            upload_date=utc_now(),
        ),
    )
    pages.insert(tx, document_id, 1, [Page(n + 1, corpus.texts[n]) for n in some])
    chunks.insert(
        tx,
        1,
        [
            Chunk(str(uuid.uuid4()), document_id, n, n + 1, None, 0, len(corpus.texts[n]), "")
            for n in some
        ],
    )
    chunks.set_vectors(tx, document_id, 1, list(some), "bench", corpus.vectors[list(some)])
    documents.publish(
        tx, document_id, revision=1, pages=1, chunks=len(some), at=utc_now(), note=None
    )


async def reference_table(directory: Path, corpus: Corpus) -> Any:
    connection = await lancedb.connect_async(
        str(directory), session=lancedb.Session(vectors.INDEX_CACHE_BYTES)
    )
    flat = pa.array(corpus.vectors.ravel())
    table = await connection.create_table(
        "reference",
        pa.table(
            {
                "chunk_id": [str(uuid.uuid4()) for _ in corpus.texts],
                "vector": pa.FixedSizeListArray.from_arrays(flat, DIMENSIONS),
                "text": corpus.texts,
            }
        ),
    )
    await table.create_index("text", config=FTS())
    return table


async def median_ms(ask: Ask) -> float:
    times = []
    for number in range(QUESTIONS):
        started = perf_counter()
        await ask(number)
        times.append(1000 * (perf_counter() - started))
    return statistics.median(times)


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
        embedder = FakeEmbedder(name="bench", dimensions=DIMENSIONS)
        index = SearchIndex(db, Path(folder) / "index", embedder, terms_key=bytes(32))
        started = perf_counter()
        await index.open(patience_s=600)
        seconds = perf_counter() - started
        print(f"index of {options.chunks} chunks built from SQLite in {seconds:.1f} s")
        await index.close()
        started = perf_counter()
        await index.open()
        print(f"opened and probed in {perf_counter() - started:.1f} s")
        table = await reference_table(Path(folder) / "reference", corpus)

        async def ours(n: int) -> Any:
            return await index.search(corpus.asked[n], corpus.questions[n], 8)

        def vector(n: int) -> Any:
            return table.query().nearest_to(corpus.asked[n]).distance_type("cosine")

        def words(n: int) -> Any:
            return MatchQuery(corpus.questions[n], "text")

        async def raw_vector(n: int) -> Any:
            query = vector(n).select(["chunk_id", "_distance"])
            return await query.limit(LIMIT).to_arrow()

        async def raw_text(n: int) -> Any:
            query = table.query().nearest_to_text(words(n)).select(["chunk_id", "_score"])
            return await query.limit(LIMIT).to_arrow()

        async def hybrid(n: int) -> Any:
            query = vector(n).nearest_to_text(words(n)).select(["chunk_id"])
            return await query.limit(LIMIT).to_arrow()

        measures: dict[str, Ask] = {
            "SearchIndex.search": ours,
            "LanceDB hybrid": hybrid,
            "LanceDB vector": raw_vector,
            "LanceDB full text": raw_text,
        }
        found: dict[str, list[float]] = {name: [] for name in measures}
        for ask in measures.values():
            await median_ms(ask)
        for repeat in range(options.repeats):
            order = list(measures) if repeat % 2 == 0 else list(reversed(measures))
            for name in order:
                found[name].append(await median_ms(measures[name]))
        medians = {name: statistics.median(values) for name, values in found.items()}
        for name, values in found.items():
            print(
                f"{name:20} p50 {medians[name]:6.2f} ms  ({min(values):.2f} to {max(values):.2f})"
            )
        mine = medians["SearchIndex.search"]
        slower = max(medians["LanceDB vector"], medians["LanceDB full text"])
        print(f"ratio to hybrid      {mine / medians['LanceDB hybrid']:6.3f}     reach 0.8")
        print(f"ratio to slower leg  {mine / slower:6.3f}     reach 1.25")
        await index.close()
        await db.close()


if __name__ == "__main__":
    asyncio.run(main())
