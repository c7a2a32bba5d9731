"""Document ranking on the reference questions: nDCG@10 of each leg, of plain fusion and of ours.

    python -m tests.benchmarks.bench_ranking [--sets medquad_qa,bioasq_snippets] [--cache FOLDER]

Each document of a set is cut, embedded and indexed as an upload is; ranks come from
`SearchIndex.search`. With `--cache`, vectors are kept in that folder, by the text they stand for.
The parameters were chosen on one half of the questions; `other half` is the one that says how good
they are.
"""

from __future__ import annotations

import argparse
import asyncio
import gzip
import hashlib
import json
import math
import statistics
import tempfile
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter

import numpy as np
from numpy.typing import NDArray

from appliance.domain import Chunk, Document, DocumentStatus, Page, utc_now
from appliance.engines.embedder import LlamaEmbedder
from appliance.services.chunking import chunked, with_context
from appliance.services.lexicon import Lexicon
from appliance.services.plain_text import pages_of
from appliance.services.search_index import SearchIndex
from appliance.storage import chunks, documents, file_rows, knowledge_epoch, pages
from appliance.storage.database import Connection, Database
from appliance.storage.files import SealedFile
from appliance.storage.vector_rows import VectorRow
from appliance.storage.vectors import VectorTable
from tests.shared_data import ROOT

MODEL = Path("models/all-MiniLM-L6-v2-f16.gguf")
SETS = ("bioasq_snippets", "medquad_qa")
TERMS_KEY = bytes(32)
CHUNKS = 40  # asked of each way of ranking, to have ten documents among them
RANK_CONSTANT = 60  # of reciprocal rank fusion (Cormack, Clarke and Büttcher 2009)
_FEW = 1000


@dataclass(frozen=True, slots=True)
class Question:
    id: str
    text: str
    relevant: frozenset[str]

    @property
    def is_held_out(self) -> bool:
        return hashlib.sha256(self.id.encode()).digest()[0] % 2 == 1


class KeptVectors:
    """The real model, asked for each text once in a lifetime of its cache."""

    def __init__(self, embedder: LlamaEmbedder, folder: Path | None) -> None:
        self._embedder = embedder
        self.name, self.dimensions = embedder.name, embedder.dimensions
        digest = hashlib.sha256(self.name.encode()).hexdigest()
        self._path = folder / f"{digest[:16]}.npz" if folder else None
        self._kept: dict[bytes, NDArray[np.float32]] = {}
        if self._path is not None and self._path.exists():
            with np.load(self._path) as data:
                self._kept = dict(
                    zip((key.tobytes() for key in data["keys"]), data["vectors"], strict=True)
                )

    async def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        keys = [hashlib.sha256(text.encode()).digest() for text in texts]
        missing = [n for n, key in enumerate(keys) if key not in self._kept]
        if missing:
            vectors = await self._embedder.embed([texts[n] for n in missing])
            self._kept.update((keys[n], vector) for n, vector in zip(missing, vectors, strict=True))
        return np.stack([self._kept[key] for key in keys])

    def keep(self) -> None:
        if self._path is not None and self._kept:
            keys = np.frombuffer(b"".join(self._kept), np.uint8).reshape(-1, 32)
            np.savez(self._path, keys=keys, vectors=np.stack(list(self._kept.values())))

    async def close(self) -> None:
        await self._embedder.close()


def questions_of(folder: Path) -> list[Question]:
    relevant: dict[str, set[str]] = {}
    for line in (folder / "qrels.tsv").read_text("utf-8").splitlines():
        question, document, _ = line.split("\t")
        relevant.setdefault(question, set()).add(_uuid(document))
    rows = map(json.loads, (folder / "queries.jsonl").read_text("utf-8").splitlines())
    return [Question(r["id"], r["text"], frozenset(relevant[r["id"]])) for r in rows]


def _uuid(name: str) -> str:
    return str(uuid.uuid5(uuid.NAMESPACE_URL, name))


async def fill(db: Database, directory: Path, embedder: KeptVectors, folder: Path) -> int:
    """Every document of the set as the appliance stores and indexes it; how many chunks they make.

    The index is written in large parts: as many single documents would take an hour.
    """
    with gzip.open(folder / "corpus.jsonl.gz", "rt", encoding="utf-8") as lines:
        # Some documents stand in a set more than once.
        corpus = list({one["id"]: one for one in map(json.loads, lines)}.values())
    table = await VectorTable.create(
        directory / "000001",
        model=embedder.name,
        dimensions=embedder.dimensions,
        terms_key=TERMS_KEY,
    )
    count = 0
    for start in range(0, len(corpus), _FEW):
        some = []
        rows = []
        for one in corpus[start : start + _FEW]:
            read = [Page(n, text) for n, text in enumerate(pages_of(one["text"].encode()), 1)]
            document_id, title = _uuid(one["id"]), one.get("title", "")
            cut = chunked(document_id, read)
            some.append((document_id, title, read, cut))
            texts = [with_context(title, chunk) for chunk in cut]
            vectors = await embedder.embed(texts) if texts else ()
            rows += [
                VectorRow(chunk.id, document_id, 1, text, vector)
                for chunk, text, vector in zip(cut, texts, vectors, strict=True)
            ]
        await db.write(lambda tx, some=some: insert(tx, some))  # type: ignore[misc]
        await table.add(rows)
        count += len(rows)
    await table.settle()
    await table.close()
    return count


