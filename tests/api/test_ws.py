"""The socket against a running appliance: answers, bad input, endings, other people."""

from __future__ import annotations

import asyncio
import base64
import os
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest
from sanic.server.websockets.impl import WebsocketImplProtocol

from appliance.api import ws as ws_module
from appliance.domain import Passage
from appliance.engines.protocols import QueuePlace
from appliance.services.query import Query
from appliance.services.refusals import refusal
from tests.answering_parts import DOSE, all_bear, passage
from tests.api.socket_client import SocketClient, text_of

if TYPE_CHECKING:
    from tests.api.conftest import Api

ABSENT = "00000000-0000-4000-8000-00000000dead"
QUOTE = "The usual dose is 5 mg once daily. [1]"


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


def client(api: Api, who: str = "user", **options: Any) -> SocketClient:
    return SocketClient(api.ws_url, api.accounts[who].access_token, **options)


async def stored(api: Api, conversation_id: str, headers: dict[str, str] | None = None) -> Any:
    response = await api.client.get(
        f"/api/conversations/{conversation_id}/messages", headers=headers or api.user
    )
    return response.json()["data"]["items"]


async def engine_idle(api: Api, wait_s: float = 1.0) -> None:
    """Fails if the engine is still at work after `wait_s`."""
    async with asyncio.timeout(wait_s):
        while api.engine.running:  # noqa: ASYNC110
            await asyncio.sleep(0.01)


# Answers


async def test_an_answer_streams_and_is_stored_to_the_character(api: Api) -> None:
    api.engine.enqueue(["The usual dose is ", "5 mg ", "once daily. [1]"])
    async with client(api) as ws:
        frames = await ws.ask("What is the dose?", client_message_id="c1")
    kinds = [frame["type"] for frame in frames]
    assert kinds == ["sources", "chunk", "chunk", "chunk", "message_done"]
    sources, *chunks, done = frames
    assert [chunk["seq"] for chunk in chunks] == [1, 2, 3]
    assert len({frame["message_id"] for frame in frames}) == 1
    message = done["message"]
    assert text_of(frames) == message["content"] == QUOTE
    assert (message["status"], message["role"]) == ("complete", "assistant")
    assert done["client_message_id"] == sources["client_message_id"] == "c1"
    (citation,) = message["citations"]
    assert citation["index"] == 1 and citation["sourceType"] == "kb"
    assert citation["snippet"] == "The usual dose is 5 mg once daily."
    assert citation["url"].startswith(f"/api/documents/{citation['sourceId']}/passages/")
    assert sources["citations"][0]["id"] == citation["id"]
    assert message["sentences"] == [
        {"start": 0, "end": len(QUOTE), "supported": True, "citations": [1]}
    ]
    question, answer = await stored(api, message["conversationId"])
    assert answer == message
    assert question["id"] == done["user_message_id"]
    assert question["clientMessageId"] == "c1"


async def test_who_waits_is_told_the_place_which_is_no_part_of_the_answer(api: Api) -> None:
    place = QueuePlace(2, 7.5)
    api.engine.enqueue([place, "The usual dose is 5 mg once daily. [1]"], delay_s=0.05)
    async with client(api) as ws:
        frames = await ws.ask("What is the dose?")
    assert [frame["type"] for frame in frames] == ["sources", "queued", "chunk", "message_done"]
    sources, queued, *_ = frames
    assert queued == {
        "type": "queued",
        "message_id": sources["message_id"],
        "position": 2,
        "estimated_seconds": 7.5,
    }
    assert text_of(frames) == frames[-1]["message"]["content"] == QUOTE


