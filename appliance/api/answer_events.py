"""Listening to an answer from an HTTP request: to its end, or as server-sent events."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Any

from sanic.request import Request

from appliance.api import ws_frames
from appliance.api.routing import Call, Stream
from appliance.api.ws_frames import Outgoing
from appliance.domain import Message
from appliance.errors import ApplianceError, Unauthorized
from appliance.services.answer_streams import AnswerEvent, AnswerStream, Done, Failed

EVENT_STREAM = "text/event-stream"
KEEP_ALIVE_S = 15.0
CUT_OFF_S = 0.5  # for a client that reads nothing, once its session has ended


def wants_events(request: Request) -> bool:
    """Whether the request's `Accept` names server-sent events."""
    accepted = request.headers.get("accept", "").split(",")
    return any(part.partition(";")[0].strip().lower() == EVENT_STREAM for part in accepted)


def streamed(call: Call, stream: AnswerStream, status: int) -> Stream:
    """The answer as server-sent events."""
    # Proxies would hold events back to fill their buffers.
    headers = {"X-Accel-Buffering": "no"}
    return Stream(_as_events(call, stream), EVENT_STREAM, status, headers)


async def end_of(call: Call, stream: AnswerStream) -> Message:
    """The answer as it was stored. Raises what it failed with, `Unauthorized` when the caller's
    session ends before.
    """
    async with aclosing(_events(call, stream)) as events:
        async for event in events:
            if isinstance(event, Done):
                return event.message
            if isinstance(event, Failed):
                raise _named(event.error, stream)
    raise AssertionError("an answer's stream has an end")


async def _as_events(call: Call, stream: AnswerStream) -> AsyncGenerator[bytes]:
    """The frames that the socket would send, each under its type as the event's name."""
    try:
        async with aclosing(_events(call, stream)) as events:
            async for event in events:
                if event is None:
                    yield b": keep-alive\n\n"
                else:
                    yield _encoded(ws_frames.of_event(stream, event))
    except ApplianceError as error:
        yield _encoded(ws_frames.failed(error, {"message_id": stream.message_id}))


async def _events(call: Call, stream: AnswerStream) -> AsyncGenerator[AnswerEvent | None]:
    """What happens up to the end; None where nothing did for a while.

    A listener that goes away early leaves the answer its grace time, as a dropped socket does.
    """
    wake, ended = asyncio.Event(), asyncio.Event()
    transport: Any = call.request.transport
    cut_off: asyncio.TimerHandle | None = None

    def revoked(_: str) -> None:
        nonlocal cut_off
        ended.set()
        wake.set()
        cut_off = asyncio.get_running_loop().call_later(CUT_OFF_S, transport.abort)

    unwatch = call.services.sessions.watch(call.caller.session_id, revoked)
    listener = stream.listen(wake.set)
    try:
        while not ended.is_set():
            wake.clear()
            while not ended.is_set() and (event := listener.take()) is not None:
                yield event
                if isinstance(event, Done | Failed):
                    return
            try:
                async with asyncio.timeout(KEEP_ALIVE_S):
                    await wake.wait()
            except TimeoutError:
                yield None
        raise Unauthorized("Your session has ended. Sign in again.")
    finally:
        unwatch()
        listener.leave(may_return=not ended.is_set())
        if cut_off is not None:
            cut_off.cancel()


def _encoded(frame: Outgoing) -> bytes:
    return f"event: {frame['type']}\ndata: {ws_frames.to_text(frame)}\n\n".encode()


def _named(error: ApplianceError, stream: AnswerStream) -> ApplianceError:
    """A copy of `error` with the ids of what was stored all the same."""
    ids = {"user_message_id": stream.user_message_id, "message_id": stream.message_id}
    return type(error)(
        error.message,
        field=error.field,
        details=(error.details or {}) | ids,
        retry_after=error.retry_after,
    )
