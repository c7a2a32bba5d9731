"""Rows of ingest jobs: what is to be done, how far it is, and how often it was tried in vain.

`attempts` counts the runs since the job last got further than ever before, the one that did so
among them. `progress` never shrinks: a run that begins a stage again has to pass it first.

`lease_until` of a queued job is the end of its pause after a failure: it is not picked up before.
Of a running one it tells until when its last progress vouches for it, and nothing picks it up by
that: there is one worker, which puts `running` jobs back whenever it works on none.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from appliance.domain import Job, JobState
from appliance.storage.database import Connection, Row
from appliance.storage.instants import from_text, optional_from_text, to_text

FIRST_STAGE = "extract"


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a listing is narrowed to; None leaves it open."""

    state: JobState | None = None
    document_id: str | None = None


@dataclass(frozen=True, slots=True)
class Listed:
    """A job with the title of its document."""

    job: Job
    title: str


def insert(tx: Connection, job_id: str, document_id: str, at: datetime) -> None:
    """Queue a job for a document; earlier jobs of it that wait are dropped."""
    tx.execute("DELETE FROM jobs WHERE document_id = ? AND state = 'queued'", (document_id,))
    tx.execute(
        """INSERT INTO jobs (id, document_id, state, stage, created_at, updated_at)
           VALUES (?, ?, 'queued', ?, ?, ?)""",
        (job_id, document_id, FIRST_STAGE, to_text(at), to_text(at)),
    )


def by_id(tx: Connection, job_id: str) -> Job | None:
    row = tx.execute("SELECT * FROM jobs WHERE id = ?", (job_id,)).fetchone()
    return None if row is None else _of_row(row)


def listed(tx: Connection, job_id: str) -> Listed | None:
    row = tx.execute(f"{_LISTED} WHERE j.id = ?", (job_id,)).fetchone()
    return None if row is None else Listed(_of_row(row), row["title"])


def listing(tx: Connection, wanted: Wanted, *, offset: int, limit: int) -> tuple[list[Listed], int]:
    """Newest first, and how many there are in all."""
    where = """WHERE (:state IS NULL OR j.state = :state)
                 AND (:document_id IS NULL OR j.document_id = :document_id)"""
    values = {
        "state": wanted.state.value if wanted.state else None,
        "document_id": wanted.document_id,
        "limit": limit,
        "offset": offset,
    }
    rows = tx.execute(
        f"{_LISTED} {where} ORDER BY j.created_at DESC, j.rowid DESC LIMIT :limit OFFSET :offset",
        values,
    ).fetchall()
    total = tx.execute(f"SELECT count(*) AS total FROM jobs j {where}", values).fetchone()
    return [Listed(_of_row(row), row["title"]) for row in rows], total["total"]


def latest(tx: Connection, document_id: str) -> Job | None:
    """The job of this document that was made last."""
    row = tx.execute(
        "SELECT * FROM jobs WHERE document_id = ? ORDER BY created_at DESC, rowid DESC LIMIT 1",
        (document_id,),
    ).fetchone()
    return None if row is None else _of_row(row)


def active(tx: Connection, document_id: str) -> Job | None:
    """The job of this document that waits or runs; where one does each, the one that waits."""
    row = tx.execute(
        """SELECT * FROM jobs WHERE document_id = ? AND state IN ('queued', 'running')
            ORDER BY created_at DESC, rowid DESC LIMIT 1""",
        (document_id,),
    ).fetchone()
    return None if row is None else _of_row(row)


def take_next(tx: Connection, now: datetime, lease_until: datetime) -> Job | None:
    """The oldest job that may be picked up, now running and counted as tried once more."""
    row = tx.execute(
        """UPDATE jobs SET state = 'running', attempts = attempts + 1, lease_until = :lease,
                  updated_at = :now
            WHERE id = (SELECT id FROM jobs WHERE state = 'queued'
                           AND (lease_until IS NULL OR lease_until <= :now)
                         ORDER BY created_at, rowid LIMIT 1)
            RETURNING *""",
        {"now": to_text(now), "lease": to_text(lease_until)},
    ).fetchone()
    return None if row is None else _of_row(row)


def next_due(tx: Connection) -> datetime | None:
    """When the first of the pausing jobs may be picked up."""
    row = tx.execute("SELECT min(lease_until) AS due FROM jobs WHERE state = 'queued'").fetchone()
    return optional_from_text(row["due"])


def set_progress(
    tx: Connection,
    job_id: str,
    *,
    stage: str,
    progress: float,
    now: datetime,
    lease_until: datetime,
    note: str | None = None,
) -> None:
    """`note`, kept when None, is something the result is to say of itself."""
    tx.execute(
        """UPDATE jobs SET stage = :stage, updated_at = :now, lease_until = :lease,
                  attempts = CASE WHEN :progress > progress THEN 1 ELSE attempts END,
                  progress = max(progress, :progress), error = coalesce(:note, error)
            WHERE id = :id""",
        {
            "id": job_id,
            "stage": stage,
            "progress": progress,
            "now": to_text(now),
            "lease": to_text(lease_until),
            "note": note,
        },
    )


def finish(tx: Connection, job_id: str, *, error: str | None, now: datetime) -> None:
    """Done, or failed for good with `error`."""
    tx.execute(
        """UPDATE jobs SET state = ?, error = ?, lease_until = NULL, updated_at = ?,
                  progress = CASE WHEN ? THEN 1.0 ELSE progress END
            WHERE id = ?""",
        ("done" if error is None else "failed", error, to_text(now), error is None, job_id),
    )


def put_back(tx: Connection, job_id: str, *, counted: bool, due: datetime, now: datetime) -> None:
    """Queue a running job again, at the stage it has reached, not before `due`."""
    tx.execute(
        """UPDATE jobs SET state = 'queued', lease_until = ?, updated_at = ?,
                  attempts = attempts - ?
            WHERE id = ? AND state = 'running'""",
        (to_text(due), to_text(now), 0 if counted else 1, job_id),
    )


def start_over(tx: Connection, job_id: str, at: datetime) -> None:
    """Queue a failed job again, from its first stage and with all its attempts."""
    tx.execute(
        """UPDATE jobs SET state = 'queued', stage = ?, progress = 0, attempts = 0, error = NULL,
                  lease_until = NULL, updated_at = ?
            WHERE id = ?""",
        (FIRST_STAGE, to_text(at), job_id),
    )


def running(tx: Connection) -> list[Job]:
    """Those under way. While the one worker rests, they are what a failure left behind."""
    return [_of_row(row) for row in tx.execute("SELECT * FROM jobs WHERE state = 'running'")]


_LISTED = "SELECT j.*, d.title FROM jobs j JOIN documents d ON d.id = j.document_id"


def _of_row(row: Row) -> Job:
    return Job(
        id=row["id"],
        document_id=row["document_id"],
        state=JobState(row["state"]),
        stage=row["stage"],
        progress=row["progress"],
        attempts=row["attempts"],
        error=row["error"],
        created_at=from_text(row["created_at"]),
        updated_at=from_text(row["updated_at"]),
    )
