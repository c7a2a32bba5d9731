"""The admin panel over HTTP: shapes, and who may look."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.api.conftest import Api
from tests.api.socket_client import SocketClient

PANEL = "/api/admin/panel"


async def panel(api: Api, name: str) -> dict[str, Any]:
    response = await api.client.get(f"{PANEL}/{name}", headers=api.viewer)
    assert response.status_code == 200, response.text
    data: dict[str, Any] = response.json()["data"]
    return data


async def test_summary(api: Api) -> None:
    await api.client.post("/api/conversations", json={"title": "Mrs Smith"}, headers=api.user)
    found = await panel(api, "summary")
    uptime = found["system"].pop("uptime")
    assert isinstance(uptime, int) and 0 <= uptime < 600
    assert found == {
        "users": {"total": 4, "active": 4, "admins": 1},
        "conversations": {"total": 1, "today": 1},
        "system": {"status": "healthy"},
        "documents": {"total": 0, "indexed": 0, "failed": 0, "chunks": 0},
        "messages": {"total": 0, "today": 0},
        "models": {
            "llm": "fake",
            "speech": None,
            "embedding": found["models"]["embedding"],
            "embedding_change": None,
        },
    }
    assert found["models"]["embedding"]
    api.container.services.health.stop()
    assert (await panel(api, "summary"))["system"]["status"] == "stopping"


async def test_websocket_status(api: Api) -> None:
    idle = await panel(api, "websocket-status")
    assert (idle["active_connections"], idle["recent_connections"]) == (0, [])
    assert idle["connections_by_type"] == {"chat": 0, "voice": 0}
    assert idle["queue"] == {"waiting": 0, "running": 0, "slots": 64}
    async with SocketClient(api.ws_url, api.user_token), SocketClient(api.ws_url, api.other_token):
        found = await panel(api, "websocket-status")
        assert (found["active_connections"], found["connections_by_type"]["chat"]) == (2, 2)
        newest, oldest = found["recent_connections"]
        assert set(newest) == {"session_id", "user_id", "type", "connected_at", "ip"}
        assert newest["user_id"] == api.accounts["other"].user.id
        assert oldest["user_id"] == api.accounts["user"].user.id
        assert (newest["type"], newest["ip"]) == ("chat", "127.0.0.1")
        assert newest["connected_at"] >= oldest["connected_at"]
        assert newest["session_id"] != oldest["session_id"]
        assert api.user_token not in json.dumps(found)


async def test_metrics(api: Api) -> None:
    found = await panel(api, "metrics?days=7")
    today = datetime.now(UTC).date()
    days = [(today - timedelta(days=number)).isoformat() for number in range(6, -1, -1)]
    names = (
        "daily_registrations",
        "daily_active_users",
        "daily_conversations",
        "daily_messages",
    )
    for name in names:
        assert [entry["date"] for entry in found[name]] == days
    # The four who were signed in when the test began; those who looked are among them.
    assert [entry["count"] for entry in found["daily_registrations"]] == [0] * 6 + [4]
    assert [entry["count"] for entry in found["daily_active_users"]] == [0] * 6 + [4]
    assert found["user_distribution"] == {
        "total": 4, "active": 4, "inactive": 0, "admins": 1, "regular": 3,
    }  # fmt: skip
    assert set(found["answers"].values()) == {None}
    assert set(found["system"]) == {"cpu_percent", "memory", "disk", "uptime"}
    assert set(found["system"]["memory"]) == {"total", "used", "percent", "process"}
    assert set(found["system"]["disk"]) == {"total", "used", "free", "percent"}
    assert found["period_days"] == 7
    assert found["timestamp"].endswith("Z")
    assert (await panel(api, "metrics"))["period_days"] == 30


@pytest.mark.parametrize("days", ["0", "91", "-1", "x", "1.5", "99999999999999999999"])
async def test_a_period_out_of_range_is_refused(api: Api, days: str) -> None:
    response = await api.client.get(f"{PANEL}/metrics?days={days}", headers=api.viewer)
    assert (response.status_code, response.json()["error"]["field"]) == (422, "days")


@pytest.mark.parametrize("name", ["summary", "websocket-status", "metrics", "audit-logs"])
async def test_viewers_look_and_users_do_not(api: Api, name: str) -> None:
    path = f"{PANEL}/{name}"
    assert (await api.client.get(path, headers=api.admin)).status_code == 200
    assert (await api.client.get(path, headers=api.viewer)).status_code == 200
    assert (await api.client.get(path, headers=api.user)).status_code == 403
    assert (await api.client.get(path)).status_code == 401
