"""The relational store: an encrypted SQLite file with one writer (group commit) and a few readers.

SQLite allows one write transaction at a time and an fsync costs milliseconds, so all writes go
through one connection: functions that wait while a commit is on its way share the next one.
"""

from __future__ import annotations

import asyncio
import logging
import unicodedata
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import aiosqlite
from sqlcipher3 import dbapi2

from appliance.errors import ApplianceError, Conflict, StorageFull, Unavailable
from appliance.storage import migrations

if TYPE_CHECKING:
    # sqlcipher3 has no types of its own; its interface is sqlite3's.
    from sqlite3 import Connection as Connection
    from sqlite3 import Row as Row
else:
    Connection = dbapi2.Connection
    Row = dbapi2.Row

T = TypeVar("T")
Work = Callable[[Connection], T]

MINIMUM_SQLITE = (3, 51, 3)  # older ones can corrupt a database when the WAL is reset
GROUP_COMMIT_LIMIT = 64

logger = logging.getLogger(__name__)


class _Worker(aiosqlite.Connection):
    """A connection in its own thread that runs a whole function per round trip."""

    async def run(self, function: Callable[..., T], *args: Any) -> T:
        result: T = await self._execute(function, self._conn, *args)  # type: ignore[no-untyped-call]
        return result


class Database:
    """`write` for changes, `read` for the rest; both run a synchronous function of one connection.

    A function given to `write` may run twice (when a neighbour in its group breaks the
    transaction), so it must change nothing but the database.
    """

    def __init__(self, writer: _Worker, readers: list[_Worker]) -> None:
        self._writer = writer
        self._readers = readers
        self._idle: asyncio.LifoQueue[_Worker] = asyncio.LifoQueue()
        for reader in readers:
            self._idle.put_nowait(reader)
        self._pending: deque[tuple[Work[Any], asyncio.Future[Any]]] = deque()
        self._flusher: asyncio.Task[None] | None = None
        self._committed: list[Callable[[int], None]] = []
        self._closed = False

    @classmethod
    async def open(cls, path: Path, key: bytes, *, readers: int = 3) -> Database:
        """Open or create the file at `path` and bring its schema up to date.

        Raises `Unavailable` for a wrong key, a file that is no database, a newer schema, or an
        SQLite that is too old.
        """
        check_sqlite_version()
        writer = await _connect(path, key, query_only=False)
        opened: list[_Worker] = []
        try:
            await writer.run(migrations.apply)
            for _ in range(readers):
                opened.append(await _connect(path, key, query_only=True))
        except BaseException:
            for connection in [*opened, writer]:
                await connection.close()
            raise
        return cls(writer, opened)

    async def write(self, work: Work[T]) -> T:
        """Run `work` in a transaction of its own; returns once it is durable on disk.

        What `work` raises undoes its changes alone and is raised here. Raises `StorageFull` when
        the disk has no room.
        """
        if self._closed:
            raise Unavailable("The appliance is shutting down.")
        future: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self._pending.append((work, future))
        if self._flusher is None or self._flusher.done():
            self._flusher = asyncio.create_task(self._flush())
        return await future

    async def read(self, work: Work[T]) -> T:
        """Run `work` on one consistent snapshot, without the right to change anything."""
        if self._closed:
            raise Unavailable("The appliance is shutting down.")
        reader = await self._idle.get()
        running = asyncio.ensure_future(reader.run(_in_snapshot, work))
        try:
            # Shielded: a cancelled caller must not hand a connection back while it is in use.
            return await asyncio.shield(running)
        finally:
            if running.done():
                self._idle.put_nowait(reader)
            else:
                running.add_done_callback(lambda done: self._return_reader(reader, done))

    def on_commit(self, tell: Callable[[int], None]) -> None:
        """Call `tell` after every commit, with the number of writes that shared it."""
        self._committed.append(tell)

    async def close(self) -> None:
        """Finish what was accepted, move the WAL into the file, close every connection."""
        if self._closed:
            return
        self._closed = True
        if self._flusher is not None:
            await self._flusher
        for reader in self._readers:
            await reader.close()
        await self._writer.run(_checkpoint)
        await self._writer.close()

    def _return_reader(self, reader: _Worker, done: asyncio.Future[Any]) -> None:
        if not done.cancelled():
            done.exception()  # the caller has gone; its failure has nobody to go to
        self._idle.put_nowait(reader)

    async def _flush(self) -> None:
        while self._pending:
            count = min(len(self._pending), GROUP_COMMIT_LIMIT)
            group = [self._pending.popleft() for _ in range(count)]
            try:
                outcomes = await self._writer.run(_commit_group, [work for work, _ in group])
            except Exception as error:
                outcomes = [(False, error)] * len(group)
            for (_, future), (succeeded, value) in zip(group, outcomes, strict=True):
                if future.done():
                    continue
                if succeeded:
                    future.set_result(value)
                else:
                    future.set_exception(value)
            for tell in self._committed:
                tell(count)


