"""Conversations over REST, in the reference's shapes."""

from __future__ import annotations

import json
import uuid
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pytest

from tests.answering_parts import ORIGIN
from tests.shared_data import shared_data

if TYPE_CHECKING:
    from tests.api.conftest import Api

FIELDS = {
    "id",
    "userId",
    "title",
    "archived",
    "messageCount",
    "folderId",
    "createdAt",
    "updatedAt",
    "lastMessagePreview",
}


NAUGHTY = (
    "%ff%fe", "%ed%a0%80", "%00", "%", '"', '""', "'", '" OR "', "*", "a*", "^a", "(", ")", "a:b",
    "NEAR(a b)", "a AND", "NOT", "-a", "+a", "{a} : b", "\\", "%25", "_", "\u202e", "\ufeff",
    "\U0001f600", "a\u0301", "\u00ad", "'; DROP TABLE messages_fts; --", "\ud7ff\ue000",
)  # fmt: skip


def naughty_strings() -> list[str]:
    found: list[str] = json.loads(shared_data("payloads/blns.json").read_text("utf-8"))
    return [text for text in found if text and not text.startswith("%")]


async def call(
    api: Api, method: str, path: str, status: int, *, who: str = "user", **options: Any
) -> Any:
    response = await api.client.request(method, path, headers=api.accounts[who].headers, **options)
    assert response.status_code == status, response.text
    return response.json()["data" if status < 300 else "error"]


async def asked(api: Api, content: str = "What is the dose?", who: str = "user") -> Any:
    """A stream that has ended."""
    services = api.container.services
    principal = await services.sessions.authenticate(api.accounts[who].access_token)
    stream = await services.answering.reply(principal, ORIGIN, content)
    await stream.wait()
    return stream


@pytest.mark.parametrize("root", ["/api/conversations", "/conversations"])
async def test_the_life_of_a_conversation(api: Api, root: str) -> None:
    made = await call(api, "POST", root, 201, json={"title": " Medical Inquiry "})
    assert set(made) == FIELDS
    assert made["title"] == "Medical Inquiry"
    assert made["userId"] == api.accounts["user"].user.id
    assert made["archived"] is False and made["messageCount"] == 0 and made["folderId"] is None
    assert made["createdAt"].endswith("Z")
    one = f"{root}/{made['id']}"
    assert await call(api, "GET", one, 200) == made
    assert await call(api, "GET", one + "/", 200) == made
    for method in ("PUT", "PATCH"):
        changed = await call(api, method, one, 200, json={"title": method, "archived": True})
        assert (changed["title"], changed["archived"]) == (method, True)
    unfiled = await call(api, "PATCH", one, 200, json={"folder_id": None})
    assert unfiled["title"] == "PATCH" and unfiled["folderId"] is None
    listed = await call(api, "GET", root, 200)
    assert listed["items"] == [unfiled]
    assert {name: listed[name] for name in ("total", "page", "pageSize", "nextCursor")} == {
        "total": 1,
        "page": 1,
        "pageSize": 20,
        "nextCursor": None,
    }
    assert "message" in await call(api, "DELETE", one, 200)
    assert (await call(api, "GET", one, 404))["code"] == "NOT_FOUND"
    assert (await call(api, "DELETE", one, 404))["code"] == "NOT_FOUND"


async def test_a_title_is_not_needed(api: Api) -> None:
    assert (await call(api, "POST", "/api/conversations", 201))["title"]
    assert (await call(api, "POST", "/api/conversations", 201, json={}))["title"]


