"""Rows of chunks: places in pages, with the vectors of their text, one for each embedding model.

The text itself stands in the page alone. Vectors are little-endian float32.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from appliance.domain import Chunk, Document
from appliance.storage import documents, embedding_models, pages
from appliance.storage.database import Connection, Row
from appliance.storage.documents import SERVED


@dataclass(frozen=True, slots=True)
class Stored:
    """A chunk as the search index wants it. `title` is its document's; `vector` the model's."""

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
                               char_start, char_end, path, lead, torn_start, torn_end)
           VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)""",
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
                c.lead,
                c.torn_start,
                c.torn_end,
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
    """`vectors`: shape (len(ordinals), dimensions), by the model of that name."""
    model_id = embedding_models.id_of(tx, model)
    blobs = [vector.astype("<f4").tobytes() for vector in vectors]
    tx.executemany(
        """INSERT OR REPLACE INTO chunk_vectors (document_id, revision, ordinal, model_id, vector)
           SELECT document_id, revision, ordinal, ?, ? FROM chunks
            WHERE document_id = ? AND revision = ? AND ordinal = ?""",
        [
            (model_id, blob, document_id, revision, ordinal)
            for blob, ordinal in zip(blobs, ordinals, strict=True)
        ],
    )


def without_vector(
    tx: Connection, document_id: str, revision: int, model: str, *, limit: int
) -> list[Stored]:
    """The first chunks that `model` has not embedded yet."""
    rows = tx.execute(
        f"""{_STORED} WHERE c.document_id = ? AND c.revision = ? AND v.vector IS NULL
             ORDER BY c.ordinal LIMIT ?""",
        (model, document_id, revision, limit),
    )
    return [_stored(row) for row in rows]


def of_revision(
    tx: Connection, document_id: str, revision: int, model: str, *, start: int, limit: int
) -> list[Stored]:
    """Chunks from the ordinal `start` on, in order, with the vectors of `model`."""
    rows = tx.execute(
        f"""{_STORED} WHERE c.document_id = ? AND c.revision = ? AND c.ordinal >= ?
             ORDER BY c.ordinal LIMIT ?""",
        (model, document_id, revision, start, limit),
    )
    return [_stored(row) for row in rows]


def total(tx: Connection, document_id: str, revision: int, *, model: str | None = None) -> int:
    """How many chunks there are; with `model`, how many of them it has embedded."""
    table = "chunks" if model is None else f"chunk_vectors v {_OF_MODEL}"
    row = tx.execute(
        f"SELECT count(*) AS total FROM {table} WHERE document_id = ? AND revision = ?",
        [*([] if model is None else [model]), document_id, revision],
    ).fetchone()
    found: int = row["total"]
    return found


def to_serve(tx: Connection, model: str) -> tuple[int, int]:
    """How many chunks the search index must hold, and how many of them `model` has embedded.

    Goes through all of them.
    """
    served = "JOIN documents d ON d.id = c.document_id AND d.revision = c.revision"
    row = tx.execute(
        f"""SELECT (SELECT count(*) FROM chunks c {served}) AS chunks,
                   (SELECT count(*) FROM chunk_vectors c {served}
                      JOIN embedding_models m ON m.id = c.model_id AND m.name = ?) AS embedded""",
        (model,),
    ).fetchone()
    return row["chunks"], row["embedded"]


def delete_vectors_of_others(
    tx: Connection, models: Sequence[str], *, after: int, limit: int
) -> int | None:
    """Delete vectors of all models but `models`, `limit` at most, of rows after `after`.

    The last row that was deleted, to go on from; None when there was none.
    """
    marks = ",".join("?" * len(models))
    rows = tx.execute(
        f"""SELECT rowid FROM chunk_vectors WHERE rowid > ? AND model_id NOT IN
              (SELECT id FROM embedding_models WHERE name IN ({marks}))
             ORDER BY rowid LIMIT ?""",
        [after, *models, limit],
    ).fetchall()
    tx.executemany("DELETE FROM chunk_vectors WHERE rowid = ?", [(row[0],) for row in rows])
    return rows[-1][0] if rows else None


