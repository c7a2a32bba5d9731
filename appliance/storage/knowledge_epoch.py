"""Counts every change of what retrieval may find; what was found in an earlier epoch is stale."""

from __future__ import annotations

from appliance.storage.database import Connection


def bump(tx: Connection) -> None:
    """In the transaction of the change."""
    tx.execute("UPDATE knowledge_epoch SET epoch = epoch + 1")


def current(tx: Connection) -> int:
    epoch: int = tx.execute("SELECT epoch FROM knowledge_epoch").fetchone()["epoch"]
    return epoch
