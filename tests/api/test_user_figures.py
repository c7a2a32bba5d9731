"""The figures of accounts on the admin pages: right at once, though what costs is remembered."""

from __future__ import annotations

from typing import Any

import pyotp

from tests.api.conftest import PASSWORD, Api

USERS = "/api/admin/panel/users"


async def figures(api: Api) -> tuple[int, int]:
    user_id = api.accounts["user"].user.id
    listed = (await api.client.get(USERS, headers=api.viewer)).json()["data"]["users"]
    one = (await api.client.get(f"{USERS}/{user_id}", headers=api.viewer)).json()["data"]
    assert one in listed
    return one["conversations"], one["messages"]


async def post(api: Api, path: str, **body: Any) -> Any:
    response = await api.client.post(path, json=body, headers=api.user)
    assert response.status_code in (200, 201), response.text
    return response.json()["data"]


async def test_every_change_shows_at_once(api: Api) -> None:
    assert await figures(api) == (0, 0)
    conversation = await post(api, "/api/conversations", title="Ward")
    root = f"/api/conversations/{conversation['id']}/messages"
    assert await figures(api) == (1, 0)
    noted = await post(api, f"{root}?answer=false", content="One")
    assert await figures(api) == (1, 1)
    await post(api, f"{root}?answer=false", content="Two")
    assert await figures(api) == (1, 2)
    await api.client.delete(f"{root}/{noted['id']}", headers=api.user)
    assert await figures(api) == (1, 1)
    await api.client.delete(f"/api/conversations/{conversation['id']}", headers=api.user)
    assert await figures(api) == (0, 0)


async def test_the_sum_is_remembered_under_the_user_and_can_be_forgotten(api: Api) -> None:
    await post(api, "/api/conversations", title="Ward")
    before = (await api.client.get("/api/admin/cache/stats", headers=api.admin)).json()["data"]
    await figures(api)
    await figures(api)
    after = (await api.client.get("/api/admin/cache/stats", headers=api.admin)).json()["data"]
    assert after["l1_cache"]["hits"] >= before["l1_cache"]["hits"] + 3
    forgotten = await api.client.post(
        "/api/admin/cache/invalidate", json={"pattern": "user:*"}, headers=api.admin
    )
    assert forgotten.json()["data"]["deleted_count"] >= 1
    assert await figures(api) == (1, 0)


async def test_an_administrator_turns_a_lost_second_factor_off(api: Api) -> None:
    user_id = api.accounts["user"].user.id
    address = f"{USERS}/{user_id}/reset-2fa"
    none = await api.client.post(address, headers=api.admin)
    assert none.status_code == 409
    secret = (await post(api, "/api/auth/2fa/setup", password=PASSWORD))["secret"]
    await post(api, "/api/auth/2fa/enable", code=pyotp.TOTP(secret).now())
    login = {"email": api.accounts["user"].user.email, "password": PASSWORD}
    assert (await api.client.post("/api/auth/login", json=login)).json()["data"]["requires_2fa"]
    assert (await api.client.post(address, headers=api.viewer)).status_code == 403
    done = await api.client.post(address, json={"reason": "lost telephone"}, headers=api.admin)
    assert done.status_code == 200
    assert "access_token" in (await api.client.post("/api/auth/login", json=login)).json()["data"]
