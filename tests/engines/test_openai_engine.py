from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Callable
from contextlib import aclosing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from appliance.domain import MessageRole, Question, Turn
from appliance.engines.openai_engine import OpenAiEngine
from appliance.engines.protocols import LeftOut, Piece
from appliance.errors import ApplianceError, Busy, Invalid, Unavailable
from tests.engines.asking import told
from tests.engines.model_server import (
    DONE,
    HEAD,
    ModelServer,
    Script,
    event,
    model_server,
    said,
    spoken,
    status,
)
from tests.engines.questions import question

CANARY = "canary-7731"  # stands for what a patient's record says
KEY = "key-canary-4402"
ASKED = question(f"What is the dose for {CANARY}?", [f"Ten mg daily, {CANARY}."])


async def opened(server: ModelServer, **options: Any) -> OpenAiEngine:
    return await OpenAiEngine.open(server.url, **options)


async def left(server: ModelServer) -> None:
    async with asyncio.timeout(10):
        await server.left.wait()


def chunked(body: bytes, size: int, end: bytes = b"0\r\n\r\n") -> bytes:
    parts = [body[at : at + size] for at in range(0, len(body), size)]
    head = HEAD.replace(b"\r\n\r\n", b"\r\nTransfer-Encoding: chunked\r\n\r\n")
    return head + b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in parts) + end


# What it asks, and what it makes of a good answer


async def test_it_streams_piece_by_piece_and_asks_as_the_prompt_says() -> None:
    async with model_server(spoken("\n", " Ten", " mg", " [1].")) as server:
        engine = await opened(server, max_tokens=99, temperature=0.5)
        pieces = [piece async for piece in engine.answer(ASKED)]
    assert pieces == ["Ten", " mg", " [1]."]
    (asked,) = server.asked
    assert [turn["role"] for turn in asked["messages"]] == ["system", "user"]
    assert "[1] Guide, page 1\nTen mg daily" in asked["messages"][0]["content"]
    assert asked["messages"][1]["content"] == ASKED.text
    assert (asked["model"], asked["max_tokens"], asked["temperature"]) == ("ward-7b", 99, 0.5)
    assert asked["stream"] is True
    assert (engine.running, engine.waiting) == (0, 0)
    assert engine.writes


async def test_the_conversation_is_told_in_turns_as_templates_want() -> None:
    user, assistant = MessageRole.USER, MessageRole.ASSISTANT
    history = [
        Turn(assistant, "An answer without its question [1]."),
        Turn(user, "Which drug?"),
        Turn(user, "Which drug then?"),
        Turn(assistant, "Metformin [1]."),
    ]
    async with model_server() as server:
        await told(await opened(server), question("The dose?", ["Ten mg."], history))
    assert [(turn["role"], turn["content"]) for turn in server.asked[0]["messages"]][1:] == [
        ("user", "Which drug?\n\nWhich drug then?"),
        ("assistant", "Metformin."),
        ("user", "The dose?"),
    ]


async def test_the_name_is_the_servers() -> None:
    async with model_server() as server:
        assert (await opened(server)).name == "ward-7b"


async def test_the_model_asked_for_by_name_must_be_served() -> None:
    listed = {"data": [{"id": "first"}, {"id": "second"}]}
    async with model_server(models=status(200, json.dumps(listed).encode())) as server:
        engine = await opened(server, model="second")
        await told(engine, ASKED)
        assert (engine.name, server.asked[0]["model"]) == ("second", "second")
        other = await opened(server, model="third")
        with pytest.raises(Unavailable, match="llm_remote_model"):
            await told(other, ASKED)
        assert len(server.asked) == 1


@pytest.mark.parametrize(("owner", "has_grammar"), [("llamacpp", True), ("vllm", False)])
async def test_the_grammar_goes_to_servers_that_know_grammars(
    owner: str, has_grammar: bool
) -> None:
    listed = {"data": [{"id": "m", "owned_by": owner}]}
    async with model_server(models=status(200, json.dumps(listed).encode())) as server:
        engine = await opened(server)
        await told(engine, ASKED)
        await told(engine, question("No passages?"))
    assert ("grammar" in server.asked[0]) is has_grammar
    assert "grammar" not in server.asked[1]


