"""services/panel.py: the numbers are those of the database, day by day."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from appliance.domain import AdminRole, Principal, User
from appliance.services.health import Component, Health
from appliance.services.machine import Machine
from appliance.services.panel import DayCount, Models, Panel
from appliance.storage import audit, statistics, users
from appliance.storage.audit import AuditEntry
from appliance.storage.database import Connection, Database
from appliance.storage.instants import to_text
from tests.conftest import SettableClock

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)  # the settable clock's
MODELS = Models(llm=None, speech=None, embedding="toy")


def ago(**interval: float) -> datetime:
    return NOW - timedelta(**interval)


async def works() -> None:
    return


async def fails() -> None:
    raise RuntimeError


def panel(database: Database, clock: SettableClock, tmp_path: Path, *, well: bool = True) -> Panel:
    health = Health([Component("part", None, works if well else fails)])
    return Panel(database, health, Machine(tmp_path), lambda: MODELS, clock=clock)


def message(tx: Connection, conversation_id: str, at: datetime, **more: Any) -> str:
    row = {
        "id": str(uuid.uuid4()), "conversation_id": conversation_id, "branch_id": "main",
        "role": "user", "content": "x", "status": "complete", "created_at": to_text(at),
    } | more  # fmt: skip
    names, marks = ", ".join(row), ", ".join(f":{name}" for name in row)
    tx.execute(f"INSERT INTO messages ({names}) VALUES ({marks})", row)
    return str(row["id"])


def seed(tx: Connection) -> None:
    people = [
        User("u1", "1@x", "1", True, AdminRole.ADMIN, ago(days=400)),
        User("u2", "2@x", "2", True, AdminRole.VIEWER, ago(days=1)),
        User("u3", "3@x", "3", False, AdminRole.USER, ago(hours=1)),
    ]
    for user in people:
        users.insert(tx, user, "hash")
    for conversation_id, at in (("c1", ago(days=100)), ("c2", ago(days=2)), ("c3", ago(minutes=9))):
        tx.execute(
            """INSERT INTO conversations (id, user_id, title, created_at, updated_at)
               VALUES (?, 'u1', 't', ?, ?)""",
            (conversation_id, to_text(at), to_text(at)),
        )
    # Midnight belongs to the day that it begins.
    for at in (ago(days=100), datetime(2026, 1, 1, 23, 59, 59, 999999, UTC),
               datetime(2026, 1, 2, tzinfo=UTC), ago(seconds=1)):  # fmt: skip
        message(tx, "c1", at)
    for place, (name, status) in enumerate(
        (("a", "indexed"), ("b", "indexed"), ("c", "failed"), ("d", "uploaded"))
    ):
        tx.execute("INSERT INTO files VALUES (?, 1, x'00', '')", (name,))
        tx.execute(
            """INSERT INTO documents (id, title, filename, file_type, size, sha256, status,
                                      chunks_indexed, upload_date)
               VALUES (?, 't', 'f', 'txt', 1, ?, ?, ?, '')""",
            (name, name, status, 10 * place),
        )


def act(tx: Connection, user_id: str, at: datetime, *, success: bool = True) -> None:
    user = User(user_id, "x", "x", True, AdminRole.USER, at)
    audit.append(tx, AuditEntry(at, "thing.do", success, Principal(user, "session")))


async def test_the_summary_counts_what_is_there(
    database: Database, clock: SettableClock, tmp_path: Path
) -> None:
    await database.write(seed)
    found = await panel(database, clock, tmp_path).summary()
    assert found.users == statistics.UserCounts(total=3, active=2, admins=1)
    assert (found.conversations.total, found.conversations.today) == (3, 1)
    assert (found.messages.total, found.messages.today) == (4, 2)
    assert found.documents == statistics.DocumentCounts(total=4, indexed=2, failed=1, chunks=60)
    assert (found.models, found.status) == (MODELS, "healthy")
    assert 0 <= found.uptime_s < 60


async def test_a_part_that_fails_shows(
    database: Database, clock: SettableClock, tmp_path: Path
) -> None:
    assert (await panel(database, clock, tmp_path, well=False).summary()).status == "degraded"


async def test_every_day_is_there_and_has_its_own(
    database: Database, clock: SettableClock, tmp_path: Path
) -> None:
    await database.write(seed)

    def acts(tx: Connection) -> None:
        act(tx, "u1", ago(days=2))
        act(tx, "u1", ago(days=2))
        act(tx, "u2", ago(days=2))
        act(tx, "u3", ago(days=1), success=False)  # somebody else tries the door
        act(tx, "gone", ago(minutes=1))

    await database.write(acts)
    found = await panel(database, clock, tmp_path).metrics(3)
    days = [NOW.date() - timedelta(days=number) for number in (2, 1, 0)]

    def counted(*counts: int) -> list[DayCount]:
        return [DayCount(day, count) for day, count in zip(days, counts, strict=True)]

    assert found.registrations == counted(0, 1, 1)
    assert found.conversations == counted(1, 0, 1)
    assert found.messages == counted(0, 1, 2)
    assert found.active_users == counted(2, 0, 1)
    assert found.at == NOW


@pytest.mark.parametrize("days", [1, 90])
async def test_nothing_is_zero_and_unknown_is_none(
    database: Database, clock: SettableClock, tmp_path: Path, days: int
) -> None:
    found = await panel(database, clock, tmp_path).metrics(days)
    for series in (found.registrations, found.active_users, found.conversations, found.messages):
        assert [each.count for each in series] == [0] * days
    assert found.answers == statistics.AnswerFigures(None, None, None, None, None)
    assert found.users == statistics.UserCounts(0, 0, 0)


async def test_figures_on_answers(database: Database, clock: SettableClock, tmp_path: Path) -> None:
    await database.write(seed)

    def answers(tx: Connection) -> None:
        whole = {"role": "assistant", "model": "m", "tokens": 50, "duration_ms": 2000}
        ids = [
            message(tx, "c2", ago(hours=1), first_token_ms=100 * number, **whole)
            for number in range(1, 21)
        ]
        refused = {"role": "assistant", "model": "refusal", "duration_ms": 10, "first_token_ms": 9}
        for _ in range(5):
            message(tx, "c2", ago(hours=1), **refused)
        # None of these counts: too old, cut short, never measured.
        message(tx, "c2", ago(days=50), first_token_ms=9000, **whole)
        message(tx, "c2", ago(hours=1), **(whole | {"status": "interrupted"}), first_token_ms=9000)
        message(tx, "c2", ago(hours=1), role="assistant", model="m")
        for message_id, rating in zip(ids, ("up", "up", "up", "down"), strict=False):
            tx.execute(
                "INSERT INTO message_feedback VALUES (?, ?, NULL, ?)",
                (message_id, rating, to_text(ago(minutes=1))),
            )

    await database.write(answers)
    found = (await panel(database, clock, tmp_path).metrics(7)).answers
    # 25 waits: 9 ms five times, then 100 to 2000 ms.
    assert (found.p50_first_token_ms, found.p95_first_token_ms) == (800, 1900)
    assert found.tokens_per_second == pytest.approx(25.0)
    assert found.no_evidence_rate == pytest.approx(5 / 26)
    assert found.helpful_rate == pytest.approx(0.75)


async def test_the_machine_is_this_one(
    database: Database, clock: SettableClock, tmp_path: Path
) -> None:
    machine = (await panel(database, clock, tmp_path).metrics(1)).machine
    assert 0 <= machine.cpu_percent <= 100
    assert 0 < machine.memory.process < machine.memory.total
    assert 0 < machine.memory.used <= machine.memory.total
    assert machine.disk.used + machine.disk.free <= machine.disk.total
    assert 0 <= machine.disk.percent <= 100


async def test_counting_reads_indexes_only(database: Database) -> None:
    """With a million messages, reading their rows would take seconds."""

    def plans(tx: Connection) -> list[str]:
        queries: list[tuple[str, Any]] = []

        class Watched:
            def execute(self, query: str, values: Any = ()) -> Any:
                queries.append((query, values))
                return tx.execute(query, values)

        watched: Any = Watched()
        for table in ("users", "conversations", "messages"):
            statistics.since(watched, table, NOW)
            statistics.daily(watched, table, [NOW.date()])
        act(tx, "u1", NOW)
        statistics.daily_active_users(watched, [NOW.date()])
        statistics.answer_figures(watched, NOW)
        return [
            row["detail"]
            for query, values in queries
            for row in tx.execute(f"EXPLAIN QUERY PLAN {query}", values)
            if "message_feedback" not in query
        ]

    found = await database.write(plans)
    reads = [plan for plan in found if plan.startswith(("SCAN", "SEARCH"))]
    assert len(reads) > 8
    for plan in reads:
        assert "COVERING INDEX" in plan or plan == "SCAN found", plan
