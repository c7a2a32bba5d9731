"""Asking and answering on a real database, with a scripted engine."""

from __future__ import annotations

import asyncio
import threading
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, cast

import pytest

from appliance.domain import Message, MessageRole, MessageStatus, Passage
from appliance.engines.protocols import NO_ANSWER, AnswerEngine, LeftOut, QueuePlace
from appliance.errors import ApplianceError, Busy, Invalid, NotFound, Unavailable
from appliance.services import answer_writer
from appliance.services.answer_streams import AnswerStream, Done, Failed
from appliance.services.fitting import QUOTED_INSTEAD
from appliance.services.grounding import Grounding, ground
from appliance.services.lexicon import Lexicon
from appliance.services.query import Vocabulary
from appliance.services.refusals import refusal
from appliance.services.serving_llm import ServingLlm
from appliance.storage import documents
from appliance.storage.database import Connection, Database
from tests.answering_parts import (
    DOSE,
    ORIGIN,
    World,
    all_bear,
    build_world,
    cited,
    enrol,
    none_bear,
    passage,
    pieces_said,
    principal,
    rows,
    said,
)
from tests.conftest import SettableClock
from tests.fake_engine import FakeEngine

ADA, BEN = principal("ada"), principal("ben")
QUOTE = "The usual dose is 5 mg once daily. [1]"


@pytest.fixture
async def world(database: Database, tmp_path: Path, clock: SettableClock) -> AsyncIterator[World]:
    await enrol(database, ADA, BEN)
    built, cache = await build_world(
        database, tmp_path / "cache", clock=clock, max_concurrent=4, grace_s=30.0
    )
    yield built
    await built.answering.drain(0)
    await cache.close()


async def ended(stream: AnswerStream) -> Message:
    end = await asyncio.wait_for(stream.wait(), 5)
    assert isinstance(end, Done), end
    return end.message


async def actions(world: World) -> list[str]:
    """What was done, in order; readings aside."""
    done = await rows(
        world.database,
        """SELECT action FROM audit_log
           WHERE action NOT LIKE '%.read' AND action NOT LIKE '%.list' ORDER BY seq""",
    )
    return [row["action"] for row in done]


async def test_an_answer_is_stored_as_it_was_said(world: World) -> None:
    world.engine.enqueue(["The usual dose is ", "5 mg once ", "daily. [1]"])
    stream = await world.answering.reply(ADA, ORIGIN, "What is the usual dose of it?")
    message = await ended(stream)
    assert message.content == said(stream) == QUOTE
    assert message.status is MessageStatus.COMPLETE
    assert (message.model, message.tokens, message.withheld) == ("fake", None, 0)
    assert [c.snippet for c in message.citations] == ["The usual dose is 5 mg once daily."]
    assert [s.supported for s in message.sentences] == [True]
    assert cited(stream) == [1]
    page = await world.reads.messages(ADA, ORIGIN, stream.conversation_id)
    question, answer = page.items
    assert answer == message
    assert (question.role, question.content) == (MessageRole.USER, "What is the usual dose of it?")
    assert answer.parent_message_id == question.id == stream.user_message_id
    conversation = await world.conversations.get(ADA, stream.conversation_id)
    assert conversation.title == "What is the usual dose of it?"
    assert conversation.message_count == 2
    assert conversation.last_message_preview == QUOTE
    assert await actions(world) == ["conversation.create", "message.create", "answer.complete"]
    assert world.ends == ["complete"]
    assert world.watches.count() == 0


async def test_an_answer_names_the_model_that_wrote_it(world: World) -> None:
    """One took another's place while passages were looked for, and a third while it wrote."""
    old, new, newer = FakeEngine("old"), FakeEngine("new"), FakeEngine("newer")
    new.enqueue(["The usual dose is ", "5 mg once daily. [1]"], delay_s=0.02)
    serving = ServingLlm(old)
    writer = cast(Any, world.answering)._writer

    async def engine_for(user_id: str) -> AnswerEngine | None:
        return serving.for_question()

    async def replaced(question: str, found: list[Passage]) -> list[Passage]:
        serving.take(new)
        return found

    writer._engine_for, writer._bearing = engine_for, replaced
    stream = await world.answering.reply(ADA, ORIGIN, "What is the usual dose?")
    await pieces_said(stream, 1)
    serving.take(newer)
    assert (await ended(stream)).model == "new"
    assert (old.started, new.started, newer.started) == (0, 1, 0)


