"""Rows of folders. Reading and changing take the owner too: foreign means absent."""

from __future__ import annotations

from appliance.domain import Folder
from appliance.storage.database import Connection, Row
from appliance.storage.instants import from_text, to_text


def insert(tx: Connection, folder: Folder) -> None:
    tx.execute(
        "INSERT INTO folders (id, user_id, parent_id, name, created_at) VALUES (?, ?, ?, ?, ?)",
        (folder.id, folder.user_id, folder.parent_id, folder.name, to_text(folder.created_at)),
    )


def owns(tx: Connection, user_id: str, folder_id: str) -> bool:
    found = tx.execute(
        "SELECT 1 FROM folders WHERE id = ? AND user_id = ?", (folder_id, user_id)
    ).fetchone()
    return found is not None


def of_user(tx: Connection, user_id: str) -> list[Folder]:
    rows = tx.execute(
        "SELECT id, user_id, parent_id, name, created_at FROM folders WHERE user_id = ?",
        (user_id,),
    )
    return [_folder(row) for row in rows]


def update(tx: Connection, folder: Folder) -> None:
    """Write the fields that a person can change."""
    tx.execute(
        "UPDATE folders SET name = ?, parent_id = ? WHERE id = ? AND user_id = ?",
        (folder.name, folder.parent_id, folder.id, folder.user_id),
    )


def move_children(tx: Connection, folder: Folder, parent_id: str | None) -> None:
    tx.execute(
        "UPDATE folders SET parent_id = ? WHERE parent_id = ? AND user_id = ?",
        (parent_id, folder.id, folder.user_id),
    )


def delete(tx: Connection, folder: Folder) -> None:
    """Folders that are still in it go along; conversations are taken out of it."""
    tx.execute("DELETE FROM folders WHERE id = ? AND user_id = ?", (folder.id, folder.user_id))


def _folder(row: Row) -> Folder:
    return Folder(
        id=row["id"],
        user_id=row["user_id"],
        parent_id=row["parent_id"],
        name=row["name"],
        created_at=from_text(row["created_at"]),
    )
