"""Holes that were published of systems like this one, each kept as a test under its name."""

from __future__ import annotations

import base64
import hmac
import json
import logging
import re
import uuid
from pathlib import Path
from typing import Any

import pytest

from appliance.api.routing import Route
from appliance.api.table import all_routes
from appliance.container import Container
from appliance.settings import Settings
from tests.api.conftest import ORIGIN, Api
from tests.api.socket_client import SocketClient
from tests.fake_embedder import FakeEmbedder
from tests.fake_engine import FakeEngine

ABSENT = "00000000-0000-4000-8000-00000000dead"
CANARY = "canary-5f1c"
TOLD = ("UNAVAILABLE",)  # voice without a speech model


OF_A_CONVERSATION = [route for route in all_routes() if "<conversation_id>" in route.path]


def address(route: Route, conversation_id: str, message_id: str) -> str:
    path = route.path.replace("<conversation_id>", conversation_id)
    return re.sub(r"<\w+>", message_id, path)


def without_meta(response: Any) -> Any:
    body = response.json()
    return {name: value for name, value in body.items() if name != "meta"}


BODIES: dict[str, dict[str, Any]] = {
    "branches": {"parent_message_id": ABSENT, "initial_message": "mine"},
    "messages": {"content": "mine"},
    "feedback": {"rating": "up"},
}


@pytest.mark.parametrize(
    "route", OF_A_CONVERSATION, ids=lambda route: f"{route.method} {route.path}"
)
async def test_idor_on_chats_and_files_open_webui_cve_2026_45349_librechat_cve_2026_31950(
    api: Api, route: Route
) -> None:
    """Another's conversation is answered word for word like one that does not exist."""
    made = await api.client.post(
        "/api/conversations", json={"title": CANARY}, headers=api.accounts["user"].headers
    )
    conversation_id = made.json()["data"]["id"]
    async with SocketClient(api.ws_url, api.user_token) as ws:
        frames = await ws.ask(f"{CANARY} question", conversation_id=conversation_id)
    message_id = frames[-1]["message"]["id"]
    before = await _seen_by_its_owner(api, conversation_id)

    last = route.path.rsplit("/", 1)[1]
    body = BODIES.get(last, {"content": "mine"} if last == "<message_id>" else {"title": "mine"})
    for method in (route.method, *route.more_methods):
        sent = body if route.body is not None else None
        answers = [
            await api.client.request(
                method, address(route, named, message_id), json=sent, headers=api.other
            )
            for named in (conversation_id, ABSENT)
        ]
        theirs, absent = answers
        assert theirs.status_code == absent.status_code == 404, (method, theirs.text)
        assert without_meta(theirs) == without_meta(absent)
        assert CANARY not in theirs.text
    assert await _seen_by_its_owner(api, conversation_id) == before


async def _seen_by_its_owner(api: Api, conversation_id: str) -> Any:
    one = await api.client.get(f"/api/conversations/{conversation_id}", headers=api.user)
    messages = await api.client.get(
        f"/api/conversations/{conversation_id}/messages", headers=api.user
    )
    return one.json()["data"], messages.json()["data"]


@pytest.mark.parametrize(
    "secret", ["", "secret", "changeme", "your-secret-key", "t0p-s3cr3t", "voiceassist", "0" * 32]
)
async def test_default_secret_cve_2026_49352(api: Api, secret: str) -> None:
    """No token is good that was signed with what others ship as a default."""
    signing = api.user_token.rpartition(".")[0]
    signature = hmac.digest(secret.encode(), signing.encode(), "sha256")
    forged = f"{signing}.{base64.urlsafe_b64encode(signature).decode().rstrip('=')}"
    for token in (forged, signing + "."):
        response = await api.client.get(
            "/api/auth/me", headers={"Authorization": f"Bearer {token}"}
        )
        assert response.status_code == 401, response.text


async def test_every_installation_has_keys_of_its_own_cve_2026_49352(tmp_path: Path) -> None:
    derived = []
    for name in ("one", "two"):
        container = Container(
            Settings(data_dir=tmp_path / name), embedder=FakeEmbedder(), engine=FakeEngine()
        )
        await container.open()
        derived.append(container.keys.derive("access-tokens"))
        await container.close()
    assert derived[0] != derived[1]
    own = [name for name in Settings.model_fields if name != "llm_api_key_file"]  # another's
    assert not [name for name in own if "secret" in name or "key" in name]


async def test_token_in_logs_cve_2026_22644(api: Api, caplog: pytest.LogCaptureFixture) -> None:
    """Whatever is said of a request, good or bad, no token and no question is in it."""
    refresh = api.accounts["user"].refresh_token
    bad = api.user_token[:-6] + "AAAAAA"
    with caplog.at_level(logging.DEBUG):
        for token in (api.user_token, bad):
            headers = {"Authorization": f"Bearer {token}"}
            await api.client.get("/api/auth/me", headers=headers)
            await api.client.get(f"/api/auth/me?token={token}", headers=headers)
            await api.client.post(f"/nowhere?token={token}", headers=headers)
            await api.client.get(f"/ws?token={token}")
        async with SocketClient(api.ws_url, api.user_token) as ws:
            await ws.ask(f"{CANARY} question")
        async with SocketClient(f"{api.ws_url}?token={bad}", None) as ws:
            await ws.closed()
        await api.client.post("/api/auth/refresh", json={"refresh_token": refresh})
    appliance = [
        record for record in caplog.records if record.name.startswith(("appliance", "sanic"))
    ]
    assert [record for record in appliance if record.getMessage() == "request"]
    said = "\n".join(f"{record.getMessage()} {vars(record)}" for record in appliance)
    for secret in (api.user_token, bad, refresh, CANARY):
        assert secret not in said


@pytest.mark.parametrize("body", ["{}", "[]", "null", "0", '"text"', '{"a": {}}', "{"])
async def test_missing_field_kills_the_server_librechat_cve_2026_31949(api: Api, body: str) -> None:
    """Every operation with a body survives one that lacks everything."""
    asked = 0
    for route in all_routes():
        if route.body is None:
            continue
        path = re.sub(r"<\w+>", str(uuid.uuid4()), route.path)
        for method in (route.method, *route.more_methods):
            response = await api.client.request(
                method,
                path,
                content=body,
                headers={**api.admin, "Content-Type": "application/json"},
            )
            asked += 1
            allowed = response.status_code < 500 or response.json()["error"]["code"] in TOLD
            assert allowed, (method, path, response.text)
            # Signing out with an empty body is a proper thing to do: sign in again.
            if response.status_code < 300 and path.endswith("/logout"):
                pair = await api.container.services.sessions.start(
                    api.accounts["admin"].user, ORIGIN
                )
                api.accounts["admin"].headers["Authorization"] = f"Bearer {pair.access_token}"
    assert asked > 5
    assert (await api.client.get("/health")).status_code == 200


async def test_missing_field_on_the_socket_librechat_cve_2026_31949(api: Api) -> None:
    odd: tuple[dict[str, Any], ...] = (
        {},
        {"content": None},
        {"message_id": {}},
        {"conversation_id": []},
    )
    kinds = ("message_send", "typing_start", "typing_stop", "resume", "auth", "cancel")
    async with SocketClient(api.ws_url, api.user_token) as ws:
        for kind in kinds:
            for fields in odd:
                await ws.ws.send(json.dumps({"type": kind, **fields}))
        assert await ws.alive()
