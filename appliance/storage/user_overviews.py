"""Accounts with what they have done, for the admin pages: figures, never words."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from appliance.domain import User
from appliance.storage import users
from appliance.storage.database import Connection, Row
from appliance.storage.instants import optional_from_text, to_text
from appliance.storage.users import Wanted

# One statement whatever the number of accounts. The figures are asked for the rows shown alone:
# the page is cut before they are counted.
_SELECT = """
    SELECT u.id, u.email, u.full_name, u.is_active, u.admin_role, u.created_at, u.last_login,
           u.password_hash = :no_password AS invited,
           (SELECT count(*) FROM conversations c WHERE c.user_id = u.id) AS conversations,
           (SELECT count(*) FROM sessions s
             WHERE s.user_id = u.id AND s.revoked_at IS NULL AND s.expires_at > :now) AS sessions,
           coalesce((SELECT max(c.updated_at)
                       FROM conversations c WHERE c.user_id = u.id), '') AS changed,
           nullif(max(coalesce(u.last_login, ''),
                      coalesce((SELECT max(c.updated_at)
                                  FROM conversations c WHERE c.user_id = u.id), ''),
                      coalesce((SELECT max(t.created_at)
                                  FROM sessions s JOIN refresh_tokens t ON t.session_id = s.id
                                 WHERE s.user_id = u.id), '')), '') AS last_active
      FROM (SELECT * FROM users u {page}) u
"""


@dataclass(frozen=True, slots=True)
class UserOverview:
    """`last_active` is exact to the life of an access token: that often a client renews it."""

    user: User
    conversations: int
    changed: str  # when something in a conversation of the user's last changed; "" for never
    sessions: int  # that hold now
    last_active: datetime | None
    invited: bool  # no password chosen yet


def page(
    tx: Connection, wanted: Wanted, now: datetime, *, offset: int, limit: int
) -> tuple[list[UserOverview], int]:
    """Newest first, and how many there are in all."""
    where, values = users.narrowed(wanted)
    select = _SELECT.format(page=f"{where} {users.NEWEST_FIRST}")
    rows = tx.execute(
        f"{select} ORDER BY u.created_at DESC, u.id DESC",
        values | _values(now) | {"offset": offset, "limit": limit},
    ).fetchall()
    return [_of_row(row) for row in rows], users.count(tx, wanted)


def by_id(tx: Connection, user_id: str, now: datetime) -> UserOverview | None:
    row = tx.execute(
        _SELECT.format(page="WHERE u.id = :id"), {"id": user_id, **_values(now)}
    ).fetchone()
    return None if row is None else _of_row(row)


def messages(tx: Connection, user_id: str) -> int:
    """In all conversations of the user's."""
    total: int = tx.execute(
        "SELECT coalesce(sum(message_count), 0) AS n FROM conversations WHERE user_id = ?",
        (user_id,),
    ).fetchone()["n"]
    return total


def _values(now: datetime) -> dict[str, str]:
    return {"now": to_text(now), "no_password": users.NO_PASSWORD}


def _of_row(row: Row) -> UserOverview:
    return UserOverview(
        user=users.from_row(row),
        conversations=row["conversations"],
        changed=row["changed"],
        sessions=row["sessions"],
        last_active=optional_from_text(row["last_active"]),
        invited=bool(row["invited"]),
    )