async def test_the_key_goes_to_the_server_and_nowhere_else(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    key_file = tmp_path / "key"
    key_file.write_text(KEY + "\n")
    key_file.chmod(0o600)
    async with model_server(status(401, KEY.encode())) as server:
        engine = await opened(server, key_file=key_file)
        with pytest.raises(Unavailable, match="llm_api_key_file") as raised:
            await told(engine, ASKED)
    assert len(server.heads) == 2
    assert all(f"\r\nAuthorization: Bearer {KEY}\r\n" in head for head in server.heads)
    assert KEY not in repr(raised.value) + caplog.text


@pytest.mark.parametrize("size", [1, 7, 4096])
async def test_characters_and_events_may_be_cut_anywhere(size: int) -> None:
    body = b": ping\n\n" + said("10 \u00b5g ") + said("\U0001f600 [1].", "stop") + DONE
    body = body.replace(b"\n", b"\r\n") if size == 7 else body

    async def by_pieces(writer: Any) -> None:
        whole = chunked(body, size)
        for at in range(0, len(whole), 11):
            writer.write(whole[at : at + 11])
            await writer.drain()
            await asyncio.sleep(0)

    async with model_server(by_pieces) as server:
        assert await told(await opened(server), ASKED) == "10 \u00b5g \U0001f600 [1]."


@pytest.mark.parametrize(
    "answer",
    [
        HEAD + said("Ten.", "stop"),  # no [DONE]
        HEAD + said("Ten.") + said("", "length") + event({"choices": [], "usage": {}}) + DONE,
        HEAD + b'data: {"choices": [{"delta": {"content":\ndata: "Ten."}}]}\n\n' + DONE,
        HEAD + event({"choices": [{"delta": {"reasoning_content": "Hm."}}]}) + said("Ten.") + DONE,
        HEAD + b"event: message\nid: 4\nretry: 10\n" + said("Ten.") + DONE,
        chunked(said("Ten.") + DONE, 5, end=b"0;last=1\r\nTrailer: a\r\n\r\n"),
    ],
    ids=["no-done", "cut-at-its-length", "two-lines", "reasoning", "other-fields", "trailers"],
)
async def test_forms_that_servers_differ_in_are_understood(answer: bytes) -> None:
    async with model_server(answer) as server:
        assert await told(await opened(server), ASKED) == "Ten."


# The length of prompts


def long_question() -> Question:
    roles = (MessageRole.USER, MessageRole.ASSISTANT) * 2
    history = [Turn(role, "Before. " * 20) for role in roles]
    return question("The dose?", ["Ten mg daily. " * 30] * 4, history)


TOO_LONG = {
    "llama-server": status(
        400, b'{"error":{"code":400,"type":"exceed_context_size_error","message":"..."}}'
    ),
    "vllm": status(400, b'{"message":"This model\'s maximum context length is 512 tokens."}'),
    "openai": status(400, b'{"error":{"code":"context_length_exceeded"}}'),
    "as an event": HEAD + event({"error": {"code": 400, "type": "exceed_context_size_error"}}),
}


@pytest.mark.parametrize("refusal", TOO_LONG.values(), ids=TOO_LONG)
async def test_a_prompt_that_the_server_finds_too_long_is_shortened(refusal: bytes) -> None:
    async with model_server(refusal, refusal, spoken("Ten.")) as server:
        engine = await opened(server)
        assert await told(engine, long_question()) == "Ten."
        assert engine.running == 0
    sizes = [sum(len(turn["content"]) for turn in asked["messages"]) for asked in server.asked]
    assert sizes == sorted(sizes, reverse=True)
    assert sizes[2] < 0.9 * sizes[0]
    assert all(asked["messages"][-1]["content"] == "The dose?" for asked in server.asked)


async def test_the_passages_that_did_not_fit_are_counted_once_before_the_first_text() -> None:
    refused = TOO_LONG["vllm"]
    async with model_server(*[refused] * 3, spoken("Ten", " mg."), spoken("Ten.")) as server:
        engine = await opened(server)
        pieces = [piece async for piece in engine.answer(long_question())]
        read = server.asked[-1]["messages"][0]["content"].count("] Guide, page")
        assert 0 < read < 4
        assert pieces == [LeftOut(4 - read), "Ten", " mg."]
        # All fits, or what does not is the conversation.
        assert [piece async for piece in engine.answer(ASKED)] == ["Ten."]


async def test_a_question_that_fits_in_no_form_is_the_askers_to_shorten() -> None:
    async with model_server(TOO_LONG["vllm"]) as server:
        engine = await opened(server)
        with pytest.raises(Invalid, match="too long"):
            await told(engine, long_question())
        assert 1 < len(server.asked) < 20
        server.asked.clear()
        with pytest.raises(Invalid, match="too long"):
            await told(engine, question("why " * 20_000))
        assert server.asked == []  # it need not be asked


async def test_the_servers_own_context_counts_where_it_tells() -> None:
    listed = {"data": [{"id": "m", "max_model_len": 512}]}
    async with model_server(models=status(200, json.dumps(listed).encode())) as server:
        await told(await opened(server), long_question())
        await told(await opened(server, context_tokens=4096, max_tokens=4000), question("Why?"))
    assert server.asked[0]["messages"][0]["content"].count("] Guide, page") < 4
    assert len(server.asked[0]["messages"][0]["content"]) < 512 * 4
    assert server.asked[1]["max_tokens"] < 512


# Servers that fail


async def cut_off(writer: asyncio.StreamWriter) -> None:
    writer.write(HEAD + said("Ten"))
    await writer.drain()
    writer.transport.abort()


async def silent(writer: asyncio.StreamWriter) -> None:
    await asyncio.sleep(60)


async def stalled(writer: asyncio.StreamWriter) -> None:
    writer.write(HEAD + said("Ten"))
    await asyncio.sleep(60)


async def endless_comments(writer: asyncio.StreamWriter) -> None:
    writer.write(HEAD)
    while True:
        writer.write(b": still here\n" * 5000)
        await writer.drain()


async def endless_header(writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\n")
    while True:
        writer.write(b"X-More: and more\r\n" * 500)
        await writer.drain()


async def endless_line(writer: asyncio.StreamWriter) -> None:
    writer.write(HEAD + b"data: ")
    while True:
        writer.write(b"x" * 10_000)
        await writer.drain()


LEAK = f"you asked: {CANARY}".encode()
FAILURES: dict[str, tuple[Script, type[ApplianceError], str]] = {
    "busy": (status(429, LEAK, "Retry-After: 7"), Busy, "no time"),
    "loading": (status(503, LEAK), Busy, "no time"),
    "busy, absurd wait": (status(503, LEAK, "Retry-After: 999999"), Busy, "no time"),
    "busy, a date": (status(503, LEAK, "Retry-After: Fri, 31 Dec 1999"), Busy, "no time"),
    "no key": (status(401, LEAK), Unavailable, "llm_api_key_file"),
    "no such model": (status(404, LEAK), Unavailable, "llm_remote_model"),
    "its error": (status(500, LEAK), Unavailable, "status 500"),
    "its refusal": (status(400, LEAK), Unavailable, "status 400"),
    "no content": (status(204, b""), Unavailable, "status 204"),
    "interim": (b"HTTP/1.1 100 Continue\r\n\r\n" + spoken("x"), Unavailable, "no answer"),
    "error as an event": (HEAD + event({"error": {"message": CANARY}}), Unavailable, "status 500"),
    "busy as an event": (HEAD + event({"error": {"code": 503}}), Busy, "no time"),
    "error in words": (HEAD + event({"error": CANARY}), Unavailable, "status 500"),
    "closed": (b"", Unavailable, "broke off"),
    "closed in the head": (b"HTTP/1.1 200 OK\r\nConte", Unavailable, "broke off"),
    "closed before a word": (HEAD, Unavailable, "broke off"),
    "cut off": (cut_off, Unavailable, "broke off"),
    "cut in an event": (HEAD + said("Ten") + b'data: {"choi', Unavailable, "broke off"),
    "cut in a chunk": (chunked(said("Ten"), 99, end=b"ff\r\nabc"), Unavailable, "broke off"),
    "shorter than it says": (
        HEAD.replace(b"\r\n\r\n", b"\r\nContent-Length: 999\r\n\r\n") + said("Ten"),
        Unavailable,
        "broke off",
    ),
    "aborted by the server": (HEAD + said("Ten", "abort") + DONE, Unavailable, "broke off"),
    "another protocol": (b"220 mail ESMTP\r\n\r\n", Unavailable, "no answer"),
    "HTTP/2": (b"HTTP/2 200\r\n\r\n", Unavailable, "no answer"),
    "a page": (status(200, b"<html>", "Content-Type: text/html"), Unavailable, "no answer"),
    "no stream": (
        status(200, b'{"choices":[]}', "Content-Type: application/json"),
        Unavailable,
        "no answer",
    ),
    "no JSON": (HEAD + b"data: Ten mg\n\n", Unavailable, "no answer"),
    "no object": (HEAD + b"data: [1]\n\n", Unavailable, "no answer"),
    "no choices": (HEAD + event({"choices": "x"}), Unavailable, "no answer"),
    "no delta": (HEAD + event({"choices": [{"text": "x"}]}), Unavailable, "no answer"),
    "choice of a kind": (HEAD + event({"choices": ["x"]}), Unavailable, "no answer"),
    "a number": (HEAD + event({"choices": [{"delta": {"content": 1}}]}), Unavailable, "no answer"),
    "no UTF-8": (HEAD + b'data: {"choices": "\xff"}\n\n', Unavailable, "no answer"),
    "nested": (HEAD + b"data: " + b"[" * 50_000 + b"\n\n", Unavailable, "no answer"),
    "a header of no kind": (b"HTTP/1.1 200 OK\r\nno header\r\n\r\n", Unavailable, "no answer"),
    "a folded header": (b"HTTP/1.1 200 OK\r\nA: b\r\n c\r\n\r\n", Unavailable, "no answer"),
    "many headers": (
        b"HTTP/1.1 200 OK\r\n" + b"".join(b"X-%d: x\r\n" % n for n in range(500)) + b"\r\n",
        Unavailable,
        "no answer",
    ),
    "two lengths": (
        b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
        Unavailable,
        "no answer",
    ),
    "a length of no kind": (
        b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
        Unavailable,
        "no answer",
    ),
    "compressed": (
        HEAD.replace(b"\r\n\r\n", b"\r\nContent-Encoding: gzip\r\n\r\n"),
        Unavailable,
        "no answer",
    ),
    "another coding": (
        HEAD.replace(b"\r\n\r\n", b"\r\nTransfer-Encoding: gzip, chunked\r\n\r\n"),
        Unavailable,
        "no answer",
    ),
    "a chunk of no kind": (chunked(b"", 1, end=b"zz\r\n"), Unavailable, "no answer"),
    "a chunk with no end": (chunked(b"", 1, end=b"1\r\nabc\r\n"), Unavailable, "no answer"),
    "endless comments": (endless_comments, Unavailable, "no answer"),
    "endless header": (endless_header, Unavailable, "no answer"),
    "endless line": (endless_line, Unavailable, "no answer"),
    "silent": (silent, Unavailable, "says nothing"),
    "stalled": (stalled, Unavailable, "says nothing"),
}


@pytest.mark.parametrize(("script", "kind", "message"), FAILURES.values(), ids=FAILURES)
async def test_a_server_that_fails_is_told_of_and_not_quoted(
    script: Script,
    kind: type[ApplianceError],
    message: str,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    async with model_server(script) as server:
        engine = await opened(server)
        engine._patience_s = 0.5
        with pytest.raises(kind, match=message) as raised:
            await told(engine, ASKED)
        await left(server)
    assert type(raised.value) is kind
    assert CANARY not in repr(raised.value) + caplog.text
    assert (engine.running, engine.waiting) == (0, 0)
    if kind is Busy:
        assert 1 <= (raised.value.retry_after or 0) <= 3600


async def test_the_time_to_wait_is_the_servers() -> None:
    async with model_server(status(429, b"", "Retry-After: 7")) as server:
        with pytest.raises(Busy) as raised:
            await told(await opened(server), ASKED)
    assert raised.value.retry_after == 7


async def test_words_once_said_are_not_said_again() -> None:
    """A prompt that turns out too long, or a server that is busy, after the first piece."""
    for late in ({"type": "exceed_context_size_error"}, {"code": 503}):
        async with model_server(HEAD + said("Ten") + event({"error": late})) as server:
            engine = await opened(server)
            pieces: list[Piece] = []
            with pytest.raises(Unavailable, match="broke off"):
                async for piece in engine.answer(ASKED):
                    pieces.append(piece)
            assert (pieces, len(server.asked)) == (["Ten"], 1)


@pytest.mark.parametrize(
    ("models", "message"),
    [
        (status(200, b"<html>"), "no answer"),
        (status(200, b'{"data": {}}'), "no answer"),
        (status(200, b'{"data": []}'), "serves no model"),
        (status(200, b'{"data": [7, {"id": 7}]}'), "serves no model"),
        (status(404), "llm_base_url"),
        (status(503), "no time"),
        (status(200, b" " * (2 << 20)), "no answer"),
    ],
)
async def test_a_server_with_no_model_to_name_is_asked_nothing(models: bytes, message: str) -> None:
    async with model_server(models=models) as server:
        engine = await opened(server)
        with pytest.raises(Unavailable, match=message):
            await told(engine, ASKED)
        with pytest.raises(Unavailable, match=message):
            await engine.check()
    assert server.asked == []
    assert len(server.heads) == 1  # and not at every turn


async def test_names_of_models_are_fit_to_be_shown() -> None:
    listed = {"data": [{"id": "a\x1b[31m\n" + "b" * 5000}]}
    async with model_server(models=status(200, json.dumps(listed).encode())) as server:
        name = (await opened(server)).name
    assert name.startswith("a[31mbbb")
    assert len(name) == 200


async def test_a_server_that_comes_late_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("appliance.engines.openai_engine.PROBE_AGAIN_S", 0.0)
    async with model_server(models=status(503)) as server:
        engine = await opened(server)
        with pytest.raises(Unavailable):
            await engine.check()
        server.models = ModelServer().models
        assert await told(engine, ASKED) == "Ten mg [1]."
        await engine.check()
        assert engine.name == "ward-7b"


async def test_a_server_that_is_down_is_unavailable() -> None:
    async with model_server() as server:
        url = server.url
    engine = await OpenAiEngine.open(url)
    with pytest.raises(Unavailable, match="cannot be reached"):
        await told(engine, ASKED)
    with pytest.raises(Unavailable, match="cannot be reached"):
        await engine.check()
    assert engine.running == 0


# The one address


async def test_no_redirect_and_no_proxy_is_followed(monkeypatch: pytest.MonkeyPatch) -> None:
    async with model_server() as other:
        for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
            monkeypatch.setenv(name, other.url)
        location = f"Location: {other.url}/v1/chat/completions"
        async with model_server(status(307, b"", location)) as server:
            with pytest.raises(Unavailable, match="another address"):
                await told(await opened(server), ASKED)
        async with model_server(models=status(302, b"", location)) as server:
            with pytest.raises(Unavailable, match="another address"):
                await told(await opened(server), ASKED)
        assert other.heads == []


async def test_every_connection_is_counted() -> None:
    begun: list[None] = []

    def connecting() -> None:
        begun.append(None)

    async with model_server(TOO_LONG["vllm"], spoken("Ten.")) as server:
        engine = await opened(server, connecting=connecting)
        await told(engine, long_question())
    assert len(begun) == len(server.heads) == 3
    with pytest.raises(Unavailable):
        await told(engine, ASKED)
    assert len(begun) == 4


# Many askers, and those that leave


async def test_closing_the_answer_closes_the_connection_at_once() -> None:
    async with model_server(stalled) as server:
        engine = await opened(server)
        async with aclosing(engine.answer(ASKED)) as pieces:
            assert await anext(pieces) == "Ten"
            assert (server.open, engine.running) == (1, 1)
        assert engine.running == 0
        await left(server)
        assert server.open == 0


async def test_a_cancelled_asker_leaves_nothing_behind() -> None:
    for script in (silent, stalled):
        async with model_server(script) as server:
            engine = await opened(server)
            asking = asyncio.create_task(told(engine, ASKED))
            while not server.asked:  # noqa: ASYNC110
                await asyncio.sleep(0.001)
            asking.cancel()
            await asyncio.gather(asking, return_exceptions=True)
            await left(server)
            assert engine.running == 0


async def test_an_asker_that_stops_reading_holds_the_server_back_and_not_memory() -> None:
    sent: list[int] = []

    async def flood(writer: asyncio.StreamWriter) -> None:
        writer.write(HEAD)
        while True:
            block = said("x" * 10_000) * 10
            writer.write(block)
            await writer.drain()
            sent.append(len(block))

    async with model_server(flood) as server:
        engine = await opened(server)
        async with aclosing(engine.answer(ASKED)) as pieces:
            await anext(pieces)
            before = -1
            while before != len(sent):  # until nothing goes through any more
                before = len(sent)
                await asyncio.sleep(0.2)
        await left(server)
    assert sum(sent) < 16 << 20  # what the kernel's buffers hold


async def test_so_many_at_once_and_the_others_are_told_their_place() -> None:
    gate = asyncio.Event()

    async def held(writer: asyncio.StreamWriter) -> None:
        await gate.wait()
        writer.write(spoken("Ten."))
        await writer.drain()

    async with model_server(held) as server:
        engine = await opened(server, slots=2, queue_limit=3)

        async def ask(user: str) -> list[Piece]:
            return [piece async for piece in engine.answer(replace(ASKED, asker=user))]

        asking = [asyncio.create_task(ask(f"user-{n}")) for n in range(5)]
        async with asyncio.timeout(10):
            while len(server.asked) < 2:  # noqa: ASYNC110
                await asyncio.sleep(0.001)
        assert (engine.running, engine.waiting, engine.slots) == (2, 3, 2)
        with pytest.raises(Busy) as raised:
            await ask("one-too-many")
        assert (raised.value.retry_after or 0) > 0
        asking[2].cancel()
        await asyncio.gather(asking[2], return_exceptions=True)
        assert engine.waiting == 2
        gate.set()
        answers = [await task for task in (asking[0], asking[1], asking[3], asking[4])]
        assert server.most_open == 2
    assert [answer[-1] for answer in answers] == ["Ten."] * 4
    places = [[place.position for place in answer[:-1]] for answer in answers[2:]]  # type: ignore[union-attr]
    assert places[0] == [2, 1]
    assert places[1][:2] == [3, 2]
    assert (engine.running, engine.waiting) == (0, 0)


async def test_one_user_does_not_take_all_places() -> None:
    async with model_server(spoken("Ten.")) as server:
        engine = await opened(server, slots=8)
        asked = [replace(ASKED, asker="greedy")] * 4
        await asyncio.gather(*(told(engine, one) for one in asked))
        assert server.most_open == 1


async def test_a_thousand_abandoned_answers_leave_every_place_free() -> None:
    async with model_server(stalled) as server:
        engine = await opened(server, slots=4, queue_limit=2000)

        async def give_up(number: int, wait: Callable[[], Any]) -> None:
            async with aclosing(engine.answer(replace(ASKED, asker=f"user-{number}"))) as pieces:
                task = asyncio.ensure_future(anext(pieces))
                await wait()
                task.cancel()
                await asyncio.gather(task, return_exceptions=True)

        for start in range(0, 1000, 50):
            moments = [lambda n=n: asyncio.sleep(n % 5 * 0.001) for n in range(50)]
            await asyncio.gather(*(give_up(start + n, wait) for n, wait in enumerate(moments)))
        assert (engine.running, engine.waiting) == (0, 0)
        async with asyncio.timeout(10):
            while server.open:  # noqa: ASYNC110
                await asyncio.sleep(0.01)
        server.scripts = [spoken("Ten.")]
        assert await told(engine, ASKED) == "Ten."
