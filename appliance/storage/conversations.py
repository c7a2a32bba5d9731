"""Rows of conversations. Reading and deleting take the owner too: foreign means absent."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from appliance.domain import Conversation
from appliance.storage import message_search
from appliance.storage.database import Connection, Row
from appliance.storage.instants import from_text, to_text


@dataclass(frozen=True, slots=True)
class Filter:
    """None means any. `words`: all of them in the title, or all of them in one message."""

    archived: bool | None = None
    folder_id: str | None = None
    words: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class Position:
    """Where a page of the list begins: after this conversation."""

    updated_at: str
    id: str


_COLUMNS = """id, user_id, title, archived, folder_id, message_count, last_message_preview,
              created_at, updated_at"""


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


def by_ids(tx: Connection, user_id: str, wanted: Sequence[str]) -> list[Conversation]:
    """In the order of `wanted`, without those that are not there."""
    marks = ", ".join("?" * len(wanted))
    # The + keeps the planner from reading all that the user has.
    rows = tx.execute(
        f"SELECT {_COLUMNS} FROM conversations WHERE +user_id = ? AND id IN ({marks})",
        (user_id, *wanted),
    )
    found = {row["id"]: _conversation(row) for row in rows}
    return [found[each] for each in wanted if each in found]


def count(tx: Connection, user_id: str, wanted: Filter) -> int:
    if wanted.folder_id is None and wanted.words is None:
        statement = """SELECT coalesce(sum(conversations), 0) AS total FROM conversation_counts
                       WHERE user_id = :user_id AND (:archived IS NULL OR archived = :archived)"""
    else:
        statement = f"SELECT count(*) AS total FROM conversations WHERE {_matches(user_id, wanted)}"
    total: int = tx.execute(statement, _values(user_id, wanted)).fetchone()["total"]
    return total


def positions(
    tx: Connection, user_id: str, wanted: Filter, *, offset: int, limit: int
) -> list[Position]:
    """Newest activity first."""
    rows = tx.execute(
        f"""SELECT updated_at, id FROM conversations WHERE {_matches(user_id, wanted)}
            ORDER BY updated_at DESC, id LIMIT :limit OFFSET :offset""",
        {**_values(user_id, wanted), "limit": limit, "offset": offset},
    )
    return [Position(row["updated_at"], row["id"]) for row in rows]


def positions_after(
    tx: Connection, user_id: str, wanted: Filter, position: Position, *, limit: int
) -> list[Position]:
    """Those after `position`, at the same cost however deep it lies (keyset)."""
    rows = tx.execute(
        f"""SELECT updated_at, id FROM conversations WHERE {_matches(user_id, wanted)}
              AND updated_at <= :updated_at AND (updated_at < :updated_at OR id > :id)
            ORDER BY updated_at DESC, id LIMIT :limit""",
        {
            **_values(user_id, wanted),
            "updated_at": position.updated_at,
            "id": position.id,
            "limit": limit,
        },
    )
    return [Position(row["updated_at"], row["id"]) for row in rows]


def titled(
    tx: Connection, user_id: str, words: Sequence[str], after: Position | None, *, limit: int
) -> list[Position]:
    """Those whose title holds all `words`, newest activity first; `after` as in a list."""
    rows = tx.execute(
        f"""SELECT updated_at, id FROM conversations
            WHERE user_id = :user_id AND {_title_matches(words)}
              AND (:id IS NULL
                   OR updated_at <= :updated_at AND (updated_at < :updated_at OR id > :id))
            ORDER BY updated_at DESC, id LIMIT :limit""",
        {
            "user_id": user_id,
            **_title_values(words),
            "updated_at": after.updated_at if after else None,
            "id": after.id if after else None,
            "limit": limit,
        },
    )
    return [Position(row["updated_at"], row["id"]) for row in rows]


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


def sizes(tx: Connection, user_id: str) -> list[tuple[str, int]]:
    """Each conversation of the user's, with the number of its messages."""
    rows = tx.execute(
        "SELECT id, message_count FROM conversations WHERE user_id = ? ORDER BY rowid", (user_id,)
    )
    return [(row["id"], row["message_count"]) for row in rows]


def delete_many(tx: Connection, user_id: str, wanted: Sequence[str]) -> list[str]:
    """The ids of what was deleted. One statement: the search index writes once for each."""
    marks = ", ".join("?" * len(wanted))
    rows = tx.execute(
        f"DELETE FROM conversations WHERE +user_id = ? AND id IN ({marks}) RETURNING id",
        (user_id, *wanted),
    )
    return [row["id"] for row in rows.fetchall()]


def refile(tx: Connection, user_id: str, folder_id: str, new_folder_id: str | None) -> int:
    """Move all that lies in one folder to another, or out of any; returns how many."""
    return tx.execute(
        "UPDATE conversations SET folder_id = ? WHERE folder_id = ? AND user_id = ?",
        (new_folder_id, folder_id, user_id),
    ).rowcount


def filed(tx: Connection, user_id: str) -> dict[str, int]:
    """How many conversations lie in each folder."""
    rows = tx.execute(
        """SELECT f.id, count(c.id) AS conversations
           FROM folders AS f JOIN conversations AS c ON c.folder_id = f.id AND c.user_id = f.user_id
           WHERE f.user_id = ? GROUP BY f.id""",
        (user_id,),
    )
    return {row["id"]: row["conversations"] for row in rows}


def _matches(user_id: str, wanted: Filter) -> str:
    """The condition, with the parameters of `_values`; an index serves each of its forms."""
    conditions = ["user_id = :user_id"]
    if wanted.archived is not None:
        conditions.append("archived = :archived")
    if wanted.folder_id is not None:
        conditions.append("folder_id = :folder_id")
    if wanted.words is not None:
        found = _title_matches(wanted.words)
        if message_search.expression(user_id, wanted.words) is not None:
            found += f" OR id IN ({message_search.CONVERSATIONS})"
        conditions.append(f"({found})")
    return " AND ".join(conditions)


def _values(user_id: str, wanted: Filter) -> dict[str, str | int | None]:
    words = wanted.words or ()
    return {
        "user_id": user_id,
        "archived": None if wanted.archived is None else int(wanted.archived),
        "folder_id": wanted.folder_id,
        "expression": message_search.expression(user_id, words),
        **_title_values(words),
    }


def _title_matches(words: Sequence[str]) -> str:
    tests = (f"title LIKE :word{number} ESCAPE '\\'" for number in range(len(words)))
    return "(" + " AND ".join(tests) + ")"


def _title_values(words: Sequence[str]) -> dict[str, str | int | None]:
    escaped = (re.sub(r"([%_\\])", r"\\\1", word) for word in words)
    return {f"word{number}": f"%{word}%" for number, word in enumerate(escaped)}


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
