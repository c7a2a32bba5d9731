"""Session list, sign-out of one device, tickets for the socket: SECURITY A2, A4, B6."""

from __future__ import annotations

import asyncio
import logging
from typing import Any

import pytest

from appliance.logs import configure
from appliance.services import ws_tickets
from tests.api.conftest import ORIGIN, Account, Api
from tests.api.socket_client import SocketClient
from tests.api.test_ws import engine_idle
from tests.api.test_ws import known as known  # questions find something to answer from

ABSENT = "00000000-0000-4000-8000-00000000dead"
FIELDS = {"id", "created_at", "last_used_at", "expires_at", "ip", "user_agent", "current"}


async def sign_in_again(api: Api, who: str = "user") -> Account:
    user = api.accounts[who].user
    pair = await api.container.services.sessions.start(user, ORIGIN)
    return Account(user, pair.access_token, pair.refresh_token)


async def sessions(api: Api, headers: dict[str, str]) -> list[dict[str, Any]]:
    response = await api.client.get("/api/auth/sessions", headers=headers)
    assert response.status_code == 200, response.text
    items: list[dict[str, Any]] = response.json()["data"]["items"]
    assert response.json()["items"] == items
    return items


async def end(api: Api, session_id: str, headers: dict[str, str]) -> Any:
    return await api.client.delete(f"/api/auth/sessions/{session_id}", headers=headers)


async def ticket(api: Api, headers: dict[str, str]) -> str:
    response = await api.client.post("/api/auth/ws-ticket", headers=headers)
    assert response.status_code == 200
    assert response.headers["cache-control"] == "no-store"
    data = response.json()["data"]
    assert set(data) == {"ticket", "expires_in"} and data["expires_in"] == 30
    return str(data["ticket"])


async def comes_in(api: Api, given: str) -> bool:
    """With `given` as the ticket; who is refused is told as with a bad token, and closed."""
    async with SocketClient(f"{api.ws_url}?ticket={given}", None) as ws:
        frame = await ws.frame()
        if frame["type"] == "connected":
            return await ws.alive()
        assert (frame["type"], frame["error"]["code"]) == ("error", "UNAUTHORIZED")
        assert await ws.closed() == 1008
        return False


async def test_b6_the_list_shows_the_callers_live_sessions(api: Api) -> None:
    again = await sign_in_again(api)
    agent = {"User-Agent": "Ward tablet 7"}
    login = await api.client.post(
        "/api/auth/login",
        json={"email": "user@hospital.example", "password": "correct horse battery"},
        headers=agent,
    )
    listed = await sessions(api, api.user)
    assert all(set(item) == FIELDS for item in listed)
    assert [item["current"] for item in listed] == [False, False, True]
    assert listed[0]["user_agent"] == "Ward tablet 7" and listed[0]["ip"] == "127.0.0.1"
    assert listed[0]["created_at"].endswith("Z") and listed[0]["expires_at"].endswith("Z")
    before = listed[0]["last_used_at"]
    await asyncio.sleep(0.005)
    await api.client.post(
        "/api/auth/refresh", json={"refresh_token": login.json()["refresh_token"]}
    )
    assert (await sessions(api, api.user))[0]["last_used_at"] > before
    assert [item["current"] for item in await sessions(api, again.headers)] == [False, True, False]
    assert len(await sessions(api, api.other)) == 1
    assert (await api.client.post("/api/auth/logout", headers=again.headers)).status_code == 200
    assert len(await sessions(api, api.user)) == 2


async def test_b6_a4_a_session_that_is_ended_is_gone_everywhere(api: Api) -> None:
    again = await sign_in_again(api)
    (wanted,) = [item["id"] for item in await sessions(api, again.headers) if item["current"]]
    api.engine.enqueue(["The usual dose "], hangs=True)
    async with (
        SocketClient(api.ws_url, again.access_token) as ws,
        SocketClient(api.ws_url, api.user_token) as mine,
    ):
        await ws.send("message_send", content="Dose?")
        await ws.until("chunk")
        async with asyncio.timeout(1):
            response = await end(api, wanted, api.user)
            assert response.status_code == 200 and response.json()["data"]["message"]
            assert (await ws.until("error"))[-1]["error"]["code"] == "UNAUTHORIZED"
            assert await ws.closed() == 1008
            await engine_idle(api)
        assert await mine.alive()
    me = await api.client.get("/api/auth/me", headers=again.headers)
    renewed = await api.client.post(
        "/api/auth/refresh", json={"refresh_token": again.refresh_token}
    )
    assert me.status_code == renewed.status_code == 401
    assert [item["current"] for item in await sessions(api, api.user)] == [True]
    trail = await api.container.database.read(
        lambda tx: [
            dict(row)
            for row in tx.execute("SELECT * FROM audit_log WHERE action = 'session.revoke'")
        ]
    )
    assert [(row["resource_id"], row["user_id"]) for row in trail] == [
        (wanted, api.accounts["user"].user.id)
    ]


