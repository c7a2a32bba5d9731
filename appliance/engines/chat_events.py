"""The events of a streamed chat completion, in the order of their coming.

The form is that of server-sent events (WHATWG HTML, 9.2): lines of "data:", a blank line behind
each event, comments that keep the connection alive.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator

from appliance.engines.chat_completion import ChatEvent, chat_event
from appliance.engines.http_exchange import BROKEN_OFF, GARBAGE, HttpAnswer
from appliance.errors import Unavailable

_LAST = b"[DONE]"


async def chat_events(answer: HttpAnswer) -> AsyncGenerator[ChatEvent]:
    """Raises as `chat_event` does, and Unavailable for an answer that stops before its end."""
    if not answer.headers.get("content-type", "").lower().startswith("text/event-stream"):
        raise Unavailable(GARBAGE)
    data: list[bytes] = []
    finished = False
    while (line := await answer.line()) is not None:
        if line.startswith(b"data:"):
            data.append(line[5:].removeprefix(b" "))
        elif not line and data:
            whole, data = b"\n".join(data), []
            if whole == _LAST:
                finished = True
                break
            event = chat_event(whole)
            finished = finished or event.finished
            yield event
    if not finished:
        raise Unavailable(BROKEN_OFF)
