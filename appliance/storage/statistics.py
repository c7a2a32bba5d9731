"""Counts for the admin panel: rows and days, never what is in them. Days are UTC."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from appliance.storage.database import Connection
from appliance.storage.instants import to_text

# Table -> its column with an index on it, by which it is counted per day.
_DATED = {"users": "created_at", "conversations": "created_at", "messages": "created_at"}


@dataclass(frozen=True, slots=True)
class UserCounts:
    total: int
    active: int
    admins: int


@dataclass(frozen=True, slots=True)
class DocumentCounts:
    total: int
    indexed: int
    failed: int
    chunks: int


@dataclass(frozen=True, slots=True)
class AnswerFigures:
    """Of the answers that were finished; None where there is nothing to reckon with.

    Rates are 0..1.
    """

    p50_first_token_ms: int | None
    p95_first_token_ms: int | None
    tokens_per_second: float | None
    no_evidence_rate: float | None
    helpful_rate: float | None


def user_counts(tx: Connection) -> UserCounts:
    row = tx.execute(
        """SELECT count(*) AS total, coalesce(sum(is_active), 0) AS active,
                  coalesce(sum(admin_role = 'admin'), 0) AS admins FROM users"""
    ).fetchone()
    return UserCounts(**dict(row))


def document_counts(tx: Connection) -> DocumentCounts:
    row = tx.execute(
        """SELECT count(*) AS total, coalesce(sum(status = 'indexed'), 0) AS indexed,
                  coalesce(sum(status = 'failed'), 0) AS failed,
                  coalesce(sum(chunks_indexed), 0) AS chunks FROM documents"""
    ).fetchone()
    return DocumentCounts(**dict(row))


def total(tx: Connection, table: str) -> int:
    assert table in _DATED
    rows: int = tx.execute(f"SELECT count(*) AS rows FROM {table}").fetchone()["rows"]
    return rows


def since(tx: Connection, table: str, instant: datetime) -> int:
    """How many rows of `table` were made at or after `instant`."""
    column = _DATED[table]
    row = tx.execute(
        f"SELECT count(*) AS rows FROM {table} WHERE {column} >= ?", (to_text(instant),)
    ).fetchone()
    rows: int = row["rows"]
    return rows


def daily(tx: Connection, table: str, days: Sequence[date]) -> list[int]:
    """How many rows of `table` were made on each of `days`."""
    column = _DATED[table]
    query = f"SELECT count(*) AS rows FROM {table} WHERE {column} >= ? AND {column} < ?"
    return [tx.execute(query, _day(day)).fetchone()["rows"] for day in days]


def daily_active_users(tx: Connection, days: Sequence[date]) -> list[int]:
    """How many users did something on each of `days`, as the audit trail tells it.

    Goes from user to user and from day to day by index, whatever the length of the trail.
    """
    bounds = [_numbers_of(tx, day) for day in days]
    active = """SELECT 1 FROM audit_log
                 WHERE user_id = ? AND seq BETWEEN ? AND ? AND success = 1 LIMIT 1"""
    counts = [0] * len(days)
    for user_id in _users_of_trail(tx):
        for place, (first, last) in enumerate(bounds):
            if tx.execute(active, (user_id, first, last)).fetchone() is not None:
                counts[place] += 1
    return counts


def _users_of_trail(tx: Connection) -> list[str]:
    rows = tx.execute(
        """WITH RECURSIVE found(id) AS (
             SELECT min(user_id) FROM audit_log
             UNION ALL
             SELECT (SELECT min(user_id) FROM audit_log WHERE user_id > found.id)
               FROM found WHERE found.id IS NOT NULL)
           SELECT id FROM found WHERE id IS NOT NULL"""
    )
    return [row["id"] for row in rows]


def _numbers_of(tx: Connection, day: date) -> tuple[int, int]:
    """The first and the last row that the audit trail has of `day`; (1, 0) for none."""
    row = tx.execute(
        """SELECT coalesce(min(seq), 1) AS first, coalesce(max(seq), 0) AS last
             FROM audit_log WHERE timestamp >= ? AND timestamp < ?""",
        _day(day),
    ).fetchone()
    return row["first"], row["last"]


def answer_figures(tx: Connection, instant: datetime) -> AnswerFigures:
    """Of answers made at or after `instant`."""
    at = (to_text(instant),)
    finished = """FROM messages INDEXED BY messages_answers
                 WHERE role = 'assistant' AND status = 'complete' AND created_at >= ?"""
    waits = tx.execute(
        f"""SELECT first_token_ms AS ms, count(*) AS answers {finished}
               AND first_token_ms IS NOT NULL GROUP BY first_token_ms ORDER BY first_token_ms""",
        at,
    ).fetchall()
    steps = [(row["ms"], row["answers"]) for row in waits]
    speed = tx.execute(
        f"""SELECT sum(tokens) AS tokens, sum(duration_ms) AS ms {finished}
               AND tokens IS NOT NULL AND duration_ms > 0""",
        at,
    ).fetchone()
    shares = tx.execute(
        f"SELECT count(*) AS answers, sum(coalesce(model, '') = 'refusal') AS refused {finished}",
        at,
    ).fetchone()
    thumbs = tx.execute(
        """SELECT count(*) AS given, sum(rating = 'up') AS up FROM message_feedback
            WHERE created_at >= ?""",
        at,
    ).fetchone()
    return AnswerFigures(
        p50_first_token_ms=_percentile(steps, 0.50),
        p95_first_token_ms=_percentile(steps, 0.95),
        tokens_per_second=speed["tokens"] * 1000 / speed["ms"] if speed["ms"] else None,
        no_evidence_rate=shares["refused"] / shares["answers"] if shares["answers"] else None,
        helpful_rate=thumbs["up"] / thumbs["given"] if thumbs["given"] else None,
    )


def _percentile(steps: Sequence[tuple[int, int]], share: float) -> int | None:
    """The smallest value that `share` of all values do not exceed; `steps` are (value, count)."""
    wanted = share * sum(count for _, count in steps)
    seen = 0
    for value, count in steps:
        seen += count
        if seen >= wanted:
            return value
    return None


def _day(day: date) -> tuple[str, str]:
    """From its beginning up to the next one's."""
    return f"{day.isoformat()}T", f"{(day + timedelta(days=1)).isoformat()}T"
