"""Failed logins, counted per account under a keyed hash, so that no stranger's address is kept."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from appliance.storage.database import Connection
from appliance.storage.instants import from_text, optional_from_text, to_text


@dataclass(frozen=True, slots=True)
class LoginFailures:
    account: str
    failures: int
    blocked_until: datetime | None
    last_failure: datetime


def get(tx: Connection, account: str) -> LoginFailures | None:
    row = tx.execute(
        """SELECT account, failures, blocked_until, last_failure
             FROM login_failures WHERE account = ?""",
        (account,),
    ).fetchone()
    if row is None:
        return None
    return LoginFailures(
        account=row["account"],
        failures=row["failures"],
        blocked_until=optional_from_text(row["blocked_until"]),
        last_failure=from_text(row["last_failure"]),
    )


def put(tx: Connection, entry: LoginFailures) -> None:
    blocked = None if entry.blocked_until is None else to_text(entry.blocked_until)
    tx.execute(
        """INSERT INTO login_failures (account, failures, blocked_until, last_failure)
           VALUES (?, ?, ?, ?)
           ON CONFLICT (account) DO UPDATE
              SET failures = excluded.failures, blocked_until = excluded.blocked_until,
                  last_failure = excluded.last_failure""",
        (entry.account, entry.failures, blocked, to_text(entry.last_failure)),
    )


def delete(tx: Connection, account: str) -> None:
    tx.execute("DELETE FROM login_failures WHERE account = ?", (account,))


def delete_before(tx: Connection, before: datetime) -> None:
    """Delete the counts of accounts whose last failure was before `before`."""
    tx.execute("DELETE FROM login_failures WHERE last_failure < ?", (to_text(before),))
