"""F1, F2: whoever reads a conversation leaves a row, and without the row there is no reading."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from appliance.services.conversations import Changes
from appliance.storage import conversations, messages
from appliance.storage.conversations import Filter, Position
from appliance.storage.database import Connection, Database
from tests.answering_parts import ORIGIN, World, build_world, enrol, principal, rows
from tests.conftest import SettableClock

ADA, BEN = principal("ada"), principal("ben")


@pytest.fixture
async def world(database: Database, tmp_path: Path, clock: SettableClock) -> AsyncIterator[World]:
    await enrol(database, ADA, BEN)
    built, cache = await build_world(database, tmp_path / "cache", clock=clock)
    yield built
    await built.answering.drain(0)
    await cache.close()


async def asked(world: World) -> tuple[str, str]:
    """The ids of a conversation and of the answer in it; both say the canary."""
    world.engine.enqueue(["Canary answer."])
    stream = await world.answering.reply(ADA, ORIGIN, "Canary question?", client_message_id="c1")
    await stream.wait()
    return stream.conversation_id, stream.message_id


Reading = Callable[[World, str, str], Awaitable[Any]]

# What is read -> the action, whether its row names the conversation, its details.
READINGS: dict[str, tuple[Reading, str, str, str]] = {
    "list": (
        lambda world, c, m: world.reads.find(ADA, ORIGIN),
        "conversation.list", "nothing", '{"count":1}',
    ),
    "filtered list": (
        lambda world, c, m: world.reads.find(ADA, ORIGIN, search="canary"),
        "conversation.list", "nothing", '{"count":1}',
    ),
    "conversation": (
        lambda world, c, m: world.reads.get(ADA, ORIGIN, c),
        "conversation.read", "conversation", "{}",
    ),
    "branches": (
        lambda world, c, m: world.reads.list_branches(ADA, ORIGIN, c),
        "branch.list", "conversation", '{"count":1}',
    ),
    "messages": (
        lambda world, c, m: world.reads.messages(ADA, ORIGIN, c, page_size=1),
        "message.list", "conversation", '{"count":1}',
    ),
    "search": (
        lambda world, c, m: world.search.find(ADA, ORIGIN, "canary"),
        "conversation.search", "nothing", '{"count":3}',
    ),
    "resumed answer": (
        lambda world, c, m: world.answering.resume(ADA, ORIGIN, m),
        "message.read", "message", "{}",
    ),
    "repeated question": (
        lambda world, c, m: world.answering.reply(
            ADA, ORIGIN, "Canary question?", client_message_id="c1"
        ),
        "message.read", "question", "{}",
    ),
    "folders": (
        lambda world, c, m: world.folders.tree(ADA, ORIGIN),
        "folder.list", "nothing", '{"count":0}',
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", READINGS)
async def test_f1_a_reading_leaves_one_row_without_words(name: str, world: World) -> None:
    reading, action, about, details = READINGS[name]
    conversation_id, message_id = await asked(world)
    before = await rows(world.database, "SELECT max(seq) AS seq FROM audit_log")
    await reading(world, conversation_id, message_id)
    (row,) = await rows(world.database, "SELECT * FROM audit_log WHERE seq > ?", before[0]["seq"])
    (answer,) = await rows(world.database, "SELECT * FROM messages WHERE id = ?", message_id)
    named = {
        "nothing": None,
        "conversation": conversation_id,
        "message": message_id,
        "question": answer["parent_message_id"],
    }[about]
    assert (row["action"], row["resource_id"], row["details"]) == (action, named, details)
    assert (row["user_id"], row["session_id"]) == (ADA.user.id, ADA.session_id)
    assert (row["ip"], row["request_id"], row["success"]) == (ORIGIN.ip, ORIGIN.request_id, 1)
    assert "anary" not in str(row)


@pytest.mark.parametrize("name", READINGS)
@pytest.mark.parametrize("ended_long_ago", [True, False])
async def test_f2_a_reading_that_cannot_be_recorded_is_denied(
    name: str, ended_long_ago: bool, world: World
) -> None:
    reading = READINGS[name][0]
    ids = await asked(world)
    if ended_long_ago:
        world.streams._retained.clear()

    def refuse(tx: Connection) -> None:
        tx.execute(
            """CREATE TRIGGER no_audit BEFORE INSERT ON audit_log
               BEGIN SELECT RAISE(ABORT, 'no room in the audit trail'); END"""
        )

    await world.database.write(refuse)
    with pytest.raises(Exception, match="no room in the audit trail") as caught:
        await reading(world, *ids)
    assert "anary" not in str(caught.value)
    await world.database.write(lambda tx: tx.execute("DROP TRIGGER no_audit").rowcount)
    await reading(world, *ids)


async def test_what_cannot_be_read_leaves_no_row(world: World) -> None:
    conversation_id, message_id = await asked(world)
    before = await rows(world.database, "SELECT count(*) AS n FROM audit_log")
    for reading in (
        world.reads.get(BEN, ORIGIN, conversation_id),
        world.reads.messages(BEN, ORIGIN, conversation_id),
        world.reads.messages(ADA, ORIGIN, conversation_id, branch_id=message_id),
        world.reads.messages(ADA, ORIGIN, conversation_id, cursor=conversation_id),
        world.reads.list_branches(BEN, ORIGIN, conversation_id),
        world.answering.resume(BEN, ORIGIN, message_id),
    ):
        with pytest.raises(Exception, match=r"no such|cursor"):
            await reading
    assert await rows(world.database, "SELECT count(*) AS n FROM audit_log") == before


async def test_a_list_that_shrinks_while_it_is_read(world: World) -> None:
    """What was found and is deleted before it is read is not shown."""
    kept, gone = [await world.conversations.create(ADA, ORIGIN) for _ in range(2)]

    def read(tx: Connection) -> list[str]:
        ids = [gone.id, kept.id, BEN.user.id]
        return [each.id for each in conversations.by_ids(tx, ADA.user.id, ids)]

    assert await world.database.read(read) == [gone.id, kept.id]
    await world.conversations.delete(ADA, ORIGIN, gone.id)
    assert await world.database.read(read) == [kept.id]


async def test_far_pages_by_number_are_right(world: World, clock: SettableClock) -> None:
    made = []
    for number in range(45):
        clock.advance(seconds=number % 2)
        made.append((await world.conversations.create(ADA, ORIGIN)).id)
    whole = [each.id for each in (await world.reads.find(ADA, ORIGIN, page_size=100)).items]
    assert sorted(whole) == sorted(made)
    for page in (1, 7, 15, 16, 1_000_000):
        found = await world.reads.find(ADA, ORIGIN, page=page, page_size=3)
        assert [each.id for each in found.items] == whole[(page - 1) * 3 : page * 3]
        assert found.total == 45 and (found.next_cursor is None) == (page >= 15)


@pytest.mark.parametrize(
    "wanted", [Filter(), Filter(archived=False), Filter(folder_id="f"), Filter(True, "f")], ids=str
)
async def test_places_are_found_in_an_index_alone(wanted: Filter, world: World) -> None:
    def plans(tx: Connection) -> list[str]:
        seen: list[str] = []
        tx.set_trace_callback(seen.append)
        conversations.positions(tx, "u", wanted, offset=40, limit=20)
        conversations.positions_after(tx, "u", wanted, Position("2026", "id"), limit=20)
        tx.set_trace_callback(None)
        return [
            " ".join(row["detail"] for row in tx.execute("EXPLAIN QUERY PLAN " + statement))
            for statement in seen
            if re.match(r"\s*SELECT updated_at", statement)
        ]

    found = await world.database.read(plans)
    assert len(found) == 2
    for plan in found:
        index = "conversations_folder" if wanted.folder_id else "conversations_recent"
        assert f"USING COVERING INDEX {index}" in plan and "TEMP B-TREE" not in plan


async def test_a_check_of_whose_it_is_leaves_no_row(world: World) -> None:
    made = await world.conversations.create(ADA, ORIGIN)
    await world.conversations.update(ADA, ORIGIN, made.id, Changes(title="x"))
    before = await rows(world.database, "SELECT count(*) AS n FROM audit_log")
    await world.conversations.get(ADA, made.id)
    assert await rows(world.database, "SELECT count(*) AS n FROM audit_log") == before


async def test_what_was_found_is_read_by_its_id(world: World) -> None:
    """Not by way of all that the user has."""

    def plans(tx: Connection) -> list[str]:
        seen: list[str] = []
        tx.set_trace_callback(seen.append)
        conversations.by_ids(tx, "u", [str(n) for n in range(40)])
        messages.by_seqs(tx, "u", range(40))
        tx.set_trace_callback(None)
        return [
            " ".join(row["detail"] for row in tx.execute("EXPLAIN QUERY PLAN " + statement))
            for statement in seen
            if statement.startswith("SELECT")
        ]

    of_conversations, of_messages = await world.database.read(plans)
    assert "sqlite_autoindex_conversations_1 (id=?)" in of_conversations
    assert "messages USING INTEGER PRIMARY KEY (rowid=?)" in of_messages
