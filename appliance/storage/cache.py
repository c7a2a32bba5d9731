"""What may be forgotten at any time: a small memory in front of diskcache.

Keys are hashes and values are encrypted. A question's vector says much of the question (texts can
be rebuilt from their vectors), and questions can be about patients; so neither a key nor a file
of the cache is of use without the appliance's key.
"""

from __future__ import annotations

import asyncio
import hmac
import logging
import sqlite3
from collections import Counter, OrderedDict
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar

import orjson

from appliance.domain import utc_now
from appliance.storage.sealed_disk import Entry, SealedDisk, namespace_of

T = TypeVar("T")

MEMORY_ENTRIES = 2048
MEMORY_ONLY_S = 60.0  # what lives shorter is not worth a write to the disk

# Namespaces: the readable beginnings of keys, and what people can name to have forgotten.
QUESTION_VECTORS = "question-vector"
RETRIEVAL = "retrieval"
USERS = "user"  # user:<id>:...
FLAGS = "flag"
NAMESPACES = (QUESTION_VECTORS, RETRIEVAL, USERS, FLAGS)

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class CacheStats:
    """Since the start, of both levels. `connected`: whether the disk answers."""

    memory_entries: int
    memory_hits: int
    memory_misses: int
    connected: bool
    disk_entries: int
    disk_bytes: int
    disk_hits: int
    disk_misses: int


class Cache:
    """Keeps JSON values under keys made by `key`. Failures of the disk read as misses.

    Values are shared: whoever gets one must not change it.
    """

    def __init__(
        self,
        disk: SealedDisk,
        secret: bytes,
        pool: ThreadPoolExecutor,
        clock: Callable[[], datetime],
    ) -> None:
        """Use `open`."""
        self._disk = disk
        self._secret = secret
        self._pool = pool
        self._clock = clock
        self._memory: OrderedDict[str, Entry] = OrderedDict()
        self._invalidations: Counter[str] = Counter()  # by namespace; "" counts for all of them
        self._memory_hits = self._memory_misses = 0
        self._disk_hits = self._disk_misses = 0

    @classmethod
    async def open(
        cls, directory: Path, secret: bytes, *, clock: Callable[[], datetime] = utc_now
    ) -> Cache:
        """`secret`: 32 bytes; what was written under another one reads as absent."""
        # One thread: what is asked of the disk happens in the order in which it was asked.
        pool = ThreadPoolExecutor(1, thread_name_prefix="cache")
        loop = asyncio.get_running_loop()
        disk = await loop.run_in_executor(pool, SealedDisk, directory, secret)
        return cls(disk, secret, pool, clock)

    def key(self, namespace: str, *parts: str) -> str:
        """`namespace` stays readable, so that `delete` can name it; the parts do not.

        It may go on after a colon with an id: `user:<id>`.
        """
        text = orjson.dumps([namespace, *parts])
        return f"{namespace}:{hmac.digest(self._secret, text, 'sha256').hex()}"

    async def through(self, key: str, ttl_s: float, compute: Callable[[], Awaitable[T]]) -> T:
        """The value of `key`, computed where it is not known and kept for `ttl_s` seconds.

        What was invalidated while it was being computed is returned but not kept: it may have been
        read before the change that made it stale. From the disk tuples come back as lists.
        """
        on_disk = ttl_s >= MEMORY_ONLY_S
        known: T | None = await self._find(key, on_disk)
        if known is not None:
            return known
        generation = self._generation(key)
        value = await compute()
        if generation == self._generation(key):
            await self._store(key, value, ttl_s)
        return value

    async def get(self, key: str) -> Any | None:
        """A value that JSON can hold, or None."""
        return await self._find(key, True)

    async def set(self, key: str, value: Any, *, ttl_s: float) -> None:
        await self._store(key, value, ttl_s)

    async def delete(self, prefix: str) -> int:
        """Forget every key that begins with `prefix` ("" for all); how many that were.

        From the call on nothing of it is found, whatever was under way.
        """
        self._invalidations[namespace_of(prefix) if ":" in prefix else ""] += 1
        known = [key for key in self._memory if key.startswith(prefix)]
        for key in known:
            del self._memory[key]
        deleted = await self._run(self._disk.delete, prefix, known)
        return len(known) if deleted is None else deleted

    async def delete_key(self, key: str) -> int:
        """Forget exactly this key: 1, or 0 where it was not there."""
        self._invalidations[namespace_of(key)] += 1
        known = self._memory.pop(key, None) is not None
        return int(await self._run(self._disk.delete_key, key) or known)

    async def clear(self) -> int:
        """Forget all; how much that was."""
        return await self.delete("")

    async def stats(self) -> CacheStats:
        size = await self._run(self._disk.size)
        entries, volume = size or (0, 0)
        return CacheStats(
            memory_entries=len(self._memory),
            memory_hits=self._memory_hits,
            memory_misses=self._memory_misses,
            connected=size is not None,
            disk_entries=entries,
            disk_bytes=volume,
            disk_hits=self._disk_hits,
            disk_misses=self._disk_misses,
        )

    async def check(self) -> None:
        """Raises where the directory cannot be written and read back, even after it was made
        anew.
        """
        run = asyncio.get_running_loop().run_in_executor
        try:
            await run(self._pool, self._disk.check)
        except Exception as error:
            logger.warning(
                "the cache was damaged and is made anew",
                extra={"fields": {"error": type(error).__name__}},
            )
            await run(self._pool, self._disk.make_anew)
            await run(self._pool, self._disk.check)

    async def close(self) -> None:
        await self._run(self._disk.close)
        self._pool.shutdown(wait=False)

    async def _find(self, key: str, on_disk: bool) -> Any | None:
        entry = self._memory.get(key)
        if entry is not None and entry.holds(self._now()):
            self._memory.move_to_end(key)
            self._memory_hits += 1
            return entry.value
        self._memory.pop(key, None)
        self._memory_misses += 1
        if not on_disk:
            return None
        generation = self._generation(key)
        entry = await self._run(self._disk.get, key)
        if entry is None or not entry.holds(self._now()) or generation != self._generation(key):
            self._disk_misses += 1
            return None
        self._disk_hits += 1
        self._remember(key, entry)
        return entry.value

    async def _store(self, key: str, value: Any, ttl_s: float) -> None:
        now = self._now()
        entry = Entry(value, now, now + ttl_s)
        self._remember(key, entry)
        if ttl_s >= MEMORY_ONLY_S:
            await self._run(self._disk.set, key, entry)

    def _generation(self, key: str) -> tuple[int, int]:
        """Changes with every invalidation that may concern `key`."""
        return self._invalidations[""], self._invalidations[namespace_of(key)]

    def _remember(self, key: str, entry: Entry) -> None:
        self._memory[key] = entry
        self._memory.move_to_end(key)
        if len(self._memory) > MEMORY_ENTRIES:
            self._memory.popitem(last=False)

    def _now(self) -> float:
        return self._clock().timestamp()

    async def _run(self, work: Callable[..., T], *arguments: Any) -> T | None:
        try:
            return await asyncio.get_running_loop().run_in_executor(self._pool, work, *arguments)
        except Exception as error:  # a cache must not fail what it serves
            logger.warning("the cache failed", extra={"fields": {"error": type(error).__name__}})
            if isinstance(error, sqlite3.DatabaseError) and not isinstance(
                error, sqlite3.OperationalError
            ):
                # Damage, which does not pass; a full disk or a lock may.
                with suppress(Exception):
                    await self.check()
            return None
