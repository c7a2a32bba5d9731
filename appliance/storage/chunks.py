"""Rows of chunks: places in pages, with the vector of their text.

The text itself stands in the page alone. Vectors are little-endian float32.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from appliance.domain import Chunk, Document
from appliance.storage import documents, pages
from appliance.storage.database import Connection, Row
from appliance.storage.documents import SERVED


@dataclass(frozen=True, slots=True)
class Stored:
    """A chunk as the search index wants it. `title` is its document's."""

    chunk: Chunk
    revision: int
    title: str
    vector: NDArray[np.float32] | None


@dataclass(frozen=True, slots=True)
class Opened:
    """A chunk in its page, and its neighbours in the document."""

    chunk: Chunk
    document: Document
    page_text: str
    previous_id: str | None
    next_id: str | None


def insert(tx: Connection, revision: int, chunks: Iterable[Chunk]) -> None:
    tx.executemany(
        """INSERT INTO chunks (id, document_id, revision, ordinal, page, section,
                               char_start, char_end, path, table_head)
           VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)""",
        [
            (
                c.id,
                c.document_id,
                revision,
                c.ordinal,
                c.page,
                c.section,
                c.char_start,
                c.char_end,
                json.dumps(c.path, ensure_ascii=False),
                c.table_head,
            )
            for c in chunks
        ],
    )


def set_vectors(
    tx: Connection,
    document_id: str,
    revision: int,
    ordinals: Sequence[int],
    model: str,
    vectors: NDArray[np.float32],
) -> None:
    """`vectors`: shape (len(ordinals), dimensions)."""
    blobs = [vector.astype("<f4").tobytes() for vector in vectors]
    tx.executemany(
        """UPDATE chunks SET embedding_model = ?, embedding = ?
            WHERE document_id = ? AND revision = ? AND ordinal = ?""",
        [
            (model, blob, document_id, revision, ordinal)
            for blob, ordinal in zip(blobs, ordinals, strict=True)
        ],
    )


def without_vector(
    tx: Connection, document_id: str, revision: int, model: str, *, limit: int
) -> list[Stored]:
    """The first chunks that `model` has not embedded yet."""
    rows = tx.execute(
        f"""{_STORED} WHERE c.document_id = ? AND c.revision = ? AND c.embedding_model IS NOT ?
             ORDER BY c.ordinal LIMIT ?""",
        (document_id, revision, model, limit),
    )
    return [_stored(row) for row in rows]


def of_revision(
    tx: Connection, document_id: str, revision: int, *, start: int, limit: int
) -> list[Stored]:
    """Chunks from the ordinal `start` on, in order."""
    rows = tx.execute(
        f"""{_STORED} WHERE c.document_id = ? AND c.revision = ? AND c.ordinal >= ?
             ORDER BY c.ordinal LIMIT ?""",
        (document_id, revision, start, limit),
    )
    return [_stored(row) for row in rows]


def total(tx: Connection, document_id: str, revision: int, *, model: str | None = None) -> int:
    """How many chunks there are; with `model`, how many of them it has embedded."""
    row = tx.execute(
        """SELECT count(*) AS total FROM chunks
            WHERE document_id = ? AND revision = ? AND (? IS NULL OR embedding_model = ?)""",
        (document_id, revision, model, model),
    ).fetchone()
    found: int = row["total"]
    return found


def expected(tx: Connection) -> set[tuple[str, str, int]]:
    """(chunk id, document id, revision) of every chunk that the search index must hold."""
    rows = tx.execute(
        """SELECT c.id, c.document_id, c.revision FROM chunks c
             JOIN documents d ON d.id = c.document_id AND d.revision = c.revision"""
    )
    return {(row["id"], row["document_id"], row["revision"]) for row in rows}


def revisions(tx: Connection) -> list[tuple[str, int]]:
    """(document id, revision) of all that the search index must hold."""
    rows = tx.execute("SELECT id, revision FROM documents WHERE revision IS NOT NULL ORDER BY id")
    return [(row["id"], row["revision"]) for row in rows]


