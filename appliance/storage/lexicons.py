"""Rows of lexicons: the words of a document's revision, and the names that it explains."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass

from appliance.storage.database import Connection
from appliance.storage.documents import SERVED


@dataclass(frozen=True, slots=True)
class DocumentLexicon:
    """What one document teaches: its words, and pairs of a name and what it stands for."""

    words: tuple[str, ...]
    names: tuple[tuple[str, str], ...]


def served(tx: Connection) -> set[tuple[str, int]]:
    """(document id, revision) of all that may answer a question."""
    rows = tx.execute(f"SELECT d.id, d.revision FROM documents d WHERE {SERVED}")
    return {(row["id"], row["revision"]) for row in rows}


def of_revision(tx: Connection, document_id: str, revision: int) -> DocumentLexicon | None:
    row = tx.execute(
        "SELECT words, names FROM lexicons WHERE document_id = ? AND revision = ?",
        (document_id, revision),
    ).fetchone()
    if row is None:
        return None
    return DocumentLexicon(
        tuple(map(sys.intern, row["words"].split())),
        tuple((a, b) for a, b in json.loads(row["names"])),
    )


def texts(tx: Connection, document_id: str, revision: int) -> list[str]:
    """The pages that a lexicon is learned from, in order."""
    rows = tx.execute(
        "SELECT text FROM pages WHERE document_id = ? AND revision = ? ORDER BY number",
        (document_id, revision),
    )
    return [row["text"] for row in rows]


def put(tx: Connection, learned: Sequence[tuple[str, int, DocumentLexicon]]) -> None:
    """Keep lexicons in place of those of other revisions, of documents that are still there."""
    for document_id, revision, lexicon in learned:
        tx.execute("DELETE FROM lexicons WHERE document_id = ?", (document_id,))
        tx.execute(
            """INSERT INTO lexicons (document_id, revision, words, names)
               SELECT id, ?, ?, ? FROM documents WHERE id = ?""",
            (
                revision,
                " ".join(lexicon.words),
                json.dumps(lexicon.names, ensure_ascii=False),
                document_id,
            ),
        )
