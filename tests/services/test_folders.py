"""Folders on a real database: a tree that cannot knot itself, and loses nothing."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from appliance.errors import Conflict, Invalid, NotFound
from appliance.services.folders import MAX_DEPTH, MAX_FOLDERS, FolderChanges, FolderNode
from appliance.storage import folders
from appliance.storage.database import Connection, Database
from tests.answering_parts import NOW, ORIGIN, World, build_world, enrol, principal, rows
from tests.conftest import SettableClock

ADA, BEN = principal("ada"), principal("ben")
ABSENT = "00000000-0000-4000-8000-000000000000"


@pytest.fixture
async def world(database: Database, tmp_path: Path, clock: SettableClock) -> AsyncIterator[World]:
    await enrol(database, ADA, BEN)
    built, cache = await build_world(database, tmp_path / "cache", clock=clock)
    yield built
    await built.answering.drain(0)
    await cache.close()


def drawn(nodes: list[FolderNode] | tuple[FolderNode, ...]) -> str:
    """`a1(b0 c2)`: names, how many conversations, and what lies inside."""
    return " ".join(
        node.folder.name
        + str(node.conversations)
        + (f"({drawn(node.children)})" if node.children else "")
        for node in nodes
    )


async def tree(world: World) -> str:
    return drawn(await world.folders.tree(ADA, ORIGIN))


async def make(world: World, *names: str, parent_id: str | None = None) -> list[str]:
    return [
        (await world.folders.create(ADA, ORIGIN, name=name, parent_id=parent_id)).folder.id
        for name in names
    ]


async def test_a_tree_by_name_with_what_lies_in_it(world: World) -> None:
    beta, alpha = await make(world, "beta", "Alpha")
    (inner,) = await make(world, "inner", parent_id=beta)
    for folder_id in (beta, inner, inner):
        await world.conversations.create(ADA, ORIGIN, folder_id=folder_id)
    await world.conversations.create(ADA, ORIGIN)
    assert await tree(world) == "Alpha0 beta1(inner2)"
    assert drawn([await world.folders.get(ADA, ORIGIN, beta)]) == "beta1(inner2)"
    await world.folders.update(ADA, ORIGIN, alpha, FolderChanges(name="gamma", parent_id=inner))
    assert await tree(world) == "beta1(inner2(gamma0))"
    await world.folders.update(ADA, ORIGIN, inner, FolderChanges(to_top=True))
    assert await tree(world) == "beta1 inner2(gamma0)"
    before = await rows(world.database, "SELECT * FROM audit_log WHERE action = 'folder.update'")
    await world.folders.update(ADA, ORIGIN, inner, FolderChanges(name="inner", to_top=True))
    after = await rows(world.database, "SELECT * FROM audit_log WHERE action = 'folder.update'")
    assert before == after and len(after) == 2


async def test_a_deleted_folder_loses_nothing(world: World) -> None:
    (outer,) = await make(world, "outer")
    (middle,) = await make(world, "middle", parent_id=outer)
    (inner,) = await make(world, "inner", parent_id=middle)
    made = await world.conversations.create(ADA, ORIGIN, title="kept", folder_id=middle)
    await world.folders.delete(ADA, ORIGIN, middle)
    assert await tree(world) == "outer1(inner0)"
    kept = await world.reads.get(ADA, ORIGIN, made.id)
    assert (kept.folder_id, kept.updated_at) == (outer, made.updated_at)
    await world.folders.delete(ADA, ORIGIN, outer)
    assert await tree(world) == "inner0"
    assert (await world.reads.get(ADA, ORIGIN, made.id)).folder_id is None
    for folder_id in (outer, middle):
        with pytest.raises(NotFound):
            await world.folders.delete(ADA, ORIGIN, folder_id)
    assert (await world.folders.get(ADA, ORIGIN, inner)).folder.parent_id is None


async def test_a_folder_cannot_lie_in_itself(world: World) -> None:
    (outer,) = await make(world, "outer")
    (middle,) = await make(world, "middle", parent_id=outer)
    (inner,) = await make(world, "inner", parent_id=middle)
    for parent_id in (outer, middle, inner):
        with pytest.raises(Invalid) as caught:
            await world.folders.update(ADA, ORIGIN, outer, FolderChanges(parent_id=parent_id))
        assert caught.value.field == "parent_id"
    assert await tree(world) == "outer0(middle0(inner0))"


async def test_folders_lie_only_so_deep(world: World) -> None:
    lines = []
    for name in "ab":
        line: list[str] = []
        for number in range(MAX_DEPTH // 2 + (name == "b")):
            line += await make(world, f"{name}{number}", parent_id=line[-1] if line else None)
        lines.append(line)
    a, b = lines
    with pytest.raises(Invalid) as caught:
        await world.folders.update(ADA, ORIGIN, b[0], FolderChanges(parent_id=a[-1]))
    assert caught.value.field == "parent_id"
    await world.folders.update(ADA, ORIGIN, b[1], FolderChanges(parent_id=a[-1]))
    with pytest.raises(Invalid) as caught:
        await make(world, "too deep", parent_id=b[-1])
    assert caught.value.field == "parent_id"
    await make(world, "beside", parent_id=b[-2])


async def test_a_user_has_only_so_many_folders(world: World) -> None:
    def fill(tx: Connection) -> None:
        tx.execute(
            """WITH RECURSIVE n(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < ?)
               INSERT INTO folders (id, user_id, name, created_at)
               SELECT 'f' || n, ?, 'f', '2026-01-02T03:04:05.000000Z' FROM n""",
            (MAX_FOLDERS, ADA.user.id),
        )

    await world.database.write(fill)
    with pytest.raises(Conflict):
        await make(world, "one more")
    assert len(await world.folders.tree(ADA, ORIGIN)) == MAX_FOLDERS
    assert (await world.folders.create(BEN, ORIGIN, name="first")).folder.name == "first"


async def test_a2_other_peoples_folders_do_not_exist(world: World) -> None:
    theirs = (await world.folders.create(BEN, ORIGIN, name="canary")).folder
    (mine,) = await make(world, "mine")
    told = []
    for folder_id in (theirs.id, ABSENT, ""):
        for attempt in (
            world.folders.get(ADA, ORIGIN, folder_id),
            world.folders.update(ADA, ORIGIN, folder_id, FolderChanges(name="x")),
            world.folders.update(ADA, ORIGIN, folder_id, FolderChanges(parent_id=mine)),
            world.folders.update(ADA, ORIGIN, mine, FolderChanges(parent_id=folder_id)),
            world.folders.delete(ADA, ORIGIN, folder_id),
            world.folders.create(ADA, ORIGIN, name="x", parent_id=folder_id),
            world.conversations.create(ADA, ORIGIN, folder_id=folder_id),
        ):
            with pytest.raises(NotFound) as caught:
                await attempt
            told.append(caught.value.message)
    assert told[:7] == told[7:14] == told[14:]
    assert await tree(world) == "mine0"
    assert drawn(await world.folders.tree(BEN, ORIGIN)) == "canary0"
    assert (await world.reads.find(ADA, ORIGIN)).total == 0


async def test_f1_every_act_is_recorded_without_names(world: World) -> None:
    (folder_id,) = await make(world, "Canary, Mrs")
    await world.folders.get(ADA, ORIGIN, folder_id)
    await world.folders.tree(ADA, ORIGIN)
    await world.folders.update(ADA, ORIGIN, folder_id, FolderChanges(name="Canary, Mr"))
    await world.folders.delete(ADA, ORIGIN, folder_id)
    trail = await rows(world.database, "SELECT * FROM audit_log ORDER BY seq")
    assert [(row["action"], row["resource_id"], row["details"]) for row in trail] == [
        ("folder.create", folder_id, "{}"),
        ("folder.read", folder_id, "{}"),
        ("folder.list", None, '{"count":1}'),
        ("folder.update", folder_id, "{}"),
        ("folder.delete", folder_id, "{}"),
    ]
    assert "Canary" not in str(trail)


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(moves=st.lists(st.tuples(st.integers(0, 7), st.integers(-1, 7)), max_size=20))
async def test_no_sequence_of_moves_makes_a_knot(
    moves: list[tuple[int, int]], world: World
) -> None:
    await world.database.write(lambda tx: tx.execute("DELETE FROM folders").rowcount)
    ids = await make(world, *"abcdefgh")
    for moved, to in moves:
        changes = FolderChanges(to_top=True) if to < 0 else FolderChanges(parent_id=ids[to])
        try:
            await world.folders.update(ADA, ORIGIN, ids[moved], changes)
        except Invalid:
            continue
    # A knot would hang below no top, and be missing.
    shown = await tree(world)
    assert sorted(name for name in shown if name.isalpha()) == list("abcdefgh")


async def test_an_account_takes_its_folders_along(world: World) -> None:
    (outer,) = await make(world, "outer")
    (inner,) = await make(world, "inner", parent_id=outer)
    await world.conversations.create(ADA, ORIGIN, folder_id=inner)
    await world.database.write(
        lambda tx: tx.execute("DELETE FROM users WHERE id = ?", (ADA.user.id,)).rowcount
    )
    for table in ("folders", "conversations", "conversation_counts"):
        assert await rows(world.database, f"SELECT * FROM {table}") == []


async def test_times_are_kept(world: World) -> None:
    (folder_id,) = await make(world, "a")
    owned = await world.database.read(lambda tx: folders.of_user(tx, ADA.user.id))
    assert [(folder.id, folder.created_at) for folder in owned] == [(folder_id, NOW)]