async def test_an_answer_is_checked_off_the_event_loop(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    threads: list[threading.Thread] = []

    def watched(*arguments: Any, **options: Any) -> Grounding:
        threads.append(threading.current_thread())
        return ground(*arguments, **options)

    monkeypatch.setattr(answer_writer, "ground", watched)
    message = await ended(await world.answering.reply(ADA, ORIGIN, "What is the usual dose?"))
    assert message.citations
    assert threads and threading.main_thread() not in threads


async def test_the_question_is_durable_before_a_word_is_said(world: World) -> None:
    world.engine.enqueue([], hangs=True)
    stream = await world.answering.reply(ADA, ORIGIN, "What is the dose?")
    stored = await rows(world.database, "SELECT role, status, content FROM messages ORDER BY seq")
    assert stored == [
        {"role": "user", "status": "complete", "content": "What is the dose?"},
        {"role": "assistant", "status": "streaming", "content": ""},
    ]
    await world.answering.cancel(ADA, stream.message_id)
    await ended(stream)


@pytest.mark.parametrize("why", ["no passages", "no evidence", "a silent engine", "white space"])
async def test_without_evidence_the_fixed_refusal(
    why: str, database: Database, tmp_path: Path, clock: SettableClock
) -> None:
    await enrol(database, ADA)
    world, cache = await build_world(
        database,
        tmp_path / "cache",
        clock=clock,
        bearing=none_bear if why == "no evidence" else all_bear,
    )
    if why == "no passages":
        world.index.found.clear()
    world.engine.enqueue([" ", "\n"] if why == "white space" else [])
    stream = await world.answering.reply(ADA, ORIGIN, "Who won the World Cup in 1998?")
    message = await ended(stream)
    # The fake index knows passages of no document that is stored.
    assert message.content == said(stream) == refusal(0, message.nearest)
    assert len(message.nearest) == (0 if why == "no passages" else 1)
    assert (message.model, message.status) == ("refusal", MessageStatus.COMPLETE)
    assert message.citations == () and message.sentences == () and message.tokens is None
    assert cited(stream) == []
    assert len(world.engine.history) == (0 if why.startswith("no ") else 1)
    assert world.ends == ["refused"]
    await world.answering.drain(0)
    await cache.close()


async def test_a_cancelled_answer_keeps_what_was_said(world: World) -> None:
    world.engine.enqueue(["The usual dose is 5 mg once daily. [1]", " Do not"], hangs=True)
    stream = await world.answering.reply(ADA, ORIGIN, "What is the dose?")
    await pieces_said(stream, 2)
    started = asyncio.get_running_loop().time()
    await world.answering.cancel(ADA, stream.message_id)
    message = await ended(stream)
    assert asyncio.get_running_loop().time() - started < 1
    assert message.status is MessageStatus.INTERRUPTED
    assert message.content == said(stream) == QUOTE + " Do not"
    assert [c.index for c in message.citations] == [1]
    assert world.engine.running == 0
    assert (await actions(world))[-1] == "answer.interrupted"
    await world.answering.cancel(ADA, stream.message_id)  # again: nothing changes


async def test_an_engine_that_does_not_stop_holds_nobody_up(world: World) -> None:
    release = asyncio.Event()

    class Stubborn(Exception):
        pass

    async def stubborn(question: object) -> AsyncIterator[str]:
        yield "word "
        while not release.is_set():
            try:
                await release.wait()
            except asyncio.CancelledError:
                continue
        yield "too late"

    world.engine.answer = stubborn  # type: ignore[method-assign,assignment]
    stream = await world.answering.reply(ADA, ORIGIN, "What is the dose?")
    await pieces_said(stream, 1)
    await world.answering.cancel(ADA, stream.message_id)
    message = await asyncio.wait_for(ended(stream), 1)
    release.set()
    await asyncio.sleep(0.01)
    assert message.content == said(stream) == "word "
    assert message.status is MessageStatus.INTERRUPTED


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (Busy("The engine is busy.", retry_after=3), "BUSY"),
        (RuntimeError("secret words of a patient"), "INTERNAL_ERROR"),
    ],
)
async def test_a_failing_engine(
    error: Exception, code: str, world: World, caplog: pytest.LogCaptureFixture
) -> None:
    world.engine.enqueue(["The usual"], error=error)
    stream = await world.answering.reply(ADA, ORIGIN, "What is the dose?")
    end = await asyncio.wait_for(stream.wait(), 5)
    assert isinstance(end, Failed)
    assert end.error.code == code
    assert "secret" not in end.error.message and "secret" not in caplog.text
    (_, answer) = (await world.reads.messages(ADA, ORIGIN, stream.conversation_id)).items
    assert (answer.status, answer.content) == (MessageStatus.FAILED, "The usual")
    assert (await actions(world))[-1] == "answer.failed"
    assert world.ends == ["failed"]


