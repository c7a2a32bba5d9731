"""storage/migrations.py"""

from __future__ import annotations

import asyncio
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import sqlite_utils

from appliance.errors import Unavailable
from appliance.storage import branches, chunks, conversations, message_search, messages, migrations
from appliance.storage.conversations import Filter
from appliance.storage.database import Connection, Database
from tests.conftest import KEY


def applied(tx: Connection) -> list[str]:
    rows = tx.execute("SELECT name FROM _sqlite_migrations ORDER BY rowid")
    return [row["name"] for row in rows]


def tables(tx: Connection) -> set[str]:
    rows = tx.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
    return {row["name"] for row in rows}


async def test_a_new_file_gets_every_migration_in_order(database: Database) -> None:
    assert tuple(await database.read(applied)) == migrations.names()
    expected = {"users", "sessions", "refresh_tokens", "login_failures", "audit_log"}
    assert expected <= await database.read(tables)


async def test_released_names_stand_for_ever() -> None:
    released = (
        "m0001_accounts",
        "m0002_knowledge",
        "m0003_conversations",
        "m0004_account_care",
        "m0005_conversation_care",
        "m0006_audit_checkpoints",
        "m0007_feature_flags",
    )
    assert migrations.names()[: len(released)] == released


async def test_a_second_start_changes_nothing(tmp_path: Path) -> None:
    first = await Database.open(tmp_path / "a.db", KEY)
    await first.write(
        lambda tx: tx.execute("INSERT INTO login_failures VALUES ('a', 1, NULL, '')").rowcount
    )
    before = await first.read(applied)
    await first.close()
    second = await Database.open(tmp_path / "a.db", KEY)
    assert await second.read(applied) == before
    count = await second.read(
        lambda tx: tx.execute("SELECT count(*) AS n FROM login_failures").fetchone()["n"]
    )
    assert count == 1
    await second.close()


async def test_e6_a_newer_database_is_refused_by_name(tmp_path: Path) -> None:
    database = await Database.open(tmp_path / "a.db", KEY)
    await database.write(
        lambda tx: (
            tx.execute(
                """INSERT INTO _sqlite_migrations (migration_set, name, applied_at)
               VALUES ('appliance', 'm9999_future', '2030-01-01')"""
            ).rowcount
        )
    )
    await database.close()
    with pytest.raises(Unavailable, match="m9999_future"):
        await Database.open(tmp_path / "a.db", KEY)


async def test_a_deleted_user_takes_sessions_and_tokens_along(database: Database) -> None:
    def work(tx: Connection) -> tuple[int, int]:
        tx.execute("INSERT INTO users VALUES ('u', 'a@b', 'A', 'hash', 1, 'user', '2026', NULL)")
        tx.execute("INSERT INTO sessions VALUES ('s', 'u', '2026', '2027', '', '', NULL)")
        tx.execute("INSERT INTO refresh_tokens VALUES ('h', 's', '2026', '2027', NULL)")
        tx.execute("DELETE FROM users")
        sessions = tx.execute("SELECT count(*) AS n FROM sessions").fetchone()["n"]
        tokens = tx.execute("SELECT count(*) AS n FROM refresh_tokens").fetchone()["n"]
        return sessions, tokens

    assert await database.write(work) == (0, 0)


@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO users VALUES ('u', 'a@b', 'A', 'hash', 1, 'root', '2026', NULL)",
        "INSERT INTO users VALUES ('u', 'a@b', 'A', NULL, 1, 'user', '2026', NULL)",
        "INSERT INTO users VALUES ('u', 'a@b', 'A', 'hash', 'yes', 'user', '2026', NULL)",
        "INSERT INTO sessions VALUES ('s', 'nobody', '2026', '2027', '', '', NULL)",
    ],
)
async def test_rows_that_break_the_schema_are_refused(database: Database, statement: str) -> None:
    with pytest.raises(Exception, match=r"constraint|cannot store|has just been removed"):
        await database.write(lambda tx: tx.execute(statement).rowcount)


async def test_a_migration_added_later_is_known_at_the_next_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    later = sqlite_utils.Migrations("appliance")
    later._migrations = list(migrations.schema._migrations)

    @later()
    def m9999_later(db: sqlite_utils.Database) -> None:
        db.execute("CREATE TABLE later (id TEXT)")

    monkeypatch.setattr(migrations, "schema", later)
    for _ in range(2):
        await (await Database.open(tmp_path / "a.db", KEY)).close()
    monkeypatch.undo()
    with pytest.raises(Unavailable, match="m9999_later"):
        await Database.open(tmp_path / "a.db", KEY)


