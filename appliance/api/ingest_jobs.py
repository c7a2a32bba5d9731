"""The jobs that index documents: listed, and tried again after a failure."""

from __future__ import annotations

from appliance.api.routing import Call, Route
from appliance.api.schemas.ingest_jobs import JobList, JobOut, JobQuery
from appliance.services.authorization import Access


async def find(call: Call) -> JobList:
    query = call.query(JobQuery)
    found, total = await call.services.ingest_jobs.listing(
        actor=call.caller,
        origin=call.origin,
        state=query.state,
        document_id=query.document_id,
        offset=query.offset,
        limit=query.limit,
    )
    return JobList(
        jobs=[JobOut.of(job) for job in found],
        total=total,
        offset=query.offset,
        limit=query.limit,
    )


async def retry(call: Call) -> JobOut:
    return JobOut.of(
        await call.services.ingest_jobs.retry(
            call.path["job_id"], actor=call.caller, origin=call.origin
        )
    )


_JOBS = "/api/admin/kb/jobs"
_TAG = "Knowledge base jobs"

ROUTES: tuple[Route, ...] = (
    Route(
        method="GET",
        path=_JOBS,
        handler=find,
        access=Access.VIEWER,
        tag=_TAG,
        summary="List ingest jobs, newest first.",
        query=JobQuery,
        response=JobList,
    ),
    Route(
        method="POST",
        path=f"{_JOBS}/<job_id>/retry",
        handler=retry,
        access=Access.ADMIN,
        tag=_TAG,
        summary="Try a failed job again.",
        status=202,
        response=JobOut,
    ),
)
