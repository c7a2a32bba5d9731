"""The count of changes of what retrieval may find: what was found at another count is stale."""

from __future__ import annotations

from appliance.storage.database import Connection


def bump(tx: Connection) -> None:
    tx.execute("UPDATE knowledge_epoch SET epoch = epoch + 1")


def current(tx: Connection) -> int:
    epoch: int = tx.execute("SELECT epoch FROM knowledge_epoch").fetchone()["epoch"]
    return epoch