async def test_pages_in_both_spellings_and_by_cursor(api: Api) -> None:
    for number in range(5):
        await call(api, "POST", "/conversations", 201, json={"title": str(number)})
    everything = await call(api, "GET", "/conversations?pageSize=100", 200)
    assert [item["title"] for item in everything["items"]] == ["4", "3", "2", "1", "0"]
    for query in ("page=2&pageSize=2", "page=2&page_size=2"):
        page = await call(api, "GET", f"/conversations?{query}", 200)
        assert page["items"] == everything["items"][2:4]
        assert (page["total"], page["page"], page["pageSize"]) == (5, 2, 2)
    first = await call(api, "GET", "/conversations?pageSize=2", 200)
    second = await call(api, "GET", f"/conversations?pageSize=2&cursor={first['nextCursor']}", 200)
    assert second["items"] == everything["items"][2:4]
    put_away = everything["items"][0]["id"]
    await call(api, "PATCH", f"/conversations/{put_away}", 200, json={"archived": True})
    assert (await call(api, "GET", "/conversations?archived=true", 200))["total"] == 1
    assert (await call(api, "GET", "/conversations?archived=false", 200))["total"] == 4
    assert (await call(api, "GET", "/conversations?folderId=x", 200))["total"] == 0


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("page=0", "page"),
        ("page=-1", "page"),
        ("page=x", "page"),
        ("page=99999999999999999999", "page"),
        ("pageSize=0", "pageSize"),
        ("pageSize=101", "pageSize"),
        ("page_size=101", "page_size"),
        ("archived=perhaps", "archived"),
        ("cursor=nonsense", "cursor"),
        ("cursor=" + "x" * 513, "cursor"),
        ("folderId=" + "x" * 65, "folderId"),
        ("search=%20", "search"),
        ("search=" + "x" * 201, "search"),
        ("search=a%00b", "search"),
    ],
)
async def test_values_out_of_range_are_refused(api: Api, query: str, field: str) -> None:
    error = await call(api, "GET", f"/conversations?{query}", 422)
    assert (error["code"], error["field"]) == ("VALIDATION_ERROR", field)


@pytest.mark.parametrize(
    "body",
    [
        {"title": ""},
        {"title": "  "},
        {"title": None},
        {"title": 7},
        {"title": "x" * 201},
        {"title": "a\nb"},
        {"title": "a\u0000b"},
        {"archived": None},
        {"archived": "true"},
        {"archived": 1},
        {"folder_id": 7},
        {"userId": str(uuid.uuid4())},
        {"messageCount": 9},
        {"id": str(uuid.uuid4())},
    ],
)
async def test_a3_a_body_changes_nothing_it_should_not(api: Api, body: dict[str, Any]) -> None:
    made = await call(api, "POST", "/conversations", 201, json={"title": "before"})
    one = f"/conversations/{made['id']}"
    error = await call(api, "PATCH", one, 422, json=body)
    assert error["code"] == "VALIDATION_ERROR"
    assert await call(api, "GET", one, 200) == made


async def test_an_unknown_folder_does_not_exist(api: Api) -> None:
    for folder_id in (str(uuid.uuid4()), "nonsense"):
        await call(api, "POST", "/conversations", 404, json={"folder_id": folder_id})
        await call(api, "POST", "/conversations", 404, json={"folderId": folder_id})
    assert (await call(api, "GET", "/conversations", 200))["total"] == 0


async def test_a2_other_peoples_conversations_do_not_exist(api: Api) -> None:
    stream = await asked(api, "Canary question?", who="other")
    told: list[list[Any]] = []
    for conversation_id, message_id in (
        (stream.conversation_id, stream.message_id),
        (str(uuid.uuid4()), str(uuid.uuid4())),
        ("nonsense", "nonsense"),
    ):
        one = f"/conversations/{conversation_id}"
        fork = {"parent_message_id": message_id}
        told.append(
            [
                (await call(api, method, path, 404, json=body))["code"]
                for method, path, body in (
                    ("GET", one, None),
                    ("PATCH", one, {"title": "mine now"}),
                    ("DELETE", one, None),
                    ("GET", f"{one}/messages", None),
                    ("GET", f"{one}/branches", None),
                    ("POST", f"{one}/branches", fork),
                )
            ]
        )
    assert told[0] == told[1] == told[2]
    mine = await call(api, "POST", "/conversations", 201)
    fork = {"parent_message_id": stream.message_id}
    await call(api, "POST", f"/conversations/{mine['id']}/branches", 404, json=fork)
    assert (await call(api, "DELETE", "/conversations/all", 200))["deleted_count"] == 1
    left = await call(api, "GET", "/conversations", 200, who="other")
    assert left["total"] == 1 and left["items"][0]["title"] == "Canary question?"