async def test_connected_says_who_and_what(api: Api) -> None:
    async with SocketClient(api.ws_url, None) as ws:
        await ws.send("auth", token=api.user_token)
        frame = await ws.frame()
        assert frame["type"] == "connected"
        assert frame["user_id"] == api.accounts["user"].user.id
        assert frame["client_id"] and frame["protocol_version"] and frame["capabilities"]
        assert frame["timestamp"].endswith("Z")
        await ws.send("auth", token=api.user_token)  # once more does no harm
        assert await ws.alive()
        await ws.send("auth", token=api.other_token)
        assert (await ws.frame())["error"]["code"] == "UNAUTHORIZED"


async def test_the_other_path_and_the_header(api: Api) -> None:
    url = api.ws_url.replace("/ws", "/api/ws")
    async with SocketClient(url, None, additional_headers=api.user) as ws:
        assert (await ws.frame())["type"] == "connected"
        assert (await ws.ask("Dose?"))[-1]["type"] == "message_done"


async def test_a_refusal_streams_like_an_answer(api: Api, known: Known) -> None:
    known.found = []
    async with client(api) as ws:
        frames = await ws.ask("Who won the World Cup in 1998?")
    assert text_of(frames) == frames[-1]["message"]["content"] == refusal(0, ())
    assert frames[-1]["message"]["citations"] == []
    assert frames[-1]["message"]["model"] == "refusal"
    assert "sources" not in [frame["type"] for frame in frames]


async def test_a_conversation_goes_on(api: Api) -> None:
    async with client(api) as ws:
        first = (await ws.ask("First?"))[-1]["message"]
        second = (await ws.ask("Second?", conversation_id=first["conversationId"]))[-1]
        again = (await ws.ask("Third?", conversationId=first["conversationId"]))[-1]
    assert second["message"]["conversationId"] == first["conversationId"]
    assert again["message"]["conversationId"] == first["conversationId"]
    assert len(await stored(api, first["conversationId"])) == 6
    assert api.engine.history[1].history[0].content == "First?"


async def test_two_answers_at_once_are_told_apart(api: Api) -> None:
    api.engine.enqueue(["a"] * 20, delay_s=0.002)
    api.engine.enqueue(["b"] * 20, delay_s=0.002)
    async with client(api) as ws:
        await ws.send("message_send", content="A?", client_message_id="a")
        await ws.send("message_send", content="B?", client_message_id="b")
        frames = await ws.until("message_done") + await ws.until("message_done")
    by_id: dict[str, list[dict[str, Any]]] = {}
    for frame in frames:
        by_id.setdefault(frame["message_id"], []).append(frame)
    assert len(by_id) == 2
    for mine in by_id.values():
        done = mine[-1]
        assert text_of(mine) == done["message"]["content"] == done["client_message_id"] * 20


async def test_a_retry_gives_the_same_answer(api: Api) -> None:
    async with client(api) as ws:
        first = (await ws.ask("Dose?", client_message_id="c1"))[-1]
        again = await ws.ask("Dose?", client_message_id="c1")
    assert [frame["type"] for frame in again] == ["message_done"]
    assert again[-1] == first
    assert len(api.engine.history) == 1


async def test_a_retry_after_a_failure_is_answered(api: Api) -> None:
    api.engine.enqueue([], error=RuntimeError("the engine broke"))
    async with client(api) as ws:
        assert (await ws.ask("Dose?", client_message_id="c1"))[-1]["type"] == "error"
        again = (await ws.ask("Dose?", client_message_id="c1"))[-1]
    message = again["message"]
    assert (message["status"], message["role"]) == ("complete", "assistant")
    messages = await stored(api, message["conversationId"])
    assert [each["role"] for each in messages] == ["user", "assistant"]
    assert messages[1]["id"] == message["id"]


async def test_a_client_id_names_one_message(api: Api) -> None:
    async with client(api) as ws:
        await ws.ask("Dose?", client_message_id="c1")
        error = (await ws.ask("Another question?", client_message_id="c1"))[-1]["error"]
    assert (error["code"], error["field"]) == ("CONFLICT", "client_message_id")


