"""The reference sets: their documents as the appliance stores them, and their questions."""

from __future__ import annotations

import gzip
import hashlib
import json
import uuid
from collections import Counter
from collections.abc import AsyncIterator, Collection, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from appliance.container import Container
from appliance.domain import Chunk, Document, DocumentStatus, Page, utc_now
from appliance.engines.protocols import Embedder
from appliance.services.chunking import chunked, with_context
from appliance.services.evaluation.evaluation import Evaluation
from appliance.services.plain_text import pages_of
from appliance.settings import Settings
from appliance.storage import chunks, documents, file_rows, pages
from appliance.storage.database import Connection, Database
from appliance.storage.files import SealedFile

_BATCH = 64


@dataclass(frozen=True, slots=True)
class Entry:
    """A document of a set; `topic` is what it says it is about, where the set says so."""

    id: str
    title: str
    text: str
    topic: str | None


@dataclass(frozen=True, slots=True)
class Asked:
    """A question of a set and the ids of the documents that answer it."""

    id: str
    text: str
    relevant: frozenset[str]


@dataclass(frozen=True, slots=True)
class Corpus:
    name: str
    entries: tuple[Entry, ...]
    questions: tuple[Asked, ...]


def document_id(name: str) -> str:
    """The appliance's id for a document of a set."""
    return str(uuid.uuid5(uuid.NAMESPACE_URL, name))


def corpus(folder: Path) -> Corpus:
    with gzip.open(folder / "corpus.jsonl.gz", "rt", encoding="utf-8") as lines:
        rows = [json.loads(line) for line in lines]
    # A few ids stand twice, before different texts: the first keeps it.
    seen: Counter[str] = Counter()
    entries = []
    for row in rows:
        seen[row["id"]] += 1
        copy = f"/{seen[row['id']]}" if seen[row["id"]] > 1 else ""
        name, title = row["id"] + copy, row.get("title", "")
        entries.append(Entry(name, title, row["text"], row.get("focus")))
    relevant: dict[str, set[str]] = {}
    for line in (folder / "qrels.tsv").read_text("utf-8").splitlines():
        question, document, grade = line.split("\t")
        if int(grade) > 0:
            relevant.setdefault(question, set()).add(document)
    asked = map(json.loads, (folder / "queries.jsonl").read_text("utf-8").splitlines())
    questions = [Asked(q["id"], q["text"], frozenset(relevant[q["id"]])) for q in asked]
    return Corpus(folder.name, tuple(entries), tuple(questions))


@asynccontextmanager
async def opened(
    directory: Path, embedder: Embedder, entries: Sequence[Entry]
) -> AsyncIterator[tuple[Container, Evaluation]]:
    """An appliance whose knowledge base is `entries`, cut and embedded as uploads are."""
    container = Container(Settings(data_dir=directory), embedder=embedder)
    try:
        await container.open_accounts()
        await _fill(container.database, embedder, entries)
        yield container, await container.open_evaluation()
    finally:
        await container.close()


async def _fill(db: Database, embedder: Embedder, entries: Sequence[Entry]) -> None:
    for start in range(0, len(entries), _BATCH):
        cut = [_cut(entry) for entry in entries[start : start + _BATCH]]
        texts = [with_context(entry.title, chunk) for entry, _, made in cut for chunk in made]
        vectors = await embedder.embed(texts) if texts else None

        def store(tx: Connection, cut: Sequence[_Cut], vectors: object) -> None:
            at = 0
            for entry, read, made in cut:
                _insert(tx, entry, read, made)
                if made:
                    ordinals = [chunk.ordinal for chunk in made]
                    own = vectors[at : at + len(made)]  # type: ignore[index]
                    identity = document_id(entry.id)
                    chunks.set_vectors(tx, identity, 1, ordinals, embedder.name, own)
                at += len(made)

        await db.write(partial(store, cut=cut, vectors=vectors))


_Cut = tuple[Entry, list[Page], list[Chunk]]


def _cut(entry: Entry) -> _Cut:
    read = [Page(n, text) for n, text in enumerate(pages_of(entry.text.encode()), 1)]
    return entry, read, chunked(document_id(entry.id), read)


def _insert(tx: Connection, entry: Entry, read: Collection[Page], cut: Collection[Chunk]) -> None:
    sha256 = hashlib.sha256(entry.id.encode()).hexdigest()
    file_rows.insert(tx, SealedFile(sha256, 1, b"k" * 32, Path()), utc_now())
    identity = document_id(entry.id)
    documents.insert(
        tx,
        Document(
            id=identity,
            title=entry.title,
            category=None,
            filename=f"{entry.id}.txt",
            file_type="txt",
            size=1,
            sha256=sha256,
            status=DocumentStatus.UPLOADED,
            uploaded_by=None,
            upload_date=utc_now(),
        ),
    )
    pages.insert(tx, identity, 1, read)
    chunks.insert(tx, 1, cut)
    documents.publish(
        tx, identity, revision=1, pages=len(read), chunks=len(cut), at=utc_now(), note=None
    )