async def test_a_failing_search_fails_the_answer_alone(world: World) -> None:
    world.index.error = Unavailable("The search index is being rebuilt.")
    stream = await world.answering.reply(ADA, ORIGIN, "What is the dose?")
    end = await asyncio.wait_for(stream.wait(), 5)
    assert isinstance(end, Failed) and end.error.code == "UNAVAILABLE"
    world.index.error = None
    assert (await ended(await world.answering.reply(ADA, ORIGIN, "And now?"))).citations


async def test_an_answer_has_a_time_limit(
    database: Database, tmp_path: Path, clock: SettableClock
) -> None:
    await enrol(database, ADA)
    world, cache = await build_world(database, tmp_path / "cache", clock=clock, max_seconds=1.0)
    world.engine.enqueue(["word"], hangs=True)
    message = await ended(await world.answering.reply(ADA, ORIGIN, "What is the dose?"))
    assert (message.status, message.content) == (MessageStatus.INTERRUPTED, "word")
    await cache.close()


@pytest.mark.parametrize(
    "content", ["", "  \n ", "x" * 8001, "a\x00b", "a\x1bb", "a\ud800b", "a\x9bb"]
)
async def test_what_is_no_question(content: str, world: World) -> None:
    with pytest.raises(Invalid) as caught:
        await world.answering.reply(ADA, ORIGIN, content)
    assert caught.value.field == "content"
    assert await rows(world.database, "SELECT 1 FROM messages") == []
    assert world.streams.running == []


async def test_the_longest_question_is_taken(world: World) -> None:
    content = "é\n" * 4000
    stream = await world.answering.reply(ADA, ORIGIN, content)
    await ended(stream)
    page = await world.reads.messages(ADA, ORIGIN, stream.conversation_id)
    assert page.items[0].content == content


# Retries


async def test_a_retry_joins_the_answer_under_way(world: World) -> None:
    world.engine.enqueue(["The usual dose is "], hangs=True)
    first = await world.answering.reply(ADA, ORIGIN, "Dose?", client_message_id="c1")
    again = await world.answering.reply(ADA, ORIGIN, "Dose?", client_message_id="c1")
    in_it = await world.answering.reply(
        ADA, ORIGIN, "Dose?", client_message_id="c1", conversation_id=first.conversation_id
    )
    assert again is first and in_it is first
    await pieces_said(first, 1)
    first.cancel()
    await ended(first)
    assert len(world.engine.history) == 1


async def test_a_retry_of_a_finished_question_gives_the_stored_answer(world: World) -> None:
    first = await world.answering.reply(ADA, ORIGIN, "Dose?", client_message_id="c1")
    message = await ended(first)
    again = await world.answering.reply(ADA, ORIGIN, "Dose?", client_message_id="c1")
    assert await ended(again) == message
    assert said(again) == "" and again.user_message_id == first.user_message_id
    assert len(world.engine.history) == 1
    assert (await world.reads.find(ADA, ORIGIN)).total == 1


async def test_fifty_parallel_retries_are_one_question(world: World) -> None:
    streams = await asyncio.gather(
        *(world.answering.reply(ADA, ORIGIN, "Dose?", client_message_id="c1") for _ in range(50)),
        return_exceptions=True,
    )
    given = {stream.message_id for stream in streams if isinstance(stream, AnswerStream)}
    assert len(given) == 1
    assert all(isinstance(stream, AnswerStream | Busy) for stream in streams)
    stored = await rows(world.database, "SELECT role FROM messages")
    assert sorted(row["role"] for row in stored) == ["assistant", "user"]
    for stream in streams:
        if isinstance(stream, AnswerStream):
            await ended(stream)
    assert len(world.engine.history) == 1


