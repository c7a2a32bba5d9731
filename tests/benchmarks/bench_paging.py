"""Keyset paging: a page deep in a list over its first page; and what searching costs there.

    python -m tests.benchmarks.bench_paging [--messages 1000000] [--conversations 100000]

One user owns all conversations but a thousandth, which are another's. A fifth of the messages
stand in one conversation, whose pages are timed. Deep means nine tenths of the way through, by
cursor. Everything is measured through the services, audit rows included.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import random
import statistics
import tempfile
import uuid
from collections.abc import Awaitable, Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import perf_counter
from typing import Any

from appliance.domain import Principal
from appliance.services import cursors
from appliance.services.conversation_reads import ConversationReads
from appliance.services.conversation_search import ConversationSearch
from appliance.storage.database import Connection, Database
from appliance.storage.instants import to_text
from tests.answering_parts import ORIGIN, enrol, principal
from tests.benchmarks.interleaved import Measure, Series, interleave

KEY = bytes(32)
ADA, BEN = principal("ada"), principal("ben")
BEGINNING = datetime(2026, 1, 1, tzinfo=UTC)
TEXTS = 10_000  # different ones; words as frequent as in a language (Zipf)
WORDS_PER_TEXT = 16
BENS = 1000  # one conversation in so many
SEARCHES = 40

Once = Callable[[], Awaitable[Any]]


class Seed:
    """What the file is filled with. The last conversation is the long one."""

    def __init__(self, conversations: int, messages: int) -> None:
        chance = random.Random(5)
        letters = "abcdefghijklmnopqrstuvwxyz"
        self.words = [
            "".join(chance.choices(letters, k=chance.randint(3, 10))) for _ in range(20_000)
        ]
        weights = list(itertools.accumulate(1 / (n + 1) for n in range(len(self.words))))
        self.texts = [
            " ".join(chance.choices(self.words, cum_weights=weights, k=WORDS_PER_TEXT))
            for _ in range(TEXTS)
        ]
        self.ids = [str(uuid.UUID(int=chance.getrandbits(128))) for _ in range(conversations)]
        self.messages = messages
        self.long = messages // 5

    def conversations(self) -> Iterator[tuple[Any, ...]]:
        each = (self.messages - self.long) // (len(self.ids) - 1)
        for number, conversation_id in enumerate(self.ids):
            owner = BEN if number % BENS == BENS // 2 else ADA
            text = self.texts[number % TEXTS]
            at = to_text(BEGINNING + timedelta(seconds=number))
            yield conversation_id, owner.user.id, text[:60], each, text[:120], at, at

    def rows(self) -> Iterator[tuple[Any, ...]]:
        for number in range(self.messages):
            last = number >= self.messages - self.long
            place = -1 if last else number * (len(self.ids) - 1) // (self.messages - self.long)
            at = to_text(BEGINNING + timedelta(seconds=number))
            yield message_id(number), self.ids[place], self.texts[number % TEXTS], at


def message_id(number: int) -> str:
    return str(uuid.UUID(int=number + 1))


def place_of(number: int) -> str:
    """The cursor of a page that ended with this message; their seq begins at 1."""
    return cursors.encode("message", str(number + 1))


def fill(tx: Connection, seed: Seed) -> None:
    """What triggers keep one message at a time is here written in one go at the end."""
    triggers = tx.execute(
        "SELECT name, sql FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'messages'"
    ).fetchall()
    for trigger in triggers:
        tx.execute(f"DROP TRIGGER {trigger['name']}")
    tx.executemany(
        """INSERT INTO conversations (id, user_id, title, message_count, last_message_preview,
                                      created_at, updated_at) VALUES (?, ?, ?, ?, ?, ?, ?)""",
        seed.conversations(),
    )
    tx.executemany(
        """INSERT INTO messages (id, conversation_id, branch_id, role, content, status, created_at)
           VALUES (?, ?, 'main', 'user', ?, 'complete', ?)""",
        seed.rows(),
    )
    tx.execute(
        """INSERT INTO messages_fts (rowid, owner, content)
           SELECT m.seq, replace(c.user_id, '-', ''), m.content
           FROM messages AS m JOIN conversations AS c ON c.id = m.conversation_id"""
    )
    tx.execute(
        """INSERT INTO branch_counts
           SELECT conversation_id, branch_id, count(*) FROM messages GROUP BY 1, 2"""
    )
    for trigger in triggers:
        tx.execute(trigger["sql"])


async def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--messages", type=int, default=1_000_000)
    parser.add_argument("--conversations", type=int, default=100_000)
    parser.add_argument("--repeats", type=int, default=300)
    parser.add_argument("--directory", type=Path)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=options.directory) as folder:
        database = await Database.open(Path(folder) / "paging.db", KEY)
        await enrol(database, ADA, BEN)
        try:
            seed = Seed(options.conversations, options.messages)
            started = perf_counter()
            await database.write(lambda tx: fill(tx, seed))
            size = (Path(folder) / "paging.db").stat().st_size
            print(
                f"{options.messages:,} messages in {options.conversations:,} conversations: "
                f"{size >> 20} MiB, seeded in {perf_counter() - started:.0f} s"
            )
            await measure(database, seed, options.repeats)
        finally:
            await database.close()  # its threads would outlive a failure


async def measure(database: Database, seed: Seed, repeats: int) -> None:
    reads, search = ConversationReads(database), ConversationSearch(database)
    long = seed.ids[-1]
    # The list runs from the newest conversation, the messages from the oldest one.
    number = len(seed.ids) // 10
    deep_list = cursors.encode(to_text(BEGINNING + timedelta(seconds=number)), seed.ids[number])
    deep_message = place_of(seed.messages - seed.long // 10)
    near = cursors.encode(to_text(BEGINNING + timedelta(seconds=len(seed.ids))), seed.ids[0])
    first_message = place_of(seed.messages - seed.long)

    print(f"{'row':<46}{'deep':>9}{'first':>9}{'ratio':>8}  reach")
    for name, deep, first in (
        (
            "conversations, both by cursor (ms)",
            lambda: reads.find(ADA, ORIGIN, cursor=deep_list),
            lambda: reads.find(ADA, ORIGIN, cursor=near),
        ),
        (
            "conversations, the first without one (ms)",
            lambda: reads.find(ADA, ORIGIN, cursor=deep_list),
            lambda: reads.find(ADA, ORIGIN),
        ),
        (
            "messages, both by cursor (ms)",
            lambda: reads.messages(ADA, ORIGIN, long, cursor=deep_message),
            lambda: reads.messages(ADA, ORIGIN, long, cursor=first_message),
        ),
        (
            "messages, the first without one (ms)",
            lambda: reads.messages(ADA, ORIGIN, long, cursor=deep_message),
            lambda: reads.messages(ADA, ORIGIN, long),
        ),
    ):
        show(name, await interleave(timed(deep), timed(first), repeats))
    texts = [" ".join(seed.texts[n].split()[:2]) for n in range(0, TEXTS, TEXTS // SEARCHES)]
    for who, owns in ((ADA, "nearly all"), (BEN, "a thousandth")):
        times = await each_search(search, who, texts)
        print(f"search p50, a user of {owns}: {times:.2f} ms")


async def each_search(search: ConversationSearch, who: Principal, texts: list[str]) -> float:
    times: list[float] = []
    for text in texts:
        started = perf_counter()
        await search.find(who, ORIGIN, text)
        times.append((perf_counter() - started) * 1000)
    return statistics.median(times)


def timed(once: Once) -> Measure:
    """One page at a time, so that a slow disk or neighbour meets both sides alike."""

    async def measure() -> float:
        started = perf_counter()
        await once()
        return (perf_counter() - started) * 1000

    return measure


def show(name: str, measured: tuple[Series, Series]) -> None:
    deep, first = measured
    ratio = deep.median / first.median
    print(f"{name:<46}{deep.median:>9.2f}{first.median:>9.2f}{ratio:>8.2f}  <= 1.2")
    print(f"   spread: deep {deep.spread}, first {first.spread}")


if __name__ == "__main__":
    asyncio.run(main())
