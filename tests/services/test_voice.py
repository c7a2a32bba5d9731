"""services/voice.py: what is checked before it is said that no speech model is there."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from appliance.errors import (
    Forbidden,
    Invalid,
    NotFound,
    PayloadTooLarge,
    Unavailable,
    UnsupportedMediaType,
)
from appliance.services.answer_streams import AnswerStreams
from appliance.services.conversations import Conversations
from appliance.services.flags import Flags
from appliance.services.voice import MAX_AUDIO_BYTES, Recording, Voice
from appliance.storage.cache import Cache
from appliance.storage.database import Database
from tests.answering_parts import ORIGIN, enrol, principal

ADA, BEN = principal("ada"), principal("ben")
ABSENT = "00000000-0000-4000-8000-00000000dead"
WAV = b"RIFF\x24\x00\x00\x00WAVEfmt "


@pytest.fixture
async def flags(database: Database, tmp_path: Path) -> AsyncIterator[Flags]:
    cache = await Cache.open(tmp_path / "cache", bytes(32))
    await enrol(database, ADA, BEN)
    yield Flags(database, cache)
    await cache.close()


def recording(*pieces: bytes) -> Recording:
    made = Recording()
    for piece in pieces:
        made.append(piece)
    return made


async def test_without_a_speech_model_it_says_so(database: Database, flags: Flags) -> None:
    voice = Voice(database, flags)
    with pytest.raises(Unavailable, match="No speech model is installed"):
        await voice.open_session(ADA, conversation_id=None)
    with pytest.raises(Unavailable, match="No speech model is installed"):
        await voice.transcribe(ADA, recording(WAV), session_id=None, conversation_id=None)


async def test_a2_only_own_conversations(database: Database, flags: Flags) -> None:
    voice = Voice(database, flags)
    conversations = Conversations(database, AnswerStreams())
    mine = await conversations.create(ADA, ORIGIN, title="Mine", folder_id=None)
    with pytest.raises(Unavailable):
        await voice.open_session(ADA, conversation_id=mine.id)
    said = set()
    for person, conversation_id in ((BEN, mine.id), (BEN, ABSENT), (ADA, ABSENT), (ADA, "\x00")):
        with pytest.raises(NotFound) as refused:
            await voice.open_session(person, conversation_id=conversation_id)
        said.add(refused.value.message)
        with pytest.raises(NotFound) as refused:
            await voice.transcribe(
                person, recording(WAV), session_id=None, conversation_id=conversation_id
            )
        said.add(refused.value.message)
    assert len(said) == 1


async def test_no_session_can_be_named(database: Database, flags: Flags) -> None:
    with pytest.raises(NotFound):
        await Voice(database, flags).transcribe(
            ADA, recording(WAV), session_id=ABSENT, conversation_id=None
        )


async def test_switched_off_it_is_forbidden(database: Database, flags: Flags) -> None:
    voice = Voice(database, flags)
    await flags.toggle("voice_mode", actor=ADA, origin=ORIGIN)
    with pytest.raises(Forbidden):
        await voice.permit(ADA)
    with pytest.raises(Forbidden):
        await voice.open_session(ADA, conversation_id=ABSENT)


def test_a_recording_is_judged_by_its_bytes() -> None:
    recording(*(WAV[i : i + 1] for i in range(len(WAV)))).finish()
    with pytest.raises(Invalid):
        recording().finish()
    with pytest.raises(UnsupportedMediaType):
        recording(b"%PDF-1.7").finish()


def test_a_recording_is_bounded() -> None:
    whole = recording(WAV, bytes(MAX_AUDIO_BYTES - len(WAV)))
    whole.finish()
    with pytest.raises(PayloadTooLarge):
        whole.append(b"x")
