"""The cache: forgets without harm, tells nothing without its key."""

from __future__ import annotations

import base64
import os
import sqlite3
from pathlib import Path

import diskcache

from appliance.storage.cache import MEMORY_ENTRIES, Cache

SECRET = bytes(range(32))


async def test_what_was_kept_is_there_after_a_restart(tmp_path: Path) -> None:
    cache = await Cache.open(tmp_path / "cache", SECRET)
    key = cache.key("vectors", "model", "What is the dose?")
    assert await cache.get(key) is None
    await cache.set(key, [0.25, -1.0])
    assert await cache.get(key) == [0.25, -1.0]
    await cache.close()
    again = await Cache.open(tmp_path / "cache", SECRET)
    assert await again.get(again.key("vectors", "model", "What is the dose?")) == [0.25, -1.0]
    assert (again.hits, again.misses) == (1, 0)
    await again.close()


async def test_neither_question_nor_value_is_on_disk(tmp_path: Path) -> None:
    cache = await Cache.open(tmp_path / "cache", SECRET)
    key = cache.key("answers", "Mrs Jones has a rash")
    assert "Jones" not in key
    await cache.set(key, "amoxicillin rash")
    await cache.close()
    with diskcache.Cache(str(tmp_path / "cache"), disk=diskcache.JSONDisk) as disk:
        stored = {key: base64.b64decode(disk[key]) for key in disk}
    assert list(stored) == [key]
    assert b"amoxicillin" not in stored[key]
    assert os.stat(tmp_path / "cache").st_mode & 0o077 == 0


async def test_another_key_finds_and_opens_nothing(tmp_path: Path) -> None:
    cache = await Cache.open(tmp_path / "cache", SECRET)
    key = cache.key("vectors", "x")
    await cache.set(key, [1.0])
    await cache.close()
    other = await Cache.open(tmp_path / "cache", bytes(32))
    assert other.key("vectors", "x") != key
    assert await other.get(key) is None
    await other.close()


async def test_delete_takes_a_prefix(tmp_path: Path) -> None:
    cache = await Cache.open(tmp_path / "cache", SECRET)
    for number in range(3):
        await cache.set(cache.key("vectors", str(number)), number)
    await cache.set(cache.key("other", "0"), "stays")
    assert await cache.delete("vectors:") == 3
    assert await cache.get(cache.key("vectors", "1")) is None
    assert await cache.get(cache.key("other", "0")) == "stays"
    assert await cache.delete("") == 1
    assert await cache.get(cache.key("other", "0")) is None
    await cache.close()


async def test_memory_is_bounded_and_the_disk_backs_it(tmp_path: Path) -> None:
    cache = await Cache.open(tmp_path / "cache", SECRET)
    first = cache.key("n", "first")
    await cache.set(first, "kept")
    for number in range(MEMORY_ENTRIES + 5):
        cache._remember(str(number), number)
    assert len(cache._memory) == MEMORY_ENTRIES
    assert first not in cache._memory
    assert await cache.get(first) == "kept"
    await cache.close()


async def test_a_broken_disk_reads_as_a_miss(tmp_path: Path) -> None:
    cache = await Cache.open(tmp_path / "cache", SECRET)
    cache._pool.submit(break_tables, tmp_path / "cache").result()
    assert await cache.get("vectors:0") is None
    await cache.set("vectors:0", 1)
    assert await cache.get("vectors:0") == 1
    assert await cache.delete("vectors:") == 0
    await cache.close()


def break_tables(directory: Path) -> None:
    connection = sqlite3.connect(directory / "cache.db")
    connection.execute("DROP TABLE Cache")
    connection.close()


async def test_e4_a_damaged_cache_is_made_anew(tmp_path: Path) -> None:
    cache = await Cache.open(tmp_path / "cache", bytes(32))
    await cache.set(cache.key("a", "b"), [1])
    await cache.close()
    (tmp_path / "cache" / "cache.db").write_bytes(b"not a database" * 5000)
    again = await Cache.open(tmp_path / "cache", bytes(32))
    await again.check()
    assert await again.get(again.key("a", "b")) is None
    await again.close()
