"""Editing, deleting, stopping and judging messages, and asking again, on a real database."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from appliance.domain import Message, MessageStatus, Rating
from appliance.errors import ApplianceError, Busy, Conflict, Invalid, NotFound
from appliance.services import conversations as conversations_module
from appliance.services import questions as questions_module
from appliance.services.answer_streams import AnswerStream, Done, Failed
from appliance.services.conversation_rules import DEFAULT_TITLE
from appliance.services.conversations import Changes
from appliance.services.message_actions import MessageActions
from appliance.storage.database import Database
from tests.answering_parts import (
    ORIGIN,
    World,
    build_world,
    enrol,
    pieces_said,
    principal,
    rows,
    said,
)
from tests.conftest import SettableClock

ADA, BEN = principal("ada"), principal("ben")
ABSENT = "00000000-0000-4000-8000-00000000dead"


@dataclass
class Desk:
    """Asking, and acting on what was asked."""

    world: World
    actions: MessageActions

    async def ask(self, content: str, conversation_id: str | None = None) -> AnswerStream:
        stream = await self.world.answering.reply(
            ADA, ORIGIN, content, conversation_id=conversation_id
        )
        await asyncio.wait_for(stream.wait(), 5)
        return stream

    async def again(self, stream: AnswerStream, message_id: str) -> Message:
        begun = await self.world.answering.ask_again(
            ADA, ORIGIN, stream.conversation_id, message_id
        )
        end = await asyncio.wait_for(begun.stream.wait(), 5)
        assert isinstance(end, Done)
        return end.message

    async def line(self, conversation_id: str, branch_id: str = "main") -> list[str]:
        page = await self.world.reads.messages(ADA, ORIGIN, conversation_id, branch_id=branch_id)
        return [message.content for message in page.items]

    async def facts(self, conversation_id: str) -> tuple[int, str | None]:
        conversation = await self.world.conversations.get(ADA, conversation_id)
        stored = await rows(
            self.world.database,
            "SELECT count(*) AS n FROM messages WHERE conversation_id = ?",
            conversation_id,
        )
        assert conversation.message_count == stored[0]["n"]
        return conversation.message_count, conversation.last_message_preview

    async def trail(self) -> list[str]:
        found = await rows(self.world.database, "SELECT action FROM audit_log ORDER BY seq")
        return [row["action"] for row in found]


@pytest.fixture
async def desk(database: Database, tmp_path: Path, clock: SettableClock) -> AsyncIterator[Desk]:
    await enrol(database, ADA, BEN)
    world, cache = await build_world(database, tmp_path / "cache", clock=clock)
    yield Desk(world, MessageActions(database, world.streams, clock=clock))
    await world.answering.drain(0)
    await cache.close()


# Storing without an answer


async def test_a_stored_question_is_not_answered(desk: Desk) -> None:
    first = await desk.ask("First?")
    question, answer, is_new = await desk.actions.add(
        ADA, ORIGIN, first.conversation_id, "Noted.", client_message_id="n1"
    )
    assert (question.content, answer, is_new) == ("Noted.", None, True)
    assert question.parent_message_id == first.message_id
    assert await desk.facts(first.conversation_id) == (3, "Noted.")
    again = await desk.actions.add(
        ADA, ORIGIN, first.conversation_id, "Noted.", client_message_id="n1"
    )
    assert again == (question, None, False)
    with pytest.raises(Conflict):
        await desk.actions.add(
            ADA, ORIGIN, first.conversation_id, "Other words", client_message_id="n1"
        )
    assert await desk.facts(first.conversation_id) == (3, "Noted.")
    assert desk.world.engine.started == 1
    with pytest.raises(Conflict):
        await desk.world.answering.reply(
            ADA, ORIGIN, "Noted.", conversation_id=first.conversation_id, client_message_id="n1"
        )
    answered = await desk.again(first, question.id)
    assert answered.parent_message_id == question.id


# Editing


async def test_an_edit_keeps_the_earlier_wording(desk: Desk, clock: SettableClock) -> None:
    stream = await desk.ask("What is the does?")
    answer = said(stream)
    clock.advance(seconds=60)
    for content in ("What is the dose?", "What is the usual dose?", "What is the usual dose?"):
        edited = await desk.actions.edit(
            ADA, ORIGIN, stream.conversation_id, stream.user_message_id, content
        )
    assert (edited.content, edited.edited_at) == ("What is the usual dose?", clock.now)
    assert await desk.line(stream.conversation_id) == ["What is the usual dose?", answer]
    kept = await rows(desk.world.database, "SELECT content FROM message_edits ORDER BY seq")
    assert [row["content"] for row in kept] == ["What is the does?", "What is the dose?"]
    assert (await desk.trail()).count("message.edit") == 3
    assert (await desk.facts(stream.conversation_id))[1] == " ".join(answer.split())


async def test_an_edit_of_the_newest_message_shows_in_the_list(desk: Desk) -> None:
    stream = await desk.ask("First?")
    noted, _, _ = await desk.actions.add(ADA, ORIGIN, stream.conversation_id, "Noted.")
    await desk.actions.edit(ADA, ORIGIN, stream.conversation_id, noted.id, "Noted twice.")
    assert await desk.facts(stream.conversation_id) == (3, "Noted twice.")


@pytest.mark.parametrize("content", ["", "  \n", "x" * 8001, "a\x00b", "a\x85b"])
async def test_a_bad_edit_changes_nothing(desk: Desk, content: str) -> None:
    stream = await desk.ask("First?")
    before = await desk.line(stream.conversation_id)
    with pytest.raises(Invalid) as error:
        await desk.actions.edit(
            ADA, ORIGIN, stream.conversation_id, stream.user_message_id, content
        )
    assert error.value.field == "content"
    assert await desk.line(stream.conversation_id) == before
    assert "message.edit" not in await desk.trail()


async def test_an_answer_is_not_edited_and_neither_is_a_question_while_it_is_answered(
    desk: Desk,
) -> None:
    desk.world.engine.enqueue(["The dose "], hangs=True)
    stream = await desk.world.answering.reply(ADA, ORIGIN, "Dose?")
    await pieces_said(stream, 1)
    conversation_id = stream.conversation_id
    for message_id in (stream.message_id, stream.user_message_id):
        with pytest.raises(Conflict):
            await desk.actions.edit(ADA, ORIGIN, conversation_id, message_id, "Other")
    assert await desk.line(conversation_id) == ["Dose?", ""]
    await desk.actions.stop(ADA, ORIGIN, conversation_id, stream.message_id)
    await desk.actions.edit(ADA, ORIGIN, conversation_id, stream.user_message_id, "Other")
    assert await desk.line(conversation_id) == ["Other", "The dose "]
    with pytest.raises(Conflict):
        await desk.actions.edit(ADA, ORIGIN, conversation_id, stream.message_id, "Mine")


# Deleting


async def test_a_question_takes_its_answer_with_it(desk: Desk) -> None:
    first = await desk.ask("First?")
    second = await desk.ask("Second?", first.conversation_id)
    count = await desk.actions.delete(ADA, ORIGIN, first.conversation_id, first.user_message_id)
    assert count == 2
    page = await desk.world.reads.messages(ADA, ORIGIN, first.conversation_id)
    assert [m.id for m in page.items] == [second.user_message_id, second.message_id]
    assert page.items[0].parent_message_id is None  # nothing points at what has gone
    assert (await desk.facts(first.conversation_id))[0] == 2
    await desk.actions.delete(ADA, ORIGIN, first.conversation_id, second.message_id)
    assert await desk.facts(first.conversation_id) == (1, "Second?")
    await desk.actions.delete(ADA, ORIGIN, first.conversation_id, second.user_message_id)
    assert await desk.facts(first.conversation_id) == (0, None)
    for table in ("citations", "message_edits", "message_feedback"):
        left = await rows(desk.world.database, f"SELECT count(*) AS n FROM {table}")
        assert left == [{"n": 0}], table
    found = await rows(
        desk.world.database,
        "SELECT rowid FROM messages_fts WHERE messages_fts MATCH 'content : (first OR second)'",
    )
    assert found == []


async def test_branches_that_start_from_what_goes_go_too_and_others_stay(desk: Desk) -> None:
    own = desk.world.conversations
    first = await desk.ask("First?")
    conversation_id = first.conversation_id
    second = await desk.ask("Second?", conversation_id)

    async def branch(parent_id: str, words: str) -> tuple[str, Message]:
        made, message = await own.create_branch(
            ADA, ORIGIN, conversation_id, parent_message_id=parent_id, initial_message=words
        )
        assert message is not None
        return made.id, message

    # b1 leaves the second answer, b2 leaves b1, other leaves the first answer.
    _, one = await branch(second.message_id, "One")
    _, two = await branch(one.id, "Two")
    await branch(two.id, "Three")
    other, kept = await branch(first.message_id, "Kept")
    again = await desk.again(second, second.message_id)
    await desk.actions.rate(ADA, ORIGIN, conversation_id, second.message_id, Rating.UP)
    assert (await desk.facts(conversation_id))[0] == 9
    gone = await desk.actions.delete(ADA, ORIGIN, conversation_id, second.user_message_id)
    assert gone == 6  # question, two answers, One, Two, Three
    assert [b.id for b in await desk.world.reads.list_branches(ADA, ORIGIN, conversation_id)] == [
        "main",
        other,
    ]
    assert (await desk.line(conversation_id, other))[-1] == kept.content
    assert await desk.facts(conversation_id) == (3, "Kept")
    orphans = await rows(
        desk.world.database,
        """SELECT id FROM messages WHERE branch_id <> 'main'
            AND branch_id NOT IN (SELECT id FROM branches)""",
    )
    assert orphans == []
    with pytest.raises(NotFound):
        await desk.world.reads.messages(ADA, ORIGIN, conversation_id, branch_id=again.branch_id)


async def test_deleting_while_it_streams_frees_the_engine(desk: Desk) -> None:
    desk.world.engine.enqueue(["canary words "], hangs=True)
    stream = await desk.world.answering.reply(ADA, ORIGIN, "Dose?")
    await pieces_said(stream, 1)
    await desk.actions.delete(ADA, ORIGIN, stream.conversation_id, stream.user_message_id)
    end = await asyncio.wait_for(stream.wait(), 2)
    assert isinstance(end, Failed) and isinstance(end.error, NotFound)
    assert desk.world.engine.running == 0
    assert await desk.facts(stream.conversation_id) == (0, None)
    await asyncio.sleep(0)
    with pytest.raises(NotFound):
        await desk.world.answering.resume(ADA, ORIGIN, stream.message_id)
    with pytest.raises(NotFound):
        await desk.world.answering.cancel(ADA, stream.message_id)
    with pytest.raises(NotFound):
        await desk.actions.delete(ADA, ORIGIN, stream.conversation_id, stream.user_message_id)


# Stopping


async def test_stopping_twice_gives_the_same_answer(desk: Desk) -> None:
    desk.world.engine.enqueue(["The dose "], hangs=True)
    stream = await desk.world.answering.reply(ADA, ORIGIN, "Dose?")
    await pieces_said(stream, 1)
    stopped = await desk.actions.stop(ADA, ORIGIN, stream.conversation_id, stream.message_id)
    assert (stopped.status, stopped.content) == (MessageStatus.INTERRUPTED, "The dose ")
    assert desk.world.engine.running == 0
    again = await desk.actions.stop(ADA, ORIGIN, stream.conversation_id, stream.message_id)
    assert again == stopped
    whole = await desk.ask("And then?", stream.conversation_id)
    ended = await desk.actions.stop(ADA, ORIGIN, stream.conversation_id, whole.message_id)
    assert (ended.status, ended.content) == (MessageStatus.COMPLETE, said(whole))
    with pytest.raises(Conflict):
        await desk.actions.stop(ADA, ORIGIN, stream.conversation_id, stream.user_message_id)


# Asking again


async def test_another_answer_gets_a_branch_and_the_first_stays(desk: Desk) -> None:
    first = await desk.ask("First?")
    desk.world.engine.enqueue(["Old words."])
    second = await desk.ask("Second?", first.conversation_id)
    await desk.ask("Third?", first.conversation_id)
    before = await desk.line(first.conversation_id)
    desk.world.engine.enqueue(["New words."])
    answer = await desk.again(second, second.message_id)
    assert answer.content == "New words." and answer.branch_id != "main"
    assert answer.parent_message_id == second.user_message_id
    assert await desk.line(first.conversation_id) == before
    shown = await desk.line(first.conversation_id, answer.branch_id)
    assert shown == [*before[:3], "New words."]
    asked = desk.world.engine.history[-1]
    assert asked.text == "Second?"
    assert [turn.content for turn in asked.history] == before[:2]
    # Of an answer in a branch, and of the question itself: the same question again.
    for message_id in (answer.id, second.user_message_id):
        more = await desk.again(second, message_id)
        assert more.parent_message_id == second.user_message_id
        assert [turn.content for turn in desk.world.engine.history[-1].history] == before[:2]
    assert (await desk.facts(first.conversation_id))[0] == 9
    trail = await desk.trail()
    assert trail.count("answer.regenerate") == trail.count("branch.create") == 3


async def test_a_question_in_a_branch_is_asked_again_with_its_own_history(desk: Desk) -> None:
    first = await desk.ask("First?")
    branch, message = await desk.world.conversations.create_branch(
        ADA,
        ORIGIN,
        first.conversation_id,
        parent_message_id=first.user_message_id,
        initial_message="Aside",
    )
    assert message is not None
    stream = await desk.world.answering.reply(
        ADA, ORIGIN, "In it?", conversation_id=first.conversation_id, branch_id=branch.id
    )
    await stream.wait()
    answer = await desk.again(stream, stream.message_id)
    assert [turn.content for turn in desk.world.engine.history[-1].history] == ["First?", "Aside"]
    line = await desk.line(first.conversation_id, answer.branch_id)
    assert line[:3] == ["First?", "Aside", "In it?"] and len(line) == 4


async def test_asking_again_has_limits(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(questions_module, "MAX_BRANCHES", 1)
    assert conversations_module.MAX_BRANCHES > 1
    stream = await desk.ask("Dose?")
    desk.world.engine.enqueue(["Slow "], hangs=True)
    begun = await desk.world.answering.ask_again(
        ADA, ORIGIN, stream.conversation_id, stream.message_id
    )
    await pieces_said(begun.stream, 1)
    assert begun.stream.user_message_id == stream.user_message_id
    with pytest.raises(Conflict, match="being answered"):
        await desk.again(stream, stream.message_id)
    await desk.actions.stop(ADA, ORIGIN, stream.conversation_id, begun.stream.message_id)
    with pytest.raises(Conflict, match="branches"):
        await desk.again(stream, stream.message_id)
    await desk.actions.delete(ADA, ORIGIN, stream.conversation_id, begun.stream.message_id)
    before = await desk.facts(stream.conversation_id)
    monkeypatch.setattr(desk.world.answering, "_max_concurrent", 0)
    monkeypatch.setattr(questions_module, "MAX_BRANCHES", 9)
    with pytest.raises(Busy):
        await desk.again(stream, stream.message_id)
    assert await desk.facts(stream.conversation_id) == before
    assert desk.world.watches.count() == 0 and desk.world.streams.running == []


# Judging


async def test_feedback_is_replaced_and_taken_back(desk: Desk, clock: SettableClock) -> None:
    stream = await desk.ask("Dose?")
    where = (stream.conversation_id, stream.message_id)
    up = await desk.actions.rate(ADA, ORIGIN, *where, Rating.UP)
    assert up.feedback is not None and up.feedback.reason is None
    clock.advance(seconds=5)
    down = await desk.actions.rate(ADA, ORIGIN, *where, Rating.DOWN, "canary reason")
    assert down.feedback is not None
    assert (down.feedback.rating, down.feedback.created_at) == (Rating.DOWN, clock.now)
    page = await desk.world.reads.messages(ADA, ORIGIN, stream.conversation_id)
    assert page.items[1] == down and page.items[0].feedback is None
    told = await (await desk.world.answering.resume(ADA, ORIGIN, stream.message_id)).wait()
    assert isinstance(told, Done) and told.message == down
    for _ in range(2):
        assert (await desk.actions.unrate(ADA, ORIGIN, *where)).feedback is None
    page = await desk.world.reads.messages(ADA, ORIGIN, stream.conversation_id)
    assert page.items[1].feedback is None
    for act in (
        desk.actions.rate(ADA, ORIGIN, where[0], stream.user_message_id, Rating.UP),
        desk.actions.unrate(ADA, ORIGIN, where[0], stream.user_message_id),
    ):
        with pytest.raises(Conflict):
            await act
    assert "canary" not in str(await rows(desk.world.database, "SELECT * FROM audit_log"))


async def test_an_answer_under_way_is_not_judged(desk: Desk) -> None:
    desk.world.engine.enqueue(["The dose "], hangs=True)
    stream = await desk.world.answering.reply(ADA, ORIGIN, "Dose?")
    with pytest.raises(Conflict):
        await desk.actions.rate(ADA, ORIGIN, stream.conversation_id, stream.message_id, Rating.UP)
    assert not stream.cancelled.is_set()


# Times


async def test_an_answer_keeps_its_times(desk: Desk) -> None:
    desk.world.engine.enqueue(["one ", "two "], delay_s=0.06)
    stream = await desk.ask("Dose?")
    desk.world.index.error = RuntimeError("no index")
    failed = await desk.ask("And?", stream.conversation_id)
    found = await rows(
        desk.world.database,
        "SELECT id, first_token_ms, duration_ms FROM messages WHERE role = 'assistant'",
    )
    times = {row["id"]: (row["first_token_ms"], row["duration_ms"]) for row in found}
    first, whole = times[stream.message_id]
    assert 60 <= first < whole < 5000 and whole - first >= 55
    assert times[failed.message_id][0] is None
    assert times[failed.message_id][1] is not None


# Other people's


async def test_a2_every_id_is_the_callers_own(desk: Desk) -> None:
    theirs = await desk.ask("canary question")
    mine = await desk.world.answering.reply(BEN, ORIGIN, "Mine?")
    await mine.wait()
    trail = await desk.trail()

    def attempts(conversation_id: str, message_id: str) -> list[Callable[[], Any]]:
        where = (BEN, ORIGIN, conversation_id, message_id)
        return [
            lambda: desk.actions.edit(*where, "Mine now"),
            lambda: desk.actions.delete(*where),
            lambda: desk.actions.stop(*where),
            lambda: desk.actions.rate(*where, Rating.UP),
            lambda: desk.actions.unrate(*where),
            lambda: desk.world.answering.ask_again(*where),
            lambda: desk.actions.add(*where[:3], "Mine", parent_message_id=message_id),
            lambda: desk.actions.add(*where[:3], "Mine", branch_id=message_id),
        ]

    for conversation_id, message_id in (
        (theirs.conversation_id, theirs.user_message_id),
        (theirs.conversation_id, theirs.message_id),
        (mine.conversation_id, theirs.message_id),
        (mine.conversation_id, theirs.user_message_id),
        (theirs.conversation_id, mine.message_id),
        (mine.conversation_id, ABSENT),
        (ABSENT, mine.message_id),
        ("x'; --", "\ufffd"),
    ):
        for number, attempt in enumerate(attempts(conversation_id, message_id)):
            with pytest.raises(ApplianceError) as error:
                await attempt()
            assert error.value.code == "NOT_FOUND", (conversation_id, message_id, number)
            assert "canary" not in error.value.message
    assert await desk.trail() == trail
    assert await desk.line(theirs.conversation_id) == ["canary question", said(theirs)]


async def test_a_title_made_of_words_that_go_goes_with_them(desk: Desk) -> None:
    first = await desk.ask("Canary one?")
    second = await desk.ask("Two?", first.conversation_id)

    async def title() -> str:
        return (await desk.world.conversations.get(ADA, first.conversation_id)).title

    assert await title() == "Canary one?"
    where = (ADA, ORIGIN, first.conversation_id)
    await desk.actions.edit(*where, first.user_message_id, "Canary changed?")
    assert await title() == "Canary changed?"
    await desk.actions.delete(*where, first.user_message_id)
    assert await title() == "Two?"
    await desk.actions.delete(*where, second.user_message_id)
    assert await title() == DEFAULT_TITLE
    third = await desk.ask("Three?", first.conversation_id)
    await desk.world.conversations.update(*where, Changes(title="Three?"))
    await desk.world.conversations.update(*where, Changes(title="Of my own"))
    await desk.actions.delete(*where, third.user_message_id)
    assert await title() == "Of my own"