async def test_the_same_client_id_of_somebody_else_is_another_question(world: World) -> None:
    mine = await world.answering.reply(ADA, ORIGIN, "Dose?", client_message_id="c1")
    theirs = await world.answering.reply(BEN, ORIGIN, "Dose?", client_message_id="c1")
    assert mine.message_id != theirs.message_id
    await ended(mine)
    await ended(theirs)


@pytest.mark.parametrize("client_id", ["", "x" * 129, "a b", "é"])
async def test_an_odd_client_id_is_refused(client_id: str, world: World) -> None:
    with pytest.raises(Invalid):
        await world.answering.reply(ADA, ORIGIN, "Dose?", client_message_id=client_id)


# Whose it is


async def test_foreign_and_absent_ids_are_alike(world: World) -> None:
    world.engine.enqueue(["word"], hangs=True)
    theirs = await world.answering.reply(BEN, ORIGIN, "Secret question?")
    absent = "00000000-0000-4000-8000-000000000000"
    told = []
    for conversation_id, message_id in (
        (theirs.conversation_id, theirs.message_id),
        (absent, absent),
    ):
        for attempt in (
            world.answering.reply(ADA, ORIGIN, "Dose?", conversation_id=conversation_id),
            world.answering.cancel(ADA, message_id),
            world.answering.resume(ADA, ORIGIN, message_id),
            world.conversations.get(ADA, conversation_id),
            world.reads.messages(ADA, ORIGIN, conversation_id),
        ):
            with pytest.raises(NotFound) as caught:
                await attempt
            told.append(caught.value.message)
    assert told[:5] == told[5:]
    assert not theirs.cancelled.is_set()
    theirs.cancel()
    await ended(theirs)
    # A user's own message is no answer that could be resumed.
    with pytest.raises(NotFound):
        await world.answering.resume(BEN, ORIGIN, theirs.user_message_id)


async def test_branches_and_parents_of_other_conversations_are_absent(world: World) -> None:
    mine = await world.answering.reply(ADA, ORIGIN, "Dose?")
    other = await world.answering.reply(ADA, ORIGIN, "Another?")
    await ended(mine)
    await ended(other)
    branch, _ = await world.conversations.create_branch(
        ADA, ORIGIN, other.conversation_id, parent_message_id=other.message_id
    )
    for arguments in (
        {"branch_id": branch.id},
        {"branch_id": "nonsense"},
        {"parent_message_id": other.message_id},
    ):
        with pytest.raises(NotFound):
            await world.answering.reply(
                ADA, ORIGIN, "Dose?", conversation_id=mine.conversation_id, **arguments
            )
        with pytest.raises(NotFound):
            await world.answering.reply(ADA, ORIGIN, "Dose?", **arguments)
    assert (await world.reads.find(ADA, ORIGIN)).total == 2


async def test_the_branch_is_passed_as_history(world: World) -> None:
    first = await world.answering.reply(ADA, ORIGIN, "First?")
    await ended(first)
    conversation_id = first.conversation_id
    branch, _ = await world.conversations.create_branch(
        ADA, ORIGIN, conversation_id, parent_message_id=first.message_id
    )
    on_main = await world.answering.reply(ADA, ORIGIN, "Main?", conversation_id=conversation_id)
    await ended(on_main)
    aside = await world.answering.reply(
        ADA, ORIGIN, "Aside?", conversation_id=conversation_id, branch_id=branch.id
    )
    message = await ended(aside)
    assert message.branch_id == branch.id
    history = [turn.content for turn in world.engine.history[-1].history]
    assert history == ["First?", f"{DOSE} [1]"]
    shown = await world.reads.messages(ADA, ORIGIN, conversation_id, branch_id=branch.id)
    assert [m.content for m in shown.items][0::2] == ["First?", "Aside?"]
    assert shown.items[2].parent_message_id == first.message_id


# Limits and endings


async def test_more_answers_than_may_run_are_told_to_wait(world: World) -> None:
    streams = []
    for number in range(4):
        world.engine.enqueue(["word"], hangs=True)
        streams.append(
            await world.answering.reply(ADA, ORIGIN, "Dose?", client_message_id=f"c{number}")
        )
    with pytest.raises(Busy) as caught:
        await world.answering.reply(ADA, ORIGIN, "One more?")
    assert caught.value.retry_after
    # A retry of what runs is no new work.
    assert await world.answering.reply(ADA, ORIGIN, "Dose?", client_message_id="c0") is streams[0]
    for stream in streams:
        stream.cancel()
        await ended(stream)
    await ended(await world.answering.reply(ADA, ORIGIN, "One more?"))


