"""The jobs of the knowledge base, over HTTP."""

from __future__ import annotations

from typing import Any

import pytest

from tests import pdf_writer
from tests.api.conftest import Api
from tests.api.test_kb import ABSENT, DOCUMENTS, TEXT, finished, upload

JOBS = "/api/admin/kb/jobs"
LOCKED = pdf_writer.pdf([["x"]], password="p")


async def added(api: Api, name: str, content: bytes) -> str:
    document_id: str = (await upload(api, name, content)).json()["data"]["document_id"]
    await finished(api, document_id)
    return document_id


async def jobs(api: Api, **query: str | int) -> dict[str, Any]:
    response = await api.client.get(JOBS, params=query, headers=api.viewer)
    assert response.status_code == 200, response.text
    data: dict[str, Any] = response.json()["data"]
    return data


async def retry(api: Api, job_id: str) -> Any:
    return await api.client.post(f"{JOBS}/{job_id}/retry", headers=api.admin)


async def test_jobs_are_listed_newest_first(api: Api) -> None:
    good, bad = await added(api, "good.txt", TEXT), await added(api, "locked.pdf", LOCKED)
    listed = await jobs(api)
    assert (listed["total"], listed["offset"], listed["limit"]) == (2, 0, 20)
    assert [job["document_id"] for job in listed["jobs"]] == [bad, good]
    failed, done = listed["jobs"]
    assert (failed["state"], failed["title"]) == ("failed", "locked")
    assert failed["error"] == "This PDF needs a password. Upload a copy without one."
    assert (done["state"], done["progress"], done["error"]) == ("done", 1.0, None)
    assert done["created_at"].endswith("Z") and done["updated_at"].endswith("Z")
    assert (await jobs(api, state="failed"))["jobs"] == [failed]
    assert (await jobs(api, document_id=good))["jobs"] == [done]
    assert (await jobs(api, documentId=good, state="failed"))["jobs"] == []
    assert (await jobs(api, offset=1, limit=1))["jobs"] == [done]
    assert await jobs(api, document_id=ABSENT) == {
        "jobs": [], "total": 0, "offset": 0, "limit": 20,
    }  # fmt: skip
    for query in ("state=lost", "document_id=x", "limit=0", "limit=101", "offset=-1", "limit=x"):
        response = await api.client.get(f"{JOBS}?{query}", headers=api.viewer)
        assert response.status_code == 422, query
        assert response.json()["error"]["field"] == query.partition("=")[0]


async def test_a_failed_job_can_be_tried_again(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    async def full(*_: object) -> object:
        raise RuntimeError

    ingestion = api.container.services.ingest_jobs._ingestion
    monkeypatch.setattr("appliance.services.ingestion.ATTEMPTS", 1)
    with monkeypatch.context() as patch:
        patch.setattr(ingestion._extraction, "read", full)
        document_id = await added(api, "good.txt", TEXT)
    (failed,) = (await jobs(api, state="failed"))["jobs"]
    response = await retry(api, failed["id"])
    assert response.status_code == 202
    queued = response.json()["data"]
    assert queued | {
        "id": failed["id"], "document_id": document_id, "state": "queued", "stage": "extract",
        "progress": 0.0, "attempts": 0, "error": None,
    } == queued  # fmt: skip
    assert (await finished(api, document_id))["status"] == "indexed"
    (done,) = (await jobs(api))["jobs"]
    assert (done["id"], done["state"]) == (failed["id"], "done")
    again = await retry(api, failed["id"])
    assert (again.status_code, again.json()["error"]["code"]) == (409, "CONFLICT")


async def test_only_the_last_job_of_a_document_can_be_tried_again(api: Api) -> None:
    document_id = await added(api, "locked.pdf", LOCKED)
    (first,) = (await jobs(api))["jobs"]
    await api.client.post(f"{DOCUMENTS}/{document_id}/reindex", headers=api.admin)
    await finished(api, document_id)
    response = await retry(api, first["id"])
    assert (response.status_code, response.json()["error"]["code"]) == (409, "CONFLICT")
    assert (await jobs(api, state="failed"))["total"] == 2


async def test_a2_unknown_jobs_and_jobs_of_deleted_documents_are_one_and_the_same(
    api: Api,
) -> None:
    document_id = await added(api, "locked.pdf", LOCKED)
    (job,) = (await jobs(api))["jobs"]
    await api.client.delete(f"{DOCUMENTS}/{document_id}", headers=api.admin)
    answers = [
        await retry(api, job_id)
        for job_id in (job["id"], ABSENT, "x", "' OR 1=1 --", "..%2f..", document_id)
    ]
    assert {answer.status_code for answer in answers} == {404}
    assert (await jobs(api))["total"] == 0
    refused = await api.client.post(f"{JOBS}/{ABSENT}/retry", headers=api.viewer)
    assert refused.status_code == 403
