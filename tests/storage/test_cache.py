"""The cache: forgets without harm, tells nothing without its key."""

from __future__ import annotations

import asyncio
import base64
import os
import shutil
import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path

import diskcache
import pytest

from appliance.storage.cache import MEMORY_ENTRIES, Cache
from appliance.storage.sealed_disk import Entry
from tests.conftest import SettableClock

SECRET = bytes(range(32))
HOUR = 3600.0


@pytest.fixture
async def cache(tmp_path: Path, clock: SettableClock) -> AsyncIterator[Cache]:
    opened = await Cache.open(tmp_path / "cache", SECRET, clock=clock)
    yield opened
    await opened.close()


def forget_memory(cache: Cache) -> None:
    cache._memory.clear()


async def test_what_was_kept_is_there_after_a_restart(tmp_path: Path) -> None:
    cache = await Cache.open(tmp_path / "cache", SECRET)
    key = cache.key("vectors", "model", "What is the dose?")
    assert await cache.get(key) is None
    await cache.set(key, [0.25, -1.0], ttl_s=HOUR)
    assert await cache.get(key) == [0.25, -1.0]
    await cache.close()
    again = await Cache.open(tmp_path / "cache", SECRET)
    assert await again.get(again.key("vectors", "model", "What is the dose?")) == [0.25, -1.0]
    stats = await again.stats()
    assert (stats.memory_hits, stats.memory_misses) == (0, 1)
    assert (stats.disk_hits, stats.disk_misses) == (1, 0)
    await again.close()


async def test_neither_question_nor_value_is_on_disk(tmp_path: Path) -> None:
    cache = await Cache.open(tmp_path / "cache", SECRET)
    key = cache.key("answers", "Mrs Jones has a rash")
    assert "Jones" not in key
    await cache.set(key, "amoxicillin rash", ttl_s=HOUR)
    await cache.close()
    with diskcache.Cache(str(tmp_path / "cache"), disk=diskcache.JSONDisk) as disk:
        stored = {key: base64.b64decode(disk[key]) for key in disk}
    assert list(stored) == [key]
    assert b"amoxicillin" not in stored[key]
    assert os.stat(tmp_path / "cache").st_mode & 0o077 == 0


async def test_another_key_finds_and_opens_nothing(tmp_path: Path) -> None:
    cache = await Cache.open(tmp_path / "cache", SECRET)
    key = cache.key("vectors", "x")
    await cache.set(key, [1.0], ttl_s=HOUR)
    await cache.close()
    other = await Cache.open(tmp_path / "cache", bytes(32))
    assert other.key("vectors", "x") != key
    assert await other.get(key) is None
    await other.close()


async def test_delete_takes_a_prefix(cache: Cache) -> None:
    for number in range(3):
        await cache.set(cache.key("vectors", str(number)), number, ttl_s=HOUR)
    await cache.set(cache.key("other", "0"), "stays", ttl_s=HOUR)
    assert await cache.delete("vectors:") == 3
    assert await cache.get(cache.key("vectors", "1")) is None
    assert await cache.get(cache.key("other", "0")) == "stays"
    assert await cache.delete("") == 1
    assert await cache.get(cache.key("other", "0")) is None


@pytest.mark.parametrize(
    ("prefix", "left"),
    [
        ("user:ada:", {"user:ben", "users", "flag"}),
        ("user:", {"users", "flag"}),
        ("user", {"flag"}),
        ("", set()),
        ("User:", {"user:ada", "user:ben", "users", "flag"}),
        ("user:%", {"user:ada", "user:ben", "users", "flag"}),
    ],
)
@pytest.mark.parametrize("in_memory", [True, False])
async def test_a_prefix_takes_what_begins_like_it_from_both_levels(
    cache: Cache, prefix: str, left: set[str], in_memory: bool
) -> None:
    names = ("user:ada", "user:ben", "users", "flag")
    keys = {name: cache.key(name, "x") for name in names}
    for key in keys.values():
        await cache.set(key, "value", ttl_s=HOUR)
    if not in_memory:
        forget_memory(cache)
    assert await cache.delete(prefix) == len(names) - len(left)
    assert {name for name, key in keys.items() if await cache.get(key)} == left
    forget_memory(cache)
    assert {name for name, key in keys.items() if await cache.get(key)} == left


