"""Rows of conversations. Reading and deleting take the owner too: foreign means absent."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from appliance.domain import Conversation
from appliance.storage.database import Connection, Row
from appliance.storage.instants import from_text, to_text


@dataclass(frozen=True, slots=True)
class Filter:
    """None means any."""

    archived: bool | None = None
    folder_id: str | None = None


@dataclass(frozen=True, slots=True)
class Position:
    """Where a page of the list begins: after this conversation."""

    updated_at: str
    id: str


_COLUMNS = """id, user_id, title, archived, folder_id, message_count, last_message_preview,
              created_at, updated_at"""
_MATCHES = """user_id = :user_id
              AND (:archived IS NULL OR archived = :archived)
              AND (:folder_id IS NULL OR folder_id = :folder_id)"""


def insert(tx: Connection, conversation: Conversation) -> None:
    tx.execute(
        """INSERT INTO conversations (id, user_id, title, archived, folder_id, message_count,
                                      last_message_preview, created_at, updated_at)
           VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)""",
        (
            conversation.id,
            conversation.user_id,
            conversation.title,
            int(conversation.archived),
            conversation.folder_id,
            conversation.message_count,
            conversation.last_message_preview,
            to_text(conversation.created_at),
            to_text(conversation.updated_at),
        ),
    )


def by_id(tx: Connection, user_id: str, conversation_id: str) -> Conversation | None:
    row = tx.execute(
        f"SELECT {_COLUMNS} FROM conversations WHERE id = ? AND user_id = ?",
        (conversation_id, user_id),
    ).fetchone()
    return _conversation(row) if row else None


def count(tx: Connection, user_id: str, wanted: Filter) -> int:
    total: int = tx.execute(
        f"SELECT count(*) AS total FROM conversations WHERE {_MATCHES}", _values(user_id, wanted)
    ).fetchone()["total"]
    return total


def page(
    tx: Connection, user_id: str, wanted: Filter, *, offset: int, limit: int
) -> list[Conversation]:
    """Newest activity first."""
    rows = tx.execute(
        f"""SELECT {_COLUMNS} FROM conversations WHERE {_MATCHES}
            ORDER BY updated_at DESC, id LIMIT :limit OFFSET :offset""",
        {**_values(user_id, wanted), "limit": limit, "offset": offset},
    )
    return [_conversation(row) for row in rows]


def page_after(
    tx: Connection, user_id: str, wanted: Filter, position: Position, *, limit: int
) -> list[Conversation]:
    """The page after `position`, at the same cost however deep it lies (keyset)."""
    rows = tx.execute(
        f"""SELECT {_COLUMNS} FROM conversations WHERE {_MATCHES}
              AND updated_at <= :updated_at AND (updated_at < :updated_at OR id > :id)
            ORDER BY updated_at DESC, id LIMIT :limit""",
        {
            **_values(user_id, wanted),
            "updated_at": position.updated_at,
            "id": position.id,
            "limit": limit,
        },
    )
    return [_conversation(row) for row in rows]


def position_of(conversation: Conversation) -> Position:
    return Position(to_text(conversation.updated_at), conversation.id)


def update(tx: Connection, conversation: Conversation) -> None:
    """Write the fields that a person can change."""
    tx.execute(
        """UPDATE conversations SET title = ?, archived = ?, folder_id = ?, updated_at = ?
           WHERE id = ? AND user_id = ?""",
        (
            conversation.title,
            int(conversation.archived),
            conversation.folder_id,
            to_text(conversation.updated_at),
            conversation.id,
            conversation.user_id,
        ),
    )


def touch(
    tx: Connection, conversation_id: str, *, preview: str | None, added: int, at: datetime
) -> None:
    """Note activity: `added` messages more (or fewer), `preview` of the last one."""
    tx.execute(
        """UPDATE conversations
           SET message_count = message_count + ?, last_message_preview = ?, updated_at = ?
           WHERE id = ?""",
        (added, preview, to_text(at), conversation_id),
    )


def delete(tx: Connection, user_id: str, conversation_id: str) -> bool:
    """With all its branches, messages and citations."""
    cursor = tx.execute(
        "DELETE FROM conversations WHERE id = ? AND user_id = ?", (conversation_id, user_id)
    )
    return bool(cursor.rowcount)


def delete_all(tx: Connection, user_id: str) -> list[str]:
    """The ids of what was deleted."""
    rows = tx.execute("DELETE FROM conversations WHERE user_id = ? RETURNING id", (user_id,))
    return [row["id"] for row in rows.fetchall()]


def owns_folder(tx: Connection, user_id: str, folder_id: str) -> bool:
    found = tx.execute(
        "SELECT 1 FROM folders WHERE id = ? AND user_id = ?", (folder_id, user_id)
    ).fetchone()
    return found is not None


def _values(user_id: str, wanted: Filter) -> dict[str, str | int | None]:
    archived = None if wanted.archived is None else int(wanted.archived)
    return {"user_id": user_id, "archived": archived, "folder_id": wanted.folder_id}


def _conversation(row: Row) -> Conversation:
    return Conversation(
        id=row["id"],
        user_id=row["user_id"],
        title=row["title"],
        archived=bool(row["archived"]),
        folder_id=row["folder_id"],
        message_count=row["message_count"],
        last_message_preview=row["last_message_preview"],
        created_at=from_text(row["created_at"]),
        updated_at=from_text(row["updated_at"]),
    )
