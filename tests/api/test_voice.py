"""The two voice endpoints: everything is checked, and then there is no speech model."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import urlsplit

import httpx2
import pytest

from appliance.api import forms
from tests.api.conftest import Api
from tests.shared_data import shared_data

SESSION, AUDIO = "/api/voice/session", "/api/voice/audio"
ABSENT = "00000000-0000-4000-8000-00000000dead"
WAV = b"RIFF\x24\x00\x00\x00WAVEfmt " + bytes(64)
FORM = {"Content-Type": "multipart/form-data; boundary=b"}
PART = b'--b\r\nContent-Disposition: form-data; name="audio"; filename="a.wav"\r\n\r\n'
MB = 1 << 20


async def conversation(api: Api) -> str:
    response = await api.client.post("/api/conversations", json={}, headers=api.user)
    conversation_id: str = response.json()["data"]["id"]
    return conversation_id


def told_of_no_model(response: httpx2.Response) -> bool:
    error = response.json()["error"]
    return (
        response.status_code == 503
        and error["code"] == "UNAVAILABLE"
        and "No speech model is installed; an administrator must install one." in error["message"]
        and "retry-after" not in response.headers
    )


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"mode": "ask"},
        {"mode": "dictate", "language": "en"},
        {"language": "de-CH"},
        {"language": "gsw-1996"},
        {"conversation_id": None},
    ],
)
async def test_a_session_needs_a_speech_model(api: Api, body: dict[str, Any]) -> None:
    assert told_of_no_model(await api.client.post(SESSION, json=body, headers=api.user))


async def test_a_session_without_a_body(api: Api) -> None:
    assert told_of_no_model(await api.client.post(SESSION, headers=api.user))


@pytest.mark.parametrize("name", ["conversation_id", "conversationId"])
async def test_a2_a_session_in_a_conversation(api: Api, name: str) -> None:
    mine = await conversation(api)
    response = await api.client.post(SESSION, json={name: mine}, headers=api.user)
    assert told_of_no_model(response)
    said = []
    for headers, wanted in (
        (api.other, mine),
        (api.admin, mine),
        (api.user, ABSENT),
        (api.user, "x"),
        (api.user, "\x00"),
        (api.user, ""),
    ):
        response = await api.client.post(SESSION, json={name: wanted}, headers=headers)
        assert response.status_code == 404
        said.append(response.json()["error"])
    assert all(error == said[0] for error in said)


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"mode": "sing"}, "mode"),
        ({"mode": None}, "mode"),
        ({"mode": 1}, "mode"),
        ({"language": ""}, "language"),
        ({"language": "EN"}, "language"),
        ({"language": "english"}, "language"),
        ({"language": "en_GB"}, "language"),
        ({"language": "en-x"}, "language"),
        ({"language": "en\n"}, "language"),
        ({"language": ["en"]}, "language"),
        ({"conversation_id": 1}, "conversation_id"),
        ({"conversation_id": "x" * 65}, "conversation_id"),
        ({"user_id": ABSENT}, "user_id"),
    ],
)
async def test_a_bad_session(api: Api, body: dict[str, Any], field: str) -> None:
    response = await api.client.post(SESSION, json=body, headers=api.user)
    assert response.status_code == 422
    assert response.json()["error"]["field"] == field


@pytest.mark.parametrize("name", ["audio", "file"])
async def test_audio_needs_a_speech_model(api: Api, name: str) -> None:
    response = await api.client.post(
        AUDIO,
        files={name: ("a.wav", WAV)},
        data={"conversation_id": await conversation(api), "answer": "false"},
        headers=api.user,
    )
    assert told_of_no_model(response)


@pytest.mark.parametrize("kind", ["wav", "mp3", "flac"])
async def test_real_recordings(api: Api, kind: str) -> None:
    content = shared_data(f"speech/jfk.{kind}").read_bytes()
    response = await api.client.post(
        AUDIO, files={"audio": ("whatever", content)}, headers=api.user
    )
    assert told_of_no_model(response)


@pytest.mark.parametrize(
    ("fields", "status", "field"),
    [
        ({"answer": "perhaps"}, 422, "answer"),
        ({"answer": "x" * 1025}, 422, "answer"),
        ({"session_id": "x" * 65}, 422, "session_id"),
        ({"session_id": ABSENT}, 404, None),
        ({"conversation_id": ABSENT}, 404, None),
        ({"conversationId": "x"}, 404, None),
        ({"user_id": ABSENT}, 422, "user_id"),
        ({"transcript": "x"}, 422, "transcript"),
        ({"answer": "", "session_id": " "}, 503, None),
    ],
)
async def test_the_fields_of_audio(
    api: Api, fields: dict[str, str], status: int, field: str | None
) -> None:
    response = await api.client.post(
        AUDIO, files={"audio": ("a.wav", WAV)}, data=fields, headers=api.user
    )
    assert response.status_code == status
    assert response.json()["error"].get("field") == field


async def test_a2_audio_in_a_foreign_conversation(api: Api) -> None:
    mine = await conversation(api)
    for headers, status in ((api.user, 503), (api.other, 404), (api.admin, 404)):
        response = await api.client.post(
            AUDIO,
            files={"audio": ("a.wav", WAV)},
            data={"conversation_id": mine},
            headers=headers,
        )
        assert response.status_code == status


@pytest.mark.parametrize(
    ("headers", "body", "status", "field"),
    [
        ({"Content-Type": "audio/wav"}, WAV, 415, None),
        ({"Content-Type": "application/json"}, b"{}", 415, None),
        ({}, b"", 415, None),
        ({"Content-Type": "multipart/form-data"}, b"--b--\r\n", 422, "file"),
        (FORM, b"", 422, "audio"),
        (FORM, b"garbage", 422, "file"),
        (FORM, b"--b--\r\n", 422, "audio"),
        (FORM, PART + WAV, 422, "audio"),
        (FORM, PART + b"\r\n--b--\r\n", 422, "audio"),
        (FORM, PART.replace(b"audio", b"sound") + WAV + b"\r\n--b--\r\n", 422, "audio"),
        (FORM, PART + WAV + b"\r\n" + PART + WAV + b"\r\n--b--\r\n", 422, "audio"),
        (
            FORM,
            PART + WAV + b"\r\n" + PART.replace(b"audio", b"file") + WAV + b"\r\n--b--\r\n",
            422,
            "file",
        ),
        (FORM, PART + b"%PDF-1.7 and so on\r\n--b--\r\n", 415, "audio"),
        (FORM, PART + WAV + b"\r\n--b--\r\n", 503, None),
        (FORM, PART.replace(b'; filename="a.wav"', b"") + WAV + b"\r\n--b--\r\n", 503, None),
    ],
)
async def test_framing(
    api: Api, headers: dict[str, str], body: bytes, status: int, field: str | None
) -> None:
    response = await api.client.post(AUDIO, content=body, headers=api.user | headers)
    assert response.status_code == status
    if field is not None:
        assert response.json()["error"]["field"] == field
    assert (await api.client.get("/health")).status_code == 200


@pytest.mark.parametrize(("who", "status"), [(None, 401), ("user", 413)])
async def test_c1_the_answer_comes_before_the_body(api: Api, who: str | None, status: int) -> None:
    headers = (api.accounts[who].headers if who else {}) | FORM
    assert await raw_answer(api, headers | {"Content-Length": str(26 * MB)}) == status


async def test_c1_switched_off_nothing_is_read(api: Api) -> None:
    await api.client.post("/api/admin/feature-flags/voice_mode/toggle", headers=api.admin)
    assert await raw_answer(api, api.user | FORM | {"Content-Length": str(20 * MB)}) == 403


async def test_c1_undeclared_size_is_counted(api: Api) -> None:
    async def endless() -> AsyncIterator[bytes]:
        yield PART + WAV
        for _ in range(30):
            yield bytes(MB)

    response = await api.client.post(AUDIO, content=endless(), headers=api.user | FORM)
    assert response.status_code == 413


async def test_a_stalled_recording_is_given_up(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(forms, "STALLED_S", 0.2)
    assert await raw_answer(api, api.user | FORM | {"Content-Length": "5000"}, PART) == 422


async def raw_answer(api: Api, headers: dict[str, str], body: bytes = b"") -> int:
    """The status of the answer to a request whose body does not come, or not wholly."""
    url = urlsplit(api.base_url)
    lines = [f"POST {AUDIO} HTTP/1.1", "Host: x", *(f"{k}: {v}" for k, v in headers.items())]
    reader, writer = await asyncio.open_connection(url.hostname, url.port)
    try:
        writer.write(("\r\n".join(lines) + "\r\n\r\n").encode() + body)
        async with asyncio.timeout(5):
            return int((await reader.readline()).split()[1])
    finally:
        writer.close()
