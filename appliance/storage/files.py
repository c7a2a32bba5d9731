"""Uploaded files, named by the SHA-256 of their content and encrypted as they stream in.

Every file has a random key of its own, which the caller keeps in its row: without the row the
bytes on disk are noise.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import hashlib
import os
import secrets
from collections.abc import AsyncGenerator, Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from appliance.errors import StorageFull
from appliance.storage.segments import (
    SEGMENT_BYTES,
    UPLOAD_AGAIN,
    DamagedFile,
    SegmentReader,
    SegmentSealer,
)

T = TypeVar("T")

_PARTIAL = ".part"
_WORKERS = 4


@dataclass(frozen=True, slots=True)
class SealedFile:
    """A whole upload on disk, durable, that still has a temporary name."""

    sha256: str  # of the plain content
    size: int  # of the plain content, in bytes
    key: bytes
    path: Path


class FileStore:
    """The directory of encrypted files. Blocking work runs in a small pool of its own."""

    def __init__(self, directory: Path) -> None:
        """Use `open`."""
        self._directory = directory
        self._pool = ThreadPoolExecutor(_WORKERS, thread_name_prefix="files")

    @classmethod
    async def open(cls, directory: Path) -> FileStore:
        """Make `directory` if need be. `keep_only` removes what interrupted uploads left there."""
        store = cls(directory)
        await store._run(store._prepare)
        return store

    async def begin(self) -> FileWriter:
        """Raises `StorageFull`."""
        path = self._directory / _temporary_name()
        return await self._opened(lambda: FileWriter(self, path), FileWriter._drop)

    async def keep(self, sealed: SealedFile) -> None:
        """Give the file its lasting name, durably; replaces a file of the same content."""

        def rename() -> None:
            os.replace(sealed.path, self._path(sealed.sha256))
            self._sync_directory()

        await self._run(rename)

    async def discard(self, sealed: SealedFile) -> None:
        await self._run(lambda: sealed.path.unlink(missing_ok=True))

    async def remove(self, sha256: str) -> None:
        def unlink() -> None:
            self._path(sha256).unlink(missing_ok=True)
            self._sync_directory()

        await self._run(unlink)

    async def keep_only(self, known: set[str]) -> int:
        """Remove all other files, left by an interrupted upload or deletion; how many those were.

        Only for the one process that owns the data, before it takes uploads.
        """

        def sweep() -> int:
            strays = [path for path in self._directory.iterdir() if path.name not in known]
            for path in strays:
                path.unlink(missing_ok=True)
            return len(strays)

        return await self._run(sweep)

    async def read(self, sha256: str, key: bytes) -> AsyncGenerator[bytes]:
        """Yield the plain content in order. Raises `DamagedFile` before the first wrong byte."""
        try:
            path = self._path(sha256)
            file = await self._opened(lambda: path.open("rb"), lambda opened: opened.close())
        except FileNotFoundError:
            raise DamagedFile(f"The stored file is missing. {UPLOAD_AGAIN}") from None
        try:
            segments = SegmentReader(file, key)
            while (plain := await self._run(segments.read_some)) is not None:
                yield plain
        finally:
            file.close()

    async def check(self) -> None:
        """Raises where nothing can be written."""

        def probe() -> None:
            path = self._directory / _temporary_name()
            path.write_bytes(b"probe")
            path.unlink()

        await self._run(probe)

    async def close(self) -> None:
        await asyncio.get_running_loop().run_in_executor(None, self._pool.shutdown)

    async def _opened(self, work: Callable[[], T], undo: Callable[[T], None]) -> T:
        """Run `work`; what it opens for a caller that was cancelled meanwhile is undone."""
        opening = asyncio.ensure_future(self._run(work))
        try:
            return await asyncio.shield(opening)
        except asyncio.CancelledError:

            def close(done: asyncio.Future[T]) -> None:
                if done.exception() is None:
                    undo(done.result())

            opening.add_done_callback(close)
            raise

    async def _run(self, work: Callable[..., T], *arguments: object) -> T:
        try:
            loop = asyncio.get_running_loop()
            return await loop.run_in_executor(self._pool, work, *arguments)
        except OSError as error:
            if error.errno in {errno.ENOSPC, errno.EDQUOT}:
                raise StorageFull("The disk is full; the file was not stored.") from error
            raise

    def _prepare(self) -> None:
        self._directory.mkdir(parents=True, exist_ok=True)
        self._directory.chmod(0o700)

    def _path(self, sha256: str) -> Path:
        if len(sha256) != 64 or not set(sha256) <= set("0123456789abcdef"):
            raise ValueError("not a SHA-256")
        return self._directory / sha256

    def _sync_directory(self) -> None:
        descriptor = os.open(self._directory, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


class FileWriter:
    """One upload under way. Ends with `finish` or `discard`."""

    def __init__(self, store: FileStore, path: Path) -> None:
        """Use `FileStore.begin`; opens the file, so it runs in the pool."""
        self._store = store
        self._path = path
        self._key = secrets.token_bytes(32)
        self._sealer = SegmentSealer(self._key)
        self._digest = hashlib.sha256()
        self._waiting = bytearray()
        self.size = 0
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        self._file = os.fdopen(descriptor, "wb")
        self._file.write(self._sealer.header)

    async def append(self, data: bytes) -> None:
        """Raises `StorageFull`."""
        self.size += len(data)
        self._waiting += data
        if len(self._waiting) > SEGMENT_BYTES:
            await self._store._run(self._write_whole)

    async def finish(self) -> SealedFile:
        """Everything is on the disk on return. Raises `StorageFull`."""
        await self._store._run(self._write_last)
        return SealedFile(self._digest.hexdigest(), self.size, self._key, self._path)

    async def discard(self) -> None:
        """Forget the upload; harmless after `finish`, too."""
        await self._store._run(self._drop)

    def _drop(self) -> None:
        # Only what a failed write left in the buffer can make closing fail; it goes with the file.
        with contextlib.suppress(OSError):
            self._file.close()
        self._path.unlink(missing_ok=True)

    def _write_whole(self) -> None:
        # The last segment must be known to be the last, so one is always held back.
        while len(self._waiting) > SEGMENT_BYTES:
            self._write_segment(bytes(self._waiting[:SEGMENT_BYTES]), last=False)
            del self._waiting[:SEGMENT_BYTES]

    def _write_last(self) -> None:
        self._write_whole()
        self._write_segment(bytes(self._waiting), last=True)
        self._waiting.clear()
        self._file.flush()
        os.fsync(self._file.fileno())
        self._file.close()

    def _write_segment(self, plain: bytes, *, last: bool) -> None:
        self._digest.update(plain)
        self._file.write(self._sealer.sealed(plain, last=last))


def _temporary_name() -> str:
    return secrets.token_hex(16) + _PARTIAL
