"""Feature flags over HTTP and over a socket: their shapes, their rights, and that they switch."""

from __future__ import annotations

import json
from typing import Any

import pytest

from appliance.domain import Passage
from appliance.services.query import Query
from tests.answering_parts import DOSE, all_bear, passage, rows
from tests.api.conftest import PASSWORD, Api
from tests.api.socket_client import SocketClient
from tests.shared_data import shared_data

FLAGS = "/api/admin/feature-flags"
EXAMPLE = {
    "name": "new_feature",
    "enabled": False,
    "description": "Description of the feature",
    "rollout_percentage": 0,
}


async def change(api: Api, name: str, **fields: Any) -> None:
    response = await api.client.patch(f"{FLAGS}/{name}", json=fields, headers=api.admin)
    assert response.status_code == 200


async def stored(api: Api) -> Any:
    return await rows(api.container.database, "SELECT * FROM feature_flags ORDER BY name")


async def test_the_life_of_a_flag(api: Api) -> None:
    created = await api.client.post(FLAGS, json=EXAMPLE, headers=api.admin)
    assert created.status_code == 201
    flag = created.json()["data"]
    assert flag.items() >= EXAMPLE.items()
    assert flag["created_at"] == flag["updated_at"] and flag["created_at"].endswith("Z")
    assert flag["built_in"] is False

    listed = (await api.client.get(FLAGS, headers=api.viewer)).json()["data"]["flags"]
    names = [each["name"] for each in listed]
    assert names == ["llm_answers", "new_feature", "registration_open", "voice_mode"]
    assert listed[1] == flag
    one = f"{FLAGS}/new_feature"
    assert (await api.client.get(one, headers=api.viewer)).json()["data"] == flag

    changed = await api.client.patch(
        one, json={"enabled": True, "rollout_percentage": 50}, headers=api.admin
    )
    assert changed.status_code == 200
    assert (
        changed.json()["data"].items()
        >= {
            "enabled": True,
            "rollout_percentage": 50,
            "description": EXAMPLE["description"],
        }.items()
    )
    put = await api.client.put(one, json={"rolloutPercentage": 70}, headers=api.admin)
    assert put.json()["data"]["rollout_percentage"] == 70
    toggled = await api.client.post(f"{one}/toggle", headers=api.admin)
    assert (toggled.status_code, toggled.json()["data"]["enabled"]) == (200, False)

    deleted = await api.client.delete(one, headers=api.admin)
    assert deleted.status_code == 200
    assert deleted.json()["data"]["name"] == "new_feature" and deleted.json()["data"]["message"]
    assert (await api.client.get(one, headers=api.viewer)).status_code == 404


async def test_a_taken_name_is_a_conflict(api: Api) -> None:
    for name in ("voice_mode", "new_feature", "new_feature"):
        response = await api.client.post(FLAGS, json=EXAMPLE | {"name": name}, headers=api.admin)
    assert response.status_code == 409
    assert (
        response.json()["error"] | {"code": "CONFLICT", "field": "name"}
        == (response.json()["error"])
    )


async def test_built_in_flags_are_not_deleted(api: Api) -> None:
    before = await stored(api)
    for flag in before:
        response = await api.client.delete(f"{FLAGS}/{flag['name']}", headers=api.admin)
        assert (response.status_code, response.json()["error"]["code"]) == (409, "CONFLICT")
    assert await stored(api) == before


@pytest.mark.parametrize(
    "name",
    [
        "nope",
        "Voice_Mode",
        "voice_mode%00",
        "%ED%A0%80",
        "%00",
        "..%2f",
        "'%20OR%201=1%20--",
        "x" * 500,
    ],
)
async def test_unknown_flags(api: Api, name: str) -> None:
    before = await stored(api)
    one = f"{FLAGS}/{name}"
    for response in (
        await api.client.get(one, headers=api.viewer),
        await api.client.patch(one, json={"enabled": True}, headers=api.admin),
        await api.client.put(one, json={"enabled": True}, headers=api.admin),
        await api.client.delete(one, headers=api.admin),
        await api.client.post(f"{one}/toggle", headers=api.admin),
    ):
        assert (response.status_code, response.json()["error"]["code"]) == (404, "NOT_FOUND")
    assert await stored(api) == before


BAD_FIELDS = [
    ({"name": "New"}, "name"),
    ({"name": "9lives"}, "name"),
    ({"name": ""}, "name"),
    ({"name": "a" * 65}, "name"),
    ({"name": "with space"}, "name"),
    ({"name": "line\n"}, "name"),
    ({"name": "ü"}, "name"),
    ({"name": None}, "name"),
    ({"enabled": "yes"}, "enabled"),
    ({"enabled": 1}, "enabled"),
    ({"enabled": None}, "enabled"),
    ({"rollout_percentage": -1}, "rollout_percentage"),
    ({"rollout_percentage": 101}, "rollout_percentage"),
    ({"rollout_percentage": 2**70}, "rollout_percentage"),
    ({"rollout_percentage": 12.5}, "rollout_percentage"),
    ({"rollout_percentage": "50"}, "rollout_percentage"),
    ({"rollout_percentage": True}, "rollout_percentage"),
    ({"rollout_percentage": None}, "rollout_percentage"),
    ({"description": "x" * 501}, "description"),
    ({"description": "nul\x00"}, "description"),
    ({"description": None}, "description"),
    ({"updated_at": "2026-01-01T00:00:00Z"}, "updated_at"),
    ({"built_in": True}, "built_in"),
]


