"""Ingest jobs on the wire."""

from __future__ import annotations

from pydantic import Field

from appliance.api.fields import Instant, Output, Query
from appliance.api.schemas.kb import Uuid
from appliance.domain import JobState
from appliance.services.ingest_jobs import ListedJob


class JobQuery(Query):
    offset: int = Field(0, ge=0, le=1_000_000)
    limit: int = Field(20, ge=1, le=100)
    state: JobState | None = None
    document_id: Uuid | None = None


class JobOut(Output):
    """`title` is the document's; `attempts` counts the runs since the job last got further."""

    id: str
    document_id: str
    title: str
    state: JobState
    stage: str
    progress: float
    attempts: int
    error: str | None
    created_at: Instant
    updated_at: Instant

    @classmethod
    def of(cls, listed: ListedJob) -> JobOut:
        job = listed.job
        return cls(
            id=job.id,
            document_id=job.document_id,
            title=listed.title,
            state=job.state,
            stage=job.stage,
            progress=round(job.progress, 3),
            attempts=job.attempts,
            error=job.error,
            created_at=job.created_at,
            updated_at=job.updated_at,
        )


class JobList(Output):
    jobs: list[JobOut]
    total: int
    offset: int
    limit: int