async def test_conversations_of_an_earlier_version_are_counted_and_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    earlier = sqlite_utils.Migrations("appliance")
    earlier._migrations = list(migrations.schema._migrations)[:3]
    monkeypatch.setattr(migrations, "schema", earlier)
    database = await Database.open(tmp_path / "a.db", KEY)
    user_id = "00000000-0000-4000-8000-000000000001"

    def fill(tx: Connection) -> None:
        tx.execute(
            "INSERT INTO users VALUES (?, 'a@b', 'A', 'hash', 1, 'user', '2026', NULL)", (user_id,)
        )
        tx.execute(
            """INSERT INTO conversations (id, user_id, title, created_at, updated_at)
               VALUES ('c', ?, 'T', '2026', '2026')""",
            (user_id,),
        )
        for name, content in (("m1", "potassium"), ("m2", ""), ("m3", "sodium")):
            tx.execute(
                """INSERT INTO messages (id, conversation_id, branch_id, role, content, status,
                                         created_at)
                   VALUES (?, 'c', 'main', 'user', ?, 'complete', '2026')""",
                (name, content),
            )

    await database.write(fill)
    await database.close()
    monkeypatch.undo()
    database = await Database.open(tmp_path / "a.db", KEY)

    def found(tx: Connection) -> tuple[list[int], int, int]:
        return (
            message_search.found(tx, user_id, ["potassium"], before=None, limit=9),
            conversations.count(tx, user_id, Filter()),
            messages.count(tx, "c", branches.lineage(tx, "main")),
        )

    assert await database.read(found) == ([1], 1, 3)
    # A row can be taken out only if it went in as the triggers would have put it.
    assert await database.write(lambda tx: conversations.delete(tx, user_id, "c"))
    assert await database.read(found) == ([], 0, 0)
    await database.close()


VECTOR = np.arange(3, dtype="<f4")
# Opens the database and dies at a statement of the eighth migration, or right behind its last.
KILLED = """
import asyncio, os, signal, sys
from pathlib import Path
from appliance.storage import migrations
from appliance.storage.database import Database

left = int(sys.argv[2])
inner = migrations._run

def run(db, *statements):
    global left
    for statement in statements:
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        left -= 1
        inner(db, statement)
    os.kill(os.getpid(), signal.SIGKILL)

migrations._run = run
asyncio.run(Database.open(Path(sys.argv[1]), bytes.fromhex(sys.argv[3])))
"""


async def at_the_seventh(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A database as version 7 left it, with a document of two chunks."""
    earlier = sqlite_utils.Migrations("appliance")
    earlier._migrations = list(migrations.schema._migrations)[:7]
    monkeypatch.setattr(migrations, "schema", earlier)
    database = await Database.open(path, KEY)

    def fill(tx: Connection) -> None:
        tx.execute("INSERT INTO files (sha256, size, key, created_at) VALUES ('f', 1, X'00', '')")
        tx.execute(
            """INSERT INTO documents (id, title, filename, file_type, size, sha256, status,
                                      upload_date, revision)
               VALUES ('d', 'T', 'd.txt', 'txt', 1, 'f', 'indexed', '2026', 1)"""
        )
        tx.execute(
            "INSERT INTO pages (document_id, revision, number, text) VALUES ('d', 1, 1, 'ab')"
        )
        for ordinal, (model, blob) in enumerate([("m", VECTOR.tobytes()), (None, None)]):
            tx.execute(
                """INSERT INTO chunks (id, document_id, revision, ordinal, page, char_start,
                                       char_end, embedding_model, embedding)
                   VALUES (?, 'd', 1, ?, 1, 0, 1, ?, ?)""",
                (f"c{ordinal}", ordinal, model, blob),
            )

    await database.write(fill)
    await database.close()
    monkeypatch.undo()


async def test_vectors_of_an_earlier_version_are_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await at_the_seventh(tmp_path / "a.db", monkeypatch)
    database = await Database.open(tmp_path / "a.db", KEY)
    first, second = await database.read(
        lambda tx: chunks.of_revision(tx, "d", 1, "m", start=0, limit=9)
    )
    assert first.vector is not None and first.vector.tolist() == VECTOR.tolist()
    assert second.vector is None
    assert await database.read(lambda tx: chunks.to_serve(tx, "m")) == (2, 1)
    assert await database.read(lambda tx: chunks.to_serve(tx, "another")) == (2, 0)
    # They go with their document.
    await database.write(lambda tx: tx.execute("DELETE FROM documents").rowcount)
    left = "SELECT count(*) AS n FROM chunk_vectors"
    assert await database.read(lambda tx: tx.execute(left).fetchone()["n"]) == 0
    await database.close()


@pytest.mark.parametrize("statement", [0, 1, 9, 15, 17, 18, 19, 99])
async def test_an_upgrade_that_was_killed_starts_again(
    statement: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.db"
    await at_the_seventh(path, monkeypatch)
    command = [sys.executable, "-c", KILLED, str(path), str(statement), KEY.hex()]
    killed = await asyncio.to_thread(lambda: subprocess.run(command, check=False))
    assert killed.returncode == -signal.SIGKILL
    database = await Database.open(path, KEY)
    assert tuple(await database.read(applied)) == migrations.names()
    first, second = await database.read(
        lambda tx: chunks.of_revision(tx, "d", 1, "m", start=0, limit=9)
    )
    assert first.vector is not None and first.vector.tolist() == VECTOR.tolist()
    assert second.vector is None
    assert await database.read(lambda tx: chunks.to_serve(tx, "m")) == (2, 1)
    await database.close()