async def test_a_revoked_session_stops_its_answers(world: World) -> None:
    world.engine.enqueue(["word"], hangs=True)
    stream = await world.answering.reply(ADA, ORIGIN, "Dose?")
    world.watches.end(BEN.session_id)
    assert not stream.cancelled.is_set()
    world.watches.end(ADA.session_id)
    assert (await ended(stream)).status is MessageStatus.INTERRUPTED


async def test_an_answer_that_nobody_listens_to_stops_after_the_grace(
    database: Database, tmp_path: Path, clock: SettableClock
) -> None:
    await enrol(database, ADA)
    world, cache = await build_world(database, tmp_path / "cache", clock=clock, grace_s=0.05)
    world.engine.enqueue(["word"], hangs=True)
    stream = await world.answering.reply(ADA, ORIGIN, "Dose?")
    assert (await ended(stream)).status is MessageStatus.INTERRUPTED
    await cache.close()


async def test_a_caller_that_goes_away_leaves_no_half_question(world: World) -> None:
    asking = asyncio.create_task(world.answering.reply(ADA, ORIGIN, "Dose?"))
    await asyncio.sleep(0)
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking
    await world.answering.drain(5)
    statuses = await rows(world.database, "SELECT status FROM messages ORDER BY seq")
    assert [row["status"] for row in statuses] in ([], ["complete", "complete"])


async def test_a_question_whose_caller_went_away_gets_its_answer(world: World) -> None:
    """Its write is under way, and will be durable, when the caller goes."""
    under_way, go_on = threading.Event(), threading.Event()

    def hold(tx: Connection) -> None:
        under_way.set()
        go_on.wait(10)

    holding = asyncio.create_task(world.database.write(hold))
    await asyncio.to_thread(under_way.wait, 10)
    asking = asyncio.create_task(world.answering.reply(ADA, ORIGIN, "Dose?"))
    while not world.streams.running:  # noqa: ASYNC110
        await asyncio.sleep(0)
    await asyncio.sleep(0.01)
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking
    go_on.set()
    await holding
    async with asyncio.timeout(10):
        while world.ends != ["complete"]:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
    stored = await rows(world.database, "SELECT role, status FROM messages ORDER BY seq")
    assert stored == [
        {"role": "user", "status": "complete"},
        {"role": "assistant", "status": "complete"},
    ]


async def test_draining_finishes_what_it_can(world: World) -> None:
    world.engine.enqueue(["quick"], delay_s=0.05)
    world.engine.enqueue(["slow"], hangs=True)
    quick = await world.answering.reply(ADA, ORIGIN, "Quick?", client_message_id="quick")
    slow = await world.answering.reply(ADA, ORIGIN, "Slow?")
    draining = asyncio.create_task(world.answering.drain(0.3))
    await asyncio.sleep(0)
    with pytest.raises(Unavailable):
        await world.answering.reply(ADA, ORIGIN, "New?")
    again = await world.answering.reply(ADA, ORIGIN, "Quick?", client_message_id="quick")
    assert again is quick
    await draining
    assert (await ended(quick)).status is MessageStatus.COMPLETE
    assert (await ended(slow)).status is MessageStatus.INTERRUPTED
    left = await rows(world.database, "SELECT 1 FROM messages WHERE status = 'streaming'")
    assert left == []


async def test_recovery_marks_what_was_cut_short(world: World) -> None:
    world.engine.enqueue(["word"], hangs=True)
    stream = await world.answering.reply(ADA, ORIGIN, "Dose?")
    assert await world.answering.recover() == 1
    assert await world.answering.recover() == 0
    message = await world.answering.resume(ADA, ORIGIN, stream.message_id)
    statuses = await rows(world.database, "SELECT status FROM messages ORDER BY seq")
    assert [row["status"] for row in statuses] == ["complete", "interrupted"]
    assert (await actions(world))[-1] == "answer.interrupted"
    message.cancel()
    await asyncio.wait_for(stream.wait(), 5)


async def test_deleting_the_conversation_stops_its_answer(world: World) -> None:
    world.engine.enqueue(["word"], hangs=True)
    stream = await world.answering.reply(ADA, ORIGIN, "Dose?")
    await world.conversations.delete(ADA, ORIGIN, stream.conversation_id)
    end = await asyncio.wait_for(stream.wait(), 5)
    assert isinstance(end, Failed) and end.error.code == "NOT_FOUND"
    assert await rows(world.database, "SELECT 1 FROM messages") == []
    assert world.engine.running == 0


