"""Rows of pages: the text that citations point into, by revision of their document."""

from __future__ import annotations

from collections.abc import Iterable

from appliance.domain import Page
from appliance.storage.database import Connection

_SOME = 200  # pages


def insert(tx: Connection, document_id: str, revision: int, pages: Iterable[Page]) -> None:
    tx.executemany(
        """INSERT INTO pages (document_id, revision, number, text, width, height, layout, hidden)
           VALUES (?, ?, ?, ?, ?, ?, ?, ?)""",
        [
            (
                document_id,
                revision,
                page.number,
                page.text,
                page.width,
                page.height,
                page.layout,
                page.hidden,
            )
            for page in pages
        ],
    )


def text_of(tx: Connection, document_id: str, revision: int, number: int) -> str:
    """The text of a page that exists."""
    row = tx.execute(
        "SELECT text FROM pages WHERE document_id = ? AND revision = ? AND number = ?",
        (document_id, revision, number),
    ).fetchone()
    text: str = row["text"]
    return text


def layout_of(tx: Connection, document_id: str, revision: int, number: int) -> bytes | None:
    """The layout of a page, where it is known."""
    row = tx.execute(
        "SELECT layout FROM pages WHERE document_id = ? AND revision = ? AND number = ?",
        (document_id, revision, number),
    ).fetchone()
    return None if row is None else row["layout"]


def layout_of_chunk(tx: Connection, document_id: str, chunk_id: str) -> bytes | None:
    """The layout of the page that a chunk of the document's present revision stands on."""
    row = tx.execute(
        """SELECT p.layout FROM documents d
             JOIN chunks c ON c.document_id = d.id AND c.revision = d.revision
             JOIN pages p ON p.document_id = d.id AND p.revision = d.revision
                         AND p.number = c.page
            WHERE d.id = ? AND c.id = ?""",
        (document_id, chunk_id),
    ).fetchone()
    return None if row is None else row["layout"]


def with_hidden_text(tx: Connection, document_id: str, revision: int) -> list[int]:
    """The numbers of the pages whose file has text that nobody can see."""
    rows = tx.execute(
        """SELECT number FROM pages WHERE document_id = ? AND revision = ? AND hidden
            ORDER BY number""",
        (document_id, revision),
    )
    return [row["number"] for row in rows]


def texts(tx: Connection, document_id: str, revision: int, after: int) -> list[tuple[int, str]]:
    """(number, text) of the first pages behind page `after`, some hundred at once."""
    rows = tx.execute(
        """SELECT number, text FROM pages WHERE document_id = ? AND revision = ? AND number > ?
           ORDER BY number LIMIT ?""",
        (document_id, revision, after, _SOME),
    )
    return [(row["number"], row["text"]) for row in rows]


def count(tx: Connection, document_id: str, revision: int) -> int:
    row = tx.execute(
        "SELECT count(*) AS pages FROM pages WHERE document_id = ? AND revision = ?",
        (document_id, revision),
    ).fetchone()
    pages: int = row["pages"]
    return pages


def delete_other_revisions(tx: Connection, document_id: str, keep: int | None) -> None:
    tx.execute("DELETE FROM pages WHERE document_id = ? AND revision IS NOT ?", (document_id, keep))
