"""Who was given or lost which role, when and by whom."""

from __future__ import annotations

from appliance.domain import AdminRole, RoleChange
from appliance.storage.database import Connection
from appliance.storage.instants import from_text, to_text


def insert(tx: Connection, change: RoleChange) -> None:
    tx.execute(
        """INSERT INTO role_changes (id, user_id, changed_at, actor_id, from_role, to_role, reason,
                                     request_id)
           VALUES (?, ?, ?, ?, ?, ?, ?, ?)""",
        (
            change.id,
            change.user_id,
            to_text(change.changed_at),
            change.actor_id,
            change.from_role.value,
            change.to_role.value,
            change.reason,
            change.request_id,
        ),
    )


def of_user(tx: Connection, user_id: str, *, offset: int, limit: int) -> list[RoleChange]:
    """Newest first."""
    rows = tx.execute(
        """SELECT id, user_id, changed_at, actor_id, from_role, to_role, reason, request_id
             FROM role_changes WHERE user_id = ? ORDER BY seq DESC LIMIT ? OFFSET ?""",
        (user_id, limit, offset),
    ).fetchall()
    return [
        RoleChange(
            id=row["id"],
            user_id=row["user_id"],
            changed_at=from_text(row["changed_at"]),
            actor_id=row["actor_id"],
            from_role=AdminRole(row["from_role"]),
            to_role=AdminRole(row["to_role"]),
            reason=row["reason"],
            request_id=row["request_id"],
        )
        for row in rows
    ]
