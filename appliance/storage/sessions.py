"""Sign-ins and their refresh tokens as rows. Tokens are kept as SHA-256 hashes only."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from appliance.domain import Session, User
from appliance.storage import users
from appliance.storage.database import Connection
from appliance.storage.instants import from_text, optional_from_text, to_text


@dataclass(frozen=True, slots=True)
class RefreshToken:
    """`hash` is the SHA-256 of the token, `used_at` when it was exchanged for its child."""

    hash: str
    session_id: str
    created_at: datetime
    expires_at: datetime
    used_at: datetime | None = None


def insert(tx: Connection, session: Session) -> None:
    tx.execute(
        """INSERT INTO sessions (id, user_id, created_at, expires_at, ip, user_agent)
           VALUES (?, ?, ?, ?, ?, ?)""",
        (
            session.id,
            session.user_id,
            to_text(session.created_at),
            to_text(session.expires_at),
            session.ip,
            session.user_agent,
        ),
    )


def with_user(tx: Connection, session_id: str) -> tuple[Session, User] | None:
    row = tx.execute(
        """SELECT s.id AS session_id, s.created_at AS session_created_at, s.expires_at, s.ip,
                  s.user_agent, s.revoked_at,
                  u.id, u.email, u.full_name, u.is_active, u.admin_role, u.created_at, u.last_login
             FROM sessions s JOIN users u ON u.id = s.user_id
            WHERE s.id = ?""",
        (session_id,),
    ).fetchone()
    if row is None:
        return None
    session = Session(
        id=row["session_id"],
        user_id=row["id"],
        created_at=from_text(row["session_created_at"]),
        expires_at=from_text(row["expires_at"]),
        ip=row["ip"],
        user_agent=row["user_agent"],
        revoked_at=optional_from_text(row["revoked_at"]),
    )
    return session, users.from_row(row)


def live_of_user(tx: Connection, user_id: str, now: datetime) -> list[Session]:
    """Newest first."""
    rows = tx.execute(
        """SELECT s.id, s.user_id, s.created_at, s.expires_at, s.ip, s.user_agent,
                  (SELECT max(r.created_at) FROM refresh_tokens r
                    WHERE r.session_id = s.id) AS last_used_at
             FROM sessions s
            WHERE s.user_id = ? AND s.revoked_at IS NULL AND s.expires_at > ?
            ORDER BY s.created_at DESC, s.id""",
        (user_id, to_text(now)),
    )
    return [
        Session(
            id=row["id"],
            user_id=row["user_id"],
            created_at=from_text(row["created_at"]),
            expires_at=from_text(row["expires_at"]),
            ip=row["ip"],
            user_agent=row["user_agent"],
            last_used_at=optional_from_text(row["last_used_at"]),
        )
        for row in rows
    ]


def holding(tx: Connection, session_ids: Iterable[str], now: datetime) -> set[str]:
    """Those of `session_ids` that still give their user the right to be here."""
    rows = tx.execute(
        """SELECT s.id
             FROM sessions s JOIN users u ON u.id = s.user_id
            WHERE s.id IN (SELECT value FROM json_each(?))
              AND s.revoked_at IS NULL AND s.expires_at > ? AND u.is_active = 1""",
        (json.dumps(list(session_ids)), to_text(now)),
    )
    return {row["id"] for row in rows}


def revoke(tx: Connection, session_id: str, at: datetime) -> bool:
    """False when there is no such session or it was revoked before."""
    changed = tx.execute(
        "UPDATE sessions SET revoked_at = ? WHERE id = ? AND revoked_at IS NULL",
        (to_text(at), session_id),
    )
    return bool(changed.rowcount)


def revoke_own(tx: Connection, user_id: str, session_id: str, at: datetime) -> bool:
    """False unless it is a session of `user_id` that has not ended."""
    changed = tx.execute(
        """UPDATE sessions SET revoked_at = ?1
            WHERE id = ?2 AND user_id = ?3 AND revoked_at IS NULL AND expires_at > ?1""",
        (to_text(at), session_id, user_id),
    )
    return bool(changed.rowcount)


def revoke_of_user(
    tx: Connection, user_id: str, at: datetime, *, except_session: str | None = None
) -> list[str]:
    """The ids of the sessions that this ended."""
    rows = tx.execute(
        """UPDATE sessions SET revoked_at = ?
            WHERE user_id = ? AND revoked_at IS NULL AND id IS NOT ?
        RETURNING id""",
        (to_text(at), user_id, except_session),
    ).fetchall()
    return [row["id"] for row in rows]


def forget_ended(tx: Connection, user_id: str, before: datetime) -> None:
    """Delete the user's sessions that expired before `before`, with their refresh tokens."""
    tx.execute(
        "DELETE FROM sessions WHERE user_id = ? AND expires_at < ?", (user_id, to_text(before))
    )


def insert_refresh(tx: Connection, token: RefreshToken) -> None:
    tx.execute(
        "INSERT INTO refresh_tokens (hash, session_id, created_at, expires_at) VALUES (?, ?, ?, ?)",
        (token.hash, token.session_id, to_text(token.created_at), to_text(token.expires_at)),
    )


def refresh_by_hash(tx: Connection, token_hash: str) -> RefreshToken | None:
    row = tx.execute(
        """SELECT hash, session_id, created_at, expires_at, used_at
             FROM refresh_tokens WHERE hash = ?""",
        (token_hash,),
    ).fetchone()
    if row is None:
        return None
    return RefreshToken(
        hash=row["hash"],
        session_id=row["session_id"],
        created_at=from_text(row["created_at"]),
        expires_at=from_text(row["expires_at"]),
        used_at=optional_from_text(row["used_at"]),
    )


def use_refresh(tx: Connection, token_hash: str, at: datetime) -> None:
    tx.execute("UPDATE refresh_tokens SET used_at = ? WHERE hash = ?", (to_text(at), token_hash))
