"""When an account was locked or unlocked, and why."""

from __future__ import annotations

from appliance.domain import LockEvent, LockStatus
from appliance.storage.database import Connection
from appliance.storage.instants import from_text, to_text


def insert(tx: Connection, event: LockEvent) -> None:
    tx.execute(
        """INSERT INTO lock_events (id, user_id, timestamp, actor_id, status, reason, request_id)
           VALUES (?, ?, ?, ?, ?, ?, ?)""",
        (
            event.id,
            event.user_id,
            to_text(event.timestamp),
            event.actor_id,
            event.status.value,
            event.reason,
            event.request_id,
        ),
    )


def of_user(tx: Connection, user_id: str, *, offset: int, limit: int) -> list[LockEvent]:
    """Newest first."""
    rows = tx.execute(
        """SELECT id, user_id, timestamp, actor_id, status, reason, request_id
             FROM lock_events WHERE user_id = ? ORDER BY seq DESC LIMIT ? OFFSET ?""",
        (user_id, limit, offset),
    ).fetchall()
    return [
        LockEvent(
            id=row["id"],
            user_id=row["user_id"],
            timestamp=from_text(row["timestamp"]),
            actor_id=row["actor_id"],
            status=LockStatus(row["status"]),
            reason=row["reason"],
            request_id=row["request_id"],
        )
        for row in rows
    ]
