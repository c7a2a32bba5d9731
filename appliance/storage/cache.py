"""What may be forgotten at any time: a small memory in front of diskcache.

Keys are hashes and values are encrypted. A question's vector says much of the question (texts can
be rebuilt from their vectors), and questions can be about patients; so neither a key nor a file
of the cache is of use without the appliance's key.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import logging
import secrets
import shutil
import sqlite3
from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeVar

import diskcache
import orjson
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

T = TypeVar("T")

SIZE_LIMIT_BYTES = 256 << 20
MEMORY_ENTRIES = 2048
_NONCE_BYTES = 12

logger = logging.getLogger(__name__)


class Cache:
    """Keeps JSON values under keys made by `key`. Failures of the disk read as misses."""

    def __init__(self, disk: Any, secret: bytes, pool: ThreadPoolExecutor) -> None:
        """Use `open`."""
        self._disk = disk
        self._secret = secret
        self._cipher = AESGCM(hashlib.sha256(b"values" + secret).digest())
        self._pool = pool
        self._memory: OrderedDict[str, Any] = OrderedDict()
        self.hits = 0
        self.misses = 0

    @classmethod
    async def open(cls, directory: Path, secret: bytes) -> Cache:
        """`secret`: 32 bytes; what was written under another one reads as absent."""
        pool = ThreadPoolExecutor(1, thread_name_prefix="cache")

        def connect() -> Any:
            directory.mkdir(parents=True, exist_ok=True)
            directory.chmod(0o700)
            # JSON, never pickle: a pickle that somebody plants in the directory would run.
            return diskcache.Cache(
                str(directory), disk=diskcache.JSONDisk, size_limit=SIZE_LIMIT_BYTES
            )

        def connect_anew() -> Any:
            try:
                return connect()
            except sqlite3.DatabaseError:
                # All of it can be had again; a cache must not keep the appliance from starting.
                logger.warning("the cache was damaged and is made anew")
                shutil.rmtree(directory)
                return connect()

        disk = await asyncio.get_running_loop().run_in_executor(pool, connect_anew)
        return cls(disk, secret, pool)

    def key(self, namespace: str, *parts: str) -> str:
        """`namespace` stays readable, so that `delete` can name it; the parts do not."""
        text = orjson.dumps([namespace, *parts])
        return f"{namespace}:{hmac.digest(self._secret, text, 'sha256').hex()}"

    async def get(self, key: str) -> Any | None:
        """A value that JSON can hold, or None."""
        if key in self._memory:
            self._memory.move_to_end(key)
            self.hits += 1
            return self._memory[key]
        sealed = await self._run(self._disk.get, key)
        value = None if sealed is None else self._opened(key, sealed)
        if value is None:
            self.misses += 1
            return None
        self.hits += 1
        self._remember(key, value)
        return value

    async def set(self, key: str, value: Any) -> None:
        self._remember(key, value)
        nonce = secrets.token_bytes(_NONCE_BYTES)
        sealed = nonce + self._cipher.encrypt(nonce, orjson.dumps(value), key.encode())
        text = base64.b64encode(sealed).decode()
        await self._run(self._disk.set, key, text)

    async def delete(self, prefix: str) -> int:
        """Forget every key that begins with `prefix` ("" for all); how many that were."""
        for key in [key for key in self._memory if key.startswith(prefix)]:
            del self._memory[key]

        def sweep() -> int:
            keys = [key for key in self._disk.iterkeys() if str(key).startswith(prefix)]
            return sum(1 for key in keys if self._disk.delete(key))

        return await self._run(sweep) or 0

    async def check(self) -> None:
        """Raises where the directory cannot be written and read back."""

        def probe() -> None:
            self._disk.set("probe", 1)
            if self._disk.get("probe") != 1:
                raise OSError("the cache does not give back what it was given")

        await asyncio.get_running_loop().run_in_executor(self._pool, probe)

    async def close(self) -> None:
        await self._run(self._disk.close)
        self._pool.shutdown(wait=False)

    def _remember(self, key: str, value: Any) -> None:
        self._memory[key] = value
        self._memory.move_to_end(key)
        if len(self._memory) > MEMORY_ENTRIES:
            self._memory.popitem(last=False)

    def _opened(self, key: str, text: Any) -> Any | None:
        try:
            sealed = base64.b64decode(text, validate=True)
            nonce, body = sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:]
            return orjson.loads(self._cipher.decrypt(nonce, body, key.encode()))
        except (InvalidTag, ValueError, TypeError):
            return None

    async def _run(self, work: Callable[..., T], *arguments: Any) -> T | None:
        try:
            return await asyncio.get_running_loop().run_in_executor(self._pool, work, *arguments)
        except Exception as error:  # a cache must not fail what it serves
            logger.warning("the cache failed", extra={"fields": {"error": type(error).__name__}})
            return None