async def test_dictation_says_that_there_is_no_speech_model(api: Api) -> None:
    async with client(api) as ws:
        await ws.send("audio_start", mode="ask", format="pcm16", sample_rate=16000)
        assert (await ws.frame())["error"]["code"] == "UNAVAILABLE"
        await ws.send("audio_end")
        assert (await ws.frame())["error"]["code"] == "VALIDATION_ERROR"
        await ws.send("audio_start", format="mp3")
        assert (await ws.frame())["error"]["field"] == "format"
        off = await api.client.post("/api/admin/feature-flags/voice_mode/toggle", headers=api.admin)
        assert off.json()["data"]["enabled"] is False
        await ws.send("audio_start")
        assert (await ws.frame())["error"]["code"] == "FORBIDDEN"


async def test_a_failing_engine_is_an_error_frame(api: Api) -> None:
    api.engine.enqueue(["The usual "], error=RuntimeError("canary"))
    async with client(api) as ws:
        frames = await ws.ask("Dose?", client_message_id="c1")
        error = frames[-1]
        assert error["type"] == "error" and error["error"]["code"] == "INTERNAL_ERROR"
        assert error["message_id"] == frames[0]["message_id"]
        assert error["client_message_id"] == "c1"
        assert "canary" not in str(error)
        assert (await ws.ask("Dose?"))[-1]["type"] == "message_done"


# Stopping and coming back


@pytest.mark.parametrize("named", [True, False])
async def test_cancel_stops_within_a_second(api: Api, named: bool) -> None:
    api.engine.enqueue(["The usual dose "], hangs=True)
    async with client(api) as ws:
        await ws.send("message_send", content="Dose?")
        frames = await ws.until("chunk")
        message_id = frames[-1]["message_id"]
        await ws.send("cancel", **({"message_id": message_id} if named else {}))
        async with asyncio.timeout(1):
            frames += await ws.until("message_done")
    assert frames[-1]["message"]["status"] == "interrupted"
    assert text_of(frames) == frames[-1]["message"]["content"] == "The usual dose "
    await engine_idle(api)


async def test_closing_properly_stops_the_answer(api: Api) -> None:
    api.engine.enqueue(["The usual dose "], hangs=True)
    async with client(api) as ws:
        await ws.send("message_send", content="Dose?")
        frames = await ws.until("chunk")
    await engine_idle(api)
    async with client(api) as ws:
        await ws.send("resume", message_id=frames[-1]["message_id"], after_seq=1)
        assert (await ws.until("message_done"))[-1]["message"]["status"] == "interrupted"


async def test_an_answer_survives_a_lost_connection(api: Api) -> None:
    api.engine.enqueue(["a", "b", "c", "d", "e"], delay_s=0.1)
    async with client(api) as ws:
        await ws.send("message_send", content="Dose?")
        before = await ws.until("chunk")
        ws.cut_off()
    async with client(api) as ws:
        last = before[-1]
        await ws.send("resume", message_id=last["message_id"], after_seq=last["seq"])
        after = await ws.until("message_done")
    assert text_of(before + after) == after[-1]["message"]["content"] == "abcde"
    assert after[-1]["message"]["status"] == "complete"
    async with client(api) as ws:  # and once more, when it has long ended
        await ws.send("resume", message_id=last["message_id"], after_seq=0)
        frames = await ws.until("message_done")
    assert text_of(frames) == "abcde"