async def test_messages_and_branches(api: Api) -> None:
    stream = await asked(api)
    one = f"/conversations/{stream.conversation_id}"
    listed = await call(api, "GET", f"{one}/messages", 200)
    question, answer = listed["items"]
    assert {name: listed[name] for name in listed if name != "items"} == {
        "total": 2,
        "limit": 100,
        "page": 1,
        "pageSize": 100,
        "branchId": "main",
        "nextCursor": None,
    }
    assert set(answer) == {
        "id",
        "conversationId",
        "branchId",
        "parentMessageId",
        "role",
        "content",
        "status",
        "citations",
        "sentences",
        "withheld",
        "nearest",
        "clientMessageId",
        "model",
        "tokens",
        "createdAt",
        "editedAt",
        "feedback",
    }
    assert (question["role"], answer["role"]) == ("user", "assistant")
    assert answer["parentMessageId"] == question["id"]
    branch = await call(
        api,
        "POST",
        f"{one}/branches",
        201,
        json={"parent_message_id": question["id"], "initial_message": "And for children?"},
    )
    assert branch["messageCount"] == 1
    assert branch["initialMessage"]["content"] == "And for children?"
    shown = await call(api, "GET", f"{one}/messages?branch_id={branch['branchId']}", 200)
    assert [m["content"] for m in shown["items"]] == [question["content"], "And for children?"]
    branches = (await call(api, "GET", f"{one}/branches", 200))["items"]
    assert [b["branchId"] for b in branches] == ["main", branch["branchId"]]
    assert branches[1]["parentMessageId"] == question["id"]
    page = await call(api, "GET", f"{one}/messages?limit=1", 200)
    assert page["items"] == [question] and page["limit"] == 1
    rest = await call(api, "GET", f"{one}/messages?limit=1&cursor={page['nextCursor']}", 200)
    assert rest["items"] == [answer] and rest["nextCursor"] is None
    assert (await call(api, "GET", f"{one}/messages?page=2&pageSize=1", 200))["items"] == [answer]
    for query in (
        "limit=0", "limit=201", "pageSize=0", "pageSize=201", "page=0", "cursor=x",
        f"cursor={'x' * 65}", f"branch_id={'x' * 65}",
    ):  # fmt: skip
        error = await call(api, "GET", f"{one}/messages?{query}", 422)
        assert error["field"] == query.split("=")[0]
    await call(api, "GET", f"{one}/messages?branch_id={uuid.uuid4()}", 404)
    for body in ({}, {"parent_message_id": None}, {"parent_message_id": question["id"], "x": 1}):
        await call(api, "POST", f"{one}/branches", 422, json=body)


async def test_sizes_and_places_of_pages_of_messages(api: Api) -> None:
    stream = await asked(api)
    one = f"/conversations/{stream.conversation_id}"
    branch = await call(
        api,
        "POST",
        f"{one}/branches",
        201,
        json={"parent_message_id": stream.message_id, "initial_message": "And for children?"},
    )
    whole = await call(api, "GET", f"{one}/messages?branchId={branch['branchId']}", 200)
    ids = [message["id"] for message in whole["items"]]
    assert ids[:2] == [stream.user_message_id, stream.message_id] and len(ids) == 3
    for query, size, page, shown, more in (
        ("limit=2", 2, 1, ids[:2], True),
        ("limit=2&page=2", 2, 2, ids[2:], False),
        ("pageSize=2&page=2", 2, 2, ids[2:], False),
        ("page_size=1&page=2", 1, 2, ids[1:2], True),
        ("limit=1&pageSize=200", 1, 1, ids[:1], True),
        ("page=9", 100, 9, [], False),
    ):
        path = f"{one}/messages?branch_id={branch['branchId']}&{query}"
        got = await call(api, "GET", path, 200)
        assert [message["id"] for message in got["items"]] == shown, query
        assert (got["limit"], got["pageSize"], got["page"]) == (size, size, page), query
        assert got["total"] == 3 and got["branchId"] == branch["branchId"]
        assert (got["nextCursor"] is not None) == more, query
    path = f"{one}/messages?branch_id={branch['branchId']}&limit=1"
    seen, cursor = [], ""
    for _ in ids:
        got = await call(api, "GET", f"{path}{cursor}", 200)
        seen += [message["id"] for message in got["items"]]
        cursor = f"&cursor={got['nextCursor']}"
    assert seen == ids and got["nextCursor"] is None


