"""services/audit.py: when the head of the chain is signed, and that nothing stands in the way."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from appliance.container import Container
from appliance.domain import AdminRole, Principal, RequestOrigin, User
from appliance.services.audit import AuditFilter, AuditTrail
from appliance.services.audit_formats import ExportFormat
from appliance.services.audit_signing import AuditSigner, checkpoint_statement, is_signed
from appliance.services.audit_verification import verify
from appliance.settings import Settings
from appliance.storage import audit, audit_rows
from appliance.storage.audit import AuditEntry
from appliance.storage.database import Connection, Database
from tests.answering_parts import rows
from tests.conftest import SettableClock
from tests.fake_embedder import FakeEmbedder
from tests.fake_engine import FakeEngine

SEED = bytes(range(32))
ORIGIN = RequestOrigin("request-1", "10.0.0.9")
CHECKPOINTS = "SELECT * FROM audit_checkpoints ORDER BY seq"
TRAIL = "SELECT seq, action, hash FROM audit_log ORDER BY seq"


def admin(clock: SettableClock) -> Principal:
    return Principal(User("admin-1", "a@b.c", "A", True, AdminRole.ADMIN, clock()), "session-1")


async def append(database: Database, clock: SettableClock, number: int = 1) -> None:
    def work(tx: Connection) -> None:
        for _ in range(number):
            audit.append(tx, AuditEntry(clock(), "thing.do", True))

    await database.write(work)


async def signed(database: Database) -> list[int]:
    """The numbers of the rows with a checkpoint; each of which must fit its row."""
    hashes = {row["seq"]: row["hash"] for row in await rows(database, TRAIL)}
    key = AuditSigner(SEED).public_key
    found = await rows(database, CHECKPOINTS)
    for row in found:
        assert row["hash"] == hashes[row["seq"]]
        statement = checkpoint_statement(row["seq"], row["hash"], row["signed_at"])
        assert is_signed(key, statement, row["signature"])
    return [row["seq"] for row in found]


@asynccontextmanager
async def opened(database: Database, clock: SettableClock, **limits: Any) -> AsyncIterator[None]:
    trail = AuditTrail(database, AuditSigner(SEED), clock=clock, **limits)
    await trail.open()
    try:
        yield
    finally:
        await trail.close()


async def until(database: Database, wanted: Callable[[list[int]], bool]) -> list[int]:
    for _ in range(400):
        if wanted(found := await signed(database)):
            return found
        await asyncio.sleep(0.01)
    raise AssertionError("it was not signed in time")


async def test_start_and_stop_are_on_record_and_signed(
    database: Database, clock: SettableClock
) -> None:
    async with opened(database, clock):
        await append(database, clock, 3)
        assert await signed(database) == [1]
    assert await signed(database) == [1, 5]
    assert [row["action"] for row in await rows(database, TRAIL)] == [
        "appliance.start", "thing.do", "thing.do", "thing.do", "appliance.stop",
    ]  # fmt: skip


async def test_so_many_rows_are_signed_at_once(database: Database, clock: SettableClock) -> None:
    async with opened(database, clock, checkpoint_rows=10, checkpoint_s=600, look_s=600):
        await append(database, clock, 5)
        await asyncio.sleep(0.05)
        assert await signed(database) == [1]
        for _ in range(10):
            await append(database, clock)
        await until(database, lambda seqs: seqs[-1] > 10)


async def test_rows_in_one_write_are_counted_as_rows(
    database: Database, clock: SettableClock
) -> None:
    async with opened(database, clock, checkpoint_rows=10, checkpoint_s=600, look_s=0.02):
        await append(database, clock, 30)
        assert await until(database, lambda seqs: len(seqs) > 1) == [1, 31]


async def test_a_single_row_is_signed_in_time(database: Database, clock: SettableClock) -> None:
    async with opened(database, clock, checkpoint_s=0.1, look_s=0.02):
        await append(database, clock)
        assert await until(database, lambda seqs: len(seqs) > 1) == [1, 2]
        await append(database, clock)
        assert await until(database, lambda seqs: len(seqs) > 2) == [1, 2, 3]


async def test_nothing_happens_while_nothing_happens(
    database: Database, clock: SettableClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with opened(database, clock, checkpoint_s=0.05, look_s=0.01):
        # Writes without a row of the trail leave nothing to sign.
        await database.write(lambda tx: tx.execute("DELETE FROM sessions").rowcount)
        await asyncio.sleep(0.1)
        reads: list[object] = []
        read = database.read

        async def counted(work: Any) -> Any:
            reads.append(work)
            return await read(work)

        monkeypatch.setattr(database, "read", counted)
        await asyncio.sleep(0.2)
        assert reads == []
        monkeypatch.undo()
    assert await signed(database) == [1, 2]


async def test_a_failure_to_sign_is_made_up_for(
    database: Database, clock: SettableClock, monkeypatch: pytest.MonkeyPatch, caplog: Any
) -> None:
    failures = iter([RuntimeError("Mrs Smith"), RuntimeError("Mrs Smith")])
    sign = AuditSigner.sign

    def flaky(self: AuditSigner, statement: Any) -> str:
        if (error := next(failures, None)) is not None:
            raise error
        return sign(self, statement)

    async with opened(database, clock, checkpoint_s=0.03, look_s=0.01):
        monkeypatch.setattr(AuditSigner, "sign", flaky)
        await append(database, clock)
        await until(database, lambda seqs: seqs == [1, 2])
    assert "could not be signed" in caplog.text
    assert "Smith" not in caplog.text


async def test_the_chain_holds_under_concurrent_acts_and_signatures(
    database: Database, clock: SettableClock, tmp_path: Path
) -> None:
    trail = AuditTrail(database, AuditSigner(SEED), clock=clock, checkpoint_rows=20, look_s=0.01)
    await trail.open()
    who = admin(clock)

    async def act(number: int) -> None:
        match number % 4:
            case 0:
                await append(database, clock, number % 3)
            case 1:
                await trail.checkpoint()
            case 2:
                await trail.page(AuditFilter(), page=1, limit=10, actor=who, origin=ORIGIN)
            case _:
                await trail.denied(who, ORIGIN, method="GET", route="/x")

    await asyncio.gather(*(act(number) for number in range(200)))
    pieces = await trail.export(AuditFilter(), ExportFormat.CSV, actor=who, origin=ORIGIN)
    path = tmp_path / "trail.csv"
    content = b"".join([piece async for piece in pieces])
    await trail.close()
    await asyncio.to_thread(path.write_bytes, content)
    report = verify(path)
    assert (report.finding, report.first) == (None, 1)
    assert report.rows > 150
    assert len(await signed(database)) > 3


async def test_an_export_of_many_rows_is_read_in_batches(
    database: Database, clock: SettableClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither the memory nor a snapshot grows with the length of the trail."""
    await append(database, clock, 3000)
    sizes: list[int] = []
    batch = audit_rows.batch

    def counted(*arguments: Any, **named: Any) -> Any:
        found = batch(*arguments, **named)
        sizes.append(len(found))
        return found

    monkeypatch.setattr(audit_rows, "batch", counted)
    trail = AuditTrail(database, AuditSigner(SEED), clock=clock)
    for form in ExportFormat:
        sizes.clear()
        exported = await trail.export(AuditFilter(), form, actor=admin(clock), origin=ORIGIN)
        largest = max([len(piece) async for piece in exported])
        assert sum(sizes) >= 3001
        assert max(sizes) <= 500
        assert largest < 1 << 19


