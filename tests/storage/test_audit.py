"""storage/audit.py: one chain, no gaps, no rows without their act."""

from __future__ import annotations

import asyncio
import hashlib
import json
from typing import Any

import pytest

from appliance.domain import AdminRole, Principal, RequestOrigin, User
from appliance.errors import Conflict
from appliance.storage import audit
from appliance.storage.audit import GENESIS, AuditEntry
from appliance.storage.database import Connection, Database
from tests.conftest import SettableClock

ORIGIN = RequestOrigin("request-1", "10.0.0.9", "Firefox")


def rows(tx: Connection) -> list[dict[str, Any]]:
    return [dict(row) for row in tx.execute("SELECT * FROM audit_log ORDER BY seq")]


def first_break(trail: list[dict[str, Any]]) -> int | None:
    """The place of the first row that does not follow from the one before."""
    previous = GENESIS
    for place, row in enumerate(trail):
        content = {name: value for name, value in row.items() if name != "hash"}
        canonical = json.dumps(content, sort_keys=True, separators=(",", ":"))
        expected = hashlib.sha256((previous + canonical).encode()).hexdigest()
        if row["seq"] != place + 1 or expected != row["hash"]:
            return place
        previous = row["hash"]
    return None


async def write_trail(database: Database, clock: SettableClock, length: int) -> None:
    def work(tx: Connection) -> None:
        for number in range(length):
            audit.append(
                tx, AuditEntry(clock(), "thing.do", True, details={"number": number, "of": "ü"})
            )

    await database.write(work)


async def test_a_row_says_who_what_when_and_from_where(
    database: Database, clock: SettableClock
) -> None:
    user = User("user-1", "ada@ward.local", "Ada", True, AdminRole.VIEWER, clock())
    entry = AuditEntry(
        at=clock(),
        action="document.read",
        success=True,
        actor=Principal(user, "session-1"),
        user_id="somebody else",
        origin=ORIGIN,
        resource_type="document",
        resource_id="document-1",
        details={"b": 1, "a": None},
    )
    await database.write(lambda tx: audit.append(tx, entry))
    (row,) = await database.read(rows)
    row.pop("hash")
    assert row == {
        "seq": 1,
        "timestamp": "2026-01-02T03:04:05.000000Z",
        "action": "document.read",
        "user_id": "user-1",
        "role": "viewer",
        "session_id": "session-1",
        "ip": "10.0.0.9",
        "request_id": "request-1",
        "resource_type": "document",
        "resource_id": "document-1",
        "success": 1,
        "details": '{"a":null,"b":1}',
    }
    assert "ada@ward.local" not in json.dumps(row)


async def test_the_chain_holds(database: Database, clock: SettableClock) -> None:
    await write_trail(database, clock, 20)
    trail = await database.read(rows)
    assert len(trail) == 20
    assert first_break(trail) is None


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("timestamp", "2026-01-02T03:04:05.000001Z"),
        ("action", "thing.undo"),
        ("user_id", "me"),
        ("role", "admin"),
        ("session_id", "s"),
        ("ip", "10.0.0.1"),
        ("request_id", "r"),
        ("resource_type", "document"),
        ("resource_id", "d"),
        ("success", 0),
        ("details", "{}"),
        ("hash", "0" * 64),
    ],
)
async def test_a_changed_field_breaks_the_chain_at_its_row(
    database: Database, clock: SettableClock, name: str, value: object
) -> None:
    await write_trail(database, clock, 6)
    trail = await database.read(rows)
    trail[3][name] = value
    assert first_break(trail) == 3


async def test_deletion_and_reordering_break_the_chain(
    database: Database, clock: SettableClock
) -> None:
    await write_trail(database, clock, 6)
    trail = await database.read(rows)
    assert first_break(trail[:2] + trail[3:]) == 2
    assert first_break([trail[0], trail[2], trail[1], *trail[3:]]) == 1
    assert first_break(trail[1:]) == 0


async def test_concurrent_writers_make_one_chain(database: Database, clock: SettableClock) -> None:
    entry = AuditEntry(clock(), "thing.do", True)
    await asyncio.gather(*(database.write(lambda tx: audit.append(tx, entry)) for _ in range(100)))
    trail = await database.read(rows)
    assert [row["seq"] for row in trail] == list(range(1, 101))
    assert first_break(trail) is None


async def test_no_row_without_its_act(database: Database, clock: SettableClock) -> None:
    def fails(tx: Connection) -> None:
        audit.append(tx, AuditEntry(clock(), "thing.do", True))
        raise Conflict("no")

    outcomes = await asyncio.gather(
        write_trail(database, clock, 2),
        database.write(fails),
        write_trail(database, clock, 2),
        return_exceptions=True,
    )
    assert isinstance(outcomes[1], Conflict)
    trail = await database.read(rows)
    assert len(trail) == 4
    assert first_break(trail) is None
