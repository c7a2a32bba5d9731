"""The WebSocket as an operation, with the frames of both directions."""

from __future__ import annotations

from typing import Any, Literal, get_args

from pydantic import BaseModel, Field

from appliance.api.fields import Instant, Output
from appliance.api.openapi.errors import reference
from appliance.api.openapi.headers import LIMIT_HEADERS, headers, parameters
from appliance.api.schemas.messages import CitationOut, MessageOut
from appliance.api.ws_frames import MAX_FRAME_CHARACTERS, Incoming

PATH = "/ws"
TAG = "Realtime"


class ConnectedFrame(Output):
    type: Literal["connected"]
    client_id: str
    user_id: str
    protocol_version: str
    capabilities: list[str]
    timestamp: Instant


class QueuedFrame(Output):
    """The question waits for a place; sent again when the place changes."""

    type: Literal["queued"]
    message_id: str
    position: int = Field(description="From 1, the next to be answered.")
    estimated_seconds: float | None


class _OfAnAnswer(Output):
    message_id: str = Field(description="The answer.")
    client_message_id: str | None
    user_message_id: str = Field(description="The question.")
    conversation_id: str


class SourcesFrame(_OfAnAnswer):
    """The passages that the answer may cite; again at its end, when the positions are known."""

    type: Literal["sources"]
    citations: list[CitationOut]


class ChunkFrame(Output):
    """The next piece of an answer: all of them joined are its content, to the character."""

    type: Literal["chunk"]
    message_id: str
    seq: int = Field(ge=1, description="Counts up by one; `resume` goes on after it.")
    content: str


class MessageDoneFrame(_OfAnAnswer):
    type: Literal["message_done"]
    message: MessageOut


class TypingFrame(Output):
    """To the other sockets of the same user."""

    type: Literal["typing"]
    user_id: str
    conversation_id: str
    active: bool


class PongFrame(Output):
    type: Literal["pong"]


class FrameError(Output):
    code: str
    message: str
    field: str | None = None
    details: dict[str, Any] | None = None
    retry_after: int | None = Field(None, description="Seconds.")


class ErrorFrame(Output):
    """A bad frame or a failed answer; the socket lives, but for failed authentication."""

    type: Literal["error"]
    error: FrameError
    message_id: str | None = None
    client_message_id: str | None = None


SERVER_FRAMES: tuple[type[BaseModel], ...] = (
    ConnectedFrame,
    QueuedFrame,
    SourcesFrame,
    ChunkFrame,
    MessageDoneFrame,
    TypingFrame,
    ErrorFrame,
    PongFrame,
)
CLIENT_FRAMES: tuple[type[BaseModel], ...] = get_args(Incoming)


def types_of(frame: type[BaseModel]) -> tuple[str, ...]:
    """The values of `type` that a frame goes by."""
    return get_args(frame.model_fields["type"].annotation)


def operation(references: dict[type[BaseModel], dict[str, Any]]) -> dict[str, Any]:
    """`references` gives the schema of every frame."""

    def described(frames: tuple[type[BaseModel], ...]) -> dict[str, Any]:
        return {name: references[frame] for frame in frames for name in types_of(frame)}

    return {
        "operationId": "connect_ws",
        "summary": "Open the WebSocket.",
        "description": "Authenticate with the query parameter, with an `Authorization` header, or "
        "with `auth` as the first frame, within 10 s. Frames are JSON texts of at most "
        f"{MAX_FRAME_CHARACTERS} characters with a `type`; `x-frames` lists them. Concatenated "
        "`chunk`s are the final content, to the character. The server closes with 1008 (not "
        "authenticated, or no longer), 1001 (shutting down) or 1013 (the client reads too slowly). "
        "Also served as `/api/ws`.",
        "tags": [TAG],
        "security": [{}, {"bearer": []}],
        "parameters": [
            {
                "name": "token",
                "in": "query",
                "required": False,
                "description": "An access token, or a ticket. It is kept out of every log.",
                "schema": {"type": "string", "maxLength": 4096},
                "example": "eyJhbG...",
            },
            *parameters("RequestId"),
        ],
        "responses": {
            "101": {
                "description": "The connection speaks WebSocket from here on.",
                "headers": headers("X-Request-ID"),
            },
            "400": reference(400),
            "403": {
                "description": "A page of another origin may not open a connection here.",
                "headers": headers("X-Request-ID", *LIMIT_HEADERS),
                "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}},
            },
            **{str(status): reference(status) for status in (413, 426, 429, 500, 503)},
        },
        "x-websocket": True,
        "x-frames": {"client": described(CLIENT_FRAMES), "server": described(SERVER_FRAMES)},
    }
