"""What all that deals with documents has in common."""

from __future__ import annotations

from datetime import datetime

from appliance.domain import Document, Principal, RequestOrigin
from appliance.errors import Invalid, NotFound
from appliance.storage import audit, documents
from appliance.storage.audit import AuditEntry
from appliance.storage.database import Connection


def found(tx: Connection, document_id: str) -> Document:
    """Raises `NotFound`."""
    document = documents.by_id(tx, document_id)
    if document is None:
        raise NotFound("There is no such document.")
    return document


def check_predecessor(tx: Connection, older_id: str, newer_id: str) -> None:
    """Raises `Invalid` unless `newer_id` may take the place of `older_id`."""
    if documents.by_id(tx, older_id) is None:
        raise Invalid("There is no document with this id.", field="supersedes")
    if older_id == newer_id:
        raise Invalid("A document cannot supersede itself.", field="supersedes")
    if documents.supersedes(tx, older_id, newer_id):
        raise Invalid(
            "That document supersedes this one already, by way of others perhaps.",
            field="supersedes",
        )


def check_days(document: Document) -> None:
    """Raises `Invalid` where a document would be due for review before it takes effect."""
    begin, end = document.effective_date, document.review_by
    if begin is not None and end is not None and end < begin:
        raise Invalid(
            "A document cannot be due for review before it takes effect.", field="review_by"
        )


def record(
    tx: Connection,
    at: datetime,
    action: str,
    document: Document,
    actor: Principal | None,
    origin: RequestOrigin | None,
    **details: str | int | bool,
) -> None:
    """Append the audit row of something that succeeded. `details` hold no words of a document."""
    entry = AuditEntry(
        at,
        action,
        success=True,
        actor=actor,
        origin=origin,
        resource_type="document",
        resource_id=document.id,
        details={"sha256": document.sha256, "size": document.size, **details},
    )
    audit.append(tx, entry)
