"""Changing what is said of a document, over HTTP."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.api.conftest import Api
from tests.api.test_kb import ABSENT, DOCUMENTS, TEXT, finished, upload
from tests.shared_data import shared_data

FIELDS = {
    "title": "Potassium",
    "category": "electrolytes",
    "version": "2",
    "issuer": "Pharmacy board",
    "effective_date": "2026-01-31",
    "review_by": "2028-01-31",
    "owner": "Dr Jones",
}


async def added(api: Api, name: str = "a.txt", content: bytes = TEXT, **fields: str) -> str:
    document_id: str = (await upload(api, name, content, **fields)).json()["data"]["document_id"]
    await finished(api, document_id)
    return document_id


async def change(api: Api, document_id: str, body: Any, method: str = "PATCH") -> Any:
    return await api.client.request(
        method, f"{DOCUMENTS}/{document_id}", json=body, headers=api.admin
    )


async def audited(api: Api) -> list[dict[str, Any]]:
    rows = await api.container.database.read(
        lambda tx: [dict(row) for row in tx.execute("SELECT * FROM audit_log ORDER BY seq")]
    )
    return [row for row in rows if row["resource_type"] in ("document", "job")]


@pytest.mark.parametrize("method", ["PATCH", "PUT"])
async def test_fields_change_one_by_one_and_null_clears(api: Api, method: str) -> None:
    document_id = await added(api)
    expected = (await api.client.get(f"{DOCUMENTS}/{document_id}", headers=api.viewer)).json()[
        "data"
    ]
    for name, value in FIELDS.items():
        response = await change(api, document_id, {name: value}, method)
        assert response.status_code == 200
        expected |= {name: value}
        got = response.json()["data"]
        if name == "title":  # is being read anew
            assert got["status"] == "uploaded"
            got = await finished(api, document_id)
            expected["indexed_at"] = got["indexed_at"]
        assert got == expected
    for name in FIELDS.keys() - {"title"}:
        response = await change(api, document_id, {name: None}, method)
        expected |= {name: None}
        assert response.json()["data"] == expected
    assert (await change(api, document_id, {}, method)).json()["data"] == expected


async def test_both_field_styles_come_in(api: Api) -> None:
    document_id = await added(api, "a.txt", TEXT, effectiveDate="2026-01-01", reviewBy="2027-01-01")
    got = (await api.client.get(f"{DOCUMENTS}/{document_id}", headers=api.viewer)).json()["data"]
    assert (got["effective_date"], got["review_by"]) == ("2026-01-01", "2027-01-01")
    response = await change(api, document_id, {"effectiveDate": None, "reviewBy": "2029-01-01"})
    got = response.json()["data"]
    assert (got["effective_date"], got["review_by"]) == (None, "2029-01-01")


async def test_nothing_is_due_for_review_before_it_takes_effect(api: Api) -> None:
    document_id = await added(api, effective_date="2026-01-31", review_by="2026-01-31")
    before = await finished(api, document_id)
    for body in (
        {"review_by": "2026-01-30"},
        {"effective_date": "2026-02-01"},
        {"effective_date": "2027-01-01", "review_by": "2026-12-31"},
    ):
        response = await change(api, document_id, body)
        assert response.status_code == 422, body
        assert response.json()["error"]["field"] == "review_by"
    assert await finished(api, document_id) == before
    moved = {"effective_date": "2027-01-01", "review_by": "2028-12-31"}
    assert (await change(api, document_id, moved)).status_code == 200
    new = await upload(api, "b.txt", b"Other.", effective_date="2026-01-02", review_by="2026-01-01")
    assert (new.status_code, new.json()["error"]["field"]) == (422, "review_by")


BAD: tuple[tuple[Any, str], ...] = (
    ({"title": None}, "title"),
    ({"title": ""}, "title"),
    ({"title": "   "}, "title"),
    ({"title": "x" * 301}, "title"),
    ({"title": 7}, "title"),
    ({"title": "nul\x00"}, "title"),
    ({"title": "turned\u202eround"}, "title"),
    ({"category": "x" * 101}, "category"),
    ({"version": ["1"]}, "version"),
    ({"issuer": "two\nlines"}, "issuer"),
    ({"effective_date": "31.01.2026"}, "effective_date"),
    ({"effectiveDate": "2026-02-30"}, "effectiveDate"),
    ({"review_by": ""}, "review_by"),
    ({"supersedes": "x' OR 1=1 --"}, "supersedes"),
    ({"supersedes": ABSENT}, "supersedes"),
    ({"supersedes": "itself"}, "supersedes"),
    ({"status": "indexed"}, "status"),
    ({"sha256": "0" * 64}, "sha256"),
    ({"uploaded_by": ABSENT}, "uploaded_by"),
    ({"document_id": ABSENT}, "document_id"),
    ([], "body"),
    ("x", "body"),
)


async def test_bad_fields_are_named_and_nothing_changes(api: Api) -> None:
    document_id = await added(api)
    before, rows = await finished(api, document_id), len(await audited(api))
    for body, field in BAD:
        if body == {"supersedes": "itself"}:
            body = {"supersedes": document_id}
        response = await change(api, document_id, body)
        assert response.status_code == 422, body
        assert response.json()["error"]["field"] == field, body
    assert len(await audited(api)) == rows
    assert await finished(api, document_id) == before


async def test_naughty_strings_never_break_it(api: Api) -> None:
    document_id = await added(api)
    strings = json.loads(shared_data("payloads/blns.json").read_text("utf-8"))
    for number, text in enumerate(strings):
        response = await change(api, document_id, {"owner": text, "category": text[:90]})
        assert response.status_code in (200, 422), text
        if number % 25 == 0:
            for query in ({"search": text[:200]}, {"category": text[:100]}):
                listed = await api.client.get(DOCUMENTS, params=query, headers=api.viewer)
                assert listed.status_code in (200, 422), text
            found = await api.client.post(
                "/api/admin/kb/search", json={"query": text, "category": text[:90]},
                headers=api.admin,
            )  # fmt: skip
            assert found.status_code in (200, 422), text


async def test_a_circle_of_successors_is_refused(api: Api) -> None:
    first = await added(api, "1.txt", TEXT)
    second = await added(api, "2.txt", TEXT + b" 2", supersedes=first)
    response = await change(api, first, {"supersedes": second})
    assert (response.status_code, response.json()["error"]["field"]) == (422, "supersedes")


async def test_f1_reading_and_changing_documents_is_audited(api: Api) -> None:
    document_id = await added(api, "secret_name.txt", TEXT, owner="Dr Jones")
    rows = len(await audited(api))
    await api.client.get(DOCUMENTS, params={"search": "Mrs Smith"}, headers=api.viewer)
    await api.client.get(f"{DOCUMENTS}/{document_id}", headers=api.viewer)
    await change(api, document_id, {"owner": "Dr Brown", "category": "x"})
    await api.client.post(
        "/api/admin/kb/search", json={"query": "Mrs Smith potassium"}, headers=api.viewer
    )
    await api.client.get("/api/admin/kb/jobs", headers=api.viewer)
    new = (await audited(api))[rows:]
    assert [row["action"] for row in new] == [
        "document.list",
        "document.read",
        "document.update",
        "document.search",
        "job.list",
    ]
    assert {row["user_id"] for row in new} == {
        api.accounts["viewer"].user.id,
        api.accounts["admin"].user.id,
    }
    assert json.loads(new[2]["details"])["fields"] == "category,owner"
    assert all(row["request_id"] and row["ip"] for row in new)
    for word in ("secret_name", "Smith", "Jones", "Brown", "potassium"):
        assert word not in str(new)