def insert(tx: Connection, some: Iterable[tuple[str, str, list[Page], list[Chunk]]]) -> None:
    for document_id, title, read, cut in some:
        sha256 = hashlib.sha256(document_id.encode()).hexdigest()
        file_rows.insert(tx, SealedFile(sha256, 1, b"k" * 32, Path()), utc_now())
        documents.insert(
            tx,
            Document(
                id=document_id,
                title=title,
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
        pages.insert(tx, document_id, 1, read)
        chunks.insert(tx, 1, cut)
        documents.publish(
            tx, document_id, revision=1, pages=len(read), chunks=len(cut), at=utc_now(), note=None
        )


def ndcg(ranking: Sequence[str], relevant: frozenset[str]) -> float:
    """nDCG@10 of documents, best first, each counted once."""
    gained = sum(1 / math.log2(n + 2) for n, d in enumerate(ranking[:10]) if d in relevant)
    best = sum(1 / math.log2(n + 2) for n in range(min(10, len(relevant))))
    return gained / best


async def measure(name: str, cache: Path | None) -> None:
    folder = ROOT / "retrieval" / name
    questions = questions_of(folder)
    embedder = KeptVectors(await LlamaEmbedder.open(MODEL, threads=2), cache)
    with tempfile.TemporaryDirectory() as scratch:
        db = await Database.open(Path(scratch) / "bench.db", bytes(32))
        count = await fill(db, Path(scratch) / "index", embedder, folder)
        index = SearchIndex(db, Path(scratch) / "index", embedder, terms_key=TERMS_KEY)
        await index.open()
        epoch = await db.read(knowledge_epoch.current)
        lexicon = Lexicon(db)
        lexicon.vocabulary(epoch)
        await lexicon.settled()
        _, vocabulary = lexicon.vocabulary(epoch)
        read = [vocabulary.understood(question.text) for question in questions]
        vectors = [(await embedder.embed([question.text]))[0] for question in questions]
        ours_vectors = [(await embedder.embed([query.text]))[0] for query in read]
        embedder.keep()
        document_of = {
            chunk_id: document_id for chunk_id, document_id, _ in await db.read(chunks.expected)
        }
        print(f"\n{name}: {count} chunks, {len(questions)} questions")
        table = index._ready()
        scores: dict[str, list[float]] = {}
        times: dict[str, list[float]] = {}

        def note(way: str, found: Iterable[str], relevant: frozenset[str], ms: float) -> None:
            ranking = list(dict.fromkeys(document_of[chunk_id] for chunk_id in found))
            scores.setdefault(way, []).append(ndcg(ranking, relevant))
            times.setdefault(way, []).append(ms)

        rows = zip(questions, vectors, read, ours_vectors, strict=True)
        for question, vector, query, our_vector in rows:
            started = perf_counter()
            near = [i for i, _ in await table.vector_search(vector, CHUNKS)]
            between = perf_counter()
            worded = [i for i, _ in await table.text_search(question.text, CHUNKS)]
            ended = perf_counter()
            hits = await index.search(our_vector, query.text, CHUNKS, names=query.names)
            ours = perf_counter() - ended
            reciprocal: dict[str, float] = {}
            for leg in (near, worded):
                for rank, chunk_id in enumerate(leg, 1):
                    reciprocal[chunk_id] = reciprocal.get(chunk_id, 0) + 1 / (RANK_CONSTANT + rank)
            mixed = sorted(reciprocal, key=lambda i: -reciprocal[i])
            note("vectors alone", near, question.relevant, 1000 * (between - started))
            note("BM25 alone", worded, question.relevant, 1000 * (ended - between))
            note("plain RRF", mixed, question.relevant, 1000 * (ended - started))
            note("ours", [hit.chunk_id for hit in hits], question.relevant, 1000 * ours)
        await index.close()
        await db.close()
    await embedder.close()
    held = [q.is_held_out for q in questions]
    print(f"{'nDCG@10':16} {'all':>7} {'half':>7} {'other half':>11} {'p50 ms':>8}")
    for way, values in scores.items():
        other = statistics.mean(v for v, is_held in zip(values, held, strict=True) if is_held)
        half = statistics.mean(v for v, is_held in zip(values, held, strict=True) if not is_held)
        p50 = statistics.median(times[way])
        print(f"{way:16} {statistics.mean(values):7.4f} {half:7.4f} {other:11.4f} {p50:8.2f}")


async def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--sets", default=",".join(SETS))
    parser.add_argument("--cache", type=Path, default=None)
    options = parser.parse_args()
    for name in options.sets.split(","):
        await measure(name, options.cache)


if __name__ == "__main__":
    asyncio.run(main())
