"""Voice on the wire."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from appliance.api.fields import Body, Instant, Output
from appliance.api.schemas.messages import MessageOut

Language = Annotated[
    str, Field(pattern=r"^[a-z]{2,3}(-[A-Za-z0-9]{2,8})?$", examples=["en", "de-CH"])
]
Mode = Literal["dictate", "ask"]
Id = Annotated[str, Field(max_length=64)]  # one that is no id is answered like an absent one


class SessionIn(Body):
    conversation_id: Id | None = None
    language: Language | None = Field(None, description="None: told from what is said.")
    mode: Mode = "dictate"


class AudioForm(Body):
    """The text fields of a recording; it comes beside them as `audio` or `file`."""

    session_id: Id | None = None
    conversation_id: Id | None = None
    answer: Literal["true", "false"] | None = None


class AudioLimits(Output):
    formats: list[str]
    sample_rate: int
    max_seconds: int
    max_bytes: int


class SessionOut(Output):
    session_id: str
    conversation_id: str | None
    expires_at: Instant
    language: str | None
    mode: Mode
    audio: AudioLimits
    websocket_url: str
    model: str


class WordOut(Output):
    word: str
    start: float
    end: float
    probability: float


class SegmentOut(Output):
    start: float = Field(description="Seconds from the beginning.")
    end: float
    text: str
    confidence: float
    words: list[WordOut]


class TranscriptOut(Output):
    transcript: str
    language: str | None
    duration: float
    segments: list[SegmentOut]
    no_speech: bool
    message: MessageOut | None = None
    answer: MessageOut | None = None
