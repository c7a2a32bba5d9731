"""Reading the audit trail: pages for a person, batches for an export."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from appliance.storage.audit import COLUMNS, GENESIS
from appliance.storage.database import Connection, Row
from appliance.storage.instants import from_text, to_text

_ROW = ", ".join(f"a.{name}" for name in (*COLUMNS, "hash"))


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is asked for; None leaves it open. Times are a half-open range."""

    action: str | None = None
    user_id: str | None = None
    since: datetime | None = None
    before: datetime | None = None

    @property
    def everything(self) -> bool:
        return self == Wanted()


@dataclass(frozen=True, slots=True)
class AuditRecord:
    """A row of the trail, with the address that its user has now, if the account is still there."""

    seq: int
    timestamp: datetime
    action: str
    user_id: str | None
    user_email: str | None
    role: str | None
    ip: str | None
    request_id: str | None
    resource_type: str | None
    resource_id: str | None
    success: bool
    details: dict[str, Any]
    hash: str


@dataclass(frozen=True, slots=True)
class ChainedRow:
    """A row as it was hashed, with what it was hashed onto and, where there is one, its signature.

    `values` holds the columns of `audit.COLUMNS`, as stored.
    """

    values: dict[str, str | int | None]
    hash: str
    previous_hash: str
    signed_at: str | None
    signature: str | None

    @property
    def seq(self) -> int:
        seq = self.values["seq"]
        assert isinstance(seq, int)
        return seq


def page(
    tx: Connection, wanted: Wanted, *, offset: int, limit: int
) -> tuple[list[AuditRecord], int]:
    """Newest first, and how many there are in all."""
    bounds = _bounds(tx, wanted)
    if bounds is None:
        return [], 0
    first, last, is_exact = bounds
    if is_exact and wanted.action is None and wanted.user_id is None:
        # The numbers have no gaps: the place of a page can be reckoned.
        total, where = last - first + 1, "a.seq BETWEEN :low AND :high"
        values: dict[str, Any] = {"low": max(first, last - offset - limit + 1)}
        values["high"] = last - offset
    else:
        condition, values = narrowed(wanted, with_time=not is_exact)
        values |= {"first": first, "last": last, "offset": offset, "limit": limit}
        inside = f"FROM audit_log a WHERE a.seq BETWEEN :first AND :last{condition}"
        total = tx.execute(f"SELECT count(*) AS total {inside}", values).fetchone()["total"]
        # The numbers come out of an index alone; only the page's own rows are then read.
        numbers = f"SELECT a.seq {inside} ORDER BY a.seq DESC LIMIT :limit OFFSET :offset"
        where = f"a.seq IN ({numbers})"
    rows = tx.execute(
        f"""SELECT {_ROW}, users.email AS user_email
              FROM audit_log a LEFT JOIN users ON users.id = a.user_id
             WHERE {where} ORDER BY a.seq DESC""",
        values,
    ).fetchall()
    return [_record(row) for row in rows], total


def batch(
    tx: Connection, wanted: Wanted, *, after: int, until: int, limit: int
) -> list[ChainedRow]:
    """Oldest first, numbered above `after` and up to `until`."""
    condition, values = narrowed(wanted)
    rows = tx.execute(
        f"""SELECT {_ROW}, (SELECT hash FROM audit_log WHERE seq = a.seq - 1) AS previous_hash,
                   c.signed_at, c.signature
              FROM audit_log a LEFT JOIN audit_checkpoints c ON c.seq = a.seq
             WHERE a.seq > :after AND a.seq <= :until{condition}
             ORDER BY a.seq LIMIT :limit""",
        values | {"after": after, "until": until, "limit": limit},
    ).fetchall()
    return [
        ChainedRow(
            values={name: row[name] for name in COLUMNS},
            hash=row["hash"],
            previous_hash=row["previous_hash"] or GENESIS,
            signed_at=row["signed_at"],
            signature=row["signature"],
        )
        for row in rows
    ]


def span(tx: Connection, wanted: Wanted) -> tuple[int, int] | None:
    """The numbers between which all of `wanted`'s times lie; None when nothing does."""
    bounds = _bounds(tx, wanted)
    return None if bounds is None else bounds[:2]


def narrowed(wanted: Wanted, *, with_time: bool = True) -> tuple[str, dict[str, Any]]:
    """` AND ...` over the rows `a` of the trail, and the values in it."""
    condition = ""
    values: dict[str, Any] = {}
    for test, value in (
        ("a.action = :action", wanted.action),
        ("a.user_id = :user_id", wanted.user_id),
    ):
        if value is not None:
            condition += f" AND {test}"
            values[test.rpartition(":")[2]] = value
    if with_time:
        # Unary plus: times are never the way in, numbers are.
        for test, instant in (
            ("+a.timestamp >= :since", wanted.since),
            ("+a.timestamp < :before", wanted.before),
        ):
            if instant is not None:
                condition += f" AND {test}"
                values[test.rpartition(":")[2]] = to_text(instant)
    return condition, values


def _bounds(tx: Connection, wanted: Wanted) -> tuple[int, int, bool] | None:
    """The lowest and highest number within the times, and whether all between are within too.

    They are, unless somebody set the clock back.
    """
    if wanted.since is None and wanted.before is None:
        row = tx.execute(
            """SELECT (SELECT min(seq) FROM audit_log) AS first,
                      (SELECT max(seq) FROM audit_log) AS last"""
        ).fetchone()
        return None if row["first"] is None else (row["first"], row["last"], True)
    row = tx.execute(
        """SELECT min(seq) AS first, max(seq) AS last, count(*) AS number
             FROM audit_log INDEXED BY audit_log_timestamp
            WHERE timestamp >= :since AND timestamp < :before""",
        {
            "since": "" if wanted.since is None else to_text(wanted.since),
            "before": "~" if wanted.before is None else to_text(wanted.before),
        },
    ).fetchone()
    if row["first"] is None:
        return None
    return row["first"], row["last"], row["last"] - row["first"] + 1 == row["number"]


def _record(row: Row) -> AuditRecord:
    return AuditRecord(
        seq=row["seq"],
        timestamp=from_text(row["timestamp"]),
        action=row["action"],
        user_id=row["user_id"],
        user_email=row["user_email"],
        role=row["role"],
        ip=row["ip"],
        request_id=row["request_id"],
        resource_type=row["resource_type"],
        resource_id=row["resource_id"],
        success=bool(row["success"]),
        details=json.loads(row["details"]),
        hash=row["hash"],
    )