def check_sqlite_version() -> None:
    version = tuple(int(part) for part in dbapi2.sqlite_version.split("."))
    if version < MINIMUM_SQLITE:
        wanted = ".".join(map(str, MINIMUM_SQLITE))
        raise Unavailable(f"SQLite {wanted} or newer is needed, this is {dbapi2.sqlite_version}.")


async def _connect(path: Path, key: bytes, *, query_only: bool) -> _Worker:
    def connector() -> Connection:
        connection: Connection = dbapi2.connect(
            str(path), isolation_level=None, check_same_thread=False
        )
        connection.row_factory = Row
        connection.create_function("folded", 1, _folded, deterministic=True)
        # SQLCipher would tell standard error of a wrong key in lines of its own.
        connection.execute("PRAGMA cipher_log_level = NONE")
        connection.execute(f"PRAGMA key = \"x'{key.hex()}'\"")
        # Sorting and temporary tables stay in memory: SQLite would spill them unencrypted.
        connection.execute("PRAGMA temp_store = MEMORY")
        try:
            connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
        except dbapi2.DatabaseError as error:
            connection.close()
            raise Unavailable(
                f"The database {path} cannot be opened: it has another key or is damaged."
            ) from error
        connection.execute("PRAGMA busy_timeout = 5000")
        if query_only:
            connection.execute("PRAGMA query_only = ON")
        else:
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = FULL")
            connection.execute("PRAGMA foreign_keys = ON")
            # A deleted file key must not linger in a free page: the file would still open.
            connection.execute("PRAGMA secure_delete = ON")
        return connection

    worker = _Worker(connector, iter_chunk_size=64)
    try:
        await worker
    except BaseException:
        # Its thread is stopping: one that outlives the loop would write a traceback of its own.
        await asyncio.to_thread(worker._thread.join)
        raise
    return worker


def _folded(text: str) -> str:
    """In SQL: `text` without the difference of upper and lower case, in any script."""
    return unicodedata.normalize("NFKC", text).casefold()


def _in_snapshot(connection: Connection, work: Work[T]) -> T:
    connection.execute("BEGIN")
    try:
        return work(connection)
    finally:
        connection.execute("COMMIT")


def _commit_group(connection: Connection, works: list[Work[Any]]) -> list[tuple[bool, Any]]:
    """Outcomes in order: (True, value) or (False, exception)."""
    try:
        return _commit_together(connection, works)
    except Exception as error:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        if len(works) > 1:
            return [_commit_group(connection, [work])[0] for work in works]
        return [(False, _explained(error))]


def _commit_together(connection: Connection, works: list[Work[Any]]) -> list[tuple[bool, Any]]:
    outcomes: list[tuple[bool, Any]] = []
    connection.execute("BEGIN IMMEDIATE")
    for work in works:
        connection.execute("SAVEPOINT work")
        try:
            outcomes.append((True, work(connection)))
        except Exception as error:
            # A full disk makes SQLite roll back the whole transaction: then all must be done again.
            if not connection.in_transaction:
                raise
            connection.execute("ROLLBACK TO work")
            outcomes.append((False, _explained(error)))
        connection.execute("RELEASE work")
    connection.execute("COMMIT")
    return outcomes


def _explained(error: Exception) -> Exception:
    if isinstance(error, ApplianceError):
        return error
    if isinstance(error, dbapi2.OperationalError) and "disk is full" in str(error):
        return StorageFull("The disk is full; nothing was changed.")
    if isinstance(error, dbapi2.IntegrityError) and "FOREIGN KEY" in str(error):
        # E.g. a question that was on its way while its author's account was deleted.
        return Conflict("What this belongs to has just been removed.")
    return error


def _checkpoint(connection: Connection) -> None:
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
