"""Messages over REST against a running appliance: asking, streaming, retrying, changing."""

from __future__ import annotations

import asyncio
import json
import logging
import socket
import struct
import uuid
from typing import TYPE_CHECKING, Any

import pytest

from appliance.api import answer_events, dispatch
from appliance.domain import Passage
from appliance.services.query import Query
from appliance.services.refusals import refusal
from tests.answering_parts import DOSE, all_bear, passage
from tests.api.event_stream import streaming
from tests.api.socket_client import SocketClient, text_of
from tests.api.test_dispatch import SECURITY_HEADERS
from tests.shared_data import shared_data

if TYPE_CHECKING:
    from tests.api.conftest import Api

QUOTE = "The usual dose is 5 mg once daily. [1]"
PIECES = ["The usual dose is ", "5 mg ", "once daily. [1]"]
MESSAGE = {
    "id", "conversationId", "branchId", "parentMessageId", "role", "content", "status",
    "citations", "sentences", "withheld", "nearest", "clientMessageId", "model", "tokens",
    "createdAt", "editedAt", "feedback",
}  # fmt: skip


class Known:
    """A retrieval that finds what the test put in."""

    def __init__(self, *found: Passage) -> None:
        self.found = list(found)

    async def understood(self, question: str) -> Query:
        return Query(question)

    async def find(self, question: str) -> list[Passage]:
        return self.found


@pytest.fixture(autouse=True)
def known(api: Api, monkeypatch: pytest.MonkeyPatch) -> Known:
    retrieval = Known(passage(DOSE))
    writer = api.container.services.answering._writer
    monkeypatch.setattr(writer, "_retrieval", retrieval)
    monkeypatch.setattr(writer, "_bearing", all_bear)
    return retrieval


async def call(
    api: Api, method: str, path: str, status: int, *, who: str = "user", **options: Any
) -> Any:
    response = await api.client.request(
        method, path, headers=api.accounts[who].headers, timeout=20, **options
    )
    assert response.status_code == status, response.text
    return response.json()["data" if status < 300 else "error"]


async def conversation(api: Api, who: str = "user") -> str:
    made = await call(api, "POST", "/conversations", 201, who=who)
    return f"/conversations/{made['id']}"


async def ask(api: Api, one: str, content: str = "What is the dose?", **fields: Any) -> Any:
    return await call(api, "POST", f"{one}/messages", 201, json={"content": content, **fields})


async def items(api: Api, one: str, branch_id: str = "main") -> Any:
    return (await call(api, "GET", f"{one}/messages?branch_id={branch_id}", 200))["items"]


async def idle(api: Api, wait_s: float = 2.0) -> None:
    """Fails if an answer is still under way after `wait_s`."""
    async with asyncio.timeout(wait_s):
        while api.container.services.answering._streams.running:  # noqa: ASYNC110
            await asyncio.sleep(0.01)


async def trail(api: Api) -> list[dict[str, Any]]:
    return await api.container.database.read(
        lambda tx: [dict(row) for row in tx.execute("SELECT * FROM audit_log ORDER BY seq")]
    )


# Asking


@pytest.mark.parametrize("root", ["", "/api"])
async def test_a_question_comes_back_with_its_answer(api: Api, root: str) -> None:
    api.engine.enqueue(PIECES)
    one = root + await conversation(api)
    sent = await ask(api, one, client_message_id="c1")
    assert set(sent) == MESSAGE | {"is_duplicate", "answer"}
    assert set(sent["answer"]) == MESSAGE
    assert (sent["role"], sent["is_duplicate"], sent["clientMessageId"]) == ("user", False, "c1")
    assert sent["answer"]["content"] == QUOTE and sent["answer"]["status"] == "complete"
    assert [c["index"] for c in sent["answer"]["citations"]] == [1]
    question = {name: value for name, value in sent.items() if name in MESSAGE}
    assert await items(api, one) == [question, sent["answer"]]
    body = {"content": sent["content"], "clientMessageId": "c1"}
    again = await call(api, "POST", f"{one}/messages", 200, json=body)
    assert again == sent | {"is_duplicate": True}
    other = await call(api, "POST", f"{one}/messages", 409, json=body | {"content": "x"})
    assert other["field"] == "client_message_id"
    assert len(api.engine.history) == 1


