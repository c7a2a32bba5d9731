"""Rows of pages: the text that citations point into, by revision of their document."""

from __future__ import annotations

from collections.abc import Iterable

from appliance.domain import Page
from appliance.storage.database import Connection


def insert(tx: Connection, document_id: str, revision: int, pages: Iterable[Page]) -> None:
    tx.executemany(
        "INSERT INTO pages (document_id, revision, number, text) VALUES (?, ?, ?, ?)",
        [(document_id, revision, page.number, page.text) for page in pages],
    )


def text_of(tx: Connection, document_id: str, revision: int, number: int) -> str:
    """The text of a page that exists."""
    row = tx.execute(
        "SELECT text FROM pages WHERE document_id = ? AND revision = ? AND number = ?",
        (document_id, revision, number),
    ).fetchone()
    text: str = row["text"]
    return text


def count(tx: Connection, document_id: str, revision: int) -> int:
    row = tx.execute(
        "SELECT count(*) AS pages FROM pages WHERE document_id = ? AND revision = ?",
        (document_id, revision),
    ).fetchone()
    pages: int = row["pages"]
    return pages


def delete_other_revisions(tx: Connection, document_id: str, keep: int | None) -> None:
    tx.execute("DELETE FROM pages WHERE document_id = ? AND revision IS NOT ?", (document_id, keep))