async def test_a2_foreign_absent_and_ended_sessions_are_the_same_404(api: Api) -> None:
    again = await sign_in_again(api)
    (ended,) = [item["id"] for item in await sessions(api, again.headers) if item["current"]]
    assert (await end(api, ended, again.headers)).status_code == 200  # its own, like a log-out
    assert (await api.client.get("/api/auth/me", headers=again.headers)).status_code == 401
    foreign = (await sessions(api, api.other))[0]["id"]
    answers = [await end(api, each, api.user) for each in (foreign, ABSENT, ended)]
    assert [each.status_code for each in answers] == [404] * 3
    assert len({str(each.json()["error"]) for each in answers}) == 1
    for odd in ("x", "me", "%00", "00000000"):
        assert (await end(api, odd, api.user)).status_code == 404
    assert (await api.client.get("/api/auth/me", headers=api.other)).status_code == 200
    # An administrator has no way in here either.
    assert (await end(api, foreign, api.admin)).status_code == 404


async def test_a_ticket_opens_one_socket(api: Api) -> None:
    given = await ticket(api, api.user)
    assert await comes_in(api, given)
    assert not await comes_in(api, given)
    assert await comes_in(api, await ticket(api, api.user))
    alias = api.ws_url.replace("/ws", "/api/ws")
    async with SocketClient(f"{alias}?ticket={await ticket(api, api.other)}", None) as ws:
        frame = await ws.frame()
        assert frame["user_id"] == api.accounts["other"].user.id


@pytest.mark.parametrize("given", ["x", "%00", "e30.e30.e30", "x" * 5000])
async def test_what_is_no_ticket(api: Api, given: str) -> None:
    assert not await comes_in(api, given)


async def test_tokens_and_tickets_do_not_stand_in_for_one_another(api: Api) -> None:
    given = await ticket(api, api.user)
    headers = {"Authorization": f"Bearer {given}"}
    assert (await api.client.get("/api/auth/me", headers=headers)).status_code == 401
    refreshed = await api.client.post("/api/auth/refresh", json={"refresh_token": given})
    assert refreshed.status_code == 401
    assert not await comes_in(api, api.user_token)
    async with SocketClient(f"{api.ws_url}?token={given}", None) as ws:
        assert (await ws.frame())["error"]["code"] == "UNAUTHORIZED"
    assert await comes_in(api, given)  # none of this has used it up


async def test_a4_a_ticket_ends_with_its_session(api: Api) -> None:
    again = await sign_in_again(api)
    given = await ticket(api, again.headers)
    (wanted,) = [item["id"] for item in await sessions(api, again.headers) if item["current"]]
    await end(api, wanted, api.user)
    assert not await comes_in(api, given)


async def test_a4_a_socket_opened_by_a_ticket_ends_with_its_session(api: Api) -> None:
    async with SocketClient(f"{api.ws_url}?ticket={await ticket(api, api.user)}", None) as ws:
        assert (await ws.frame())["type"] == "connected"
        async with asyncio.timeout(1):
            await api.client.post("/api/auth/logout", headers=api.user)
            assert await ws.closed() == 1008


async def test_a_ticket_runs_out(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    given = await ticket(api, api.user)
    monkeypatch.setattr(ws_tickets, "LIFETIME_S", 0)
    assert not await comes_in(api, given)


async def test_neither_token_nor_ticket_is_logged(
    api: Api, capsys: pytest.CaptureFixture[str]
) -> None:
    root, level = logging.getLogger(), logging.getLogger().level
    handlers = list(root.handlers)
    try:
        configure("debug")
        given = await ticket(api, api.user)
        assert await comes_in(api, given)
        assert not await comes_in(api, given)
        async with SocketClient(api.ws_url, api.user_token) as ws:
            assert await ws.alive()
        async with SocketClient(f"{api.ws_url}?token={api.user_token}x", None) as ws:
            assert await ws.closed() == 1008
        await api.client.get(f"/ws?token={api.user_token}&ticket={given}")
        await api.client.get(f"/api/nowhere?token={api.user_token}&ticket={given}")
    finally:
        root.handlers = handlers
        root.setLevel(level)
        logging.captureWarnings(False)
    written = capsys.readouterr()
    assert "/api/auth/ws-ticket" in written.err  # the log is on
    for secret in (given, api.user_token):
        assert secret not in written.err + written.out