async def test_a_client_that_stops_reading_is_closed_and_holds_nothing_up(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ws_module, "SEND_S", 0.3)
    given = []
    fail = WebsocketImplProtocol.fail_connection

    def noted(ws: WebsocketImplProtocol, code: int = 1006, reason: str = "") -> bool:
        given.append(code)
        return bool(fail(ws, code, reason))

    monkeypatch.setattr(WebsocketImplProtocol, "fail_connection", noted)
    async with client(api, max_queue=1) as stalled, client(api) as other:
        stalled.ws.transport.pause_reading()
        # The kernel takes some megabytes before anybody notices.
        for _ in range(200):
            if len(api.container.services.sockets) == 1:
                break
            api.engine.enqueue(["x" * 10_000] * 5)
            await stalled.send("message_send", content="Dose?")
            assert await other.alive()
            await asyncio.sleep(0.02)
        # It was given up, and no answer waits for it.
        assert len(api.container.services.sockets) == 1
        await engine_idle(api)
        assert await other.alive()
        assert given == [1013]
        stalled.ws.transport.resume_reading()
        # A connection that was cut before its last frame got through is 1006 to the client.
        assert await stalled.closed() in (1013, 1006)


async def test_a_stop_tells_the_socket_that_it_goes_away(api: Api) -> None:
    api.engine.enqueue(["The usual dose is 5 mg. [1]"], delay_s=0.2)
    async with client(api) as busy, client(api) as idle:
        await busy.send("message_send", content="Dose?")
        await busy.until("sources")
        drained = asyncio.create_task(api.container.drain(5.0))
        # What was under way is heard to its end first.
        assert (await busy.until("message_done"))[-1]["message"]["status"] == "complete"
        assert await busy.closed() == await idle.closed() == 1001
        await drained
        assert len(api.container.services.sockets) == 0


async def test_a_revoked_session_is_closed_and_its_answers_stop(api: Api) -> None:
    api.engine.enqueue(["The usual dose "], hangs=True)
    sessions = api.container.services.sessions
    principal = await sessions.authenticate(api.user_token)
    async with client(api) as ws, client(api, "other") as other:
        await ws.send("message_send", content="Dose?")
        await ws.until("chunk")
        async with asyncio.timeout(1):
            await sessions.revoke(principal.session_id, "logout")
            frames = await ws.until("error")
            assert frames[-1]["error"]["code"] == "UNAUTHORIZED"
            assert await ws.closed() == 1008
            await engine_idle(api)
        assert await other.alive()
    async with SocketClient(api.ws_url, None) as ws:
        await ws.send("auth", token=api.user_token)
        assert (await ws.frame())["error"]["code"] == "UNAUTHORIZED"
        assert await ws.closed() == 1008


# Who may come in


@pytest.mark.parametrize("token", ["nonsense", "e30.e30.e30"])
async def test_a_bad_token_is_told_and_closed(api: Api, token: str) -> None:
    for by_frame in (False, True):
        url = api.ws_url if by_frame else f"{api.ws_url}?token={token}"
        async with SocketClient(url, None) as ws:
            if by_frame:
                await ws.send("auth", token=token)
            frame = await ws.frame()
            assert (frame["type"], frame["error"]["code"]) == ("error", "UNAUTHORIZED")
            assert await ws.closed() == 1008


@pytest.mark.parametrize(
    "first", ['{"type":"message_send","content":"Dose?"}', "x", '{"type":"auth"}', b"\x00", "[]"]
)
async def test_nothing_is_done_before_auth(api: Api, first: str | bytes) -> None:
    async with SocketClient(api.ws_url, None) as ws:
        await ws.ws.send(first)
        assert (await ws.frame())["error"]["code"] == "UNAUTHORIZED"
        assert await ws.closed() == 1008
    assert api.engine.history == []


async def test_who_never_says_who_it_is_is_closed(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ws_module, "AUTH_S", 0.1)
    async with SocketClient(api.ws_url, None) as ws:
        assert (await ws.frame())["error"]["code"] == "UNAUTHORIZED"
        assert await ws.closed() == 1008


# Other people


