"""Rows of checkpoints: signatures over the head of the audit chain, as it stood at `seq`."""

from __future__ import annotations

from dataclasses import dataclass

from appliance.storage.audit_rows import Wanted, narrowed
from appliance.storage.database import Connection


@dataclass(frozen=True, slots=True)
class Checkpoint:
    seq: int
    hash: str
    signed_at: str  # as it was signed: the text of an instant
    signature: str  # hex


def insert(tx: Connection, checkpoint: Checkpoint) -> None:
    tx.execute(
        "INSERT INTO audit_checkpoints (seq, hash, signed_at, signature) VALUES (?, ?, ?, ?)",
        (checkpoint.seq, checkpoint.hash, checkpoint.signed_at, checkpoint.signature),
    )


def exists(tx: Connection, seq: int) -> bool:
    row = tx.execute("SELECT 1 FROM audit_checkpoints WHERE seq = ?", (seq,)).fetchone()
    return row is not None


def unsigned_rows(tx: Connection) -> int:
    """How many rows of the trail stand after its newest checkpoint."""
    row = tx.execute(
        """SELECT coalesce((SELECT max(seq) FROM audit_log), 0)
                  - coalesce((SELECT max(seq) FROM audit_checkpoints), 0) AS unsigned"""
    ).fetchone()
    unsigned: int = row["unsigned"]
    return unsigned


def batch(
    tx: Connection, wanted: Wanted, *, after: int, until: int, limit: int
) -> list[Checkpoint]:
    """Of the rows that `wanted` names, oldest first."""
    condition, values = narrowed(wanted)
    # CROSS JOIN: from the few checkpoints to their rows, never the other way.
    rows = tx.execute(
        f"""SELECT c.seq, c.hash, c.signed_at, c.signature
              FROM audit_checkpoints c CROSS JOIN audit_log a ON a.seq = c.seq
             WHERE c.seq > :after AND c.seq <= :until{condition}
             ORDER BY c.seq LIMIT :limit""",
        values | {"after": after, "until": until, "limit": limit},
    ).fetchall()
    return [Checkpoint(**dict(row)) for row in rows]
