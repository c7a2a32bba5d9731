"""The audit trail: rows in a SHA-256 chain, each written in the transaction of its act."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from datetime import datetime

from appliance.domain import Principal, RequestOrigin
from appliance.storage.database import Connection
from appliance.storage.instants import to_text

GENESIS = "0" * 64
# What a row's hash is made over, beside the hash of the row before.
COLUMNS = (
    "seq", "timestamp", "action", "user_id", "role", "session_id", "ip", "request_id",
    "resource_type", "resource_id", "success", "details",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """One act. `details` holds ids, enums and counts: never patient text, a password or a token."""

    at: datetime
    action: str  # noun.verb, e.g. "document.upload"
    success: bool
    actor: Principal | None = None
    user_id: str | None = None  # when there is no principal yet, e.g. a login
    origin: RequestOrigin | None = None
    resource_type: str | None = None
    resource_id: str | None = None
    details: dict[str, str | int | float | bool | None] = field(default_factory=dict)


def append(tx: Connection, entry: AuditEntry) -> None:
    """Add `entry` to the chain: hash = SHA-256(previous hash + canonical JSON of the row)."""
    last_seq, last_hash = head(tx)
    row: dict[str, str | int | None] = {
        "seq": last_seq + 1,
        "timestamp": to_text(entry.at),
        "action": entry.action,
        "user_id": entry.actor.user.id if entry.actor else entry.user_id,
        "role": entry.actor.user.admin_role.value if entry.actor else None,
        "session_id": entry.actor.session_id if entry.actor else None,
        "ip": entry.origin.ip if entry.origin else None,
        "request_id": entry.origin.request_id if entry.origin else None,
        "resource_type": entry.resource_type,
        "resource_id": entry.resource_id,
        "success": int(entry.success),
        "details": json.dumps(entry.details, sort_keys=True, separators=(",", ":")),
    }
    row["hash"] = chain_hash(last_hash, row)
    tx.execute(
        """INSERT INTO audit_log (seq, timestamp, action, user_id, role, session_id, ip, request_id,
                                  resource_type, resource_id, success, details, hash)
           VALUES (:seq, :timestamp, :action, :user_id, :role, :session_id, :ip, :request_id,
                   :resource_type, :resource_id, :success, :details, :hash)""",
        row,
    )


def head(tx: Connection) -> tuple[int, str]:
    """Number and hash of the newest row; 0 and `GENESIS` before the first."""
    last = tx.execute("SELECT seq, hash FROM audit_log ORDER BY seq DESC LIMIT 1").fetchone()
    return (last["seq"], last["hash"]) if last else (0, GENESIS)


def chain_hash(previous: str, row: dict[str, str | int | None]) -> str:
    """`row` holds every column but `hash`."""
    canonical = json.dumps(row, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256((previous + canonical).encode()).hexdigest()
