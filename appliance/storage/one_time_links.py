"""Links that let somebody choose a password once. Tokens are kept as SHA-256 hashes only."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from appliance.storage.database import Connection
from appliance.storage.instants import from_text, optional_from_text, to_text


class Purpose(StrEnum):
    INVITATION = "invitation"
    PASSWORD_RESET = "password_reset"


@dataclass(frozen=True, slots=True)
class OneTimeLink:
    """`hash` is the SHA-256 of the token."""

    hash: str
    user_id: str
    purpose: Purpose
    created_by: str | None
    created_at: datetime
    expires_at: datetime
    used_at: datetime | None = None


def replace_of_user(tx: Connection, link: OneTimeLink) -> None:
    """The user's only link from now on: earlier ones are unknown."""
    forget(tx, link.user_id)
    tx.execute(
        """INSERT INTO one_time_links (hash, user_id, purpose, created_by, created_at, expires_at,
                                       used_at)
           VALUES (?, ?, ?, ?, ?, ?, ?)""",
        (
            link.hash,
            link.user_id,
            link.purpose.value,
            link.created_by,
            to_text(link.created_at),
            to_text(link.expires_at),
            None if link.used_at is None else to_text(link.used_at),
        ),
    )


def by_hash(tx: Connection, token_hash: str) -> OneTimeLink | None:
    row = tx.execute(
        """SELECT hash, user_id, purpose, created_by, created_at, expires_at, used_at
             FROM one_time_links WHERE hash = ?""",
        (token_hash,),
    ).fetchone()
    if row is None:
        return None
    return OneTimeLink(
        hash=row["hash"],
        user_id=row["user_id"],
        purpose=Purpose(row["purpose"]),
        created_by=row["created_by"],
        created_at=from_text(row["created_at"]),
        expires_at=from_text(row["expires_at"]),
        used_at=optional_from_text(row["used_at"]),
    )


def use(tx: Connection, token_hash: str, at: datetime) -> None:
    tx.execute("UPDATE one_time_links SET used_at = ? WHERE hash = ?", (to_text(at), token_hash))


def forget(tx: Connection, user_id: str) -> None:
    """Delete the user's links, used or not."""
    tx.execute("DELETE FROM one_time_links WHERE user_id = ?", (user_id,))
