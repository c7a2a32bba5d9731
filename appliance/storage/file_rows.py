"""Rows of stored files and the keys that open them. Deleting a row erases its file."""

from __future__ import annotations

from datetime import datetime

from appliance.storage.database import Connection
from appliance.storage.files import SealedFile
from appliance.storage.instants import to_text


def insert(tx: Connection, sealed: SealedFile, at: datetime) -> None:
    tx.execute(
        "INSERT INTO files (sha256, size, key, created_at) VALUES (?, ?, ?, ?)",
        (sealed.sha256, sealed.size, sealed.key, to_text(at)),
    )


def key_of(tx: Connection, sha256: str) -> bytes | None:
    row = tx.execute("SELECT key FROM files WHERE sha256 = ?", (sha256,)).fetchone()
    return None if row is None else bytes(row["key"])


def delete(tx: Connection, sha256: str) -> None:
    tx.execute("DELETE FROM files WHERE sha256 = ?", (sha256,))


def names(tx: Connection) -> set[str]:
    return {row["sha256"] for row in tx.execute("SELECT sha256 FROM files")}
