"""Rows of documents.

`revision` is the one whose pages and chunks answer questions; a reindex prepares the next beside
it. A document is served once it has a revision and its effective date has come (UTC), unless one
that is in force names it in `supersedes`, or names one there that takes its place.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from appliance.domain import Document, DocumentStatus
from appliance.storage.database import Connection, Row
from appliance.storage.instants import from_text, optional_from_text, to_text

# In force: read, and its effective date, if any, has come.
_IN_FORCE = "{0}.revision IS NOT NULL AND coalesce({0}.effective_date, '') <= date('now')"
# The one in force that takes the place of d, by way of others or not: of two links, one may be to
# a document that is not in force itself.
_SUCCESSOR = f"""WITH RECURSIVE newer(id) AS (
    SELECT n.id FROM documents n WHERE n.supersedes = d.id
    UNION
    SELECT n.id FROM documents n JOIN newer ON n.supersedes = newer.id)
  SELECT s.id FROM newer CROSS JOIN documents s ON s.id = newer.id
   WHERE {_IN_FORCE.format("s")} LIMIT 1"""
SERVED = f"""{_IN_FORCE.format("d")} AND NOT EXISTS ({_SUCCESSOR})"""

_SELECT = f"""SELECT d.*, (SELECT progress FROM jobs WHERE document_id = d.id
                          ORDER BY created_at DESC, rowid DESC LIMIT 1) AS progress,
                    ({_SUCCESSOR}) AS superseded_by
               FROM documents d"""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a listing is narrowed to; None leaves it open. `search` looks in title and file name."""

    status: DocumentStatus | None = None
    category: str | None = None
    search: str | None = None


@dataclass(frozen=True, slots=True)
class Served:
    """A document that answers may come from, by what people call it."""

    id: str
    title: str
    filename: str
    revision: int


def served(tx: Connection) -> list[Served]:
    rows = tx.execute(f"SELECT id, title, filename, revision FROM documents d WHERE {SERVED}")
    return [Served(row["id"], row["title"], row["filename"], row["revision"]) for row in rows]


def insert(tx: Connection, document: Document) -> None:
    tx.execute(
        """INSERT INTO documents (id, title, category, filename, file_type, size, sha256, status,
                                  version, supersedes, issuer, effective_date, review_by, owner,
                                  uploaded_by, upload_date)
           VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)""",
        (
            document.id,
            document.title,
            document.category,
            document.filename,
            document.file_type,
            document.size,
            document.sha256,
            document.status.value,
            document.version,
            document.supersedes,
            document.issuer,
            document.effective_date,
            document.review_by,
            document.owner,
            document.uploaded_by,
            to_text(document.upload_date),
        ),
    )


def by_id(tx: Connection, document_id: str) -> Document | None:
    row = tx.execute(f"{_SELECT} WHERE d.id = ?", (document_id,)).fetchone()
    return None if row is None else of_row(row)


def by_sha256(tx: Connection, sha256: str) -> Document | None:
    row = tx.execute(f"{_SELECT} WHERE d.sha256 = ?", (sha256,)).fetchone()
    return None if row is None else of_row(row)


def listing(
    tx: Connection, wanted: Wanted, *, offset: int, limit: int
) -> tuple[list[Document], int]:
    """Newest upload first, and how many there are in all."""
    where = """WHERE (:status IS NULL OR d.status = :status)
                 AND (:category IS NULL OR d.category = :category)
                 AND (:search IS NULL OR d.title LIKE :search ESCAPE '\\'
                      OR d.filename LIKE :search ESCAPE '\\')"""
    values = {
        "status": wanted.status.value if wanted.status else None,
        "category": wanted.category,
        "search": None if wanted.search is None else _like(wanted.search),
        "limit": limit,
        "offset": offset,
    }
    rows = tx.execute(
        f"{_SELECT} {where} ORDER BY d.upload_date DESC, d.id LIMIT :limit OFFSET :offset", values
    ).fetchall()
    total = tx.execute(f"SELECT count(*) AS total FROM documents d {where}", values).fetchone()
    return [of_row(row) for row in rows], total["total"]


