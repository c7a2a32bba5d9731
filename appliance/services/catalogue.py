"""The list of documents, and what people say of each: title, category, version, owner."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from appliance.domain import Document, DocumentStatus, JobState, Principal, RequestOrigin, utc_now
from appliance.errors import Invalid
from appliance.services import ingest_outcomes
from appliance.services.document_rules import check_days, check_predecessor, found, record
from appliance.services.ingestion import Ingestion
from appliance.storage import audit, documents, jobs, knowledge_epoch
from appliance.storage.audit import AuditEntry
from appliance.storage.database import Connection, Database

EDITABLE = frozenset(
    {
        "title",
        "category",
        "version",
        "supersedes",
        "issuer",
        "effective_date",
        "review_by",
        "owner",
    }
)


class Catalogue:
    def __init__(
        self,
        db: Database,
        ingestion: Ingestion,
        *,
        clock: Callable[[], datetime] = utc_now,
    ) -> None:
        self._db = db
        self._ingestion = ingestion
        self._clock = clock

    async def listing(
        self,
        *,
        actor: Principal | None = None,
        origin: RequestOrigin | None = None,
        status: DocumentStatus | None = None,
        category: str | None = None,
        search: str | None = None,
        offset: int = 0,
        limit: int = 20,
    ) -> tuple[list[Document], int]:
        """Newest first, and how many there are in all; the reading is audited."""
        wanted = documents.Wanted(status, category, search)

        def read(tx: Connection) -> tuple[list[Document], int]:
            rows, total = documents.listing(tx, wanted, offset=offset, limit=limit)
            entry = AuditEntry(
                self._clock(),
                "document.list",
                success=True,
                actor=actor,
                origin=origin,
                resource_type="document",
                details={"count": len(rows)},
            )
            audit.append(tx, entry)
            return rows, total

        return await self._db.write(read)

    async def details(
        self, document_id: str, *, actor: Principal | None, origin: RequestOrigin | None
    ) -> Document:
        """One document; the reading is audited. Raises `NotFound`."""

        def read(tx: Connection) -> Document:
            document = found(tx, document_id)
            record(tx, self._clock(), "document.read", document, actor, origin, part="details")
            return document

        return await self._db.write(read)

    async def update(
        self,
        document_id: str,
        changes: Mapping[str, str | None],
        *,
        actor: Principal | None,
        origin: RequestOrigin | None,
    ) -> Document:
        """Change fields of EDITABLE; None clears one. New answers cite the document as it is then.

        The title is part of what is searched, so a new one reads the document anew; until that is
        done it is found by what was read before. Raises `NotFound`, and `Invalid` for a
        `supersedes` that is unknown or leads back to the document and for days in the wrong order.
        """
        if not changes.keys() <= EDITABLE or changes.get("title", "") is None:
            raise Invalid("These fields cannot be changed so.", field="body")

        wanted: dict[str, Any] = dict(changes)

        def write(tx: Connection) -> Document:
            before = found(tx, document_id)
            after = replace(before, **wanted)
            changed = sorted(name for name in changes if changes[name] != getattr(before, name))
            if "supersedes" in changed and after.supersedes is not None:
                check_predecessor(tx, after.supersedes, document_id)
            if {"effective_date", "review_by"} & set(changed):
                check_days(after)
            if not changed:
                return before
            documents.update(tx, after)
            if "title" in changed:
                self._read_anew(tx, document_id)
            knowledge_epoch.bump(tx)
            fields = ",".join(changed)
            record(tx, self._clock(), "document.update", before, actor, origin, fields=fields)
            return found(tx, document_id)

        document = await self._db.write(write)
        self._ingestion.wake()
        return document

    def _read_anew(self, tx: Connection, document_id: str) -> None:
        job = jobs.active(tx, document_id)
        if job is not None and job.state is JobState.QUEUED:
            return  # it will take the new title
        # A running job may have embedded half of the document under the old one.
        if job is not None or documents.revision(tx, document_id) is not None:
            ingest_outcomes.queue(tx, document_id, at=self._clock())
