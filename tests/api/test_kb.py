"""The knowledge base over HTTP: uploads of every kind, and who may do what."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any
from urllib.parse import urlsplit

import pytest

from appliance.api import forms
from appliance.services.knowledge import Knowledge
from appliance.services.uploads import IncomingFile
from appliance.settings import Settings
from tests import pdf_writer
from tests.api.conftest import Api

DOCUMENTS = "/api/admin/kb/documents"
ABSENT = "4d0f1e1c-0000-4000-8000-00000000000f"
TEXT = b"Potassium replacement. Check the potassium level every four hours."
PDF = pdf_writer.pdf([["1 DOSE"], ["The starting dose of examplin is 500 mg."]])
MB = 1 << 20


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return settings.model_copy(update={"upload_max_mb": 1})


async def upload(api: Api, name: str, content: bytes, **fields: str) -> Any:
    return await api.client.post(
        DOCUMENTS, files={"file": (name, content)}, data=fields, headers=api.admin
    )


async def finished(api: Api, document_id: str) -> dict[str, Any]:
    async with asyncio.timeout(20):
        while True:
            response = await api.client.get(f"{DOCUMENTS}/{document_id}", headers=api.viewer)
            document: dict[str, Any] = response.json()["data"]
            if document["status"] in ("indexed", "failed"):
                return document
            await asyncio.sleep(0.02)


async def test_upload_list_details_reindex_delete(api: Api) -> None:
    response = await upload(
        api,
        "examplin.pdf",
        PDF,
        title="Examplin label",
        category="drugs",
        version="3",
        effective_date="2026-01-31",
        owner="Pharmacy",
    )
    assert response.status_code == 202
    document = response.json()["data"]
    assert document["status"] in ("uploaded", "processing")
    assert document["size"] == len(PDF)
    done = await finished(api, document["document_id"])
    assert (
        done
        | {
            "title": "Examplin label",
            "category": "drugs",
            "filename": "examplin.pdf",
            "file_type": "pdf",
            "status": "indexed",
            "error": None,
            "progress": 1.0,
            "pages": 2,
            "chunks_indexed": 2,
            "version": "3",
            "supersedes": None,
            "effective_date": "2026-01-31",
            "owner": "Pharmacy",
            "uploaded_by": api.accounts["admin"].user.id,
        }
        == done
    )
    assert done["upload_date"].endswith("Z") and done["indexed_at"].endswith("Z")

    again = await upload(api, "copy.pdf", PDF)
    assert again.status_code == 200
    assert again.json()["data"]["document_id"] == document["document_id"]

    listed = (await api.client.get(DOCUMENTS, headers=api.viewer)).json()["data"]
    assert listed == {"documents": [done], "total": 1, "offset": 0, "limit": 20}

    path = f"{DOCUMENTS}/{document['document_id']}"
    reindexed = await api.client.post(f"{path}/reindex", headers=api.admin)
    assert reindexed.status_code == 202
    assert (await finished(api, document["document_id"]))["status"] == "indexed"

    deleted = await api.client.delete(path, headers=api.admin)
    assert deleted.json()["data"]["document_id"] == document["document_id"]
    for gone in (
        api.client.get(path, headers=api.viewer),
        api.client.delete(path, headers=api.admin),
        api.client.post(f"{path}/reindex", headers=api.admin),
    ):
        response = await gone
        assert response.status_code == 404
        assert response.json()["error"]["code"] == "NOT_FOUND"


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("", ["c.txt", "b.txt", "a.txt"]),
        ("?limit=1&offset=1", ["b.txt"]),
        ("?category=x", ["c.txt", "a.txt"]),
        ("?search=B.TX", ["b.txt"]),
        ("?status=failed", []),
        ("?offset=50", []),
    ],
)
async def test_listing(api: Api, query: str, names: list[str]) -> None:
    for name, category in (("a", "x"), ("b", "y"), ("c", "x")):
        await upload(api, f"{name}.txt", name.encode() * 20, category=category)
    response = await api.client.get(DOCUMENTS + query, headers=api.viewer)
    assert [d["filename"] for d in response.json()["data"]["documents"]] == names


@pytest.mark.parametrize("query", ["limit=0", "limit=101", "offset=-1", "status=lost", "limit=x"])
async def test_listing_refuses_what_is_out_of_range(api: Api, query: str) -> None:
    response = await api.client.get(f"{DOCUMENTS}?{query}", headers=api.viewer)
    assert response.status_code == 422


@pytest.mark.parametrize(
    ("name", "content", "status", "code"),
    [
        ("a.docx", b"PK\x03\x04", 415, "UNSUPPORTED_MEDIA_TYPE"),
        ("a.pdf", b"no pdf", 415, "UNSUPPORTED_MEDIA_TYPE"),
        ("a.txt", PDF, 415, "UNSUPPORTED_MEDIA_TYPE"),
        ("a.txt", b"\x00\x01\x02", 415, "UNSUPPORTED_MEDIA_TYPE"),
        ("a.txt", b"", 422, "VALIDATION_ERROR"),
        ("a.txt", b"x" * (MB + 1), 413, "PAYLOAD_TOO_LARGE"),
        ("a.txt", b"x" * (3 * MB), 413, "PAYLOAD_TOO_LARGE"),
        ("../../a.pdf", PDF, 202, None),
    ],
)
async def test_files_of_every_kind(
    api: Api, name: str, content: bytes, status: int, code: str | None
) -> None:
    response = await upload(api, name, content)
    assert response.status_code == status
    error = response.json()["error"]
    if code is None:
        assert response.json()["data"]["filename"] == "a.pdf"
        return
    assert error["code"] == code
    assert error["field"] == "file"
    listed = (await api.client.get(DOCUMENTS, headers=api.viewer)).json()["data"]
    assert listed["total"] == 0
    assert (await upload(api, "good.txt", TEXT)).status_code == 202


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"title": "x" * 301}, "title"),
        ({"title": "x" * 1025}, "title"),
        ({"title": "bell\x07"}, "title"),
        ({"effective_date": "31.01.2026"}, "effectiveDate"),
        ({"review_by": "2026-02-30"}, "reviewBy"),
        ({"supersedes": "x' OR 1=1 --"}, "supersedes"),
        ({"supersedes": ABSENT}, "supersedes"),
        ({"status": "indexed"}, "status"),
        ({"uploaded_by": ABSENT}, "uploaded_by"),
    ],
)
async def test_fields_are_checked(api: Api, fields: dict[str, str], field: str) -> None:
    response = await upload(api, "a.txt", TEXT, **fields)
    assert response.status_code == 422
    assert (
        response.json()["error"]["field"].replace("_", "").lower() == field.replace("_", "").lower()
    )
    listed = (await api.client.get(DOCUMENTS, headers=api.viewer)).json()["data"]
    assert listed["total"] == 0


async def test_empty_fields_count_as_absent(api: Api) -> None:
    response = await upload(api, "the_guide.txt", TEXT, title="  ", category="")
    assert response.status_code == 202
    assert response.json()["data"]["title"] == "the guide"
    assert response.json()["data"]["category"] is None


FORM = {"Content-Type": "multipart/form-data; boundary=b"}
FILE = b'--b\r\nContent-Disposition: form-data; name="file"; filename="a.txt"\r\n\r\nText here\r\n'


@pytest.mark.parametrize(
    ("headers", "body", "status"),
    [
        ({"Content-Type": "application/json"}, b"{}", 415),
        ({}, b"text", 415),
        ({"Content-Type": "multipart/form-data"}, FILE + b"--b--\r\n", 422),
        (FORM, b"", 422),
        (FORM, b"garbage", 422),
        (FORM, FILE, 422),
        (FORM, b"--b--\r\n", 422),
        (FORM, FILE + FILE + b"--b--\r\n", 422),
        (FORM, FILE.replace(b"file", b"data", 1) + b"--b--\r\n", 422),
        (FORM, FILE.replace(b'; filename="a.txt"', b"") + b"--b--\r\n", 422),
        (FORM, FILE + b"--b--\r\n", 202),
    ],
)
async def test_framing(api: Api, headers: dict[str, str], body: bytes, status: int) -> None:
    response = await api.client.post(DOCUMENTS, content=body, headers=api.admin | headers)
    assert response.status_code == status
    if status != 202:
        assert response.json()["error"]["code"] in ("VALIDATION_ERROR", "UNSUPPORTED_MEDIA_TYPE")
        listed = (await api.client.get(DOCUMENTS, headers=api.viewer)).json()["data"]
        assert listed["total"] == 0


async def test_a_stream_without_length_is_counted_as_it_comes(api: Api) -> None:
    async def endless() -> AsyncIterator[bytes]:
        yield FILE.removesuffix(b"\r\n")
        for _ in range(40):
            yield b"x" * (MB // 16)

    response = await api.client.post(DOCUMENTS, content=endless(), headers=api.admin | FORM)
    assert response.status_code == 413


@pytest.mark.parametrize(
    ("who", "status"), [(None, 401), ("user", 403), ("viewer", 403), ("admin", 413)]
)
async def test_the_answer_comes_before_the_body(api: Api, who: str | None, status: int) -> None:
    """SECURITY C1: who may not, or says too much is coming, is told without sending it."""
    headers = api.accounts[who].headers if who else {}
    answer = await raw_answer(api, headers | FORM | {"Content-Length": str(900 * MB)}, b"")
    assert answer == status


async def test_a_stalled_upload_is_given_up(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(forms, "STALLED_S", 0.2)
    answer = await raw_answer(api, api.admin | FORM | {"Content-Length": "5000"}, FILE)
    assert answer == 422
    assert file_names(api) == []


async def test_a_dropped_upload_leaves_nothing(api: Api) -> None:
    url = urlsplit(api.base_url)
    _, writer = await asyncio.open_connection(url.hostname, url.port)
    writer.write(request_head(api.admin | FORM | {"Content-Length": "5000"}) + FILE)
    await writer.drain()
    await until(lambda: file_names(api) != [])
    writer.close()
    await until(lambda: file_names(api) == [])
    assert (await upload(api, "good.txt", TEXT)).status_code == 202


@pytest.mark.parametrize("method_path", ["GET ", f"GET /{ABSENT}", "POST ", f"DELETE /{ABSENT}"])
async def test_ordinary_users_see_nothing_of_it(api: Api, method_path: str) -> None:
    method, _, path = method_path.partition(" ")
    assert (await api.client.request(method, DOCUMENTS + path)).status_code == 401
    response = await api.client.request(method, DOCUMENTS + path, headers=api.user)
    assert response.status_code == 403


@pytest.mark.parametrize("document_id", [ABSENT, "x", "..%2f..%2fetc", "' OR 1=1 --"])
async def test_unknown_ids(api: Api, document_id: str) -> None:
    for method, path, headers in (
        ("GET", f"{DOCUMENTS}/{document_id}", api.viewer),
        ("DELETE", f"{DOCUMENTS}/{document_id}", api.admin),
        ("POST", f"{DOCUMENTS}/{document_id}/reindex", api.admin),
        ("GET", f"/api/documents/{document_id}/passages/{ABSENT}", api.user),
        ("GET", f"/api/documents/{ABSENT}/passages/{document_id}", api.user),
    ):
        response = await api.client.request(method, path, headers=headers)
        assert response.status_code == 404


async def test_a_cited_passage_opens_in_its_page(api: Api) -> None:
    document_id = (await upload(api, "examplin.pdf", PDF)).json()["data"]["document_id"]
    await finished(api, document_id)
    index = api.container.services.knowledge._index
    question = "The starting dose of examplin is"
    (vector,) = await index._builder.embedder.embed([question])
    hits = await index.search(vector, question, 2)
    path = f"documents/{document_id}/passages/{hits[0].chunk_id}"
    response = await api.client.get(f"/api/{path}", headers=api.user)
    passage = response.json()["data"]
    assert passage["text"] == "The starting dose of examplin is 500 mg."
    assert passage["page_text"][passage["char_start"] : passage["char_end"]] == passage["text"]
    assert (passage["page"], passage["page_count"]) == (2, 2)
    assert passage["section"] == "1 DOSE"
    assert (passage["previous_chunk_id"], passage["next_chunk_id"]) == (hits[1].chunk_id, None)
    assert (await api.client.get(f"/{path}", headers=api.other)).json()["data"] == passage
    assert (await api.client.get(f"/api/{path}")).status_code == 401


async def test_a_failed_document_says_what_to_do(api: Api) -> None:
    locked = pdf_writer.pdf([["x"]], password="p")
    document_id = (await upload(api, "locked.pdf", locked)).json()["data"]["document_id"]
    document = await finished(api, document_id)
    assert document["status"] == "failed"
    assert document["error"] == "This PDF needs a password. Upload a copy without one."
    assert document["chunks_indexed"] == 0


async def until(condition: Callable[[], bool]) -> None:
    for _ in range(500):
        if condition():
            return
        await asyncio.sleep(0.01)
    raise AssertionError("it did not come true within five seconds")


def request_head(headers: dict[str, str]) -> bytes:
    lines = [f"POST {DOCUMENTS} HTTP/1.1", "Host: x", *(f"{k}: {v}" for k, v in headers.items())]
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


async def raw_answer(api: Api, headers: dict[str, str], body: bytes) -> int:
    """The status of the answer to a request whose body does not come, or not wholly."""
    url = urlsplit(api.base_url)
    reader, writer = await asyncio.open_connection(url.hostname, url.port)
    try:
        writer.write(request_head(headers) + body)
        async with asyncio.timeout(5):
            status = int((await reader.readline()).split()[1])
        return status
    finally:
        writer.close()


def file_names(api: Api) -> list[str]:
    folder = api.container.settings.data_dir / "files"
    return [path.name for path in folder.iterdir()]


async def test_c1_only_so_many_uploads_arrive_at_once(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("appliance.services.knowledge.MAX_RECEIVING", 1)
    has_begun, go_on = asyncio.Event(), asyncio.Event()
    begin = Knowledge.begin_upload

    async def watched(self: Knowledge, filename: str) -> IncomingFile:
        has_begun.set()
        return await begin(self, filename)

    monkeypatch.setattr(Knowledge, "begin_upload", watched)

    async def slow() -> AsyncIterator[bytes]:
        yield b'--b\r\nContent-Disposition: form-data; name="file"; filename="a.txt"\r\n\r\nDose'
        await go_on.wait()
        yield b" 5 mg.\r\n--b--\r\n"

    headers = api.admin | {"Content-Type": "multipart/form-data; boundary=b"}
    first = asyncio.create_task(api.client.post(DOCUMENTS, content=slow(), headers=headers))
    await has_begun.wait()
    refused = await upload(api, "b.txt", TEXT)
    assert (refused.status_code, refused.json()["error"]["code"]) == (429, "BUSY")
    assert int(refused.headers["retry-after"]) > 0
    go_on.set()
    assert (await first).status_code == 202
    assert (await upload(api, "b.txt", TEXT)).status_code == 202