async def test_a_branch_and_a_parent_can_be_named(api: Api) -> None:
    one = await conversation(api)
    first = await ask(api, one)
    branch = await call(
        api, "POST", f"{one}/branches", 201, json={"parent_message_id": first["id"]}
    )
    aside = await ask(api, one, branch_id=branch["branchId"], parent_message_id=first["id"])
    assert aside["branchId"] == aside["answer"]["branchId"] == branch["branchId"]
    assert aside["parentMessageId"] == first["id"]
    assert len(await items(api, one)) == 2


async def test_only_stored(api: Api) -> None:
    one = await conversation(api)
    body = {"content": "Noted.", "client_message_id": "n1"}
    sent = await call(api, "POST", f"{one}/messages?answer=false", 201, json=body)
    assert (sent["content"], sent["answer"], sent["is_duplicate"]) == ("Noted.", None, False)
    again = await call(api, "POST", f"{one}/messages?answer=false", 200, json=body)
    assert again == sent | {"is_duplicate": True}
    assert len(await items(api, one)) == 1
    assert api.engine.started == 0
    await call(api, "POST", f"{one}/messages?answer=perhaps", 422, json=body)


async def test_twenty_retries_at_once_are_one_question(api: Api) -> None:
    api.engine.enqueue(PIECES, delay_s=0.05)
    one = await conversation(api)
    body = {"content": "Dose?", "client_message_id": "c1"}
    answers = await asyncio.gather(
        *(
            api.client.post(f"{one}/messages", json=body, headers=api.user, timeout=20)
            for _ in range(20)
        )
    )
    assert sorted(answer.status_code for answer in answers) == [200] * 19 + [201]
    told = [answer.json()["data"] for answer in answers]
    assert sorted(sent.pop("is_duplicate") for sent in told) == [False] + [True] * 19
    assert all(sent == told[0] for sent in told)
    assert told[0]["answer"]["content"] == QUOTE
    assert len(await items(api, one)) == 2
    assert len(api.engine.history) == 1


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "content"),
        ({"content": None}, "content"),
        ({"content": ""}, "content"),
        ({"content": " \n\t"}, "content"),
        ({"content": 7}, "content"),
        ({"content": "x" * 8001}, "content"),
        ({"content": "a\x00b"}, "content"),
        ({"content": "x", "client_message_id": ""}, "client_message_id"),
        ({"content": "x", "client_message_id": "a b"}, "client_message_id"),
        ({"content": "x", "client_message_id": "x" * 129}, "client_message_id"),
        ({"content": "x", "role": "assistant"}, "role"),
        ({"content": "x", "userId": str(uuid.uuid4())}, "userId"),
        ({"content": "x", "status": "complete"}, "status"),
    ],
)
@pytest.mark.parametrize("query", ["", "?answer=false"])
async def test_bad_messages_change_nothing(api: Api, body: Any, field: str, query: str) -> None:
    one = await conversation(api)
    error = await call(api, "POST", f"{one}/messages{query}", 422, json=body)
    assert (error["code"], error["field"]) == ("VALIDATION_ERROR", field)
    assert await items(api, one) == []


async def test_a_failed_answer_is_an_error_that_names_what_was_stored(api: Api) -> None:
    api.engine.enqueue(["canary "], error=RuntimeError("canary"))
    one = await conversation(api)
    body = {"content": "Dose?", "client_message_id": "c1"}
    error = await call(api, "POST", f"{one}/messages", 500, json=body)
    assert "canary" not in json.dumps(error)
    question, answer = await items(api, one)
    assert error["details"] == {"user_message_id": question["id"], "message_id": answer["id"]}
    assert answer["status"] == "failed"
    # The retry is answered, in the place of what had failed.
    again = await call(api, "POST", f"{one}/messages", 201, json=body)
    assert again["id"] == question["id"]
    assert again["answer"]["status"] == "complete"
    assert [each["id"] for each in await items(api, one)] == [question["id"], again["answer"]["id"]]