async def test_what_is_counted_is_counted_once(cache: Cache) -> None:
    await cache.set("user:both", 1, ttl_s=HOUR)
    await cache.set("user:disk", 1, ttl_s=HOUR)
    forget_memory(cache)
    assert await cache.get("user:both") == 1
    await cache.set("user:memory", 1, ttl_s=1.0)
    assert (await cache.stats()).disk_entries == 2
    assert await cache.clear() == 3
    assert await cache.clear() == 0


async def test_one_key_is_forgotten_alone(cache: Cache) -> None:
    await cache.set("user:a", 1, ttl_s=HOUR)
    await cache.set("user:ab", 2, ttl_s=HOUR)
    await cache.set("user:c", 3, ttl_s=1.0)
    assert [await cache.delete_key(key) for key in ("user:a", "user:c", "user:none")] == [1, 1, 0]
    forget_memory(cache)
    assert await cache.get("user:a") is None
    assert await cache.get("user:ab") == 2


async def test_memory_is_bounded_and_the_disk_backs_it(cache: Cache) -> None:
    first = cache.key("n", "first")
    await cache.set(first, "kept", ttl_s=HOUR)
    for number in range(MEMORY_ENTRIES + 5):
        await cache.set(str(number), number, ttl_s=1.0)
    assert (await cache.stats()).memory_entries == MEMORY_ENTRIES
    assert first not in cache._memory
    assert await cache.get(first) == "kept"


@pytest.mark.parametrize("in_memory", [True, False])
async def test_an_entry_ends_with_its_time(
    cache: Cache, clock: SettableClock, in_memory: bool
) -> None:
    await cache.set("n:x", "value", ttl_s=HOUR)

    async def found() -> bool:
        if not in_memory:
            forget_memory(cache)
        return await cache.get("n:x") == "value"

    clock.advance(seconds=HOUR - 1)
    assert await found()
    clock.advance(seconds=1)
    assert not await found()


async def test_reading_from_disk_does_not_begin_the_time_anew(
    cache: Cache, clock: SettableClock
) -> None:
    await cache.set("n:x", "value", ttl_s=HOUR)
    forget_memory(cache)
    clock.advance(seconds=HOUR - 1)
    assert await cache.get("n:x") == "value"
    clock.advance(seconds=1)
    assert await cache.get("n:x") is None


@pytest.mark.parametrize("in_memory", [True, False])
async def test_e11_a_clock_set_back_stretches_nothing(
    cache: Cache, clock: SettableClock, in_memory: bool
) -> None:
    await cache.set("n:x", "value", ttl_s=HOUR)
    if not in_memory:
        forget_memory(cache)
    clock.advance(days=-1)
    assert await cache.get("n:x") is None


async def test_what_lives_for_seconds_is_kept_off_the_disk(cache: Cache) -> None:
    await cache.set("flag:x", 1, ttl_s=1.0)
    assert await cache.get("flag:x") == 1
    assert (await cache.stats()).disk_entries == 0


# Computing what is not known


async def test_through_computes_once(cache: Cache) -> None:
    asked = 0

    async def compute() -> list[int]:
        nonlocal asked
        asked += 1
        return []

    for _ in range(3):
        assert await cache.through("n:x", HOUR, compute) == []
    forget_memory(cache)
    assert await cache.through("n:x", HOUR, compute) == []
    assert asked == 1


async def test_a_failure_is_not_kept(cache: Cache) -> None:
    async def fail() -> int:
        raise ValueError

    async def succeed() -> int:
        return 1

    with pytest.raises(ValueError):
        await cache.through("n:x", HOUR, fail)
    assert await cache.through("n:x", HOUR, succeed) == 1


@pytest.mark.parametrize(
    ("invalidation", "kept"),
    [("n:", False), ("", False), ("n", False), ("n:x", False), ("other:", True)],
)
@pytest.mark.parametrize("ttl_s", [1.0, HOUR])
async def test_a_value_read_before_an_invalidation_is_not_kept_after_it(
    cache: Cache, invalidation: str, kept: bool, ttl_s: float
) -> None:
    reading, change = asyncio.Event(), asyncio.Event()

    async def compute() -> str:
        reading.set()
        await change.wait()
        return "stale"

    asking = asyncio.create_task(cache.through("n:x", ttl_s, compute))
    await reading.wait()
    await cache.delete(invalidation)
    change.set()
    assert await asking == "stale"
    assert await cache.get("n:x") == ("stale" if kept else None)
    forget_memory(cache)
    assert await cache.get("n:x") == ("stale" if kept and ttl_s == HOUR else None)


