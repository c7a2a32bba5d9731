"""Rows of evaluation runs. `result` is the service's own JSON, questions and answers in it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from appliance.storage.database import Connection, Row
from appliance.storage.instants import from_text, optional_from_text, to_text


@dataclass(frozen=True, slots=True)
class StoredRun:
    id: str
    set_name: str
    created_at: datetime
    accepted_at: datetime | None
    result: str


def insert(tx: Connection, run: StoredRun) -> None:
    tx.execute(
        """INSERT INTO evaluation_runs (id, set_name, created_at, accepted_at, result)
           VALUES (?, ?, ?, ?, ?)""",
        (
            run.id,
            run.set_name,
            to_text(run.created_at),
            None if run.accepted_at is None else to_text(run.accepted_at),
            run.result,
        ),
    )


def accept(tx: Connection, run_id: str, at: datetime) -> None:
    tx.execute("UPDATE evaluation_runs SET accepted_at = ? WHERE id = ?", (to_text(at), run_id))


def delete(tx: Connection, run_id: str) -> None:
    tx.execute("DELETE FROM evaluation_runs WHERE id = ?", (run_id,))


def beginning_with(tx: Connection, start: str) -> list[StoredRun]:
    """Runs whose id begins with `start`; two at most."""
    rows = tx.execute(
        "SELECT * FROM evaluation_runs WHERE substr(id, 1, length(?)) = ? LIMIT 2", (start, start)
    )
    return [_run(row) for row in rows]


def newest(tx: Connection) -> StoredRun | None:
    row = tx.execute("SELECT * FROM evaluation_runs ORDER BY created_at DESC LIMIT 1").fetchone()
    return None if row is None else _run(row)


def last_accepted(tx: Connection, set_name: str, *, besides: str) -> StoredRun | None:
    """The run of a set that was accepted last, `besides` left out."""
    row = tx.execute(
        """SELECT * FROM evaluation_runs
            WHERE set_name = ? AND accepted_at IS NOT NULL AND id <> ?
            ORDER BY accepted_at DESC LIMIT 1""",
        (set_name, besides),
    ).fetchone()
    return None if row is None else _run(row)


def listing(tx: Connection, *, limit: int) -> list[StoredRun]:
    """The newest first."""
    rows = tx.execute("SELECT * FROM evaluation_runs ORDER BY created_at DESC LIMIT ?", (limit,))
    return [_run(row) for row in rows]


def _run(row: Row) -> StoredRun:
    return StoredRun(
        id=row["id"],
        set_name=row["set_name"],
        created_at=from_text(row["created_at"]),
        accepted_at=optional_from_text(row["accepted_at"]),
        result=row["result"],
    )
