"""nDCG@10 of documents over all questions of a reference set: each leg, their fusion, and ours."""

from __future__ import annotations

import re
import sqlite3
import statistics
import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from appliance.engines.protocols import Embedder
from appliance.services.evaluation.measures import CUTOFF, ndcg, ranks_of
from appliance.storage.database import Connection
from tests.quality.corpora import Asked, Corpus, Entry, document_id, opened

DEPTH = 100  # documents of each leg that are fused
RANK_CONSTANT = 60  # Cormack, Clarke and Büttcher, "Reciprocal Rank Fusion", SIGIR 2009
WAYS = ("FTS5 alone", "vectors alone", "plain RRF", "ours")


async def rank(corpus: Corpus, embedder: Embedder) -> dict[str, float]:
    """By way of ranking."""
    full_text = FullText(corpus.entries)
    scores: dict[str, list[float]] = {way: [] for way in WAYS}
    with tempfile.TemporaryDirectory() as folder:
        async with opened(Path(folder), embedder, corpus.entries) as (container, evaluated):
            owners, vectors = await container.database.read(_vectors)
            for question in corpus.questions:
                (vector,) = await embedder.embed([question.text])
                near = _first(owners[n] for n in np.argsort(-(vectors @ vector))[: 20 * DEPTH])
                worded = full_text.search(question.text)
                found = _first(p.document.id for p in await evaluated.found(question.text))
                rankings = (worded, near, _fused(worded, near), found)
                for way, ranking in zip(WAYS, rankings, strict=True):
                    scores[way].append(_score(question, ranking))
    return {way: statistics.mean(values) for way, values in scores.items()}


class FullText:
    """SQLite FTS5 over whole documents: porter stems, any of the words, BM25."""

    def __init__(self, entries: Sequence[Entry]) -> None:
        self._db = sqlite3.connect(":memory:")
        self._db.execute(
            "CREATE VIRTUAL TABLE entries USING fts5(id UNINDEXED, title, text, tokenize='porter')"
        )
        self._db.executemany(
            "INSERT INTO entries VALUES (?, ?, ?)",
            [(document_id(entry.id), entry.title, entry.text) for entry in entries],
        )

    def search(self, question: str) -> list[str]:
        words = " OR ".join(f'"{word}"' for word in re.findall(r"\w+", question))
        rows = self._db.execute(
            "SELECT id FROM entries WHERE entries MATCH ? ORDER BY bm25(entries) LIMIT ?",
            (words, DEPTH),
        )
        return [row[0] for row in rows]


def _vectors(tx: Connection) -> tuple[list[str], np.ndarray[tuple[int, int], np.dtype[np.float32]]]:
    """The document of each chunk, and its vector."""
    rows = tx.execute("SELECT document_id, vector FROM chunk_vectors").fetchall()
    matrix = np.frombuffer(b"".join(row["vector"] for row in rows), "<f4")
    return [row["document_id"] for row in rows], matrix.reshape(len(rows), -1)


def _first(ids: object) -> list[str]:
    """Each document once, where it comes first."""
    return list(dict.fromkeys(ids))[:DEPTH]  # type: ignore[call-overload]


def _fused(*rankings: Sequence[str]) -> list[str]:
    scores: dict[str, float] = {}
    for ranking in rankings:
        for place, identity in enumerate(ranking, 1):
            scores[identity] = scores.get(identity, 0) + 1 / (RANK_CONSTANT + place)
    return sorted(scores, key=lambda identity: -scores[identity])


def _score(question: Asked, ranking: Sequence[str]) -> float:
    targets = [frozenset({document_id(name)}) for name in sorted(question.relevant)]
    return ndcg(ranks_of(targets, ranking[:CUTOFF]), len(targets))
