"""Requirements on the knowledge base by number, and holes of peers that must stay shut."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from appliance.storage.vectors import VectorTable
from tests.api.conftest import Api
from tests.api.test_ingest_jobs import added
from tests.api.test_kb import ABSENT, DOCUMENTS, FORM, PDF, TEXT, upload

HOSTILE_IDS = (
    ABSENT,
    "x",
    "0",
    "' OR '1'='1",
    f"{ABSENT}' OR document_id IS NOT NULL --",
    f"{ABSENT}' OR '1'='1",
    "%27%20OR%201%3D1%20--",
    "..%2f..%2fetc%2fpasswd",
    "{" + ABSENT + "}",
    ABSENT.replace("-", ""),
    f"urn:uuid:{ABSENT}",
    "\u0660" * 36,
)
HOSTILE_NAMES = (
    "../../../../tmp/escaped.txt",
    "..\\..\\windows\\escaped.txt",
    "/etc/cron.d/escaped.txt",
    "....//....//escaped.txt",
    "%2e%2e%2fescaped.txt",
    "a/../../escaped.txt",
    "~/escaped.txt",
    "escaped.txt\x00.pdf.txt",
    "C:escaped.txt",
    "file:///etc/escaped.txt",
)


def operations(document_id: str, chunk_id: str, job_id: str) -> list[tuple[str, str, str, Any]]:
    """(method, path, who may call it, body) of every operation that takes an id."""
    one = f"{DOCUMENTS}/{document_id}"
    return [
        ("GET", one, "viewer", None),
        ("PATCH", one, "admin", {"owner": "x"}),
        ("PUT", one, "admin", {"owner": "x"}),
        ("DELETE", one, "admin", None),
        ("POST", f"{one}/reindex", "admin", None),
        ("GET", f"{one}/pages/1.png", "viewer", None),
        ("GET", f"{one}/file", "admin", None),
        ("GET", f"/api/documents/{document_id}/pages/1.png", "user", None),
        ("GET", f"/api/documents/{document_id}/passages/{chunk_id}", "user", None),
        ("POST", f"/api/admin/kb/jobs/{job_id}/retry", "admin", None),
    ]


async def counts(api: Api) -> tuple[int, ...]:
    tables = ("documents", "chunks", "jobs", "files", "audit_log")
    return await api.container.database.read(
        lambda tx: tuple(tx.execute(f"SELECT count(*) FROM {t}").fetchone()[0] for t in tables)
    )


async def test_a2_every_id_of_the_knowledge_base_is_checked(api: Api) -> None:
    """Absent and malformed ids give one and the same answer, and change nothing."""
    await added(api, "a.pdf", PDF)
    before, answers = await counts(api), set()
    for hostile in HOSTILE_IDS:
        for method, path, who, body in operations(hostile, hostile, hostile):
            response = await api.client.request(
                method, path, json=body, headers=api.accounts[who].headers
            )
            context = (method, path, response.status_code)
            assert response.status_code == 404, context
            assert response.json()["error"]["code"] == "NOT_FOUND", context
            if hostile == ABSENT:
                answers.add(response.json()["error"]["message"])
    assert await counts(api) == before
    assert all("' OR" not in answer for answer in answers)


async def test_a2_a_passage_opens_under_its_own_document_only(api: Api) -> None:
    first, second = await added(api, "1.txt", TEXT), await added(api, "2.txt", TEXT + b" 2")
    index = api.container.services.knowledge._index
    rows = {document_id: chunk_id for chunk_id, document_id, _ in await index._ready().probe()}
    for document_id, chunk_id, status in (
        (first, rows[first], 200),
        (second, rows[first], 404),
        (first, rows[second], 404),
    ):
        path = f"/api/documents/{document_id}/passages/{chunk_id}"
        assert (await api.client.get(path, headers=api.user)).status_code == status


async def test_c3_the_content_must_be_what_the_extension_says(api: Api) -> None:
    for name, content, status in (
        ("a.pdf", PDF, 202),
        ("a.txt", TEXT, 202),
        ("a.pdf", TEXT, 415),
        ("a.txt", PDF, 415),
        ("a.pdf", b"\x89PNG\r\n\x1a\n" + bytes(2000), 415),
        ("a.pdf", b"<html><script>alert(1)</script>", 415),
        ("a.pdf", b"PK\x03\x04" + bytes(100), 415),
        ("a.txt", b"PK\x03\x04 docx", 415),
        ("a.txt", b"\x7fELF\x02\x01\x01\x00", 415),
        ("a.txt", b"\xff\xd8\xff\xe0JFIF", 415),
        ("a.html", b"<html>", 415),
        ("a.svg", b"<svg onload='x'/>", 415),
        ("a.pdf.exe", PDF, 415),
        ("a", TEXT, 415),
        ("a.txt.", TEXT + b" again", 202),  # the dot at the end is no part of a name
    ):
        response = await upload(api, name, content)
        assert response.status_code == status, (name, content[:10])
        if status == 415:
            assert response.json()["error"]["code"] == "UNSUPPORTED_MEDIA_TYPE"
            assert response.json()["error"]["field"] == "file"
    listed = await api.client.get(DOCUMENTS, headers=api.viewer)
    assert listed.json()["data"]["total"] == 3


async def test_the_same_bytes_again_change_nothing_that_is_said_of_them(api: Api) -> None:
    document_id = await added(api, "a.txt", TEXT)
    for fields in ({}, {"title": "Another", "category": "x", "version": "9"}):
        again = await upload(api, "b.txt", TEXT, **fields)
        assert again.status_code == 200
        data = again.json()["data"]
        assert (data["document_id"], data["title"], data["version"]) == (document_id, "a", None)
        assert data["filename"] == "a.txt"


async def test_c5_only_uuids_and_integers_reach_a_filter_of_the_index(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever ids, categories and questions come in: seen where the filters are made."""
    seen: list[tuple[str, object]] = []
    delete = VectorTable.delete_document

    async def watched(
        self: VectorTable, document_id: str, *, except_revision: int | None = None
    ) -> None:
        seen.append((document_id, except_revision))
        await delete(self, document_id, except_revision=except_revision)

    monkeypatch.setattr(VectorTable, "delete_document", watched)
    kept = await added(api, "kept.txt", TEXT)
    gone = await added(api, "gone.txt", TEXT + b" 2")
    for hostile in HOSTILE_IDS:
        await api.client.delete(f"{DOCUMENTS}/{hostile}", headers=api.admin)
        await api.client.post(f"{DOCUMENTS}/{hostile}/reindex", headers=api.admin)
        await upload(api, "x.txt", TEXT + hostile.encode(), supersedes=hostile)
        for body in (
            {"query": hostile, "category": hostile},
            {"query": f"potassium {hostile}", "limit": 50},
        ):
            await api.client.post("/api/admin/kb/search", json=body, headers=api.admin)
    await api.client.delete(f"{DOCUMENTS}/{gone}", headers=api.admin)
    await api.client.post(f"{DOCUMENTS}/{kept}/reindex", headers=api.admin)
    await api.container.services.knowledge.close()
    assert {document_id for document_id, _ in seen} >= {kept, gone}
    assert {document_id for document_id, _ in seen} <= {kept, gone}
    assert {type(revision) for _, revision in seen} <= {int, type(None)}