async def test_a_key_forgotten_while_it_is_computed_is_not_kept(cache: Cache) -> None:
    async def compute() -> str:
        await cache.delete_key("n:x")
        return "stale"

    await cache.through("n:x", HOUR, compute)
    assert await cache.get("n:x") is None


async def test_a_lookup_on_disk_does_not_outlive_an_invalidation(cache: Cache) -> None:
    await cache.set("n:x", "stale", ttl_s=HOUR)
    forget_memory(cache)
    looking = asyncio.create_task(cache.get("n:x"))
    await asyncio.sleep(0)  # it waits for the disk now
    await cache.delete("n:")
    assert await looking is None
    assert await cache.get("n:x") is None


async def test_many_fills_and_invalidations_leave_nothing_stale(cache: Cache) -> None:
    truth = 0

    async def compute() -> int:
        seen = truth
        await asyncio.sleep(0)
        return seen

    async def ask() -> None:
        for _ in range(40):
            await cache.through("n:x", HOUR, compute)

    async def change() -> None:
        nonlocal truth
        for _ in range(40):
            truth += 1
            await cache.delete("n:")
            assert await cache.through("n:x", HOUR, compute) == truth

    await asyncio.gather(change(), *(ask() for _ in range(8)))
    forget_memory(cache)
    assert await cache.get("n:x") in (None, truth)


# A disk that fails


async def test_a_broken_disk_reads_as_a_miss(tmp_path: Path, cache: Cache) -> None:
    cache._pool.submit(break_tables, tmp_path / "cache").result()
    assert await cache.get("vectors:0") is None
    await cache.set("vectors:0", 1, ttl_s=HOUR)
    assert await cache.get("vectors:0") == 1
    assert (await cache.stats()).connected is False
    assert await cache.delete("vectors:") == 1
    assert await cache.get("vectors:0") is None


def break_tables(directory: Path) -> None:
    connection = sqlite3.connect(directory / "cache.db")
    connection.execute("DROP TABLE Cache")
    connection.close()


async def test_e4_a_damaged_cache_is_made_anew(tmp_path: Path) -> None:
    cache = await Cache.open(tmp_path / "cache", bytes(32))
    await cache.set(cache.key("a", "b"), [1], ttl_s=HOUR)
    await cache.close()
    (tmp_path / "cache" / "cache.db").write_bytes(b"not a database" * 5000)
    again = await Cache.open(tmp_path / "cache", bytes(32))
    await again.check()
    assert await again.get(again.key("a", "b")) is None
    await again.close()


async def test_a_check_leaves_nothing_behind(cache: Cache) -> None:
    await cache.check()
    assert (await cache.stats()).disk_entries == 0


def test_an_entry_holds_between_its_times() -> None:
    entry = Entry("value", 10.0, 20.0)
    assert [entry.holds(now) for now in (9.9, 10.0, 19.9, 20.0)] == [False, True, True, False]


@pytest.mark.parametrize("harm", ["cut short", "overwritten", "removed"])
async def test_e4_a_cache_that_is_harmed_while_it_serves_is_made_anew(
    tmp_path: Path, harm: str
) -> None:
    directory = tmp_path / "cache"
    cache = await Cache.open(directory, SECRET)
    await cache.set(cache.key("n", "before"), [1], ttl_s=600)
    for path in list(directory.iterdir()):
        if harm == "cut short" and path.is_file():
            os.truncate(path, 0)
        elif harm == "overwritten" and path.is_file():
            path.write_bytes(os.urandom(8192))
    if harm == "removed":
        shutil.rmtree(directory)
    for number in range(20):  # none of it may raise, or end the process
        key = cache.key("n", str(number))
        await cache.set(key, number, ttl_s=600)
        assert await cache.get(key) == number
    await cache.check()
    await cache.set(cache.key("n", "after"), [2], ttl_s=600)
    await cache.close()
    again = await Cache.open(directory, SECRET)
    assert await again.get(again.key("n", "after")) == [2]
    await again.close()


async def test_e4_a_file_in_the_place_of_the_cache_gives_way(tmp_path: Path) -> None:
    (tmp_path / "cache").write_text("not a directory")
    cache = await Cache.open(tmp_path / "cache", SECRET)
    await cache.check()
    await cache.close()
