"""Row 9, and how search grows: 10,000, 100,000 and 1,000,000 chunks.

    python -m tests.benchmarks.bench_scale [--sizes 10000,100000,1000000] [--base FILE.npy FILE.npy]

Real vectors mixed with each other and with noise, so that they cluster as real ones do: the nearest
neighbour of a chunk is at a cosine of 0.87, as among the passages that they are made of. The
questions are real. `--base` gives vectors of passages and of questions that are at hand; without,
the embedding model that `make run` builds embeds some of the shared data first. Each size has a
process of its own, bounded in time and memory.
"""

from __future__ import annotations

import argparse
import asyncio
import gzip
import json
import math
import resource
import subprocess
import sys
import tempfile
import uuid
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np
from numpy.typing import NDArray

from appliance.engines.embedder import LlamaEmbedder
from appliance.services.search_index import SearchIndex
from appliance.storage.database import Connection, Database
from appliance.storage.vector_rows import VectorRow
from tests.benchmarks.bench_search import PER_DOCUMENT, fill, unit
from tests.embedding_model import PATH
from tests.fake_embedder import FakeEmbedder
from tests.shared_data import ROOT

SIZES = (10_000, 100_000, 1_000_000)
WORDS = 40
QUESTIONS = 200
_BASE = 4_000  # passages that are embedded when no vectors are given
_NOISE, _MIXED = 0.35, 0.3
_WRITTEN = 2_000  # chunks per transaction
_MINUTES, _GIGABYTES = 60, 16


@dataclass
class Corpus:
    """What `fill` wants: texts of words as frequent as in a language (Zipf), and vectors."""

    texts: list[str]
    vectors: NDArray[np.float32]


def synthetic(base: NDArray[np.float32], count: int) -> NDArray[np.float32]:
    chance = np.random.default_rng(5)
    dimensions = base.shape[1]
    vectors = np.empty((count, dimensions), np.float32)
    for start in range(0, count, 20_000):
        size = min(20_000, count - start)
        one, other = (base[chance.integers(0, len(base), size)] for _ in range(2))
        share = chance.uniform(0.0, _MIXED, (size, 1))
        noise = chance.standard_normal((size, dimensions)) * (_NOISE / math.sqrt(dimensions))
        vectors[start : start + size] = unit((1 - share) * one + share * other + noise)
    return vectors


def texts(count: int, asked: int) -> tuple[list[str], list[str]]:
    """Of chunks and of questions."""
    chance = np.random.default_rng(11)
    letters = np.array(list("abcdefghijklmnopqrstuvwxyz"))
    words = ["".join(chance.choice(letters, chance.integers(3, 11))) for _ in range(50_000)]
    weights = 1 / np.arange(1, len(words) + 1)
    weights /= weights.sum()

    def some(number: int, length: int) -> list[str]:
        rows = []
        for start in range(0, number, 20_000):
            chosen = chance.choice(len(words), (min(20_000, number - start), length), p=weights)
            rows += [" ".join(words[n] for n in row) for row in chosen]
        return rows

    return some(count, WORDS), some(asked, 9)


def exact(vectors: NDArray[np.float32], asked: NDArray[np.float32], limit: int) -> list[set[int]]:
    """The rows of the `limit` nearest to each question."""
    found = []
    for question in asked:
        scores = vectors @ question
        found.append(set(np.argpartition(-scores, limit)[:limit].tolist()))
    return found


async def times_ms(ask: Callable[[int], Awaitable[Any]], count: int) -> tuple[float, float]:
    """p50 and p95."""
    times = []
    for number in range(count):
        started = perf_counter()
        await ask(number)
        times.append(1000 * (perf_counter() - started))
    return float(np.quantile(times, 0.5)), float(np.quantile(times, 0.95))


def resident_mb() -> float:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize() / 1e6


