"""The cache's directory is trusted with nothing: what somebody plants there does not act."""

from __future__ import annotations

import base64
import json
import os
import pickle
import sqlite3
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from appliance.storage.sealed_disk import Entry, SealedDisk

SECRET = bytes(range(32))
ENTRY = Entry([1, "two"], 0.0, 4e9)
MODE_RAW, MODE_PICKLE = 1, 4


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[SealedDisk]:
    opened = SealedDisk(tmp_path / "cache", SECRET)
    yield opened
    opened.close()


def change(tmp_path: Path, sql: str, *values: Any) -> None:
    connection = sqlite3.connect(tmp_path / "cache" / "cache.db")
    with connection:
        assert connection.execute(sql, values).rowcount
    connection.close()


class Trap:
    """Unpickled, it makes the directory that it was given."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def __reduce__(self) -> tuple[Any, tuple[str]]:
        return os.mkdir, (str(self._path),)


def test_cve_2025_69872_a_planted_pickle_does_not_run(tmp_path: Path, disk: SealedDisk) -> None:
    trap, sprung = pickle.dumps(Trap(tmp_path / "sprung")), tmp_path / "sprung"
    disk.set("n:x", ENTRY)
    change(tmp_path, "UPDATE Cache SET mode = ?, value = ?", MODE_PICKLE, trap)
    assert disk.get("n:x") is None

    # As a file beside the database.
    (tmp_path / "cache" / "trap.val").write_bytes(trap)
    change(tmp_path, "UPDATE Cache SET value = NULL, filename = 'trap.val'")
    assert disk.get("n:x") is None

    # As a key, which listing would read.
    change(tmp_path, "UPDATE Cache SET filename = NULL, raw = 0, key = ?", trap)
    assert disk.delete("n:x") == 0
    assert disk.delete("n:") == 1  # found by its namespace, without reading the key
    assert not sprung.exists()
    pickle.loads(trap)
    assert sprung.exists()  # the trap works


def test_nothing_is_written_as_a_pickle(tmp_path: Path, disk: SealedDisk) -> None:
    disk.set("n:x", ENTRY)
    disk.set("n:long", Entry("x" * 200_000, 0.0, 4e9))
    assert disk.get("n:long") == Entry("x" * 200_000, 0.0, 4e9)
    connection = sqlite3.connect(tmp_path / "cache" / "cache.db")
    rows = connection.execute("SELECT mode, raw FROM Cache").fetchall()
    connection.close()
    assert len(rows) == 2
    assert all(mode != MODE_PICKLE and raw == 1 for mode, raw in rows)


@pytest.mark.parametrize(
    "planted",
    [
        b"",
        b"\x00",
        b"no zlib",
        zlib.compress(b"no json"),
        zlib.compress(b"null"),
        zlib.compress(b"17"),
        zlib.compress(b"[1, 2]"),
        zlib.compress(b'"not base64!"'),
        zlib.compress(b'""'),
        zlib.compress(b'"AAAA"'),
        zlib.compress(b'"' + b"A" * 4000 + b'"'),
        zlib.compress(b"[" * 100_000),
        "text",
        17,
        None,
    ],
    ids=repr,
)
def test_a_damaged_entry_reads_as_absent(tmp_path: Path, disk: SealedDisk, planted: Any) -> None:
    disk.set("n:x", ENTRY)
    change(tmp_path, "UPDATE Cache SET mode = ?, value = ?", MODE_RAW, planted)
    assert outcome(disk, "n:x") is None
    disk.set("n:x", ENTRY)
    assert disk.get("n:x") == ENTRY


def outcome(disk: SealedDisk, key: str) -> Any:
    """Raising is as good: the cache above takes it for a miss."""
    try:
        return disk.get(key)
    except Exception:
        return None


def test_every_changed_byte_is_noticed(tmp_path: Path, disk: SealedDisk) -> None:
    disk.set("n:x", ENTRY)
    connection = sqlite3.connect(tmp_path / "cache" / "cache.db")
    ((stored,),) = connection.execute("SELECT value FROM Cache").fetchall()
    connection.close()
    sealed = base64.b64decode(json.loads(zlib.decompress(stored)))
    for position in range(len(sealed)):
        broken = bytearray(sealed)
        broken[position] ^= 1
        text = base64.b64encode(broken).decode()
        change(tmp_path, "UPDATE Cache SET value = ?", zlib.compress(json.dumps(text).encode()))
        assert disk.get("n:x") is None


def test_an_entry_moved_to_another_key_does_not_open(tmp_path: Path, disk: SealedDisk) -> None:
    disk.set("user:ada", ENTRY)
    disk.set("user:ben", Entry("of ben", 0.0, 4e9))
    change(
        tmp_path,
        """UPDATE Cache SET value = (SELECT value FROM Cache ORDER BY rowid LIMIT 1)
            WHERE rowid = (SELECT max(rowid) FROM Cache)""",
    )
    assert disk.get("user:ada") == ENTRY
    assert disk.get("user:ben") is None


def test_what_diskcache_believes_of_an_age_changes_nothing(
    tmp_path: Path, disk: SealedDisk
) -> None:
    disk.set("n:x", Entry("value", 5.0, 6.0))
    change(tmp_path, "UPDATE Cache SET expire_time = NULL")
    entry = disk.get("n:x")
    assert entry is not None and (entry.stored_at, entry.expires_at) == (5.0, 6.0)
