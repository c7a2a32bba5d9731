"""Voice: sessions, and recordings to be transcribed."""

from __future__ import annotations

from contextlib import aclosing
from typing import Any, NoReturn

from sanic.request import Request

from appliance.api.forms import form_events
from appliance.api.multipart import Part
from appliance.api.routing import Call, Route
from appliance.api.schemas.voice import AudioForm, SessionIn, SessionOut, TranscriptOut
from appliance.api.validation import validate
from appliance.errors import ApplianceError, Invalid
from appliance.services.authorization import Access
from appliance.services.voice import MAX_AUDIO_BYTES, Recording

MAX_FIELD_BYTES = 1024
_FORM_BYTES = 64 << 10  # what a body may hold besides its recording
_AUDIO_NAMES = ("audio", "file")


async def open_session(call: Call) -> NoReturn:
    await call.services.voice.open_session(
        call.caller, conversation_id=call.body(SessionIn).conversation_id
    )


async def send_audio(call: Call) -> NoReturn:
    upload = AudioUpload()
    try:
        # Before the body is read.
        await call.services.voice.permit(call.caller)
        await upload.read(call.request)
    except ApplianceError:
        # The rest of the body is still on its way: no other request can follow on this connection.
        stream: Any = call.request.stream
        stream.keep_alive = False
        raise
    await call.still_allowed(Access.USER)
    recording, form = upload.complete()
    await call.services.voice.transcribe(
        call.caller,
        recording,
        session_id=form.session_id,
        conversation_id=form.conversation_id,
    )


class AudioUpload:
    """The parts of an upload as they arrive, in any order."""

    def __init__(self) -> None:
        self._fields: dict[str, bytearray] = {}
        self._recording: Recording | None = None

    async def read(self, request: Request) -> None:
        part: Part | None = None
        most = MAX_AUDIO_BYTES + _FORM_BYTES
        async with aclosing(form_events(request, field="audio", max_bytes=most)) as events:
            async for event in events:
                if isinstance(event, Part):
                    part = event
                    self._begin(part)
                elif isinstance(event, bytes) and part is not None:
                    self._append(part, event)

    def complete(self) -> tuple[Recording, AudioForm]:
        """The recording and the text fields; empty ones count as absent. Raises `Invalid`."""
        if self._recording is None:
            raise Invalid("There is no recording: send it as audio.", field="audio")
        try:
            fields = {name: value.decode().strip() or None for name, value in self._fields.items()}
        except UnicodeDecodeError:
            raise Invalid("The text fields must be UTF-8.", field="body") from None
        return self._recording, validate(AudioForm, fields)

    def _begin(self, part: Part) -> None:
        is_audio = part.name in _AUDIO_NAMES
        if part.name in self._fields or (is_audio and self._recording is not None):
            raise Invalid("This field is there twice.", field=part.name)
        if is_audio:
            self._recording = Recording()
        else:
            self._fields[part.name] = bytearray()

    def _append(self, part: Part, data: bytes) -> None:
        if part.name in _AUDIO_NAMES and self._recording is not None:
            self._recording.append(data)
            return
        field = self._fields[part.name]
        field += data
        if len(field) > MAX_FIELD_BYTES:
            raise Invalid(f"This field is longer than {MAX_FIELD_BYTES} bytes.", field=part.name)


_FORM_SCHEMA = AudioForm.model_json_schema(by_alias=False)
_AUDIO = {"type": "string", "format": "binary"}
_AUDIO_BODY = {
    "required": True,
    "content": {
        "multipart/form-data": {
            "schema": {
                "type": "object",
                "properties": {
                    **dict.fromkeys(_AUDIO_NAMES, _AUDIO),
                    **_FORM_SCHEMA["properties"],
                },
                "anyOf": [{"required": [name]} for name in _AUDIO_NAMES],
            }
        }
    },
}

_TAG = "Voice"

ROUTES: tuple[Route, ...] = (
    Route(
        "POST", "/api/voice/session", open_session, Access.USER, _TAG,
        "Begin dictating or asking by voice; 503 while no speech model is installed.",
        response=SessionOut, status=201, body=SessionIn, optional_body=True,
    ),
    Route(
        "POST", "/api/voice/audio", send_audio, Access.USER, _TAG,
        "Transcribe a recording of at most 25 MB; 503 while no speech model is installed.",
        response=TranscriptOut, upload=True, extra={"requestBody": _AUDIO_BODY},
        errors=("NOT_FOUND",),
    ),
)  # fmt: skip
