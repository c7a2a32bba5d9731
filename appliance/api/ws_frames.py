"""The frames of the WebSocket: what a client may send, and what it is told."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Annotated, Any, Literal

import orjson
from pydantic import ConfigDict, Field

from appliance.api.envelope import error_fields
from appliance.api.fields import Body
from appliance.api.schemas.messages import CitationOut, MessageOut
from appliance.api.validation import validate
from appliance.errors import ApplianceError, Invalid
from appliance.services.answer_streams import (
    AnswerEvent,
    AnswerStream,
    Done,
    Piece,
    Queued,
    Sources,
)

PROTOCOL_VERSION = "2.0"
CAPABILITIES = ("answers", "citations", "cancel", "resume", "typing")
MAX_FRAME_CHARACTERS = 65_536

Outgoing = Mapping[str, Any]


class _Frame(Body):
    model_config = ConfigDict(loc_by_alias=False)  # errors name fields as the contract does


class Auth(_Frame):
    type: Literal["auth"]
    token: str


class MessageSend(_Frame):
    type: Literal["message_send"]
    content: str
    conversation_id: str | None = None
    branch_id: str | None = None
    parent_message_id: str | None = None
    client_message_id: str | None = None


class Cancel(_Frame):
    """Without an id: every answer that this socket listens to."""

    type: Literal["cancel"]
    message_id: str | None = None


class Resume(_Frame):
    type: Literal["resume"]
    message_id: str
    after_seq: Annotated[int, Field(ge=0)] = 0


class Ping(_Frame):
    type: Literal["ping"]


class Typing(_Frame):
    type: Literal["typing_start", "typing_stop"]
    conversation_id: str


class AudioStart(_Frame):
    """Begins dictating; what follows in binary frames is 16-bit little-endian PCM."""

    type: Literal["audio_start"]
    session_id: str | None = None
    mode: Literal["dictate", "ask"] = "dictate"
    format: Literal["pcm16"] = "pcm16"
    sample_rate: Literal[16000] = 16000


class AudioEnd(_Frame):
    type: Literal["audio_end"]


Incoming = Auth | MessageSend | Cancel | Resume | Ping | Typing | AudioStart | AudioEnd

_INCOMING: dict[str, type[Incoming]] = {
    "auth": Auth,
    "message_send": MessageSend,
    "cancel": Cancel,
    "resume": Resume,
    "ping": Ping,
    "typing_start": Typing,
    "typing_stop": Typing,
    "audio_start": AudioStart,
    "audio_end": AudioEnd,
}


class BadFrame(Invalid):
    """`about` repeats the ids of the frame, so that its sender knows which one it was."""

    def __init__(self, error: Invalid, about: Outgoing) -> None:
        super().__init__(error.message, field=error.field, details=error.details)
        self.about = about


def parse(raw: str | bytes) -> Incoming:
    """Raises `BadFrame` for anything that is not a known frame with the right fields."""
    if isinstance(raw, bytes):
        raise _bad("Binary frames are audio, and no dictation is under way.", None)
    if len(raw) > MAX_FRAME_CHARACTERS:
        raise _bad(f"A frame must not be longer than {MAX_FRAME_CHARACTERS} characters.", None)
    try:
        values = orjson.loads(raw)
    except orjson.JSONDecodeError:
        raise _bad("The frame is not valid JSON.", None) from None
    if not isinstance(values, dict):
        raise _bad("The frame must be a JSON object.", None)
    kind = values.get("type")
    model = _INCOMING.get(kind) if isinstance(kind, str) else None
    if model is None:
        raise BadFrame(Invalid("There is no such frame type.", field="type"), _about(values))
    try:
        return validate(model, values)
    except Invalid as error:
        raise BadFrame(error, _about(values)) from None


def connected(client_id: str, user_id: str) -> Outgoing:
    return {
        "type": "connected",
        "client_id": client_id,
        "user_id": user_id,
        "protocol_version": PROTOCOL_VERSION,
        "capabilities": CAPABILITIES,
        "timestamp": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z",
    }


def typing(user_id: str, conversation_id: str, *, active: bool) -> Outgoing:
    return {
        "type": "typing",
        "user_id": user_id,
        "conversation_id": conversation_id,
        "active": active,
    }


def failed(error: ApplianceError, about: Outgoing) -> Outgoing:
    """`about` names the message that failed, as far as it has a name."""
    told = error_fields(error)
    if error.retry_after is not None:
        told["retry_after"] = error.retry_after
    return {"type": "error", **about, "error": told}


def of_event(stream: AnswerStream, event: AnswerEvent) -> Outgoing:
    about = {"message_id": stream.message_id, "client_message_id": stream.client_message_id}
    if isinstance(event, Piece):
        return {
            "type": "chunk",
            "message_id": stream.message_id,
            "seq": event.seq,
            "content": event.content,
        }
    if isinstance(event, Queued):
        return {
            "type": "queued",
            "message_id": stream.message_id,
            "position": event.position,
            "estimated_seconds": event.seconds,
        }
    if isinstance(event, Sources):
        citations = [CitationOut.of(c).model_dump(by_alias=True) for c in event.citations]
        return {
            "type": "sources",
            **about,
            "user_message_id": stream.user_message_id,
            "conversation_id": stream.conversation_id,
            "citations": citations,
        }
    if isinstance(event, Done):
        return {
            "type": "message_done",
            **about,
            "user_message_id": stream.user_message_id,
            "conversation_id": stream.conversation_id,
            "message": MessageOut.of(event.message).model_dump(by_alias=True),
        }
    return failed(event.error, about)


def to_text(frame: Outgoing) -> str:
    return orjson.dumps(frame).decode()


def _about(values: Mapping[str, Any]) -> Outgoing:
    about = {}
    for name, camel in (("message_id", "messageId"), ("client_message_id", "clientMessageId")):
        given = values.get(name, values.get(camel))
        if isinstance(given, str) and len(given) <= 128:
            about[name] = given
    return about


def _bad(message: str, field: str | None) -> BadFrame:
    return BadFrame(Invalid(message, field=field), {})
