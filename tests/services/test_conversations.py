"""Conversations on a real database: what their owner sees, and nobody else."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from appliance.domain import MessageRole
from appliance.errors import Invalid, NotFound
from appliance.services.conversation_rules import shortened
from appliance.services.conversations import Changes
from appliance.services.erasure import MESSAGES_AT_ONCE
from appliance.storage.database import Database
from tests.answering_parts import NOW, ORIGIN, World, build_world, enrol, principal, rows
from tests.conftest import SettableClock

ADA, BEN = principal("ada"), principal("ben")
ABSENT = "00000000-0000-4000-8000-000000000000"


@pytest.fixture
async def world(database: Database, tmp_path: Path, clock: SettableClock) -> AsyncIterator[World]:
    await enrol(database, ADA, BEN)

    def folders(tx):  # type: ignore[no-untyped-def]
        for folder, owner in (("ada-folder", ADA), ("ben-folder", BEN)):
            tx.execute(
                "INSERT INTO folders (id, user_id, name, created_at) VALUES (?, ?, ?, ?)",
                (folder, owner.user.id, folder, NOW.isoformat()),
            )

    await database.write(folders)
    built, cache = await build_world(database, tmp_path / "cache", clock=clock)
    yield built
    await built.answering.drain(0)
    await cache.close()


async def titles(world: World, **arguments: object) -> list[str]:
    page = await world.reads.find(ADA, ORIGIN, **arguments)  # type: ignore[arg-type]
    return [conversation.title for conversation in page.items]


async def test_newest_activity_comes_first(world: World, clock: SettableClock) -> None:
    made = []
    for title in "abc":
        clock.advance(seconds=1)
        made.append(await world.conversations.create(ADA, ORIGIN, title=title))
    assert await titles(world) == ["c", "b", "a"]
    clock.advance(seconds=1)
    await world.conversations.update(ADA, ORIGIN, made[0].id, Changes(title="a2"))
    assert await titles(world) == ["a2", "c", "b"]
    await world.conversations.create(BEN, ORIGIN, title="canary")
    assert "canary" not in await titles(world)


async def test_pages_by_number_and_by_cursor_are_the_same(
    world: World, clock: SettableClock
) -> None:
    for number in range(7):
        if number % 3 == 0:
            clock.advance(seconds=1)  # several share an instant
        await world.conversations.create(ADA, ORIGIN, title=str(number))
    everything = await titles(world)
    numbered, followed = [], []
    for page in (1, 2, 3, 4):
        numbered += await titles(world, page=page, page_size=3)
    cursor = None
    while True:
        found = await world.reads.find(ADA, ORIGIN, page_size=3, cursor=cursor)
        assert found.total == 7
        followed += [conversation.title for conversation in found.items]
        cursor = found.next_cursor
        if cursor is None:
            break
    assert numbered == followed == everything
    assert len(everything) == 7


@pytest.mark.parametrize("cursor", ["x", "é", "!!!!", "AAAA", "a" * 10_000])
async def test_a_made_up_cursor_is_refused(cursor: str, world: World) -> None:
    with pytest.raises(Invalid) as caught:
        await world.reads.find(ADA, ORIGIN, cursor=cursor)
    assert caught.value.field == "cursor"


async def test_filters(world: World) -> None:
    filed = await world.conversations.create(ADA, ORIGIN, title="f", folder_id="ada-folder")
    put_away = await world.conversations.create(ADA, ORIGIN, title="g")
    await world.conversations.update(ADA, ORIGIN, put_away.id, Changes(archived=True))
    assert sorted(await titles(world)) == ["f", "g"]
    assert await titles(world, archived=True) == ["g"]
    assert await titles(world, archived=False) == ["f"]
    assert await titles(world, folder_id="ada-folder") == ["f"]
    assert await titles(world, folder_id="ben-folder") == []
    assert filed.folder_id == "ada-folder"


async def test_changes_touch_only_what_they_name(world: World) -> None:
    made = await world.conversations.create(ADA, ORIGIN, title="a", folder_id="ada-folder")
    changed = await world.conversations.update(ADA, ORIGIN, made.id, Changes(archived=True))
    assert (changed.title, changed.archived, changed.folder_id) == ("a", True, "ada-folder")
    changed = await world.conversations.update(ADA, ORIGIN, made.id, Changes(unfile=True))
    assert (changed.archived, changed.folder_id) == (True, None)
    assert await world.conversations.get(ADA, made.id) == changed


async def test_other_peoples_folders_do_not_exist(world: World) -> None:
    made = await world.conversations.create(ADA, ORIGIN)
    for folder_id in ("ben-folder", ABSENT):
        with pytest.raises(NotFound):
            await world.conversations.create(ADA, ORIGIN, folder_id=folder_id)
        with pytest.raises(NotFound):
            await world.conversations.update(ADA, ORIGIN, made.id, Changes(folder_id=folder_id))
    assert (await world.reads.find(ADA, ORIGIN)).total == 1


async def test_other_peoples_conversations_do_not_exist(world: World) -> None:
    theirs = await world.conversations.create(BEN, ORIGIN, title="canary")
    own, reads = world.conversations, world.reads
    told = []
    for conversation_id in (theirs.id, ABSENT):
        for attempt in (
            reads.get(ADA, ORIGIN, conversation_id),
            own.update(ADA, ORIGIN, conversation_id, Changes(title="x")),
            own.delete(ADA, ORIGIN, conversation_id),
            reads.messages(ADA, ORIGIN, conversation_id),
            reads.list_branches(ADA, ORIGIN, conversation_id),
            own.create_branch(ADA, ORIGIN, conversation_id, parent_message_id=ABSENT),
        ):
            with pytest.raises(NotFound) as caught:
                await attempt
            told.append(caught.value.message)
    assert told[:6] == told[6:]
    assert (await reads.get(BEN, ORIGIN, theirs.id)).title == "canary"
    assert await own.delete_all(ADA, ORIGIN) == 0
    assert (await reads.find(BEN, ORIGIN)).total == 1


async def test_deleting_all_deletes_ones_own(world: World) -> None:
    count = 2 * MESSAGES_AT_ONCE + 3
    for _ in range(count):
        await world.conversations.create(ADA, ORIGIN)
    theirs = await world.conversations.create(BEN, ORIGIN)
    assert await world.conversations.delete_all(ADA, ORIGIN) == count
    assert await world.conversations.get(BEN, theirs.id) == theirs
    assert (await world.reads.find(ADA, ORIGIN)).total == 0
    deleted = await rows(
        world.database, "SELECT 1 FROM audit_log WHERE action = 'conversation.delete'"
    )
    assert len(deleted) == count


async def test_a_branch_with_a_first_message(world: World) -> None:
    stream = await world.answering.reply(ADA, ORIGIN, "What is the dose?")
    await stream.wait()
    conversation_id = stream.conversation_id
    branch, message = await world.conversations.create_branch(
        ADA,
        ORIGIN,
        conversation_id,
        parent_message_id=stream.user_message_id,
        initial_message="And for children?",
    )
    assert message is not None
    assert (message.role, message.branch_id) == (MessageRole.USER, branch.id)
    shown = await world.reads.messages(ADA, ORIGIN, conversation_id, branch_id=branch.id)
    assert [m.content for m in shown.items] == ["What is the dose?", "And for children?"]
    assert shown.total == 2
    on_main = await world.reads.messages(ADA, ORIGIN, conversation_id)
    assert message.id not in [m.id for m in on_main.items]
    assert (await world.conversations.get(ADA, conversation_id)).message_count == 3
    with pytest.raises(Invalid):
        await world.conversations.create_branch(
            ADA, ORIGIN, conversation_id, parent_message_id=stream.message_id, initial_message=" "
        )
    assert len(await world.reads.list_branches(ADA, ORIGIN, conversation_id)) == 2
    audited = await rows(
        world.database, "SELECT action FROM audit_log WHERE action LIKE '%.create' ORDER BY seq"
    )
    assert [row["action"] for row in audited] == [
        "conversation.create",
        "message.create",
        "branch.create",
        "message.create",
    ]


async def test_messages_by_cursor(world: World) -> None:
    stream = await world.answering.reply(ADA, ORIGIN, "One?")
    await stream.wait()
    conversation_id = stream.conversation_id
    await (await world.answering.reply(ADA, ORIGIN, "Two?", conversation_id=conversation_id)).wait()
    seen, cursor = [], None
    while True:
        page = await world.reads.messages(ADA, ORIGIN, conversation_id, page_size=3, cursor=cursor)
        assert page.total == 4
        seen += [message.id for message in page.items]
        cursor = page.next_cursor
        if cursor is None:
            break
    everything = await world.reads.messages(ADA, ORIGIN, conversation_id)
    assert seen == [message.id for message in everything.items]
    with pytest.raises(Invalid):
        await world.reads.messages(ADA, ORIGIN, conversation_id, cursor=ABSENT)
    with pytest.raises(NotFound):
        await world.reads.messages(ADA, ORIGIN, conversation_id, branch_id=ABSENT)


@given(st.text(), st.integers(min_value=2, max_value=100))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_title_is_one_short_line(text: str, characters: int) -> None:
    line = shortened(text, characters)
    assert len(line) <= characters
    assert line == " ".join(line.split())
    assert line.rstrip("…") in " ".join(text.split())