async def test_a_long_answer_is_cut(world: World) -> None:
    world.engine.enqueue(["x" * 30_000] * 3)
    message = await ended(await world.answering.reply(ADA, ORIGIN, "Dose?"))
    assert message.status is MessageStatus.INTERRUPTED
    assert len(message.content) == 30_000


async def test_surrogates_of_an_engine_are_replaced(world: World) -> None:
    world.engine.enqueue(["a\ud800b"])
    stream = await world.answering.reply(ADA, ORIGIN, "Dose?")
    assert (await ended(stream)).content == said(stream) == "a?b"


async def test_the_audit_trail_holds_no_words(world: World) -> None:
    await ended(await world.answering.reply(ADA, ORIGIN, "Canary question?"))
    trail = str(await rows(world.database, "SELECT * FROM audit_log"))
    assert "Canary" not in trail and "usual dose" not in trail


async def test_every_error_of_the_contract_reaches_the_listener(world: World) -> None:
    world.index.found = [passage(DOSE)]
    world.engine.enqueue([], error=ApplianceError("Something went wrong."))
    end = await (await world.answering.reply(ADA, ORIGIN, "Dose?")).wait()
    assert isinstance(end, Failed)


# Engines that write


@pytest.fixture
async def writing(database: Database, tmp_path: Path, clock: SettableClock) -> AsyncIterator[World]:
    await enrol(database, ADA)
    built, cache = await build_world(database, tmp_path / "cache", clock=clock, writes=True)
    yield built
    await built.answering.drain(0)
    await cache.close()


def several(world: World, count: int) -> None:
    """Every question finds so many passages."""
    writer = cast(Any, world.answering)._writer

    async def bearing(question: str, found: list[Passage]) -> list[Passage]:
        return found[:1] * count

    writer._bearing = bearing


async def test_sentences_that_are_not_borne_out_are_withheld_and_counted(writing: World) -> None:
    writing.engine.enqueue(
        ["The usual dose", " is 50 mg once daily. [1]", " Give no", " more than 10 mg a day. [1]"]
    )
    stream = await writing.answering.reply(ADA, ORIGIN, "What is the usual dose?")
    message = await ended(stream)
    assert message.content == said(stream) == "Give no more than 10 mg a day. [1]"
    assert (message.model, message.tokens, message.withheld) == ("fake", 4, 1)
    assert [sentence.supported for sentence in message.sentences] == [True]
    assert [citation.supports for citation in message.citations] == [(0,)]
    assert stream.pieces == 1 and cited(stream) == [1]
    page = await writing.reads.messages(ADA, ORIGIN, stream.conversation_id)
    assert page.items[1] == message
    (entry,) = await rows(
        writing.database, "SELECT details FROM audit_log WHERE action = 'answer.complete'"
    )
    assert '"withheld":1' in entry["details"].replace(" ", "")
    assert writing.quoting.started == 0


@pytest.mark.parametrize(
    ("written", "withheld"),
    [(["The usual dose is 50 mg. [1]"], 1), ([NO_ANSWER], 0), ([], 0), (["Cut sho"], 1)],
)
async def test_where_nothing_is_left_the_quoting_engine_answers(
    written: list[str], withheld: int, writing: World
) -> None:
    writing.engine.enqueue(written)
    stream = await writing.answering.reply(ADA, ORIGIN, "What is the usual dose?")
    message = await ended(stream)
    assert message.content == said(stream) == f"{DOSE} [1]"
    assert (message.model, message.tokens, message.withheld) == ("extractive", None, withheld)
    assert message.status is MessageStatus.COMPLETE
    assert writing.quoting.history == writing.engine.history
    assert writing.ends == ["complete"]


async def test_a_question_too_long_for_the_model_is_answered_by_quoting(writing: World) -> None:
    writing.engine.enqueue([], error=Invalid("The question is too long for the language model."))
    stream = await writing.answering.reply(ADA, ORIGIN, "What is the usual dose?")
    message = await ended(stream)
    assert message.content == said(stream) == f"{QUOTED_INSTEAD}\n\n{DOSE} [1]"
    assert (message.model, message.tokens, message.withheld) == ("extractive", None, 0)
    assert message.status is MessageStatus.COMPLETE
    (sentence,) = message.sentences  # what says so is none
    assert sentence.supported and message.content[sentence.start :] == f"{DOSE} [1]"
    assert writing.ends == ["complete"]