@pytest.mark.parametrize(("fields", "field"), BAD_FIELDS)
async def test_bad_fields_change_nothing(api: Api, fields: dict[str, Any], field: str) -> None:
    before = await stored(api)
    answers = [await api.client.post(FLAGS, json=EXAMPLE | fields, headers=api.admin)]
    if None not in fields.values():
        one = f"{FLAGS}/voice_mode"
        answers.append(await api.client.patch(one, json=fields, headers=api.admin))
    for response in answers:
        assert response.status_code == 422
        assert response.json()["error"]["field"] == field
    assert await stored(api) == before


async def test_null_leaves_a_field_as_it_is(api: Api) -> None:
    (before,) = (flag for flag in await stored(api) if flag["name"] == "voice_mode")
    await change(api, "voice_mode", enabled=False, description=None, rollout_percentage=None)
    (after,) = (flag for flag in await stored(api) if flag["name"] == "voice_mode")
    assert after == before | {"enabled": 0, "updated_at": after["updated_at"]}


async def test_naughty_strings_as_descriptions(api: Api) -> None:
    for text in json.loads(shared_data("payloads/blns.json").read_bytes()):
        response = await api.client.patch(
            f"{FLAGS}/voice_mode", json={"description": text}, headers=api.admin
        )
        assert response.status_code in (200, 422)
        if response.status_code == 200:
            assert response.json()["data"]["description"] == text.strip()


@pytest.mark.parametrize("who", ["user", "viewer"])
async def test_only_administrators_change_flags(api: Api, who: str) -> None:
    before, headers = await stored(api), api.accounts[who].headers
    one = f"{FLAGS}/voice_mode"
    for response in (
        await api.client.post(FLAGS, json=EXAMPLE, headers=headers),
        await api.client.patch(one, json={"enabled": False}, headers=headers),
        await api.client.put(one, json={"enabled": False}, headers=headers),
        await api.client.delete(one, headers=headers),
        await api.client.post(f"{one}/toggle", headers=headers),
    ):
        assert response.status_code == 403
    assert await stored(api) == before
    status = 200 if who == "viewer" else 403
    assert (await api.client.get(FLAGS, headers=headers)).status_code == status


async def test_everyone_sees_which_flags_hold_for_them(api: Api) -> None:
    await api.client.post(
        FLAGS,
        json={"name": "half", "enabled": True, "rollout_percentage": 50},
        headers=api.admin,
    )
    await api.client.post(FLAGS, json={"name": "later"}, headers=api.admin)
    seen = {}
    for who, account in api.accounts.items():
        flags = (await api.client.get("/api/feature-flags", headers=account.headers)).json()
        seen[who] = flags["data"]["flags"]
        assert seen[who] | {"voice_mode": True, "later": False} == seen[who]
    again = await api.client.get("/api/feature-flags", headers=api.user)
    assert again.json()["data"]["flags"] == seen["user"]
    assert (await api.client.get("/api/feature-flags")).status_code == 401


# They switch what they name


async def test_registration_open(api: Api) -> None:
    async def register(email: str) -> int:
        body = {"email": email, "password": PASSWORD, "full_name": "Ada Ward"}
        return (await api.client.post("/api/auth/register", json=body)).status_code

    assert await register("a@hospital.example") == 201
    await change(api, "registration_open", enabled=False)
    assert await register("b@hospital.example") == 403
    await change(api, "registration_open", enabled=True)
    assert await register("b@hospital.example") == 201
    await change(api, "registration_open", rollout_percentage=0)
    assert await register("c@hospital.example") == 403


async def test_voice_mode(api: Api) -> None:
    async def ask() -> list[int]:
        session = await api.client.post("/api/voice/session", json={}, headers=api.user)
        audio = await api.client.post(
            "/api/voice/audio", files={"audio": ("a.wav", b"RIFF----WAVE")}, headers=api.user
        )
        return [session.status_code, audio.status_code]

    assert await ask() == [503, 503]
    await change(api, "voice_mode", enabled=False)
    assert await ask() == [403, 403]
    await change(api, "voice_mode", enabled=True)
    assert await ask() == [503, 503]


class Known:
    """A retrieval that always finds the same passage."""

    async def understood(self, question: str) -> Query:
        return Query(question)

    async def find(self, question: str) -> list[Passage]:
        return [passage(DOSE)]


async def test_llm_answers_acts_on_the_next_question_of_an_open_socket(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    writer = api.container.services.answering._writer
    monkeypatch.setattr(writer, "_retrieval", Known())
    monkeypatch.setattr(writer, "_bearing", all_bear)
    question = "What is the usual dose?"

    async def model() -> str:
        done = (await ws.ask(question))[-1]
        name: str = done["message"]["model"]
        return name

    async with SocketClient(api.ws_url, api.user_token) as ws:
        assert await model() == "fake"
        await change(api, "llm_answers", enabled=False)
        asked = len(api.engine.history)
        assert await model() == "extractive"
        assert len(api.engine.history) == asked
        await change(api, "llm_answers", enabled=True)
        assert await model() == "fake"


async def test_an_answer_under_way_keeps_its_engine(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    writer = api.container.services.answering._writer
    monkeypatch.setattr(writer, "_retrieval", Known())
    monkeypatch.setattr(writer, "_bearing", all_bear)
    api.engine.enqueue(["The usual ", "dose is ", "5 mg once daily. [1]"], delay_s=0.05)
    async with SocketClient(api.ws_url, api.user_token) as ws:
        await ws.send("message_send", content="What is the usual dose?")
        await ws.until("chunk")
        await change(api, "llm_answers", enabled=False)
        message = (await ws.until("message_done"))[-1]["message"]
    assert (message["model"], message["status"]) == ("fake", "complete")
    assert message["content"] == "The usual dose is 5 mg once daily. [1]"