async def test_langgraph_ghsa_9rwj_6rc7_p77c_no_sql_in_a_vector_filter(api: Api) -> None:
    """A filter made of what a caller sent emptied the store: here it finds and deletes nothing."""
    document_id = await added(api, "a.txt", TEXT)
    table = api.container.services.knowledge._index._ready()
    before = await table.probe()
    for hostile in ("' OR '1'='1", f"{document_id}' OR '1'='1", "x'; DROP TABLE chunks; --"):
        for headers in (api.admin, api.user):
            await api.client.delete(f"{DOCUMENTS}/{hostile}", headers=headers)
        found = await api.client.post(
            "/api/admin/kb/search", json={"query": hostile, "category": hostile},
            headers=api.admin,
        )  # fmt: skip
        assert found.json()["data"]["results"] == []
        with pytest.raises(ValueError, match="UUID"):
            await table.delete_document(hostile)
        with pytest.raises(ValueError, match="invalid literal"):
            await table.delete_document(document_id, except_revision=hostile)  # type: ignore[arg-type]
    assert await table.probe() == before


async def test_langflow_cve_2026_33497_no_path_traversal_in_uploads(
    api: Api, tmp_path: Path
) -> None:
    """A name that climbs writes nowhere else, is told as its last part, and reads nothing back."""
    data_dir = api.container.settings.data_dir
    before = everything_beside(tmp_path, data_dir)
    for number, name in enumerate(HOSTILE_NAMES):
        content = TEXT + str(number).encode()
        head = f'Content-Disposition: form-data; name="file"; filename="{name}"'
        body = f"--b\r\n{head}\r\n\r\n".encode() + content + b"\r\n--b--\r\n"
        response = await api.client.post(DOCUMENTS, content=body, headers=api.admin | FORM)
        assert response.status_code in (202, 422), name
        if response.status_code == 202:
            data = response.json()["data"]
            assert not set("/\\\x00") & set(data["filename"]), name
            file = await api.client.get(
                f"{DOCUMENTS}/{data['document_id']}/file", headers=api.admin
            )
            assert file.content == content
            disposition = file.headers["content-disposition"]
            assert "/" not in disposition and "\\" not in disposition
    stored = [path.name for path in (data_dir / "files").iterdir()]
    assert stored and all(len(name) == 64 and int(name, 16) >= 0 for name in stored)
    assert everything_beside(tmp_path, data_dir) == before


def everything_beside(folder: Path, data_dir: Path) -> set[Path]:
    """What lies in `folder` apart from the data directory, and whatever escaped to anywhere."""
    beside = {path for path in folder.rglob("*") if data_dir not in path.parents}
    escaped = [Path("/tmp/escaped.txt"), Path("/etc/cron.d/escaped.txt"), Path("escaped.txt")]
    return beside | {path for path in [*folder.rglob("*escaped*"), *escaped] if path.exists()}