async def test_what_did_not_fit_the_model_is_told_before_the_answer(writing: World) -> None:
    several(writing, 3)
    writing.engine.enqueue([QueuePlace(1, 0.5), LeftOut(2), QUOTE, " Give no", " more. [1]"])
    stream = await writing.answering.reply(ADA, ORIGIN, "What is the usual dose?")
    message = await ended(stream)
    line = "2 of the 3 passages found did not fit the language model and were left out."
    assert message.content == said(stream) == f"{line}\n\n{QUOTE}"
    assert (message.model, message.tokens, message.withheld) == ("fake", 3, 1)
    assert message.status is MessageStatus.COMPLETE
    (sentence,) = message.sentences
    assert sentence.supported and message.content[sentence.start :] == QUOTE
    assert [citation.supports for citation in message.citations] == [(0,)]
    assert stream.pieces == 1
    page = await writing.reads.messages(ADA, ORIGIN, stream.conversation_id)
    assert page.items[1] == message


@pytest.mark.parametrize("written", [["The usual dose is 50 mg. [1]"], [NO_ANSWER], []])
async def test_nothing_is_left_out_of_what_is_quoted_instead(
    written: list[str], writing: World
) -> None:
    several(writing, 3)
    writing.engine.enqueue([LeftOut(2), *written])
    message = await ended(await writing.answering.reply(ADA, ORIGIN, "What is the usual dose?"))
    assert (message.model, message.content) == ("extractive", f"{DOSE} [1]")
    assert len(writing.quoting.history[0].passages) == 3


async def test_a_refusal_says_nothing_of_a_question_too_long(writing: World) -> None:
    writing.engine.enqueue([], error=Invalid("The question is too long for the language model."))
    writing.quoting.enqueue([])
    stream = await writing.answering.reply(ADA, ORIGIN, "What is the usual dose?")
    message = await ended(stream)
    assert (message.model, message.status) == ("refusal", MessageStatus.COMPLETE)
    assert message.content == said(stream) == refusal(0, message.nearest)


async def test_where_the_quoting_engine_has_nothing_either_it_is_refused(writing: World) -> None:
    writing.engine.enqueue(["The usual dose is 50 mg. [1]"])
    writing.quoting.enqueue([])
    stream = await writing.answering.reply(ADA, ORIGIN, "What is the usual dose?")
    message = await ended(stream)
    assert (message.model, message.withheld, message.tokens) == ("refusal", 1, None)
    assert cited(stream) == [] and "50 mg" not in said(stream)


async def test_a_cancelled_answer_holds_whole_checked_sentences_only(writing: World) -> None:
    writing.engine.enqueue([QUOTE, " Do not give more than"], hangs=True)
    stream = await writing.answering.reply(ADA, ORIGIN, "What is the dose?")
    await pieces_said(stream, 1)
    await writing.answering.cancel(ADA, stream.message_id)
    message = await ended(stream)
    assert message.status is MessageStatus.INTERRUPTED
    assert message.content == said(stream) == QUOTE
    assert writing.engine.running == 0 and writing.quoting.started == 0


async def test_an_answer_cancelled_before_its_first_sentence_is_empty(writing: World) -> None:
    writing.engine.enqueue(["The usual dose is"], hangs=True)
    stream = await writing.answering.reply(ADA, ORIGIN, "What is the dose?")
    while not writing.engine.running:  # noqa: ASYNC110
        await asyncio.sleep(0.001)
    await writing.answering.cancel(ADA, stream.message_id)
    message = await ended(stream)
    assert (message.status, message.content) == (MessageStatus.INTERRUPTED, "")
    assert writing.quoting.started == 0


async def test_a_writer_that_fails_keeps_what_was_checked(writing: World) -> None:
    writing.engine.enqueue([QUOTE, " And"], error=Unavailable("The language model failed."))
    stream = await writing.answering.reply(ADA, ORIGIN, "What is the dose?")
    end = await asyncio.wait_for(stream.wait(), 5)
    assert isinstance(end, Failed) and end.error.code == "UNAVAILABLE"
    (_, answer) = (await writing.reads.messages(ADA, ORIGIN, stream.conversation_id)).items
    assert (answer.status, answer.content) == (MessageStatus.FAILED, QUOTE)


