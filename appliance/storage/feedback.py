"""What readers thought of answers: at most one row per answer, its reader being its asker."""

from __future__ import annotations

from collections.abc import Sequence

from appliance.domain import Feedback, Rating
from appliance.storage.database import Connection
from appliance.storage.instants import from_text, to_text


def put(tx: Connection, message_id: str, feedback: Feedback) -> None:
    """In place of what was there."""
    tx.execute(
        """INSERT INTO message_feedback (message_id, rating, reason, created_at)
           VALUES (?, ?, ?, ?)
           ON CONFLICT (message_id) DO UPDATE
             SET rating = excluded.rating, reason = excluded.reason,
                 created_at = excluded.created_at""",
        (message_id, feedback.rating.value, feedback.reason, to_text(feedback.created_at)),
    )


def delete(tx: Connection, message_id: str) -> bool:
    cursor = tx.execute("DELETE FROM message_feedback WHERE message_id = ?", (message_id,))
    return bool(cursor.rowcount)


def of_messages(tx: Connection, message_ids: Sequence[str]) -> dict[str, Feedback]:
    """By message id; messages without feedback are left out."""
    marks = ",".join("?" * len(message_ids))
    rows = tx.execute(
        f"""SELECT message_id, rating, reason, created_at FROM message_feedback
            WHERE message_id IN ({marks})""",
        tuple(message_ids),
    )
    return {
        row["message_id"]: Feedback(
            Rating(row["rating"]), row["reason"], from_text(row["created_at"])
        )
        for row in rows
    }