def expected(tx: Connection) -> set[tuple[str, str, int]]:
    """(chunk id, document id, revision) of every chunk that the search index must hold."""
    rows = tx.execute(
        """SELECT c.id, c.document_id, c.revision FROM chunks c
             JOIN documents d ON d.id = c.document_id AND d.revision = c.revision"""
    )
    return {(row["id"], row["document_id"], row["revision"]) for row in rows}


def lack_vectors(tx: Connection, model: str) -> bool:
    """Whether a chunk that the search index must hold has no vector of `model`."""
    row = tx.execute(
        """SELECT 1 FROM chunks c
             JOIN documents d ON d.id = c.document_id AND d.revision = c.revision
            WHERE NOT EXISTS (
              SELECT 1 FROM chunk_vectors v JOIN embedding_models m ON m.id = v.model_id
               WHERE m.name = ? AND v.document_id = c.document_id AND v.revision = c.revision
                 AND v.ordinal = c.ordinal)
            LIMIT 1""",
        (model,),
    ).fetchone()
    return row is not None


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
                   c.path, c.lead, c.torn_start, c.torn_end, d.*, NULL AS progress,
                   NULL AS superseded_by
              FROM chunks c
              JOIN documents d ON d.id = c.document_id AND d.revision = c.revision
              JOIN pages p ON p.document_id = c.document_id AND p.revision = c.revision
                          AND p.number = c.page
             WHERE c.id IN ({marks}) AND {SERVED}""",
        list(ids),
    )
    return {row["chunk_id"]: (_chunk(row, row["words"]), documents.of_row(row)) for row in rows}


def sample(tx: Connection, limit: int) -> list[str]:
    """Title, section and text of some `limit` chunks that are served, from all over them."""
    row = tx.execute(
        f"""SELECT count(*) AS total FROM chunks c
              JOIN documents d ON d.id = c.document_id AND d.revision = c.revision
             WHERE {SERVED}"""
    ).fetchone()
    every = max(1, row["total"] // limit)
    rows = tx.execute(
        f"""SELECT d.title, c.section,
                   substr(p.text, c.char_start + 1, c.char_end - c.char_start) AS words
              FROM chunks c
              JOIN documents d ON d.id = c.document_id AND d.revision = c.revision
              JOIN pages p ON p.document_id = c.document_id AND p.revision = c.revision
                          AND p.number = c.page
             WHERE c.rowid % ? = 0 AND {SERVED} LIMIT ?""",
        (every, limit),
    )
    return [f"{row['title']}\n{row['section'] or ''}\n{row['words']}" for row in rows]


def opened(tx: Connection, document_id: str, chunk_id: str) -> Opened | None:
    """A chunk of the document's present revision, superseded or not."""
    row = tx.execute(
        """SELECT c.id AS chunk_id, c.document_id, c.ordinal, c.page, c.section, c.char_start,
                  c.char_end, c.path, c.lead, c.torn_start, c.torn_end, c.revision
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


_OF_MODEL = "JOIN embedding_models m ON m.id = v.model_id AND m.name = ?"
# SQLite and Python count characters alike, so positions in the page serve both.
_STORED = """SELECT c.id AS chunk_id, c.document_id, c.revision, c.ordinal, c.page, c.section,
       c.char_start, c.char_end, c.path, c.lead, c.torn_start, c.torn_end, v.vector, d.title,
       substr(p.text, c.char_start + 1, c.char_end - c.char_start) AS words
  FROM chunks c
  JOIN documents d ON d.id = c.document_id
  JOIN pages p ON p.document_id = c.document_id AND p.revision = c.revision AND p.number = c.page
  LEFT JOIN chunk_vectors v ON v.document_id = c.document_id AND v.revision = c.revision
                           AND v.ordinal = c.ordinal
                           AND v.model_id = (SELECT id FROM embedding_models WHERE name = ?)"""


def _stored(row: Row) -> Stored:
    blob = row["vector"]
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
        lead=row["lead"],
        torn_start=bool(row["torn_start"]),
        torn_end=bool(row["torn_end"]),
    )