def served(tx: Connection, ids: Sequence[str], *, category: str | None = None) -> set[str]:
    """Those of `ids` that may answer a question; with `category`, of its documents alone."""
    marks = ",".join("?" * len(ids))
    rows = tx.execute(
        f"""SELECT c.id FROM chunks c
              JOIN documents d ON d.id = c.document_id AND d.revision = c.revision
             WHERE c.id IN ({marks}) AND {SERVED} AND (? IS NULL OR d.category = ?)""",
        [*ids, category, category],
    )
    return {row["id"] for row in rows}


def passages(tx: Connection, ids: Sequence[str]) -> dict[str, tuple[Chunk, Document]]:
    """Chunks with their text and document, of those of `ids` that may answer a question."""
    marks = ",".join("?" * len(ids))
    rows = tx.execute(
        f"""SELECT c.id AS chunk_id, c.document_id, c.ordinal, c.page, c.section, c.char_start,
                   c.char_end, substr(p.text, c.char_start + 1, c.char_end - c.char_start) AS words,
                   c.path, c.table_head, d.*, NULL AS progress, NULL AS superseded_by
              FROM chunks c
              JOIN documents d ON d.id = c.document_id AND d.revision = c.revision
              JOIN pages p ON p.document_id = c.document_id AND p.revision = c.revision
                          AND p.number = c.page
             WHERE c.id IN ({marks}) AND {SERVED}""",
        list(ids),
    )
    return {row["chunk_id"]: (_chunk(row, row["words"]), documents.of_row(row)) for row in rows}


def opened(tx: Connection, document_id: str, chunk_id: str) -> Opened | None:
    """A chunk of the document's present revision, superseded or not."""
    row = tx.execute(
        """SELECT c.id AS chunk_id, c.document_id, c.ordinal, c.page, c.section, c.char_start,
                  c.char_end, c.path, c.table_head, c.revision
             FROM chunks c JOIN documents d ON d.id = c.document_id AND d.revision = c.revision
            WHERE c.id = ? AND c.document_id = ?""",
        (chunk_id, document_id),
    ).fetchone()
    document = documents.by_id(tx, document_id)
    if row is None or document is None:
        return None
    page_text = pages.text_of(tx, document_id, row["revision"], row["page"])
    neighbours = {
        other["ordinal"]: other["id"]
        for other in tx.execute(
            """SELECT ordinal, id FROM chunks
                WHERE document_id = ? AND revision = ? AND ordinal IN (?, ?)""",
            (document_id, row["revision"], row["ordinal"] - 1, row["ordinal"] + 1),
        )
    }
    return Opened(
        _chunk(row, page_text[row["char_start"] : row["char_end"]]),
        document,
        page_text,
        neighbours.get(row["ordinal"] - 1),
        neighbours.get(row["ordinal"] + 1),
    )


def delete_other_revisions(tx: Connection, document_id: str, keep: int | None) -> None:
    tx.execute(
        "DELETE FROM chunks WHERE document_id = ? AND revision IS NOT ?", (document_id, keep)
    )


# SQLite and Python count characters alike, so positions in the page serve both.
_STORED = """SELECT c.id AS chunk_id, c.document_id, c.revision, c.ordinal, c.page, c.section,
       c.char_start, c.char_end, c.path, c.table_head, c.embedding, d.title,
       substr(p.text, c.char_start + 1, c.char_end - c.char_start) AS words
  FROM chunks c
  JOIN documents d ON d.id = c.document_id
  JOIN pages p ON p.document_id = c.document_id AND p.revision = c.revision AND p.number = c.page"""


def _stored(row: Row) -> Stored:
    blob = row["embedding"]
    vector = None if blob is None else np.frombuffer(blob, "<f4")
    return Stored(_chunk(row, row["words"]), row["revision"], row["title"], vector)


def _chunk(row: Row, text: str) -> Chunk:
    return Chunk(
        id=row["chunk_id"],
        document_id=row["document_id"],
        ordinal=row["ordinal"],
        page=row["page"],
        section=row["section"],
        char_start=row["char_start"],
        char_end=row["char_end"],
        text=text,
        path=tuple(json.loads(row["path"])),
        table_head=row["table_head"],
    )