async def test_other_peoples_ids_do_not_exist(api: Api) -> None:
    api.engine.enqueue(["canary "], hangs=True)
    async with client(api, "other") as owner, client(api) as ws:
        await owner.send("message_send", content="Canary?")
        frames = await owner.until("chunk")
        theirs = frames[0]
        for fields in (
            {"type": "cancel", "message_id": "{message}"},
            {"type": "resume", "message_id": "{message}", "after_seq": 0},
            {"type": "message_send", "content": "Hi?", "conversation_id": "{conversation}"},
            {"type": "typing_start", "conversation_id": "{conversation}"},
        ):
            told = []
            for message, conversation in (
                (theirs["message_id"], theirs["conversation_id"]),
                (ABSENT, ABSENT),
            ):
                frame = {
                    name: value.format(message=message, conversation=conversation)
                    if isinstance(value, str)
                    else value
                    for name, value in fields.items()
                }
                await ws.send(**frame)  # type: ignore[arg-type]
                told.append((await ws.frame())["error"])
            assert told[0] == told[1]
            assert told[0]["code"] == "NOT_FOUND"
        assert api.engine.running == 1
        await owner.send("cancel")
        await owner.until("message_done")


async def test_typing_reaches_the_same_users_other_sockets_alone(api: Api) -> None:
    created = await api.client.post("/api/conversations", json={}, headers=api.user)
    conversation_id = created.json()["data"]["id"]
    async with client(api) as one, client(api) as two, client(api, "other") as other:
        await one.send("typing_start", conversation_id=conversation_id)
        assert await two.frame() == {
            "type": "typing",
            "user_id": api.accounts["user"].user.id,
            "conversation_id": conversation_id,
            "active": True,
        }
        await one.send("typing_stop", conversation_id=conversation_id)
        assert (await two.frame())["active"] is False
        for ws in (one, other):
            await ws.send("ping")
            assert await ws.frame() == {"type": "pong"}  # and nothing before it


# Bad input


@pytest.mark.parametrize(
    ("raw", "field"),
    [
        ("", None),
        ("x", None),
        ("{", None),
        ("null", None),
        ("[]", None),
        ("1e999", None),
        ('"message_send"', None),
        ("[" * 50_000, None),
        ('{"type":' * 5000, None),
        ("{}", "type"),
        ('{"type":null}', "type"),
        ('{"type":["ping"]}', "type"),
        ('{"type":"nonsense"}', "type"),
        ('{"type":"connected"}', "type"),
        ('{"type":"audio_end"}', "type"),
        ('{"type":"ping","extra":1}', "extra"),
        ('{"type":"message_send"}', "content"),
        ('{"type":"message_send","content":5}', "content"),
        ('{"type":"message_send","content":""}', "content"),
        ('{"type":"message_send","content":"   "}', "content"),
        ('{"type":"message_send","content":"a\\u0000b"}', "content"),
        ('{"type":"message_send","content":"\\ud800"}', None),
        ('{"type":"message_send","content":"x","userId":"me"}', "userId"),
        ('{"type":"message_send","content":"x","client_message_id":""}', "client_message_id"),
        ('{"type":"message_send","content":"x","branch_id":7}', "branch_id"),
        ('{"type":"resume","message_id":"x","after_seq":-1}', "after_seq"),
        ('{"type":"resume","message_id":"x","after_seq":"1"}', "after_seq"),
        ('{"type":"resume"}', "message_id"),
        ('{"type":"typing_start"}', "conversation_id"),
        ('{"type":"cancel","message_id":7}', "message_id"),
        ("x" * 70_000, None),
        (b"\x00\xff", None),
        (b'{"type":"ping"}', None),
    ],
)
async def test_a_bad_frame_is_told_and_the_socket_lives(
    api: Api, raw: str | bytes, field: str | None
) -> None:
    async with client(api) as ws:
        await ws.ws.send(raw)
        frame = await ws.frame()
        assert frame["type"] == "error"
        assert frame["error"]["code"] == "VALIDATION_ERROR", frame
        assert frame["error"].get("field") == field, frame
        assert await ws.alive()
    assert api.engine.history == []


