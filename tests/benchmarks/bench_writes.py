"""Rows 4 and 5: audited writes against bare SQLCipher commits of the same rows, on the same disk.

    python -m tests.benchmarks.bench_writes [--writes 200] [--directory DIR]

Row 4 is the median time of one write with one client, row 5 the writes per second of 64 clients
over those of one commit per write.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import statistics
import tempfile
import uuid
from pathlib import Path
from time import perf_counter
from typing import Any

from sqlcipher3 import dbapi2

from appliance.domain import Conversation, utc_now
from appliance.services.answer_streams import AnswerStreams
from appliance.services.conversation_rules import insert_conversation, new_conversation
from appliance.services.conversations import Conversations
from appliance.storage.database import Connection, Database, Row
from tests.answering_parts import ORIGIN, enrol, principal
from tests.benchmarks.interleaved import Series, interleave

CLIENTS = 64
KEY = bytes(32)
ADA = principal("ada")


class BareCommits:
    """One connection with the appliance's key and settings, BEGIN to COMMIT for every write."""

    def __init__(self, connection: Any) -> None:
        self.connection = connection

    @classmethod
    async def open(cls, path: Path) -> BareCommits:
        await (await Database.open(path, KEY, readers=1)).close()
        connection = dbapi2.connect(str(path), isolation_level=None)
        connection.row_factory = Row
        for pragma in (
            f"key = \"x'{KEY.hex()}'\"",
            "temp_store = MEMORY",
            "journal_mode = WAL",
            "synchronous = FULL",
            "foreign_keys = ON",
        ):
            connection.execute(f"PRAGMA {pragma}").fetchall()
        return cls(connection)

    def write(self, title: str) -> None:
        self.connection.execute("BEGIN IMMEDIATE")
        insert_conversation(self.connection, ADA, ORIGIN, conversation(title))
        self.connection.execute("COMMIT")


def conversation(title: str) -> Conversation:
    return new_conversation(ADA.user.id, title, utc_now())


async def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--writes", type=int, default=200)
    parser.add_argument("--repeats", type=int, default=7)
    parser.add_argument("--directory", type=Path)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=options.directory) as folder:
        database = await Database.open(Path(folder) / "ours.db", KEY)
        await enrol(database, ADA)
        conversations = Conversations(database, AnswerStreams())
        bare = await BareCommits.open(Path(folder) / "bare.db")
        _copy_people(bare.connection)

        async def latency_ours() -> float:
            times: list[float] = []
            for _ in range(options.writes):
                started = perf_counter()
                await conversations.create(ADA, ORIGIN, title=str(uuid.uuid4()))
                times.append(perf_counter() - started)
            return statistics.median(times) * 1000

        async def latency_bare() -> float:
            times: list[float] = []
            for _ in range(options.writes):
                started = perf_counter()
                bare.write(str(uuid.uuid4()))
                times.append(perf_counter() - started)
            return statistics.median(times) * 1000

        async def rate_ours() -> float:
            async def client() -> None:
                for _ in range(options.writes // 8):
                    await conversations.create(ADA, ORIGIN, title=str(uuid.uuid4()))

            started = perf_counter()
            await asyncio.gather(*(client() for _ in range(CLIENTS)))
            return float(CLIENTS * (options.writes // 8) / (perf_counter() - started))

        async def rate_bare() -> float:
            started = perf_counter()
            for _ in range(options.writes):
                bare.write(str(uuid.uuid4()))
            return float(options.writes / (perf_counter() - started))

        latency = await interleave(latency_ours, latency_bare, options.repeats)
        rate = await interleave(rate_ours, rate_bare, options.repeats)
        fsync_ms = _fsync_ms(Path(folder) / "raw", options.writes)
        bare.connection.close()
        await database.close()
    print(f"an fsync of 4 KiB takes {fsync_ms:.2f} ms here: row 5 grows with it")
    print(f"{'row':<42}{'ours':>9}{'bare':>9}{'ratio':>8}  reach")
    _show("4  audited write p50, one client (ms)", latency, "<= 1.3")
    _show(f"5  audited writes/s, {CLIENTS} clients", rate, ">= 8")


def _show(name: str, measured: tuple[Series, Series], reach: str) -> None:
    ours, bare = measured
    ratio = ours.median / bare.median
    print(f"{name:<42}{ours.median:>9.2f}{bare.median:>9.2f}{ratio:>8.2f}  {reach}")
    print(f"   spread: ours {ours.spread}, bare {bare.spread}")


def _fsync_ms(path: Path, count: int) -> float:
    times: list[float] = []
    with path.open("wb", buffering=0) as file:
        for _ in range(count):
            started = perf_counter()
            file.write(bytes(4096))
            os.fsync(file.fileno())
            times.append(perf_counter() - started)
    return statistics.median(times) * 1000


def _copy_people(connection: Connection) -> None:
    connection.execute(
        """INSERT INTO users (id, email, full_name, password_hash, is_active, admin_role,
                              created_at) VALUES (?, 'a', 'a', '', 1, 'user', '')""",
        (ADA.user.id,),
    )


if __name__ == "__main__":
    asyncio.run(main())