async def test_a_second_start_continues_the_chain(tmp_path: Path) -> None:
    def container() -> Container:
        settings = Settings(data_dir=tmp_path / "data")
        return Container(settings, embedder=FakeEmbedder(), engine=FakeEngine())

    keys = []
    for _ in range(2):
        one = container()
        await one.open()
        keys.append(one.services.audit.public_key)
        assert one.audit_key() == keys[-1]
        await one.close()
    assert keys[0] == keys[1]
    last = container()
    await last.open()
    try:
        trail = await rows(last.database, TRAIL)
        assert [row["action"] for row in trail] == [
            "appliance.start", "appliance.stop", "appliance.start", "appliance.stop",
            "appliance.start",
        ]  # fmt: skip
        assert [row["seq"] for row in await rows(last.database, CHECKPOINTS)] == [1, 2, 3, 4, 5]
        who = Principal(
            User("a", "a@b.c", "A", True, AdminRole.ADMIN, SettableClock().now), "session-1"
        )
        pieces = await last.services.audit.export(
            AuditFilter(), ExportFormat.JSON, actor=who, origin=ORIGIN
        )
        content = b"".join([piece async for piece in pieces])
    finally:
        await last.close()
    path = tmp_path / "trail.json"
    await asyncio.to_thread(path.write_bytes, content)
    assert verify(path, public_key=keys[0]).finding is None