async def test_a_bad_frame_is_told_by_its_own_ids(api: Api) -> None:
    async with client(api) as ws:
        await ws.send("message_send", content="x" * 8001, client_message_id="c1")
        frame = await ws.frame()
        assert frame["client_message_id"] == "c1" and frame["error"]["field"] == "content"
        await ws.send("message_send", content=1, client_message_id="c2")
        assert (await ws.frame())["client_message_id"] == "c2"


async def test_a_flood_of_pings_is_answered_in_full(api: Api) -> None:
    async with client(api) as ws:
        for _ in range(500):
            await ws.send("ping")
        for _ in range(500):
            assert await ws.frame() == {"type": "pong"}


@asynccontextmanager
async def raw_socket(api: Api) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    """A connection after the upgrade, to send broken frames over."""
    address = urlsplit(api.ws_url)
    reader, writer = await asyncio.open_connection(address.hostname, address.port)
    key = base64.b64encode(os.urandom(16)).decode()
    writer.write(
        f"GET /ws?token={api.user_token} HTTP/1.1\r\nHost: {address.netloc}\r\n"
        f"Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: {key}\r\n"
        "Sec-WebSocket-Version: 13\r\n\r\n".encode()
    )
    head = await reader.readuntil(b"\r\n\r\n")
    assert b" 101 " in head
    try:
        yield reader, writer
    finally:
        writer.close()


def frame_bytes(first: int, payload: bytes) -> bytes:
    """One masked frame with the mask 0."""
    length = len(payload)
    head = bytes([first, 0x80 | length]) if length < 126 else bytes([first, 0xFE])
    extended = b"" if length < 126 else struct.pack("!H", length)
    return head + extended + bytes(4) + payload


async def close_code(reader: asyncio.StreamReader) -> int:
    """The code of the close frame, skipping what comes before it."""
    while True:
        first, second = await asyncio.wait_for(reader.readexactly(2), 5)
        length = second & 0x7F
        if length == 126:
            (length,) = struct.unpack("!H", await reader.readexactly(2))
        payload = await reader.readexactly(length)
        if first & 0x0F == 8:
            (code,) = struct.unpack("!H", payload[:2])
            return int(code)


@pytest.mark.parametrize(
    ("frames", "code"),
    [
        ([frame_bytes(0x81, b"\xff\xfe")], 1007),
        ([frame_bytes(0x01, b"{"), frame_bytes(0x80, b"\xc3")], 1007),
        ([frame_bytes(0x01, b"\xc3"), frame_bytes(0x80, b"\x28")], 1007),
        ([frame_bytes(0xC1, b"{}")], 1002),  # reserved bit
        ([frame_bytes(0x83, b"")], 1002),  # reserved opcode
        ([frame_bytes(0x80, b"x")], 1002),  # continuation of nothing
        ([frame_bytes(0x09, b"x")], 1002),  # fragmented ping
        ([frame_bytes(0x89, b"x" * 126)], 1002),  # long ping
        ([bytes([0x81, 0xFF]) + struct.pack("!Q", 1 << 40) + bytes(4)], 1009),
        ([b"\x81\x02{}"], 1002),  # not masked
    ],
)
async def test_e13_broken_protocol_is_closed_and_the_service_goes_on(
    api: Api, frames: list[bytes], code: int
) -> None:
    async with raw_socket(api) as (reader, writer):
        for frame in frames:
            writer.write(frame)
        assert await close_code(reader) == code
    async with client(api) as ws:
        assert await ws.alive()


async def test_e13_a_message_may_come_in_fragments(api: Api) -> None:
    async with client(api) as ws:
        await ws.ws.send(["{", '"type"', ":", '"ping"', "}"])
        assert await ws.frame() == {"type": "pong"}
        await ws.ws.send(['{"type":"message_send","content":"\u00e9', '?"}'])
        assert (await ws.until("message_done"))[-1]["message"]["status"] == "complete"
