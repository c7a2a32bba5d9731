"""What retrieval sees, over HTTP."""

from __future__ import annotations

from typing import Any

from tests.api.conftest import Api
from tests.api.test_ingest_jobs import added
from tests.api.test_kb import DOCUMENTS, TEXT

SEARCH = "/api/admin/kb/search"
OTHER = b"Magnesium replacement. Check the magnesium level every day."


async def search(api: Api, **body: Any) -> dict[str, Any]:
    response = await api.client.post(SEARCH, json=body, headers=api.viewer)
    assert response.status_code == 200, response.text
    data: dict[str, Any] = response.json()["data"]
    return data


async def test_results_are_what_an_answer_would_rest_on(api: Api) -> None:
    document_id = await added(api, "potassium.txt", TEXT)
    await added(api, "magnesium.txt", OTHER)
    patched = await api.client.patch(
        f"{DOCUMENTS}/{document_id}", json={"category": "wards"}, headers=api.admin
    )
    assert patched.status_code == 200
    query = "check the potassium level every four hours"
    found = await search(api, query=query)
    assert (found["query"], found["total"], found["evidence"]) == (query, 2, True)
    assert found["took_ms"] >= 0
    best, second = found["results"]
    assert best | {
        "document_id": document_id, "title": "potassium", "category": "wards", "page": 1,
        "section": None, "text": TEXT.decode(), "char_start": 0, "char_end": len(TEXT),
    } == best  # fmt: skip
    assert 1 >= best["score"] > second["score"] >= 0
    assert best["similarity"] > second["similarity"]
    opened = await api.client.get(
        f"/api/documents/{document_id}/passages/{best['chunk_id']}", headers=api.user
    )
    assert opened.json()["data"]["text"] == best["text"]

    assert [r["chunk_id"] for r in (await search(api, query=query, limit=1))["results"]] == [
        best["chunk_id"]
    ]
    one = await search(api, query="replacement level", category="wards")
    assert [r["document_id"] for r in one["results"]] == [document_id]
    assert (await search(api, query=query, category="none"))["results"] == []
    refused = await search(api, query="Who won the 1998 World Cup?")
    assert refused["evidence"] is False


async def test_an_empty_knowledge_base_has_no_evidence(api: Api) -> None:
    found = await search(api, query="anything")
    assert (found["results"], found["total"], found["evidence"]) == ([], 0, False)


async def test_bad_queries_are_named(api: Api) -> None:
    for body, field in (
        ({}, "query"),
        ({"query": ""}, "query"),
        ({"query": " \n"}, "query"),
        ({"query": None}, "query"),
        ({"query": 7}, "query"),
        ({"query": "x" * 2001}, "query"),
        ({"query": "nul\x00"}, "query"),
        ({"query": "x", "limit": 0}, "limit"),
        ({"query": "x", "limit": 51}, "limit"),
        ({"query": "x", "limit": "5"}, "limit"),
        ({"query": "x", "category": "x" * 101}, "category"),
        ({"query": "x", "filter": "1=1"}, "filter"),
    ):
        response = await api.client.post(SEARCH, json=body, headers=api.admin)
        assert response.status_code == 422, body
        assert response.json()["error"]["field"] == field, body
    for headers, status in ((api.user, 403), ({}, 401)):
        response = await api.client.post(SEARCH, json={"query": "x"}, headers=headers)
        assert response.status_code == status
