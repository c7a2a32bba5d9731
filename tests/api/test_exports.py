"""Exports over HTTP: a file to download, and nothing else."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.api.test_dispatch import SECURITY_HEADERS

if TYPE_CHECKING:
    from tests.api.conftest import Api


async def post(api: Api, path: str, body: Any) -> Any:
    response = await api.client.post(path, json=body, headers=api.user)
    assert response.status_code == 201, response.text
    return response.json()["data"]


@pytest.fixture
async def one(api: Api) -> str:
    """A conversation with a title that would like to be a header."""
    made = await post(api, "/conversations", {"title": 'Smith"; filename=x.html é'})
    path = f"/conversations/{made['id']}"
    await post(api, f"{path}/messages", {"content": "What is the dose?"})
    return path


@pytest.mark.parametrize("root", ["", "/api"])
@pytest.mark.parametrize(
    ("query", "ending", "media_type"),
    [
        ("", "md", "text/markdown; charset=utf-8"),
        ("?format=md", "md", "text/markdown; charset=utf-8"),
        ("?format=pdf", "pdf", "application/pdf"),
        ("?format=json", "json", "application/json"),
    ],
)
async def test_a_bare_download_under_a_name_of_our_own(
    api: Api, one: str, root: str, query: str, ending: str, media_type: str
) -> None:
    response = await api.client.get(f"{root}{one}/export{query}", headers=api.user)
    assert response.status_code == 200
    name = f"conversation-{one.rpartition('/')[2]}.{ending}"
    assert response.headers["content-disposition"] == f'attachment; filename="{name}"'
    assert response.headers["content-type"] == media_type
    assert response.headers["x-content-type-options"] == "nosniff"
    assert response.headers["cache-control"] == "no-store"
    assert SECURITY_HEADERS <= set(response.headers)
    assert "Smith" not in str(response.headers)


async def test_json_is_spelt_as_the_api_spells_it(api: Api, one: str) -> None:
    question, answer = (await api.client.get(f"{one}/messages", headers=api.user)).json()["data"][
        "items"
    ]
    await api.client.post(
        f"{one}/messages/{answer['id']}/feedback",
        json={"rating": "down", "reason": "why"},
        headers=api.user,
    )
    fresh = await post(api, f"{one}/messages/{answer['id']}/regenerate", None)
    exported = (await api.client.get(f"{one}/export?format=json", headers=api.user)).json()
    assert set(exported) == {"conversation", "branches", "messages", "cautions", "exportedAt"}
    assert exported["cautions"] == []
    conversation = (await api.client.get(one, headers=api.user)).json()["data"]
    assert exported["conversation"] == conversation
    branches = (await api.client.get(f"{one}/branches", headers=api.user)).json()["data"]
    assert exported["branches"] == branches["items"]
    assert [m["id"] for m in exported["messages"]] == [question["id"], answer["id"], fresh["id"]]
    assert exported["messages"][2] == fresh
    assert exported["messages"][1]["feedback"]["rating"] == "down"


@pytest.mark.parametrize("query", ["format=html", "format=MD", "format=md%00"])
async def test_other_formats_are_refused(api: Api, one: str, query: str) -> None:
    response = await api.client.get(f"{one}/export?{query}", headers=api.user)
    assert response.status_code == 422
    assert response.json()["error"]["field"] == "format"


async def test_a_branch_that_is_none_is_absent(api: Api, one: str) -> None:
    for branch in ("nonsense", "00000000-0000-4000-8000-00000000dead", "main' --"):
        for form in ("md", "pdf", "json"):
            response = await api.client.get(
                f"{one}/export", params={"format": form, "branch_id": branch}, headers=api.user
            )
            assert response.status_code == 404, json.dumps(response.json())