async def test_a_page_goes_on_where_its_last_message_has_gone(api: Api) -> None:
    stream = await asked(api)
    one = f"/conversations/{stream.conversation_id}"
    await call(api, "POST", f"{one}/messages?answer=false", 201, json={"content": "Noted."})
    first = await call(api, "GET", f"{one}/messages?limit=2", 200)
    await call(api, "DELETE", f"{one}/messages/{first['items'][-1]['id']}", 200)
    rest = await call(api, "GET", f"{one}/messages?cursor={first['nextCursor']}", 200)
    assert [message["content"] for message in rest["items"]] == ["Noted."]


async def test_search(api: Api) -> None:
    stream = await asked(api, "What is the <b>dose</b> of amiodarone?")
    for root in ("/conversations", "/api/conversations"):
        found = await call(api, "GET", f"{root}/search?q=amiodarone", 200)
        assert set(found) == {"items", "nextCursor"}
        titled, said = found["items"]
        assert set(titled) == set(said) == {
            "conversation", "messageId", "branchId", "role", "snippet", "matches", "createdAt",
        }  # fmt: skip
        assert set(said["conversation"]) == FIELDS
        assert titled["messageId"] is titled["branchId"] is titled["role"] is None
        assert (said["messageId"], said["role"]) == (stream.user_message_id, "user")
        assert said["branchId"] == "main" and said["createdAt"].endswith("Z")
        assert said["snippet"] == "What is the <b>dose</b> of amiodarone?"
        ((start, end),) = said["matches"]
        assert said["snippet"][start:end] == "amiodarone"
    first = await call(api, "GET", "/conversations/search?q=amiodarone&limit=1", 200)
    assert first["items"] == [titled]
    path = f"/conversations/search?q=amiodarone&limit=1&cursor={first['nextCursor']}"
    assert await call(api, "GET", path, 200) == {"items": [said], "nextCursor": None}
    listed = await call(api, "GET", "/conversations?search=amiodarone", 200)
    assert [each["id"] for each in listed["items"]] == [stream.conversation_id]
    assert (await call(api, "GET", "/conversations?search=insulin", 200))["total"] == 0


async def test_a2_search_is_of_ones_own(api: Api) -> None:
    await asked(api, "Canary question?", who="other")
    for who, count in (("user", 0), ("admin", 0), ("viewer", 0), ("other", 2)):
        found = await call(api, "GET", "/conversations/search?q=canary", 200, who=who)
        assert len(found["items"]) == count
        listed = await call(api, "GET", "/conversations?search=canary", 200, who=who)
        assert listed["total"] == count // 2


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("", "q"),
        ("q=", "q"),
        ("q=%20%20", "q"),
        ("q=" + "x" * 201, "q"),
        ("q=a%00b", "q"),
        ("q=a%0Ab", "q"),
        ("q=a&limit=0", "limit"),
        ("q=a&limit=51", "limit"),
        ("q=a&limit=x", "limit"),
        ("q=a&cursor=nonsense", "cursor"),
        ("q=a&cursor=" + "x" * 513, "cursor"),
    ],
)
async def test_searches_that_are_refused(api: Api, query: str, field: str) -> None:
    error = await call(api, "GET", f"/conversations/search?{query}", 422)
    assert (error["code"], error["field"]) == ("VALIDATION_ERROR", field)


async def test_naughty_strings_are_searched_for_or_refused(api: Api) -> None:
    await asked(api)
    # Bytes that are no UTF-8 are replaced before they are looked for.
    addresses = [("/conversations/search", "q", text) for text in (*NAUGHTY, *naughty_strings())]
    addresses += [("/conversations", "search", text) for text in NAUGHTY]
    for path, name, text in addresses:
        address = f"{path}?{name}={text if text.startswith('%') else quote(text)}"
        response = await api.client.get(address, headers=api.user)
        assert response.status_code in (200, 422), text
        if response.status_code == 422:
            assert response.json()["error"]["field"] == name, text
