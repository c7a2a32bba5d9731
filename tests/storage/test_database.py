"""storage/database.py: durability, group commit, isolation of neighbours, readers."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Callable, Coroutine
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from sqlcipher3 import dbapi2

from appliance.errors import Conflict, StorageFull, Unavailable
from appliance.storage import database as module
from appliance.storage import migrations
from appliance.storage.database import Connection, Database
from tests.conftest import KEY

Opening = Callable[..., Coroutine[Any, Any, Database]]


@pytest.fixture
async def opening() -> AsyncIterator[Opening]:
    """Opens databases and closes them however the test ends; their threads outlive a test."""
    opened: list[Database] = []

    async def open_one(path: Path, key: bytes = KEY, readers: int = 1) -> Database:
        opened.append(await Database.open(path, key, readers=readers))
        return opened[-1]

    yield open_one
    for database in opened:
        await database.close()


def add(tx: Connection, name: str) -> str:
    tx.execute(
        "INSERT INTO login_failures (account, failures, last_failure) VALUES (?, 1, '')", (name,)
    )
    return name


def names(tx: Connection) -> set[str]:
    return {row["account"] for row in tx.execute("SELECT account FROM login_failures")}


class Commits:
    """Counts the commits of the writer, by what SQLite itself executes."""

    def __init__(self) -> None:
        self.count = 0

    async def watch(self, database: Database) -> None:
        def traced(statement: str) -> None:
            self.count += statement == "COMMIT"

        await database._writer.run(lambda connection: connection.set_trace_callback(traced))


async def hold_writer(database: Database) -> threading.Event:
    """Keep the writer busy until the event is set, so that what follows has to wait together."""
    release, begun = threading.Event(), asyncio.Event()
    loop = asyncio.get_running_loop()

    def work(_: Connection) -> None:
        loop.call_soon_threadsafe(begun.set)
        release.wait(10)

    held = asyncio.create_task(database.write(work))
    await begun.wait()
    assert not held.done()
    return release


async def test_what_write_returns_is_there_for_the_next_reader(database: Database) -> None:
    assert await database.write(lambda tx: add(tx, "a")) == "a"
    assert await database.read(names) == {"a"}


async def test_64_writes_share_a_commit(database: Database) -> None:
    commits = Commits()
    await commits.watch(database)
    release = await hold_writer(database)
    works = [partial(add, name=f"{n}") for n in range(64)]
    writes = [asyncio.create_task(database.write(work)) for work in works]
    await asyncio.sleep(0)
    release.set()
    assert await asyncio.gather(*writes) == [f"{n}" for n in range(64)]
    assert commits.count == 2  # the one that was waited for, and one for all the others
    assert len(await database.read(names)) == 64


async def test_a_failure_undoes_its_own_work_only(database: Database) -> None:
    def breaks(tx: Connection) -> str:
        add(tx, "half done")
        raise Conflict("taken", field="email")

    release = await hold_writer(database)
    works: list[Any] = [lambda tx: add(tx, "before"), breaks, lambda tx: add(tx, "after")]
    writes = [asyncio.create_task(database.write(work)) for work in works]
    await asyncio.sleep(0)
    release.set()
    before, broken, after = await asyncio.gather(*writes, return_exceptions=True)
    assert (before, after) == ("before", "after")
    assert isinstance(broken, Conflict) and broken.field == "email"
    assert await database.read(names) == {"before", "after"}


async def test_an_unexpected_failure_undoes_its_own_work_only(database: Database) -> None:
    def breaks(tx: Connection) -> None:
        add(tx, "half done")
        tx.execute("INSERT INTO no_such_table VALUES (1)")

    outcomes = await asyncio.gather(
        database.write(breaks), database.write(lambda tx: add(tx, "kept")), return_exceptions=True
    )
    assert isinstance(outcomes[0], dbapi2.OperationalError)
    assert await database.read(names) == {"kept"}


async def test_a_function_that_ends_the_transaction_takes_no_neighbour_with_it(
    database: Database,
) -> None:
    def breaks(tx: Connection) -> None:
        tx.execute("ROLLBACK")  # what SQLite does by itself when the disk is full
        raise dbapi2.OperationalError("database or disk is full")

    release = await hold_writer(database)
    works: list[Any] = [lambda tx: add(tx, "before"), breaks, lambda tx: add(tx, "after")]
    writes = [asyncio.create_task(database.write(work)) for work in works]
    await asyncio.sleep(0)
    release.set()
    before, broken, after = await asyncio.gather(*writes, return_exceptions=True)
    assert (before, after) == ("before", "after")
    assert isinstance(broken, StorageFull)
    assert await database.read(names) == {"before", "after"}


async def test_a_full_disk_is_said_and_nothing_is_changed(database: Database) -> None:
    def fill(tx: Connection) -> None:
        tx.execute("PRAGMA max_page_count = 1")  # no less than what is there already

    def too_much(tx: Connection) -> None:
        add(tx, "x" * 1_000_000)

    await database._writer.run(fill)
    with pytest.raises(StorageFull):
        await database.write(too_much)
    assert await database.read(names) == set()
    await database._writer.run(lambda tx: tx.execute("PRAGMA max_page_count = 1000000").fetchone())
    assert await database.write(lambda tx: add(tx, "b")) == "b"


async def test_a_reader_cannot_write(database: Database) -> None:
    with pytest.raises(dbapi2.OperationalError, match="readonly"):
        await database.read(lambda tx: add(tx, "a"))
    assert await database.read(names) == set()


async def test_a_reader_sees_one_moment(database: Database) -> None:
    first_look, go_on = asyncio.Event(), threading.Event()
    loop = asyncio.get_running_loop()

    def twice(tx: Connection) -> tuple[set[str], set[str]]:
        before = names(tx)
        loop.call_soon_threadsafe(first_look.set)
        go_on.wait(10)
        return before, names(tx)

    reading = asyncio.create_task(database.read(twice))
    await first_look.wait()
    await database.write(lambda tx: add(tx, "meanwhile"))
    go_on.set()
    assert await reading == (set(), set())
    assert await database.read(names) == {"meanwhile"}


async def test_a_failed_read_leaves_its_connection_usable(tmp_path: Path, opening: Opening) -> None:
    database = await opening(tmp_path / "one.db")
    with pytest.raises(dbapi2.OperationalError):
        await database.read(lambda tx: tx.execute("SELECT * FROM no_such_table"))
    assert await database.read(names) == set()
    await database.close()


async def test_a_cancelled_reader_returns_its_connection_when_it_is_done(
    database: Database,
) -> None:
    begun, go_on = asyncio.Event(), threading.Event()
    loop = asyncio.get_running_loop()

    def slow(_: Connection) -> None:
        loop.call_soon_threadsafe(begun.set)
        go_on.wait(10)

    reading = asyncio.create_task(database.read(slow))
    await begun.wait()
    reading.cancel()
    with pytest.raises(asyncio.CancelledError):
        await reading
    try:
        # The busy connection is not handed out: whoever comes next gets an idle one.
        assert await asyncio.wait_for(database.read(names), 2) == set()
        assert database._idle.qsize() == len(database._readers) - 1
    finally:
        go_on.set()
    returned = [await asyncio.wait_for(database._idle.get(), 2) for _ in database._readers]
    assert set(returned) == set(database._readers)


async def test_a_cancelled_writer_does_not_disturb_the_others(database: Database) -> None:
    release = await hold_writer(database)
    gone = asyncio.create_task(database.write(lambda tx: add(tx, "gone")))
    stays = asyncio.create_task(database.write(lambda tx: add(tx, "stays")))
    await asyncio.sleep(0)
    gone.cancel()
    release.set()
    assert await stays == "stays"
    assert "stays" in await database.read(names)


async def test_close_finishes_what_was_accepted(tmp_path: Path, opening: Opening) -> None:
    database = await opening(tmp_path / "a.db")
    accepted = asyncio.create_task(database.write(lambda tx: add(tx, "late")))
    await asyncio.sleep(0)
    await database.close()
    assert await accepted == "late"
    with pytest.raises(Unavailable):
        await database.write(lambda tx: add(tx, "too late"))
    await database.close()  # a second time does nothing
    wal = tmp_path / "a.db-wal"
    assert not wal.exists() or wal.stat().st_size == 0
    again = await opening(tmp_path / "a.db")
    assert await again.read(names) == {"late"}
    await again.close()


async def test_the_file_is_encrypted(tmp_path: Path, opening: Opening) -> None:
    database = await opening(tmp_path / "a.db")
    await database.write(lambda tx: add(tx, "a canary in plain text"))
    files = [tmp_path / "a.db", tmp_path / "a.db-wal"]
    written = b"".join(path.read_bytes() for path in files)
    await database.close()
    written += files[0].read_bytes()
    assert b"a canary" not in written and b"SQLite format" not in written
    assert len(written) > 4096


async def test_the_wrong_key_is_refused_and_changes_nothing(
    tmp_path: Path, opening: Opening
) -> None:
    path = tmp_path / "a.db"
    await (await opening(path)).close()
    before = path.read_bytes()
    with pytest.raises(Unavailable, match="another key") as refused:
        await Database.open(path, bytes(32))
    assert bytes(32).hex() not in refused.value.message
    assert path.read_bytes() == before


async def test_a_refused_opening_leaves_no_thread(tmp_path: Path, opening: Opening) -> None:
    await (await opening(tmp_path / "a.db")).close()
    with pytest.raises(Unavailable):
        await Database.open(tmp_path / "a.db", bytes(32))
    # A thread that ends later than the loop writes its traceback over the clear error.
    assert [thread for thread in threading.enumerate() if "_connection" in thread.name] == []


async def test_a_damaged_file_is_refused_and_kept(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    path.write_bytes(b"not a database" * 1000)
    with pytest.raises(Unavailable):
        await Database.open(path, KEY)
    assert path.read_bytes() == b"not a database" * 1000


async def test_how_connections_are_set(database: Database) -> None:
    def setting(name: str) -> Any:
        return lambda tx: tx.execute(f"PRAGMA {name}").fetchone()[0]

    assert await database._writer.run(setting("journal_mode")) == "wal"
    assert await database._writer.run(setting("synchronous")) == 2  # FULL
    assert await database._writer.run(setting("foreign_keys")) == 1
    for reader in database._readers:
        assert await reader.run(setting("query_only")) == 1
        assert await reader.run(setting("temp_store")) == 2  # MEMORY


async def test_an_sqlite_that_damages_databases_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MINIMUM_SQLITE", (99, 0, 0))
    with pytest.raises(Unavailable, match=r"99\.0\.0"):
        await Database.open(tmp_path / "a.db", KEY)
    assert not (tmp_path / "a.db").exists()


def test_the_migrations_are_known_by_name() -> None:
    assert migrations.names()[0] == "m0001_accounts"
