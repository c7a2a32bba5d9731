"""How an ingest begins and ends: in one transaction with its job and its document."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import datetime

from appliance.domain import DocumentStatus, Job, JobState
from appliance.services.extraction import listed
from appliance.storage import audit, chunks, documents, jobs, knowledge_epoch, pages
from appliance.storage.audit import AuditEntry
from appliance.storage.database import Connection


def queue(tx: Connection, document_id: str, *, at: datetime) -> None:
    """A job that reads the document anew. What is served until then is served further."""
    jobs.insert(tx, str(uuid.uuid4()), document_id, at)
    documents.set_status(tx, document_id, DocumentStatus.UPLOADED)


def publish(
    tx: Connection, job: Job, revision: int, *, at: datetime, addressed: Sequence[int] = ()
) -> None:
    """From here on questions are answered from `revision`, of which the pages `addressed` speak to
    a program.
    """
    current = jobs.by_id(tx, job.id)
    if current is None:
        return  # the document was deleted meanwhile
    document = documents.by_id(tx, job.document_id)
    has_pages = document is not None and document.file_type == "pdf"
    total = chunks.total(tx, job.document_id, revision)
    hidden = pages.with_hidden_text(tx, job.document_id, revision)
    documents.publish(
        tx,
        job.document_id,
        revision=revision,
        pages=pages.count(tx, job.document_id, revision),
        chunks=total,
        at=at,
        note=current.error,
        warnings=_warnings(hidden, addressed, has_pages=has_pages),
    )
    clear(tx, job.document_id, revision)
    knowledge_epoch.bump(tx)
    jobs.finish(tx, job.id, error=None, now=at)
    audit.append(tx, _entry(at, "document.indexed", job, success=True, chunks=total))


def give_up(tx: Connection, job: Job, reason: str, *, at: datetime) -> None:
    """The job has failed for good. What was served before is served further."""
    current = jobs.by_id(tx, job.id)
    if current is None or current.state is not JobState.RUNNING:
        return  # deleted, or published before something failed
    served = documents.revision(tx, job.document_id)
    if served is None:
        documents.set_status(tx, job.document_id, DocumentStatus.FAILED, error=reason)
    else:
        error = f"The last reindex failed, so the text from before is still used. {reason}"
        documents.set_status(tx, job.document_id, DocumentStatus.INDEXED, error=error)
        knowledge_epoch.bump(tx)
    clear(tx, job.document_id, served)
    jobs.finish(tx, job.id, error=reason, now=at)
    audit.append(tx, _entry(at, "document.failed", job, success=False))


def clear(tx: Connection, document_id: str, keep: int | None) -> None:
    """Remove pages and chunks of all revisions but `keep`."""
    chunks.delete_other_revisions(tx, document_id, keep)
    pages.delete_other_revisions(tx, document_id, keep)


def _warnings(hidden: Sequence[int], addressed: Sequence[int], *, has_pages: bool) -> list[str]:
    told = []
    if hidden:
        told.append(
            f"Hidden text on {_pages(hidden)} was left out."
            if has_pages
            else "Characters that nobody sees were left out: they may have carried hidden text."
        )
    if addressed:
        where = f" on {_pages(addressed)}" if has_pages else ""
        told.append(f"Text{where} gives orders to a program, not to people: answers leave it out.")
    return told


def _pages(numbers: Sequence[int]) -> str:
    return f"page {numbers[0]}" if len(numbers) == 1 else f"pages {listed(numbers)}"


def _entry(
    at: datetime, action: str, job: Job, *, success: bool, chunks: int | None = None
) -> AuditEntry:
    details: dict[str, str | int | float | bool | None] = {"job_id": job.id}
    if chunks is not None:
        details["chunks"] = chunks
    return AuditEntry(
        at,
        action,
        success,
        resource_type="document",
        resource_id=job.document_id,
        details=details,
    )
