"""Folders over REST."""

from __future__ import annotations

import uuid
from typing import Any

import pytest

from tests.api.conftest import Api
from tests.api.test_conversations import call, naughty_strings

FIELDS = {"id", "name", "parentId", "createdAt", "conversationCount", "children"}


async def everything(api: Api) -> list[Any]:
    rows: list[Any] = await api.container.database.read(
        lambda tx: [tuple(row) for row in tx.execute("SELECT * FROM folders ORDER BY id")]
    )
    return rows


@pytest.mark.parametrize("root", ["/api/folders", "/folders"])
async def test_the_life_of_a_folder(api: Api, root: str) -> None:
    assert await call(api, "GET", root, 200) == {"items": [], "total": 0}
    outer = await call(api, "POST", root, 201, json={"name": " Ward 3 "})
    assert set(outer) == FIELDS
    assert (outer["name"], outer["parentId"], outer["children"]) == ("Ward 3", None, [])
    assert outer["conversationCount"] == 0 and outer["createdAt"].endswith("Z")
    ids = []
    for spelling in ("parent_id", "parentId"):
        made = await call(api, "POST", root, 201, json={"name": spelling, spelling: outer["id"]})
        assert made["parentId"] == outer["id"]
        ids.append(made["id"])
    filed = await call(api, "POST", "/conversations", 201, json={"folderId": ids[0]})
    assert filed["folderId"] == ids[0]
    listed = await call(api, "GET", root + "/", 200)
    assert listed["total"] == 3
    (top,) = listed["items"]
    assert [(c["name"], c["conversationCount"]) for c in top["children"]] == [
        ("parent_id", 1),
        ("parentId", 0),
    ]
    for method in ("PUT", "PATCH"):
        changed = await call(api, method, f"{root}/{ids[1]}", 200, json={"name": method})
        assert (changed["name"], changed["parentId"]) == (method, outer["id"])
    moved = await call(api, "PATCH", f"{root}/{ids[0]}", 200, json={"parentId": ids[1]})
    assert (moved["parentId"], moved["conversationCount"]) == (ids[1], 1)
    shown = await call(api, "GET", f"{root}/{ids[1]}", 200)
    assert shown["children"] == [moved]
    moved = await call(api, "PUT", f"{root}/{ids[0]}", 200, json={"parent_id": None})
    assert moved["parentId"] is None
    gone = await call(api, "DELETE", f"{root}/{ids[0]}", 200)
    assert set(gone) == {"message", "folderId"} and gone["folderId"] == ids[0]
    kept = await call(api, "GET", f"/conversations/{filed['id']}", 200)
    assert kept["folderId"] is None
    assert (await call(api, "GET", f"{root}/{ids[0]}", 404))["code"] == "NOT_FOUND"
    assert (await call(api, "DELETE", f"{root}/{ids[0]}", 404))["code"] == "NOT_FOUND"


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"name": ""}, "name"),
        ({"name": "  "}, "name"),
        ({"name": None}, "name"),
        ({"name": 7}, "name"),
        ({"name": ["x"]}, "name"),
        ({"name": "x" * 101}, "name"),
        ({"name": "a\nb"}, "name"),
        ({"name": "a\u0000b"}, "name"),
        ({"name": "a", "parent_id": 7}, "parent_id"),
        ({"name": "a", "parentId": "x" * 65}, "parentId"),
        ({"name": "a", "userId": str(uuid.uuid4())}, "userId"),
        ({"name": "a", "id": str(uuid.uuid4())}, "id"),
        ({"name": "a", "conversationCount": 9}, "conversationCount"),
        ({"name": "a", "children": []}, "children"),
        ([], "body"),
        ("x", "body"),
    ],
)
async def test_a3_bad_bodies_are_refused_and_change_nothing(
    api: Api, body: Any, field: str
) -> None:
    made = await call(api, "POST", "/folders", 201, json={"name": "before"})
    before = await everything(api)
    for method, path in (("POST", "/folders"), ("PATCH", f"/folders/{made['id']}")):
        error = await call(api, method, path, 422, json=body)
        assert (error["code"], error["field"]) == ("VALIDATION_ERROR", field)
    await call(api, "POST", "/folders", 422, json={})
    assert await everything(api) == before


async def test_a_move_into_itself_names_the_field(api: Api) -> None:
    outer = await call(api, "POST", "/folders", 201, json={"name": "outer"})
    inner = await call(
        api, "POST", "/folders", 201, json={"name": "inner", "parent_id": outer["id"]}
    )
    for parent_id in (outer["id"], inner["id"]):
        error = await call(
            api, "PATCH", f"/folders/{outer['id']}", 422, json={"parent_id": parent_id}
        )
        assert error["field"] == "parent_id"


async def test_a2_other_peoples_folders_do_not_exist(api: Api) -> None:
    theirs = await call(api, "POST", "/folders", 201, who="other", json={"name": "canary"})
    mine = await call(api, "POST", "/folders", 201, json={"name": "mine"})
    chat = await call(api, "POST", "/conversations", 201)
    before = await everything(api)
    told: list[list[Any]] = []
    for folder_id in (theirs["id"], str(uuid.uuid4()), "nonsense"):
        told.append(
            [
                await call(api, method, path, 404, json=body)
                for method, path, body in (
                    ("GET", f"/folders/{folder_id}", None),
                    ("PATCH", f"/folders/{folder_id}", {"name": "mine now"}),
                    ("DELETE", f"/folders/{folder_id}", None),
                    ("POST", "/folders", {"name": "x", "parent_id": folder_id}),
                    ("PATCH", f"/folders/{mine['id']}", {"parent_id": folder_id}),
                    ("POST", "/conversations", {"folder_id": folder_id}),
                    ("PATCH", f"/conversations/{chat['id']}", {"folder_id": folder_id}),
                )
            ]
        )
    assert told[0] == told[1]
    assert [error["code"] for error in told[2]] == ["NOT_FOUND"] * 7
    assert await everything(api) == before
    for who in ("user", "admin", "viewer"):
        listed = await call(api, "GET", "/folders", 200, who=who)
        assert "canary" not in str(listed)
    found = await call(api, "GET", f"/conversations?folderId={theirs['id']}", 200)
    assert found["total"] == 0


async def test_naughty_names_are_kept_as_they_are_or_refused(api: Api) -> None:
    kept = 0
    for text in naughty_strings()[::2]:
        response = await api.client.post("/folders", headers=api.user, json={"name": text})
        assert response.status_code in (201, 422), text
        if response.status_code == 201:
            kept += 1
            assert response.json()["data"]["name"] == text.strip()
        else:
            assert response.json()["error"]["field"] == "name"
    assert (await call(api, "GET", "/folders", 200))["total"] == kept > 150