async def test_too_many_at_once_are_told_to_wait(api: Api) -> None:
    one = await conversation(api)
    for _ in range(8):
        api.engine.enqueue(["slow "], hangs=True)
    waiting = [asyncio.create_task(ask(api, one)) for _ in range(8)]
    async with asyncio.timeout(5):
        while api.engine.running < 8:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
    for accept in ("application/json", "text/event-stream"):
        refused = await api.client.post(
            f"{one}/messages", json={"content": "?"}, headers=api.user | {"Accept": accept}
        )
        assert (refused.status_code, refused.json()["error"]["code"]) == (429, "BUSY")
        assert int(refused.headers["retry-after"]) > 0
    for message in await items(api, one):
        if message["role"] == "assistant":
            await call(api, "POST", f"{one}/messages/{message['id']}/stop", 200)
    for sent in await asyncio.gather(*waiting):
        assert sent["answer"]["status"] == "interrupted"


async def hung_up(api: Api, one: str, accept: str, wait_for: bytes | None) -> None:
    """Post a question and tear the connection down: at once, or when `wait_for` has come."""
    body = b'{"content": "Dose?", "client_message_id": "c1"}'
    head = (
        f"POST {one}/messages HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
        f"Accept: {accept}\r\nAuthorization: Bearer {api.user_token}\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    )
    port = int(api.base_url.rsplit(":", 1)[1])
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(head.encode() + body)
    await writer.drain()
    if wait_for is not None:
        await asyncio.wait_for(reader.readuntil(wait_for), 5)
    else:
        async with asyncio.timeout(5):
            while not api.engine.started:  # noqa: ASYNC110
                await asyncio.sleep(0.01)
    raw: socket.socket = writer.get_extra_info("socket")
    raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


@pytest.mark.parametrize(
    ("accept", "wait_for"),
    [("application/json", None), ("text/event-stream", b"event: chunk\n")],
)
async def test_a_client_that_goes_away_loses_nothing(
    api: Api, accept: str, wait_for: bytes | None
) -> None:
    api.engine.enqueue(PIECES, delay_s=0.1)
    one = await conversation(api)
    await hung_up(api, one, accept, wait_for)
    assert api.engine.running == 1  # it has its grace
    await idle(api)
    question, answer = await items(api, one)
    assert (question["content"], answer["content"]) == ("Dose?", QUOTE)
    assert answer["status"] == "complete"
    body = {"content": "Dose?", "client_message_id": "c1"}
    again = await call(api, "POST", f"{one}/messages", 200, json=body)
    assert again["answer"] == answer


@pytest.mark.parametrize(
    ("accept", "wait_for"),
    [("application/json", None), ("text/event-stream", b"event: chunk\n")],
)
async def test_nobody_coming_back_ends_the_answer(
    api: Api, accept: str, wait_for: bytes | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(api.container.services.answering._streams, "grace_s", 0.3)
    api.engine.enqueue(["The usual dose "], hangs=True)
    one = await conversation(api)
    await hung_up(api, one, accept, wait_for)
    await idle(api)
    question, answer = await items(api, one)
    assert question["content"] == "Dose?"
    assert (answer["status"], answer["content"]) == ("interrupted", "The usual dose ")


async def test_waiting_holds_the_answer_beyond_the_grace(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(api.container.services.answering._streams, "grace_s", 0.05)
    api.engine.enqueue(PIECES, delay_s=0.1)
    sent = await ask(api, await conversation(api))
    assert sent["answer"]["status"] == "complete"


# Streaming


async def test_events_are_the_sockets_frames_and_the_stored_text(api: Api) -> None:
    api.engine.enqueue(PIECES)
    one = await conversation(api)
    body = {"content": "What is the dose?", "client_message_id": "c1"}
    async with streaming(api, f"{one}/messages", body) as events:
        headers = events.response.headers
        frames = await events.rest()
    assert SECURITY_HEADERS <= set(headers)
    assert "x-ratelimit-remaining" in headers and headers["cache-control"] == "no-store"
    assert [f["type"] for f in frames] == ["sources", "chunk", "chunk", "chunk", "message_done"]
    question, answer = await items(api, one)
    assert text_of(frames) == answer["content"] == QUOTE
    assert frames[-1]["message"] == answer
    assert frames[-1]["user_message_id"] == question["id"]
    async with SocketClient(api.ws_url, api.user_token) as ws:
        api.engine.enqueue(PIECES)
        other = await ws.ask("What is the dose?", client_message_id="c2")
    assert [set(frame) for frame in other] == [set(frame) for frame in frames]
    async with streaming(api, f"{one}/messages", body, status=200) as events:
        assert await events.rest() == [frames[-1]]


async def test_awkward_text_streams_to_the_character(api: Api) -> None:
    pieces = ["a\n", "\n\nevent: error\n", "data: x\r", "\r\n: y\u2028z\u0085", "\x00é😀 [1]"]
    api.engine.enqueue(pieces)
    one = await conversation(api)
    async with streaming(api, f"{one}/messages", {"content": "?"}) as events:
        frames = await events.rest()
    stored = (await items(api, one))[1]["content"]
    assert text_of(frames) == stored == "".join(pieces)


async def test_a_refusal_and_a_failure_stream_too(api: Api, known: Known) -> None:
    one = await conversation(api)
    api.engine.enqueue(["The "], error=RuntimeError("canary"))
    async with streaming(api, f"{one}/messages", {"content": "?"}) as events:
        frames = await events.rest()
    assert frames[-1]["type"] == "error" and "canary" not in str(frames)
    assert frames[-1]["error"]["code"] == "INTERNAL_ERROR"
    known.found = []
    async with streaming(api, f"{one}/messages", {"content": "?"}) as events:
        frames = await events.rest()
    assert text_of(frames) == frames[-1]["message"]["content"] == refusal(0, ())


async def test_what_can_be_refused_at_once_is_no_stream(api: Api) -> None:
    one = await conversation(api)
    headers = api.user | {"Accept": "text/event-stream"}
    bad = await api.client.post(f"{one}/messages", json={"content": ""}, headers=headers)
    assert (bad.status_code, bad.json()["error"]["code"]) == (422, "VALIDATION_ERROR")
    absent = f"/conversations/{uuid.uuid4()}/messages"
    gone = await api.client.post(absent, json={"content": "x"}, headers=headers)
    assert (gone.status_code, gone.json()["error"]["code"]) == (404, "NOT_FOUND")


async def test_silence_is_kept_alive(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(answer_events, "KEEP_ALIVE_S", 0.05)
    api.engine.enqueue(PIECES, delay_s=0.2)
    one = await conversation(api)
    async with streaming(api, f"{one}/messages", {"content": "?"}) as events:
        assert (await events.rest())[-1]["type"] == "message_done"
    assert events.comments >= 3


@pytest.mark.parametrize("accept", ["text/event-stream", "application/json"])
async def test_a4_the_end_of_a_session_ends_its_answers(api: Api, accept: str) -> None:
    api.engine.enqueue(["The usual "], hangs=True)
    one = await conversation(api)
    headers = api.user | {"Accept": accept}
    request = asyncio.create_task(
        api.client.post(f"{one}/messages", json={"content": "?"}, headers=headers)
    )
    async with asyncio.timeout(5):
        while not api.engine.running:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
    out = await api.client.post("/api/auth/logout", headers=api.user)
    assert out.status_code == 200
    async with asyncio.timeout(1):
        response = await request
    if accept == "application/json":
        assert response.status_code == 401
    assert '"UNAUTHORIZED"' in response.text and "message_done" not in response.text
    await idle(api, 1)


async def test_a_client_that_reads_nothing_is_cut_off(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dispatch, "SEND_S", 0.3)
    monkeypatch.setattr(api.container.services.answering._streams, "grace_s", 0.1)
    api.engine.enqueue(["x" * 5000] * 9000, delay_s=0.0001)
    one = await conversation(api)
    body = b'{"content": "Dose?"}'
    head = (
        f"POST {one}/messages HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
        f"Accept: text/event-stream\r\nAuthorization: Bearer {api.user_token}\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    )
    port = int(api.base_url.rsplit(":", 1)[1])
    monkeypatch.setattr("appliance.services.answer_writer.MAX_CHARACTERS", 10**9)
    raw = socket.socket()
    raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    raw.setblocking(False)
    loop = asyncio.get_running_loop()
    await loop.sock_connect(raw, ("127.0.0.1", port))
    await loop.sock_sendall(raw, head.encode() + body)
    async with asyncio.timeout(5):
        while not api.engine.started:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
    await idle(api, 10)
    raw.close()
    assert (await items(api, one))[1]["status"] == "interrupted"


# Changing


async def test_the_life_of_a_message(api: Api) -> None:
    one = await conversation(api)
    api.engine.enqueue(["Old words."])
    sent = await ask(api, one, "What is the does?")
    question, answer = f"{one}/messages/{sent['id']}", f"{one}/messages/{sent['answer']['id']}"
    for method in ("PATCH", "PUT"):
        edited = await call(api, method, question, 200, json={"content": f"{method}?"})
        assert set(edited) == MESSAGE and edited["content"] == f"{method}?"
        assert edited["editedAt"].endswith("Z")
    error = await call(api, "PATCH", answer, 409, json={"content": "Mine"})
    assert (error["code"], error["message"]) == ("CONFLICT", "Answers cannot be edited.")
    api.engine.enqueue(["New words."])
    fresh = await call(api, "POST", f"{answer}/regenerate", 201)
    assert set(fresh) == MESSAGE and fresh["content"] == "New words."
    assert api.engine.history[-1].text == "PUT?"
    assert [m["content"] for m in await items(api, one)] == ["PUT?", "Old words."]
    assert [m["content"] for m in await items(api, one, fresh["branchId"])] == [
        "PUT?",
        "New words.",
    ]
    api.engine.enqueue(PIECES)
    async with streaming(api, f"{question}/regenerate") as events:
        frames = await events.rest()
    assert frames[-1]["message"]["content"] == text_of(frames) == QUOTE
    assert frames[-1]["user_message_id"] == sent["id"]
    assert (await call(api, "POST", f"{answer}/stop", 200))["status"] == "complete"
    assert (await call(api, "POST", f"{question}/stop", 409))["code"] == "CONFLICT"
    gone = await call(api, "DELETE", question, 200)
    assert gone == {
        "message": gone["message"],
        "deleted_count": 4,
        "messageId": sent["id"],
    }
    for method, path in (
        ("DELETE", question),
        ("POST", f"{answer}/regenerate"),
        ("POST", f"{question}/regenerate"),
        ("POST", f"{answer}/stop"),
    ):
        assert (await call(api, method, path, 404))["code"] == "NOT_FOUND"
    state = await call(api, "GET", one, 200)
    assert (state["messageCount"], state["lastMessagePreview"]) == (0, None)


async def test_stopping_over_rest(api: Api) -> None:
    api.engine.enqueue(["The usual "], hangs=True)
    one = await conversation(api)
    waiting = asyncio.create_task(ask(api, one))
    async with asyncio.timeout(5):
        while not api.engine.running:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
    question, answer = await items(api, one)
    busy = await call(
        api, "PATCH", f"{one}/messages/{question['id']}", 409, json={"content": "Other"}
    )
    assert busy["code"] == "CONFLICT"
    for _ in range(2):
        stopped = await call(api, "POST", f"{one}/messages/{answer['id']}/stop", 200)
        assert (stopped["status"], stopped["content"]) == ("interrupted", "The usual ")
    assert (await waiting)["answer"] == stopped


async def test_deleting_under_the_one_who_waits(api: Api) -> None:
    api.engine.enqueue(["The usual "], hangs=True)
    one = await conversation(api)
    async with streaming(api, f"{one}/messages", {"content": "Dose?"}) as events:
        while (frame := await events.frame()) and frame["type"] != "chunk":
            pass
        question, _ = await items(api, one)
        assert (await call(api, "DELETE", f"{one}/messages/{question['id']}", 200))[
            "deleted_count"
        ] == 2
        async with asyncio.timeout(2):
            rest = await events.rest()
    assert [frame["error"]["code"] for frame in rest] == ["NOT_FOUND"]
    assert await items(api, one) == []


async def test_feedback_over_rest(api: Api) -> None:
    one = await conversation(api)
    sent = await ask(api, one)
    path = f"{one}/messages/{sent['answer']['id']}/feedback"
    up = await call(api, "POST", path, 200, json={"rating": "up"})
    assert set(up) == MESSAGE
    assert (up["feedback"]["rating"], up["feedback"]["reason"]) == ("up", None)
    down = await call(
        api, "POST", path, 200, json={"rating": "down", "reason": "Not our dose.\nAsk pharmacy."}
    )
    assert set(down["feedback"]) == {"rating", "reason", "createdAt"}
    assert down["feedback"]["reason"] == "Not our dose.\nAsk pharmacy."
    assert down["feedback"]["createdAt"].endswith("Z")
    assert (await items(api, one))[1] == down
    async with SocketClient(api.ws_url, api.user_token) as ws:
        await ws.send("resume", message_id=down["id"])
        assert (await ws.frame())["message"] == down
    for body in (
        {},
        {"rating": "sideways"},
        {"rating": None},
        {"rating": 1},
        {"rating": "up", "reason": "x" * 2001},
        {"rating": "up", "reason": "a\x00b"},
        {"rating": "up", "createdAt": "2020-01-01T00:00:00Z"},
    ):
        await call(api, "POST", path, 422, json=body)
    assert (await items(api, one))[1] == down
    assert (await call(api, "DELETE", path, 200))["feedback"] is None
    question = f"{one}/messages/{sent['id']}/feedback"
    await call(api, "POST", question, 409, json={"rating": "up"})
    await call(api, "DELETE", question, 409)


# Other people


async def test_a2_other_peoples_messages_do_not_exist(api: Api) -> None:
    theirs = await conversation(api, "other")
    sent = await call(
        api, "POST", f"{theirs}/messages", 201, who="other", json={"content": "canary?"}
    )
    branch = await call(
        api,
        "POST",
        f"{theirs}/branches",
        201,
        who="other",
        json={"parent_message_id": sent["id"]},
    )
    mine = await conversation(api)
    own = await ask(api, mine)
    rows_before = len(await trail(api))
    told: list[list[str]] = []
    for one, message_id, branch_id in (
        (theirs, sent["id"], branch["branchId"]),
        (theirs, sent["answer"]["id"], branch["branchId"]),
        (f"/conversations/{uuid.uuid4()}", str(uuid.uuid4()), str(uuid.uuid4())),
        ("/conversations/nonsense", "nonsense", "nonsense"),
        (mine, sent["answer"]["id"], branch["branchId"]),
        (mine, sent["id"], "nonsense"),
        (theirs, own["answer"]["id"], "main"),
    ):
        message = f"{one}/messages/{message_id}"
        tried: list[tuple[str, str, Any]] = [
            ("PATCH", message, {"content": "mine now"}),
            ("PUT", message, {"content": "mine now"}),
            ("DELETE", message, None),
            ("POST", f"{message}/regenerate", None),
            ("POST", f"{message}/stop", None),
            ("POST", f"{message}/feedback", {"rating": "down"}),
            ("DELETE", f"{message}/feedback", None),
        ]
        for query in ("", "?answer=false"):
            path = f"{one}/messages{query}"
            tried.append(("POST", path, {"content": "x", "parent_message_id": message_id}))
            if branch_id != "main":
                tried.append(("POST", path, {"content": "x", "branch_id": branch_id}))
        if branch_id != "main":
            tried += [
                ("GET", f"{one}/export?format={form}&branch_id={branch_id}", None)
                for form in ("md", "pdf", "json")
            ]
        errors = [await call(api, method, path, 404, json=body) for method, path, body in tried]
        assert "canary" not in json.dumps(errors)
        told.append(sorted({error["code"] for error in errors}))
    assert told == [["NOT_FOUND"]] * 7
    assert len(await trail(api)) == rows_before
    assert [m["content"] for m in await items(api, mine)] == [
        own["content"],
        own["answer"]["content"],
    ]
    left = await call(api, "GET", f"{theirs}/messages", 200, who="other")
    assert [m["feedback"] for m in left["items"]] == [None, None]
    assert left["items"][0]["content"] == "canary?"


# Text that means harm


async def test_naughty_strings_go_in_and_come_out(api: Api, caplog: Any) -> None:
    caplog.set_level(logging.WARNING)
    strings = json.loads(shared_data("payloads/blns.json").read_text("utf-8"))
    one = await conversation(api)
    stored = []

    async def post(number: int, text: str) -> None:
        answer = "false" if number % 8 else "true"
        response = await api.client.post(
            f"{one}/messages?answer={answer}", json={"content": text}, headers=api.user, timeout=30
        )
        assert response.status_code in (201, 422), text
        if response.status_code == 201:
            stored.append(text)

    for start in range(0, len(strings), 40):
        batch = strings[start : start + 40]
        for text in batch[::8]:
            api.engine.enqueue([text or " "])
        await asyncio.gather(*(post(number, text) for number, text in enumerate(batch)))
    assert len(stored) > 400
    for form in ("md", "pdf", "json"):
        response = await api.client.get(f"{one}/export?format={form}", headers=api.user, timeout=30)
        assert response.status_code == 200
    questions = [m["content"] for m in response.json()["messages"] if m["role"] == "user"]
    assert sorted(questions) == sorted(stored)
    # Neither says which characters it could not draw.
    assert not [r for r in caplog.records if r.name.startswith(("appliance", "fpdf", "fontTools"))]


async def test_f1_the_trail_says_what_was_done_and_no_words(api: Api) -> None:
    one = await conversation(api)
    api.engine.enqueue(["canary answer"])
    sent = await ask(api, one, "canary question", client_message_id="canary-1")
    await call(
        api, "POST", f"{one}/messages", 200,
        json={"content": "canary question", "client_message_id": "canary-1"},
    )  # fmt: skip
    question, answer = f"{one}/messages/{sent['id']}", f"{one}/messages/{sent['answer']['id']}"
    await call(api, "PATCH", question, 200, json={"content": "canary edit"})
    await call(api, "POST", f"{answer}/feedback", 200, json={"rating": "up", "reason": "canary"})
    await call(api, "DELETE", f"{answer}/feedback", 200)
    await call(api, "POST", f"{answer}/stop", 200)
    await call(api, "POST", f"{answer}/regenerate", 201)
    for form in ("md", "pdf", "json"):
        exported = await api.client.get(f"{one}/export?format={form}", headers=api.user)
        assert exported.status_code == 200
    await call(api, "DELETE", question, 200)
    rows = await trail(api)
    about = {"conversation", "branch", "message"}
    assert [row["action"] for row in rows if row["resource_type"] in about] == [
        "conversation.create",
        "message.create",
        "answer.complete",
        "message.read",
        "message.edit",
        "feedback.give",
        "feedback.withdraw",
        "answer.stop",
        "branch.create",
        "answer.regenerate",
        "answer.complete",
        "conversation.export",
        "conversation.export",
        "conversation.export",
        "message.delete",
    ]
    assert "canary" not in json.dumps(rows)
    exports = [json.loads(r["details"]) for r in rows if r["action"] == "conversation.export"]
    assert exports == [
        {"format": "md", "messages": 2},
        {"format": "pdf", "messages": 2},
        {"format": "json", "messages": 3},
    ]
