"""Failed logins, counted per account under a keyed hash, so that no stranger's address is kept."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from appliance.storage.database import Connection, Row
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
    return None if row is None else _of_row(row)


def blocked_among(tx: Connection, accounts: Iterable[str]) -> list[LoginFailures]:
    """Those of `accounts` that were told to wait, whether the wait is over or not."""
    rows = tx.execute(
        """SELECT account, failures, blocked_until, last_failure
             FROM login_failures
            WHERE account IN (SELECT value FROM json_each(?)) AND blocked_until IS NOT NULL""",
        (json.dumps(list(accounts)),),
    ).fetchall()
    return [_of_row(row) for row in rows]


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


def _of_row(row: Row) -> LoginFailures:
    return LoginFailures(
        account=row["account"],
        failures=row["failures"],
        blocked_until=optional_from_text(row["blocked_until"]),
        last_failure=from_text(row["last_failure"]),
    )