async def measure(count: int, base: NDArray[np.float32], asked: NDArray[np.float32]) -> Any:
    """One size, in this process."""
    bound = _GIGABYTES << 30
    resource.setrlimit(resource.RLIMIT_DATA, (bound, bound))
    chunk_texts, questions = texts(count, len(asked))
    some = Corpus(chunk_texts, synthetic(base, count))
    nearest = exact(some.vectors, asked, 10)
    result: dict[str, Any] = {"chunks": count}
    with tempfile.TemporaryDirectory() as folder:
        db = await Database.open(Path(folder) / "bench.db", bytes(32))
        for start in range(0, count, _WRITTEN):
            await db.write(partial(fill_some, corpus=some, start=start))
        ids = await db.read(
            lambda tx: [r["id"] for r in tx.execute("SELECT id FROM chunks ORDER BY ordinal")]
        )
        rows = {chunk_id: number for number, chunk_id in enumerate(ids)}
        one = some.vectors[0].copy()
        del some, chunk_texts
        embedder = FakeEmbedder(name="bench", dimensions=base.shape[1])

        def new_index() -> SearchIndex:
            return SearchIndex(db, Path(folder) / "index", embedder, terms_key=bytes(32))

        index = new_index()
        started = perf_counter()
        await index.open(patience_s=3600)
        result["build_s"] = perf_counter() - started
        await index.close()
        without = resident_mb()
        index = new_index()
        started = perf_counter()
        await index.open(patience_s=3600)
        result["open_s"] = perf_counter() - started
        table = index._ready()
        started = perf_counter()
        result["lists"] = await table.clustered()
        result["lists_s"] = perf_counter() - started
        result["memory_mb"] = resident_mb() - without

        async def vector(n: int) -> Any:
            return await table.vector_search(asked[n], 64)

        async def text(n: int) -> Any:
            return await table.text_search(questions[n], 64)

        async def whole(n: int) -> Any:
            return await index.search(asked[n], questions[n], 8)

        for name, ask in (("vector", vector), ("text", text), ("search", whole)):
            await times_ms(ask, 20)
            result[f"{name}_p50"], result[f"{name}_p95"] = await times_ms(ask, len(asked))
        hits = 0
        for number, wanted in enumerate(nearest):
            found = await table.vector_search(asked[number], 10)
            hits += len(wanted & {rows[chunk_id] for chunk_id, _ in found})
        result["recall"] = hits / (10 * len(nearest))
        # What is added after the lists were made is found, and what is deleted is not.
        late = VectorRow(str(uuid.uuid4()), str(uuid.uuid4()), 1, "late", one)
        started = perf_counter()
        await table.add([late])
        await table.settle()
        result["add_s"] = perf_counter() - started
        assert late.chunk_id in {i for i, _ in await table.vector_search(one, 64)}
        await table.delete_document(late.document_id)
        assert late.chunk_id not in {i for i, _ in await table.vector_search(one, 64)}
        await index.close()
        await db.close()
    result["peak_mb"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000
    return result


def fill_some(tx: Connection, corpus: Corpus, start: int) -> None:
    for first in range(start, min(start + _WRITTEN, len(corpus.texts)), PER_DOCUMENT):
        fill(tx, corpus, first)


def embedded() -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Vectors of some passages and questions of the shared data."""

    async def embed(some: list[str]) -> NDArray[np.float32]:
        embedder = await LlamaEmbedder.open(PATH, threads=1)
        try:
            return await embedder.embed(some)
        finally:
            await embedder.close()

    chance = np.random.default_rng(3)
    folder = ROOT / "retrieval" / "bioasq_snippets"
    if not folder.is_dir():
        raise SystemExit(f"{folder} is not there: give vectors with --base")
    with gzip.open(folder / "corpus.jsonl.gz", "rt", encoding="utf-8") as file:
        passages = [row["text"] for row in map(json.loads, file)]
    lines = (folder / "queries.jsonl").read_text("utf-8").splitlines()
    asked = [json.loads(line)["text"] for line in lines]
    some = chance.choice(len(passages), _BASE, replace=False)
    print(f"embedding {_BASE} passages and {QUESTIONS} questions", flush=True)
    return (
        asyncio.run(embed([passages[n] for n in some])),
        asyncio.run(embed([asked[n] for n in chance.choice(len(asked), QUESTIONS, False)])),
    )


COLUMNS = (
    ("chunks", "chunks", "{:,}"),
    ("build_s", "build s", "{:.1f}"),
    ("open_s", "open s", "{:.1f}"),
    ("lists_s", "lists s", "{:.1f}"),
    ("vector_p50", "vector p50", "{:.1f}"),
    ("vector_p95", "p95", "{:.1f}"),
    ("text_p50", "text p50", "{:.1f}"),
    ("text_p95", "p95", "{:.1f}"),
    ("search_p50", "search p50", "{:.1f}"),
    ("search_p95", "p95 ms", "{:.1f}"),
    ("recall", "recall@10", "{:.4f}"),
    ("add_s", "add s", "{:.2f}"),
    ("memory_mb", "MB", "{:,.0f}"),
    ("peak_mb", "peak MB", "{:,.0f}"),
)


def show(results: list[dict[str, Any]]) -> None:
    """The table, and how fast each column grows: 1 is in step with the number of chunks."""
    table = [[title for _, title, _ in COLUMNS]]
    table += [[form.format(row[key]) for key, _, form in COLUMNS] for row in results]
    for before, after in pairwise(results):
        step = math.log(after["chunks"] / before["chunks"])
        line = [f"^ {before['chunks']:,} on"]
        for key, _, _ in COLUMNS[1:]:
            both = before[key] > 0 and after[key] > 0
            grown = math.log(after[key] / before[key]) / step if both else math.nan
            line.append("" if key in ("recall", "lists_s") else f"{grown:.2f}")
        table.append(line)
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    for line in table:
        print("  ".join(cell.rjust(width) for cell, width in zip(line, widths, strict=True)))
    for row in results:
        kind = "inverted lists" if row["lists"] else "exact"
        print(f"{row['chunks']:>9,} chunks: {kind}; recall@10 {row['recall']:.4f}, reach 0.97")


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--sizes", default=",".join(map(str, SIZES)))
    parser.add_argument("--base", type=Path, nargs=2, metavar=("PASSAGES", "QUESTIONS"))
    parser.add_argument("--alone", type=int, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.alone is not None:
        base, asked = (np.load(path) for path in options.base)
        print(json.dumps(asyncio.run(measure(options.alone, base, asked))))
        return
    with tempfile.TemporaryDirectory() as folder:
        if options.base:
            base, asked = (np.load(path) for path in options.base)
            asked = asked[np.random.default_rng(3).choice(len(asked), QUESTIONS, replace=False)]
        else:
            base, asked = embedded()
        files = [Path(folder) / "base.npy", Path(folder) / "asked.npy"]
        for path, array in zip(files, (base, asked), strict=True):
            np.save(path, array)
        results = []
        for size in (int(text) for text in options.sizes.split(",")):
            print(f"{size:,} chunks", flush=True)
            command = [sys.executable, "-m", "tests.benchmarks.bench_scale", "--alone", str(size)]
            done = subprocess.run(
                [*command, "--base", *map(str, files)],
                stdout=subprocess.PIPE,
                timeout=60 * _MINUTES,
                check=True,
                text=True,
            )
            results.append(json.loads(done.stdout.splitlines()[-1]))
            print(json.dumps(results[-1]), flush=True)
        show(results)


if __name__ == "__main__":
    main()
