"""Second factors as rows: the authenticator's secret, recovery codes (hashed), used challenges."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from appliance.storage.database import Connection
from appliance.storage.instants import optional_from_text, to_text


@dataclass(frozen=True, slots=True)
class Enrolment:
    """An authenticator; it counts from `enabled_at`. `last_step` is the newest step accepted."""

    user_id: str
    secret: str
    enabled_at: datetime | None = None
    last_step: int = 0


def get(tx: Connection, user_id: str) -> Enrolment | None:
    row = tx.execute(
        "SELECT user_id, secret, enabled_at, last_step FROM two_factor WHERE user_id = ?",
        (user_id,),
    ).fetchone()
    if row is None:
        return None
    return Enrolment(
        user_id=row["user_id"],
        secret=row["secret"],
        enabled_at=optional_from_text(row["enabled_at"]),
        last_step=row["last_step"],
    )


def enabled(tx: Connection, user_id: str) -> Enrolment | None:
    """The authenticator that the user has to use, if any."""
    enrolment = get(tx, user_id)
    return None if enrolment is None or enrolment.enabled_at is None else enrolment


def put(tx: Connection, enrolment: Enrolment) -> None:
    """In place of the one before."""
    at = enrolment.enabled_at
    tx.execute(
        """INSERT INTO two_factor (user_id, secret, enabled_at, last_step) VALUES (?, ?, ?, ?)
           ON CONFLICT (user_id) DO UPDATE
              SET secret = excluded.secret, enabled_at = excluded.enabled_at,
                  last_step = excluded.last_step""",
        (
            enrolment.user_id,
            enrolment.secret,
            None if at is None else to_text(at),
            enrolment.last_step,
        ),
    )


def delete(tx: Connection, user_id: str) -> None:
    """With the recovery codes."""
    tx.execute("DELETE FROM two_factor WHERE user_id = ?", (user_id,))
    tx.execute("DELETE FROM recovery_codes WHERE user_id = ?", (user_id,))


def put_recovery_codes(tx: Connection, user_id: str, hashes: Iterable[str]) -> None:
    """In place of those before."""
    tx.execute("DELETE FROM recovery_codes WHERE user_id = ?", (user_id,))
    tx.executemany(
        "INSERT INTO recovery_codes (user_id, hash) VALUES (?, ?)",
        [(user_id, each) for each in hashes],
    )


def use_recovery_code(tx: Connection, user_id: str, code_hash: str, at: datetime) -> bool:
    """False for a code that is none of the user's, or was used before."""
    changed = tx.execute(
        """UPDATE recovery_codes SET used_at = ?
            WHERE user_id = ? AND hash = ? AND used_at IS NULL""",
        (to_text(at), user_id, code_hash),
    )
    return bool(changed.rowcount)


def recovery_codes_left(tx: Connection, user_id: str) -> int:
    row = tx.execute(
        "SELECT count(*) AS n FROM recovery_codes WHERE user_id = ? AND used_at IS NULL",
        (user_id,),
    ).fetchone()
    return int(row["n"])


def challenge_is_used(tx: Connection, challenge_id: str) -> bool:
    row = tx.execute("SELECT 1 FROM used_challenges WHERE id = ?", (challenge_id,)).fetchone()
    return row is not None


def use_challenge(tx: Connection, challenge_id: str, expires_at: datetime, now: datetime) -> None:
    """Remembered until it could not be used anyway."""
    tx.execute("DELETE FROM used_challenges WHERE expires_at < ?", (to_text(now),))
    tx.execute(
        "INSERT INTO used_challenges (id, expires_at) VALUES (?, ?)",
        (challenge_id, to_text(expires_at)),
    )
