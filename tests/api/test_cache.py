"""The cache over HTTP: figures, patterns, who may do what."""

from __future__ import annotations

from typing import Any

import httpx2
import pytest

from tests.answering_parts import rows
from tests.api.conftest import Api

CACHE = "/api/admin/cache"


async def kept(api: Api) -> list[str]:
    """Two vectors, a result and somebody's figures, on both levels."""
    cache = api.container.services.cache._cache
    names = ("question-vector", "question-vector", "retrieval", "user:ada")
    keys = [cache.key(name, str(number)) for number, name in enumerate(names)]
    for key in keys:
        await cache.set(key, [1.0], ttl_s=3600)
    return keys


async def invalidate(api: Api, who: str = "admin", **request: Any) -> httpx2.Response:
    return await api.client.post(
        f"{CACHE}/invalidate", headers=api.accounts[who].headers, **request
    )


async def figures(api: Api) -> dict[str, Any]:
    response = await api.client.get(f"{CACHE}/stats", headers=api.viewer)
    data: dict[str, Any] = response.json()["data"]
    return data


async def test_stats_have_the_shape_of_the_reference(api: Api) -> None:
    keys = await kept(api)
    cache = api.container.services.cache._cache
    cache._memory.clear()
    assert await cache.get(keys[0]) == await cache.get(keys[0]) == [1.0]
    assert await cache.get(cache.key("retrieval", "absent")) is None
    stats = await figures(api)
    assert stats["redis"] == {"connected": True, "used_memory": "64KB", "keys": 4} | {
        "used_memory": stats["redis"]["used_memory"]
    }
    assert stats["redis"]["used_memory"].endswith("KB")
    assert stats["l1_cache"] == {"size": 1, "hits": 1, "misses": 2}
    size = stats["diskcache"].pop("size_bytes")
    assert size > 0 and stats["redis"]["used_memory"] == f"{size >> 10}KB"
    assert stats["diskcache"] == {"entries": 4, "hits": 1, "misses": 1, "hit_rate": 0.5}


async def test_clear_forgets_everything(api: Api) -> None:
    await kept(api)
    response = await api.client.post(f"{CACHE}/clear", headers=api.admin)
    assert response.status_code == 200
    data = response.json()["data"]
    assert data["cleared"] == 4 and data["message"]
    assert (await figures(api))["diskcache"]["entries"] == 0


@pytest.mark.parametrize(
    ("request_", "pattern", "count"),
    [
        ({"json": {"pattern": "question-vector:*"}}, "question-vector:*", 2),
        ({"params": {"pattern": "question-vector:*"}}, "question-vector:*", 2),
        ({"json": {"pattern": "user:*"}, "params": {"pattern": "*"}}, "user:*", 1),
        ({"json": {}, "params": {"pattern": "user:*"}}, "user:*", 1),
        ({"json": {"pattern": None}, "params": {"pattern": "retrieval:*"}}, "retrieval:*", 1),
        ({"json": {"pattern": "user:ada:*"}}, "user:ada:*", 1),
        ({"json": {"pattern": "*"}}, "*", 4),
        ({"json": {"pattern": "nothing"}}, "nothing", 0),
        ({"json": {"pattern": "' OR 1=1 --"}}, "' OR 1=1 --", 0),
    ],
)
async def test_invalidate(api: Api, request_: Any, pattern: str, count: int) -> None:
    await kept(api)
    response = await invalidate(api, **request_)
    assert response.status_code == 200
    data = response.json()["data"]
    assert (data["pattern"], data["deleted_count"]) == (pattern, count)
    assert data["message"]
    assert (await figures(api))["diskcache"]["entries"] == 4 - count


async def test_one_exact_key(api: Api) -> None:
    keys = await kept(api)
    assert (await invalidate(api, json={"pattern": keys[0]})).json()["data"]["deleted_count"] == 1
    assert (await figures(api))["diskcache"]["entries"] == 3


@pytest.mark.parametrize(
    ("request_", "field"),
    [
        ({}, "pattern"),
        ({"json": {}}, "pattern"),
        ({"json": {"pattern": ""}}, "pattern"),
        ({"json": {"pattern": ""}, "params": {"pattern": "user:*"}}, "pattern"),
        ({"json": {"pattern": "  "}}, "pattern"),
        ({"json": {"pattern": "*user"}}, "pattern"),
        ({"json": {"pattern": "us*er*"}}, "pattern"),
        ({"json": {"pattern": "**"}}, "pattern"),
        ({"json": {"pattern": "a" * 201}}, "pattern"),
        ({"json": {"pattern": "nul\x00*"}}, "pattern"),
        ({"json": {"pattern": 17}}, "pattern"),
        ({"json": {"pattern": ["user:*"]}}, "pattern"),
        ({"json": {"patterns": "user:*"}}, "patterns"),
        ({"json": ["user:*"]}, "body"),
        ({"params": {"pattern": "a*b"}}, "pattern"),
        ({"params": {"pattern": "%00"}}, None),
    ],
)
async def test_other_patterns_are_refused(api: Api, request_: Any, field: str | None) -> None:
    await kept(api)
    response = await invalidate(api, **request_)
    if field is not None:
        assert response.status_code == 422
        assert response.json()["error"]["field"] == field
    assert (await figures(api))["diskcache"]["entries"] == 4


async def test_only_administrators_make_it_forget(api: Api) -> None:
    await kept(api)
    for who in ("user", "viewer"):
        assert (await invalidate(api, who, json={"pattern": "*"})).status_code == 403
        response = await api.client.post(f"{CACHE}/clear", headers=api.accounts[who].headers)
        assert response.status_code == 403
    assert (await api.client.get(f"{CACHE}/stats", headers=api.user)).status_code == 403
    assert (await figures(api))["diskcache"]["entries"] == 4


async def test_f1_what_people_type_is_not_in_the_trail(api: Api) -> None:
    await invalidate(api, json={"pattern": "Mrs Jones has a rash*"})
    await invalidate(api, json={"pattern": "user:Mrs Jones*"})
    await api.client.post(f"{CACHE}/clear", headers=api.admin)
    trail = await rows(
        api.container.database,
        "SELECT action, details, user_id FROM audit_log WHERE action LIKE 'cache.%' ORDER BY seq",
    )
    assert [(row["action"], row["details"]) for row in trail] == [
        ("cache.invalidate", '{"forgotten":0,"namespace":"other"}'),
        ("cache.invalidate", '{"forgotten":0,"namespace":"user"}'),
        ("cache.clear", '{"forgotten":0,"namespace":"all"}'),
    ]
    assert {row["user_id"] for row in trail} == {api.accounts["admin"].user.id}
