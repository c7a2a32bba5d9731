"""diskcache with everything in it encrypted: the slow level of the cache, and what it trusts.

The directory is trusted with nothing. A value opens only under its own key and ours; its times are
sealed with it, so that nobody can make it younger.
"""

from __future__ import annotations

import base64
import hashlib
import logging
import secrets
import shutil
import sqlite3
import zlib
from collections.abc import Collection
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import diskcache
import orjson
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from diskcache.core import MODE_PICKLE

SIZE_LIMIT_BYTES = 256 << 20
# 2 MB; diskcache's own 32 MB would be the same bytes as the system's, once more.
_PAGES_IN_MEMORY = 512
_NONCE_BYTES = 12
_PROBE = "probe"

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Entry:
    """A value that JSON can hold, and from when to when it may be used (seconds of the epoch)."""

    value: Any
    stored_at: float
    expires_at: float

    def holds(self, now: float) -> bool:
        # A clock set back must not stretch what is left of its time.
        return self.stored_at <= now < self.expires_at


class JsonOnly(diskcache.JSONDisk):  # type: ignore[misc]
    """JSONDisk writes no pickles but reads them: a row that is marked as one would run."""

    def fetch(self, mode: int, filename: str | None, value: Any, read: bool) -> Any:
        if mode == MODE_PICKLE:
            return None
        return super().fetch(mode, filename, value, read)

    def get(self, key: Any, raw: bool) -> Any:
        try:
            return super().get(key, raw) if raw else ""
        except (ValueError, TypeError, zlib.error):
            return ""


class SealedDisk:
    """Blocks, and belongs to one thread. Any method may raise when the disk fails."""

    def __init__(self, directory: Path, secret: bytes) -> None:
        """Open or create; what is damaged is made anew. `secret`: 32 bytes."""
        self._cipher = AESGCM(hashlib.sha256(b"entries" + secret).digest())
        self._directory = directory
        self._disk = _connect_anew(directory)

    def get(self, key: str) -> Entry | None:
        """None for what is absent, damaged, or was put there by somebody else."""
        try:
            sealed = base64.b64decode(self._disk.get(key) or "", validate=True)
            nonce, body = sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:]
            return Entry(*orjson.loads(self._cipher.decrypt(nonce, body, key.encode())))
        except (InvalidTag, ValueError, TypeError, zlib.error):
            return None

    def set(self, key: str, entry: Entry) -> None:
        nonce = secrets.token_bytes(_NONCE_BYTES)
        plain = orjson.dumps([entry.value, entry.stored_at, entry.expires_at])
        sealed = nonce + self._cipher.encrypt(nonce, plain, key.encode())
        self._disk.set(
            key,
            base64.b64encode(sealed).decode(),
            expire=entry.expires_at - entry.stored_at,
            tag=namespace_of(key),
        )

    def delete(self, prefix: str, others: Collection[str] = ()) -> int:
        """Delete all keys that begin with `prefix`, and count them.

        Those of `others` that are not here count too.
        """
        elsewhere = sum(1 for key in others if key not in self._disk)
        namespace = prefix.removesuffix(":")
        if not prefix:
            deleted: int = self._disk.clear()
        elif namespace != prefix and ":" not in namespace:
            # By an index: a change of one namespace must not read the keys of all others.
            deleted = self._disk.evict(namespace)
        else:
            keys = [key for key in self._disk.iterkeys() if str(key).startswith(prefix)]
            deleted = sum(1 for key in keys if self._disk.delete(key))
        return elsewhere + deleted

    def delete_key(self, key: str) -> bool:
        return bool(self._disk.delete(key))

    def size(self) -> tuple[int, int]:
        """How many entries there are, and how many bytes they take. Raises as `check` does."""
        self.check()
        return len(self._disk), self._disk.volume()

    def check(self) -> None:
        """Raises where the directory cannot be written and read back."""
        if not (self._directory / diskcache.core.DBNAME).exists():
            raise FileNotFoundError("the cache's directory has gone")
        self._disk.set(_PROBE, 1)
        if self._disk.get(_PROBE) != 1:
            raise OSError("the cache does not give back what it was given")
        self._disk.delete(_PROBE)

    def make_anew(self) -> None:
        """Forget all, and begin with an empty directory: for one that was found damaged."""
        with suppress(Exception):
            self._disk.close()
        shutil.rmtree(self._directory, ignore_errors=True)
        self._disk = _connect(self._directory)

    def close(self) -> None:
        self._disk.close()


def namespace_of(key: str) -> str:
    return key.partition(":")[0]


def _connect_anew(directory: Path) -> Any:
    try:
        return _connect(directory)
    except (sqlite3.DatabaseError, FileExistsError, NotADirectoryError):
        # All of it can be had again; a cache must not keep the appliance from starting.
        logger.warning("the cache was damaged and is made anew")
        if directory.is_dir():
            shutil.rmtree(directory)
        else:
            directory.unlink()
        return _connect(directory)


def _connect(directory: Path) -> Any:
    directory.mkdir(parents=True, exist_ok=True)
    directory.chmod(0o700)
    return diskcache.Cache(
        str(directory),
        timeout=1,  # nobody else has it open: what looks locked is damaged
        disk=JsonOnly,
        size_limit=SIZE_LIMIT_BYTES,
        tag_index=True,
        # A mapped file that somebody cuts short would end the process, with SIGBUS; a WAL has one,
        # too. Nothing here needs to outlive a power cut.
        sqlite_mmap_size=0,
        sqlite_cache_size=_PAGES_IN_MEMORY,
        sqlite_journal_mode="truncate",
        sqlite_synchronous=0,
    )
