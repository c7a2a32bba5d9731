"""What an export reads, who may have it, and how much of it at a time."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from appliance.errors import Busy, NotFound, PayloadTooLarge, Unavailable
from appliance.services import exports as exports_module
from appliance.services.exports import ExportFormat, Exports
from appliance.storage import documents
from appliance.storage.database import Connection, Database
from tests.answering_parts import (
    DOSE,
    ORIGIN,
    World,
    build_world,
    enrol,
    passage,
    principal,
    rows,
)
from tests.conftest import SettableClock

ADA, BEN = principal("ada"), principal("ben")


@pytest.fixture
async def world(database: Database, tmp_path: Path, clock: SettableClock) -> AsyncIterator[World]:
    await enrol(database, ADA, BEN)
    built, cache = await build_world(database, tmp_path / "cache", clock=clock)
    yield built
    await built.answering.drain(0)
    await cache.close()


@pytest.fixture
async def exports(database: Database, clock: SettableClock) -> AsyncIterator[Exports]:
    made = Exports(database, clock=clock)
    yield made
    made.close()


async def forked(world: World) -> tuple[str, str]:
    """A conversation and a branch of it that leaves it at its first question."""
    world.engine.enqueue(["First answer."])
    stream = await world.answering.reply(ADA, ORIGIN, "First?")
    await stream.wait()
    branch, _ = await world.conversations.create_branch(
        ADA,
        ORIGIN,
        stream.conversation_id,
        parent_message_id=stream.user_message_id,
        initial_message="Aside",
    )
    return stream.conversation_id, branch.id


async def test_lines_for_readers_and_everything_for_machines(
    world: World, exports: Exports
) -> None:
    conversation_id, branch_id = await forked(world)
    for form, wanted, expected in (
        (ExportFormat.MD, None, ["First?", "First answer."]),
        (ExportFormat.PDF, "main", ["First?", "First answer."]),
        (ExportFormat.MD, branch_id, ["First?", "Aside"]),
        (ExportFormat.JSON, None, ["First?", "First answer.", "Aside"]),
        (ExportFormat.JSON, branch_id, ["First?", "Aside"]),
    ):
        made = await exports.transcript(ADA, ORIGIN, conversation_id, form, branch_id=wanted)
        assert [message.content for message in made.messages] == expected
        assert [branch.id for branch in made.branches] == ["main", branch_id]
    trail = await rows(
        world.database, "SELECT details FROM audit_log WHERE action = 'conversation.export'"
    )
    assert len(trail) == 5
    assert trail[0] == {"details": '{"format":"md","messages":2}'}


async def test_a_document_replaced_since_is_known(world: World, exports: Exports) -> None:
    world.engine.enqueue([f"{DOSE} [1]"])
    stream = await world.answering.reply(ADA, ORIGIN, "What is the dose?")
    await stream.wait()
    old = world.index.found[0].document
    new = replace(passage(DOSE).document, sha256="1" * 64, supersedes=old.id)

    def put(tx: Connection) -> None:
        for document in (old, new):
            tx.execute("INSERT INTO files VALUES (?, 1, x'00', '')", (document.sha256,))
            documents.insert(tx, document)
        tx.execute("UPDATE documents SET revision = 1 WHERE id = ?", (old.id,))

    async def superseded() -> frozenset[str]:
        conversation_id = stream.conversation_id
        made = await exports.transcript(ADA, ORIGIN, conversation_id, ExportFormat.JSON)
        return made.superseded

    await world.database.write(put)
    assert await superseded() == frozenset()  # its successor is not in force
    await world.database.write(lambda tx: tx.execute("UPDATE documents SET revision = 1"))
    assert await superseded() == {old.id}


async def test_a2_nothing_of_other_people(world: World, exports: Exports) -> None:
    conversation_id, branch_id = await forked(world)
    other, _ = await forked(world)
    for who, one, branch in (
        (BEN, conversation_id, None),
        (BEN, conversation_id, branch_id),
        (ADA, other, branch_id),
        (ADA, "absent", None),
    ):
        for form in ExportFormat:
            with pytest.raises(NotFound):
                await exports.transcript(who, ORIGIN, one, form, branch_id=branch)
    assert not await rows(
        world.database, "SELECT seq FROM audit_log WHERE action = 'conversation.export'"
    )


async def test_f2_what_cannot_be_audited_is_not_handed_out(world: World, exports: Exports) -> None:
    conversation_id, _ = await forked(world)
    await world.database.write(
        lambda tx: (
            tx.execute(
                """CREATE TRIGGER refuse BEFORE INSERT ON audit_log
               BEGIN SELECT RAISE(ABORT, 'no audit'); END"""
            ).rowcount
        )
    )
    with pytest.raises(Exception, match="no audit"):
        await exports.transcript(ADA, ORIGIN, conversation_id, ExportFormat.MD)


async def test_more_than_can_be_laid_out_is_refused(
    world: World, exports: Exports, monkeypatch: pytest.MonkeyPatch
) -> None:
    conversation_id, _ = await forked(world)
    monkeypatch.setattr(exports_module, "MAX_PDF_CHARACTERS", 3)
    with pytest.raises(PayloadTooLarge):
        await exports.transcript(ADA, ORIGIN, conversation_id, ExportFormat.PDF)
    await exports.transcript(ADA, ORIGIN, conversation_id, ExportFormat.MD)
    monkeypatch.setattr(exports_module, "MAX_MESSAGES", 2)
    with pytest.raises(PayloadTooLarge):
        await exports.transcript(ADA, ORIGIN, conversation_id, ExportFormat.MD)


async def test_one_at_a_time_off_the_loop_and_not_without_end(
    exports: Exports, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exports_module, "MAX_WAITING", 2)
    go = threading.Event()
    threads: list[threading.Thread] = []

    def slow() -> bytes:
        threads.append(threading.current_thread())
        go.wait(5)
        return b"done"

    async def made() -> bytes:
        async with exports.place():
            return await exports.rendered(slow)

    first, second = (asyncio.create_task(made()) for _ in range(2))
    async with asyncio.timeout(5):
        while not threads:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
    assert len(threads) == 1 and threads[0] is not threading.main_thread()
    with pytest.raises(Busy):
        await made()
    go.set()
    assert (await first, await second) == (b"done", b"done")
    assert await exports.rendered(lambda: b"again") == b"again"


async def test_leaving_and_closing_stop_the_layout(world: World, exports: Exports) -> None:
    conversation_id, _ = await forked(world)
    made = await exports.transcript(ADA, ORIGIN, conversation_id, ExportFormat.PDF)
    assert (await exports.pdf(made)).startswith(b"%PDF")
    exports.close()
    with pytest.raises((Unavailable, RuntimeError)):
        await exports.pdf(made)