def update(tx: Connection, document: Document) -> None:
    """Write what people say of a document; what was found out about it stays."""
    tx.execute(
        """UPDATE documents SET title = ?, category = ?, version = ?, supersedes = ?, issuer = ?,
                  effective_date = ?, review_by = ?, owner = ? WHERE id = ?""",
        (
            document.title,
            document.category,
            document.version,
            document.supersedes,
            document.issuer,
            document.effective_date,
            document.review_by,
            document.owner,
            document.id,
        ),
    )


def supersedes(tx: Connection, newer_id: str, older_id: str) -> bool:
    """Whether `newer_id` takes the place of `older_id`, by way of others or not, or is it."""
    row = tx.execute(
        """WITH RECURSIVE older(id) AS (
             VALUES (:newer)
             UNION
             SELECT d.supersedes FROM documents d JOIN older ON d.id = older.id
              WHERE d.supersedes IS NOT NULL)
           SELECT 1 FROM older WHERE id = :older""",
        {"newer": newer_id, "older": older_id},
    ).fetchone()
    return row is not None


def superseded(tx: Connection, ids: Collection[str]) -> set[str]:
    """Those of `ids` whose place another document in force has taken."""
    rows = tx.execute(
        f"""SELECT d.id FROM documents d
             WHERE d.id IN (SELECT value FROM json_each(?)) AND EXISTS ({_SUCCESSOR})""",
        (json.dumps(list(ids)),),
    )
    return {row["id"] for row in rows}


def revision(tx: Connection, document_id: str) -> int | None:
    """The revision that answers questions; None when there is none yet, or no such document."""
    row = tx.execute("SELECT revision FROM documents WHERE id = ?", (document_id,)).fetchone()
    return None if row is None else row["revision"]


def set_status(
    tx: Connection, document_id: str, status: DocumentStatus, *, error: str | None = None
) -> None:
    tx.execute(
        "UPDATE documents SET status = ?, error = ? WHERE id = ?",
        (status.value, error, document_id),
    )


def publish(
    tx: Connection,
    document_id: str,
    *,
    revision: int,
    pages: int,
    chunks: int,
    at: datetime,
    note: str | None,
    warnings: Sequence[str] = (),
) -> None:
    """Let `revision` answer questions from now on. `note`: what is wrong with it all the same."""
    tx.execute(
        """UPDATE documents SET status = 'indexed', error = ?, revision = ?, pages = ?,
                  chunks_indexed = ?, indexed_at = ?, warnings = ? WHERE id = ?""",
        (note, revision, pages, chunks, to_text(at), json.dumps(warnings), document_id),
    )


def delete(tx: Connection, document_id: str) -> None:
    """Pages, chunks and jobs go with it. What it superseded is superseded by its successors."""
    tx.execute(
        """UPDATE documents SET supersedes = (SELECT supersedes FROM documents WHERE id = :id)
            WHERE supersedes = :id""",
        {"id": document_id},
    )
    tx.execute("DELETE FROM documents WHERE id = ?", (document_id,))


def of_row(row: Row) -> Document:
    status = DocumentStatus(row["status"])
    return Document(
        id=row["id"],
        title=row["title"],
        category=row["category"],
        filename=row["filename"],
        file_type=row["file_type"],
        size=row["size"],
        sha256=row["sha256"],
        status=status,
        uploaded_by=row["uploaded_by"],
        upload_date=from_text(row["upload_date"]),
        error=row["error"],
        progress=1.0 if status is DocumentStatus.INDEXED else row["progress"] or 0.0,
        pages=row["pages"],
        chunks_indexed=row["chunks_indexed"],
        version=row["version"],
        supersedes=row["supersedes"],
        issuer=row["issuer"],
        effective_date=row["effective_date"],
        review_by=row["review_by"],
        owner=row["owner"],
        indexed_at=optional_from_text(row["indexed_at"]),
        warnings=tuple(json.loads(row["warnings"])),
        superseded_by=row["superseded_by"],
    )


def _like(search: str) -> str:
    escaped = search.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return f"%{escaped}%"
