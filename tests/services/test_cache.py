"""services/cache.py: what patterns mean, and that each act leaves its row."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from appliance.errors import Invalid
from appliance.services.cache import CacheAdmin
from appliance.storage.cache import Cache
from appliance.storage.database import Database
from tests.answering_parts import ORIGIN, principal, rows

ADA = principal("ada")
AS_ADA: dict[str, Any] = {"actor": ADA, "origin": ORIGIN}
NAMES = ("user:ada:1", "user:ada:2", "user:ben:1", "retrieval:1", "flag:1")


@pytest.fixture
async def cache(tmp_path: Path) -> AsyncIterator[Cache]:
    opened = await Cache.open(tmp_path / "cache", bytes(32))
    for name in NAMES:
        await opened.set(name, "value", ttl_s=3600)
    yield opened
    await opened.close()


async def trail(database: Database) -> list[tuple[str, dict[str, Any]]]:
    found = await rows(database, "SELECT * FROM audit_log ORDER BY seq")
    assert all(row["user_id"] == ADA.user.id for row in found)
    return [(row["action"], json.loads(row["details"])) for row in found]


@pytest.mark.parametrize(
    ("pattern", "count", "namespace"),
    [
        ("user:*", 3, "user"),
        ("user:ada:*", 2, "user"),
        ("user:ada:1", 1, "user"),
        ("user:ada:", 0, "user"),
        ("user", 0, "user"),
        ("us*", 3, "other"),
        ("*", 5, "all"),
        ("Mrs Jones*", 0, "other"),
        ("retrieval:*", 1, "retrieval"),
        ("%", 0, "other"),
        ("user:?da*", 0, "user"),
    ],
)
async def test_patterns(
    cache: Cache, database: Database, pattern: str, count: int, namespace: str
) -> None:
    admin = CacheAdmin(database, cache)
    assert await admin.invalidate(pattern, **AS_ADA) == count
    left = [name for name in NAMES if await cache.get(name)]
    assert len(left) == len(NAMES) - count
    assert await trail(database) == [
        ("cache.invalidate", {"namespace": namespace, "forgotten": count})
    ]


@pytest.mark.parametrize("pattern", ["", "**", "*user", "us*er*", "user:*:1"])
async def test_other_patterns_are_refused(cache: Cache, database: Database, pattern: str) -> None:
    with pytest.raises(Invalid) as refused:
        await CacheAdmin(database, cache).invalidate(pattern, **AS_ADA)
    assert refused.value.field == "pattern"
    assert (await cache.stats()).disk_entries == len(NAMES)
    assert await trail(database) == []


async def test_clearing_counts_and_is_recorded(cache: Cache, database: Database) -> None:
    admin = CacheAdmin(database, cache)
    assert await admin.clear(**AS_ADA) == len(NAMES)
    assert (await admin.stats()).disk_entries == (await admin.stats()).memory_entries == 0
    assert await trail(database) == [("cache.clear", {"namespace": "all", "forgotten": 5})]
