"""The jobs of the ingest worker, for people to see and to start again."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime

from appliance.domain import DocumentStatus, JobState, Principal, RequestOrigin, utc_now
from appliance.errors import Conflict, NotFound
from appliance.services.ingestion import Ingestion
from appliance.storage import audit, documents, jobs
from appliance.storage.audit import AuditEntry
from appliance.storage.database import Connection, Database

ListedJob = jobs.Listed


class IngestJobs:
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
        actor: Principal,
        origin: RequestOrigin,
        state: JobState | None = None,
        document_id: str | None = None,
        offset: int = 0,
        limit: int = 20,
    ) -> tuple[list[ListedJob], int]:
        """Newest first, and how many there are in all; the reading is audited."""
        wanted = jobs.Wanted(state, document_id)

        def read(tx: Connection) -> tuple[list[ListedJob], int]:
            rows, total = jobs.listing(tx, wanted, offset=offset, limit=limit)
            audit.append(tx, self._entry("job.list", actor, origin, None, {"count": len(rows)}))
            return rows, total

        return await self._db.write(read)

    async def retry(self, job_id: str, *, actor: Principal, origin: RequestOrigin) -> ListedJob:
        """Queue a failed job again. Raises `NotFound`, and `Conflict` for any other job."""

        def start_over(tx: Connection) -> ListedJob:
            job = jobs.by_id(tx, job_id)
            if job is None:
                raise NotFound("There is no such job.")
            if job.state is not JobState.FAILED:
                raise Conflict("Only a failed job can be tried again.")
            latest = jobs.latest(tx, job.document_id)
            if latest is not None and latest.id != job_id:
                raise Conflict("A later job has taken the place of this one.")
            jobs.start_over(tx, job_id, self._clock())
            documents.set_status(tx, job.document_id, DocumentStatus.UPLOADED)
            details = {"document_id": job.document_id}
            audit.append(tx, self._entry("job.retry", actor, origin, job_id, details))
            queued = jobs.listed(tx, job_id)
            assert queued is not None
            return queued

        job = await self._db.write(start_over)
        self._ingestion.wake()
        return job

    def _entry(
        self,
        action: str,
        actor: Principal,
        origin: RequestOrigin,
        job_id: str | None,
        details: Mapping[str, str | int],
    ) -> AuditEntry:
        return AuditEntry(
            self._clock(),
            action,
            success=True,
            actor=actor,
            origin=origin,
            resource_type="job",
            resource_id=job_id,
            details=dict(details),
        )
