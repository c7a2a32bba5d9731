"""Rows of branches, and the line of messages that each of them shows."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from appliance.domain import MAIN_BRANCH, Branch, Conversation
from appliance.storage.database import Connection
from appliance.storage.instants import from_text, to_text

NO_LIMIT = 2**63 - 1


@dataclass(frozen=True, slots=True)
class Segment:
    """The messages of one branch with seq <= `upto`; `NO_LIMIT`: all of them."""

    branch_id: str
    upto: int


def insert(
    tx: Connection, branch_id: str, conversation_id: str, parent_message_id: str, at: datetime
) -> None:
    tx.execute(
        """INSERT INTO branches (id, conversation_id, parent_message_id, created_at)
           VALUES (?, ?, ?, ?)""",
        (branch_id, conversation_id, parent_message_id, to_text(at)),
    )


def starts_from(tx: Connection, message_id: str) -> bool:
    """Whether any branch leaves the conversation at this message."""
    found = tx.execute(
        "SELECT 1 FROM branches WHERE parent_message_id = ? LIMIT 1", (message_id,)
    ).fetchone()
    return found is not None


def exists(tx: Connection, conversation_id: str, branch_id: str) -> bool:
    if branch_id == MAIN_BRANCH:
        return True
    found = tx.execute(
        "SELECT 1 FROM branches WHERE id = ? AND conversation_id = ?", (branch_id, conversation_id)
    ).fetchone()
    return found is not None


def of_conversation(tx: Connection, conversation: Conversation) -> list[Branch]:
    """The main line first, then in order of creation; counts are of a branch's own messages."""
    rows = tx.execute(
        """SELECT b.id, b.parent_message_id, b.created_at, coalesce(n.messages, 0) AS messages,
                  (SELECT created_at FROM messages
                   WHERE conversation_id = :conversation_id AND branch_id = b.id
                   ORDER BY seq DESC LIMIT 1) AS last_message
           FROM (SELECT :main AS id, NULL AS parent_message_id, :created_at AS created_at,
                        0 AS place
                 UNION ALL
                 SELECT id, parent_message_id, created_at, 1 FROM branches
                 WHERE conversation_id = :conversation_id) AS b
           LEFT JOIN branch_counts AS n
             ON n.conversation_id = :conversation_id AND n.branch_id = b.id
           ORDER BY b.place, b.created_at, b.id""",
        {
            "main": MAIN_BRANCH,
            "created_at": to_text(conversation.created_at),
            "conversation_id": conversation.id,
        },
    )
    return [
        Branch(
            id=row["id"],
            conversation_id=conversation.id,
            parent_message_id=row["parent_message_id"],
            message_count=row["messages"],
            created_at=from_text(row["created_at"]),
            last_activity=from_text(row["last_message"] or row["created_at"]),
        )
        for row in rows
    ]


def lineage(tx: Connection, branch_id: str) -> list[Segment]:
    """What `branch_id` shows, oldest segment first: what its ancestors share with it, then itself.

    Sequence numbers grow from one segment to the next, so the segments joined are in order of time.
    """
    rows = tx.execute(
        """WITH RECURSIVE line (branch_id, upto, depth) AS (
             SELECT :branch_id, :no_limit, 0
             UNION ALL
             SELECT parent.branch_id, parent.seq, line.depth + 1
             FROM line
             JOIN branches ON branches.id = line.branch_id
             JOIN messages AS parent ON parent.id = branches.parent_message_id
           )
           SELECT branch_id, upto FROM line ORDER BY depth DESC""",
        {"branch_id": branch_id, "no_limit": NO_LIMIT},
    )
    return [Segment(row["branch_id"], row["upto"]) for row in rows]