async def test_a_writer_without_an_end_is_stopped(writing: World) -> None:
    writing.engine.enqueue(["x" * 1000] * 100)
    message = await ended(await writing.answering.reply(ADA, ORIGIN, "Dose?"))
    assert (message.model, message.withheld) == ("extractive", 1)
    assert writing.engine.running == 0


# Slips of the question


READING = "This question was read with “metfromin” as “metformin”."


class Known:
    """Stands in for a lexicon that has learned."""

    def vocabulary(self, epoch: int) -> tuple[int, Vocabulary]:
        words = Counter("metformin usual dose what daily once".split())
        return 1, Vocabulary(words, [("T2DM", "type 2 diabetes mellitus", 3)])


async def test_an_engine_gets_abbreviations_spelt_out_beside_the_words(
    database: Database, tmp_path: Path, clock: SettableClock
) -> None:
    await enrol(database, ADA)
    world, _ = await build_world(
        database, tmp_path / "c", clock=clock, lexicon=cast(Lexicon, Known())
    )
    world.engine.enqueue([QUOTE])
    await ended(await world.answering.reply(ADA, ORIGIN, "usual metformin dose in T2DM"))
    (asked,) = world.engine.history
    assert asked.text == "usual metformin dose in T2DM"
    assert asked.spelt_out == "usual metformin dose in T2DM (type 2 diabetes mellitus)"


@pytest.mark.parametrize("writes", [False, True])
@pytest.mark.parametrize("introduction", ["", "From the hospital's documents:\n\n"])
async def test_a_slip_that_was_put_right_is_told(
    introduction: str, writes: bool, database: Database, tmp_path: Path, clock: SettableClock
) -> None:
    await enrol(database, ADA)
    world, cache = await build_world(
        database, tmp_path / "c", clock=clock, writes=writes, lexicon=cast(Lexicon, Known())
    )
    world.engine.enqueue([introduction, QUOTE] if not writes else [QUOTE])
    stream = await world.answering.reply(ADA, ORIGIN, "What is the usual dose of metfromin?")
    message = await ended(stream)
    shown = "" if writes else introduction
    assert message.content == said(stream) == f"{READING}\n\n{shown}{QUOTE}"
    (sentence,) = message.sentences  # what says so is none
    assert sentence.supported and message.content[sentence.start :] == QUOTE
    assert world.index.asked == ["What is the usual dose of metformin?"]
    assert world.engine.history[0].text == "What is the usual dose of metformin?"
    trail = str(await rows(database, "SELECT * FROM audit_log"))
    assert "metformin" not in trail and "metfromin" not in trail
    await world.answering.drain(0)
    await cache.close()


async def test_a_long_question_is_searched_in_short_and_answered_for_its_patient(
    database: Database, tmp_path: Path, clock: SettableClock
) -> None:
    await enrol(database, ADA)
    world, cache = await build_world(
        database, tmp_path / "c", clock=clock, lexicon=cast(Lexicon, Known())
    )
    world.engine.enqueue([QUOTE])
    told = "She must not get penicillin. She has a cat. Her weight is 60 kg."
    question = f"{'The family is well. ' * 12}{told} What is the usual dose of metformin?"
    await ended(await world.answering.reply(ADA, ORIGIN, question))
    assert world.index.asked == ["What is the usual dose of metformin?"]
    (asked,) = world.engine.history
    assert asked.text == "What is the usual dose of metformin?"
    assert asked.patient == f"{'The family is well. ' * 12}{told}"
    await world.answering.drain(0)
    await cache.close()


async def test_a_refusal_tells_of_a_slip_too(
    database: Database, tmp_path: Path, clock: SettableClock
) -> None:
    await enrol(database, ADA)
    world, cache = await build_world(
        database, tmp_path / "c", clock=clock, bearing=none_bear, lexicon=cast(Lexicon, Known())
    )

    def put(tx: Connection) -> None:
        tx.execute("INSERT INTO files VALUES (?, 1, x'00', '')", ("0" * 64,))
        documents.insert(tx, passage(DOSE).document)
        tx.execute("UPDATE documents SET revision = 1")

    await database.write(put)
    message = await ended(await world.answering.reply(ADA, ORIGIN, "Dose of metfromin?"))
    assert message.model == "refusal"
    assert message.content == refusal(1, message.nearest, READING)
    assert message.content.count(READING) == 1
    await world.answering.drain(0)
    await cache.close()
