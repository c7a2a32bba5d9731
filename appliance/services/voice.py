"""Spoken questions and dictation. There is no speech model in this version, and it says so."""

from __future__ import annotations

from typing import NoReturn

from appliance.domain import Principal
from appliance.errors import (
    Forbidden,
    Invalid,
    PayloadTooLarge,
    Unavailable,
    UnsupportedMediaType,
)
from appliance.services.audio_formats import HEAD_BYTES, format_of
from appliance.services.conversation_rules import not_found, own_conversation
from appliance.services.flags import VOICE_MODE, Flags
from appliance.storage.database import Database

MAX_AUDIO_BYTES = 25 << 20
_NO_MODEL = (
    "No speech model is installed; an administrator must install one. "
    "This version has no command for that yet."
)


class Voice:
    def __init__(self, db: Database, flags: Flags) -> None:
        self._db = db
        self._flags = flags

    async def permit(self, principal: Principal) -> None:
        """Raises `Forbidden` where `voice_mode` is off for the caller."""
        if not await self._flags.holds(VOICE_MODE, principal.user.id):
            raise Forbidden("Voice is switched off for your account.")

    async def open_session(self, principal: Principal, *, conversation_id: str | None) -> NoReturn:
        """Raises `Forbidden`, `NotFound` and, where all is well, `Unavailable`."""
        await self.permit(principal)
        await self._check(principal, conversation_id)
        raise Unavailable(_NO_MODEL)

    async def transcribe(
        self,
        principal: Principal,
        recording: Recording,
        *,
        session_id: str | None,
        conversation_id: str | None,
    ) -> NoReturn:
        """Raises as `open_session` does, and what is wrong with the recording."""
        recording.finish()
        if session_id is not None:
            raise not_found("voice session")  # none can have been opened
        await self._check(principal, conversation_id)
        raise Unavailable(_NO_MODEL)

    async def _check(self, principal: Principal, conversation_id: str | None) -> None:
        if conversation_id is not None:
            wanted = conversation_id
            await self._db.read(lambda tx: own_conversation(tx, principal, wanted))


class Recording:
    """Audio as it arrives: judged by its first bytes and its length, kept nowhere."""

    def __init__(self) -> None:
        self._head = b""
        self._size = 0

    def append(self, data: bytes) -> None:
        """Raises `PayloadTooLarge`."""
        self._size += len(data)
        if self._size > MAX_AUDIO_BYTES:
            most = MAX_AUDIO_BYTES >> 20
            raise PayloadTooLarge(f"The recording is larger than {most} MB.", field="audio")
        self._head += data[: HEAD_BYTES - len(self._head)]

    def finish(self) -> None:
        """Raises `Invalid` for an empty one, `UnsupportedMediaType` for what is no audio."""
        if not self._head:
            raise Invalid("The recording is empty.", field="audio")
        if format_of(self._head) is None:
            raise UnsupportedMediaType(
                "The recording must be wav, mp3, flac, ogg, webm or m4a.", field="audio"
            )
