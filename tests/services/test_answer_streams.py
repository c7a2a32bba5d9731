"""Streams of answers: slow, late and returning listeners."""

from __future__ import annotations

import asyncio

from appliance.errors import Unavailable
from appliance.services.answer_streams import (
    AnswerEvent,
    AnswerStream,
    AnswerStreams,
    Failed,
    Listener,
    Piece,
    Queued,
    Sources,
)


def stream(message_id: str = "m", user_id: str = "u", grace_s: float = 30.0) -> AnswerStream:
    return AnswerStream(
        message_id=message_id,
        user_message_id="q",
        conversation_id="c",
        user_id=user_id,
        client_message_id=None,
        grace_s=grace_s,
    )


def taken(listener: Listener) -> list[AnswerEvent]:
    events = []
    while (event := listener.take()) is not None:
        events.append(event)
    return events


async def test_every_listener_hears_all_at_its_own_pace() -> None:
    answer = stream()
    woken: list[str] = []
    early = answer.listen(lambda: woken.append("early"))
    answer.sources(())
    assert answer.say("a")
    late = answer.listen(lambda: woken.append("late"))
    answer.say("b")
    expected = [Sources(()), Piece(1, "a"), Piece(2, "b")]
    assert taken(early) == expected
    assert taken(late) == expected
    assert taken(early) == []
    assert woken == ["early", "early", "early", "late"] or sorted(woken) == [
        "early", "early", "early", "late",
    ]  # fmt: skip
    assert answer.text == "ab"


async def test_a_returning_listener_goes_on_behind_what_it_saw() -> None:
    answer = stream()
    answer.sources(())
    for piece in "abc":
        answer.say(piece)
    assert taken(answer.listen(lambda: None, after_seq=2)) == [Piece(3, "c")]
    ahead = answer.listen(lambda: None, after_seq=99)
    assert taken(ahead) == []
    end = Failed(Unavailable("off"))
    answer.end(end)
    assert taken(ahead) == [end]
    assert taken(answer.listen(lambda: None, after_seq=3)) == [end]


async def test_a_place_in_the_queue_is_told_while_it_is_true() -> None:
    answer = stream()
    listener = answer.listen(lambda: None)
    answer.sources(())
    answer.wait_at(3, 9.0)
    assert taken(listener) == [Sources(()), Queued(3, 9.0)]
    assert taken(listener) == []
    answer.wait_at(2, 6.0)
    answer.wait_at(1, 3.0)
    assert taken(listener) == [Queued(1, 3.0)]  # the second place is of no use any more
    late = answer.listen(lambda: None)
    assert taken(late) == [Sources(()), Queued(1, 3.0)]
    answer.say("a")
    answer.wait_at(1, 3.0)
    assert taken(listener) == [Piece(1, "a")]
    assert taken(answer.listen(lambda: None)) == [Sources(()), Piece(1, "a")]


async def test_who_did_not_hear_its_place_before_the_end_never_does() -> None:
    answer = stream()
    answer.wait_at(1, 3.0)
    end = Failed(Unavailable("off"))
    answer.end(end)
    answer.wait_at(1, 3.0)
    assert taken(answer.listen(lambda: None)) == [end]


async def test_nothing_is_said_after_the_end_or_a_cancel() -> None:
    answer = stream()
    answer.say("a")
    answer.cancel()
    assert not answer.say("b")
    answer.end(Failed(Unavailable("off")))
    answer.end(Failed(Unavailable("again")))
    assert not answer.say("c")
    assert answer.text == "a"
    assert (await answer.wait()).error.message == "off"  # type: ignore[union-attr]


async def test_the_last_listener_to_leave_for_good_cancels() -> None:
    answer = stream()
    one, two = answer.listen(lambda: None), answer.listen(lambda: None)
    one.leave(may_return=False)
    assert not answer.cancelled.is_set()
    two.leave(may_return=False)
    assert answer.cancelled.is_set()


async def test_a_listener_that_was_cut_off_has_the_grace_time() -> None:
    answer = stream(grace_s=0.05)
    answer.listen(lambda: None).leave(may_return=True)
    assert not answer.cancelled.is_set()
    back = answer.listen(lambda: None)
    await asyncio.sleep(0.1)
    assert not answer.cancelled.is_set()
    back.leave(may_return=True)
    await asyncio.sleep(0.1)
    assert answer.cancelled.is_set()


async def test_streams_are_found_by_their_owner_alone() -> None:
    streams = AnswerStreams()
    answer = stream("m", "u")
    streams.add(answer)
    assert streams.find("u", "m") is answer
    assert streams.find("somebody else", "m") is None
    assert streams.find("u", "another") is None
    assert (streams.running_of("u"), streams.running_of("v")) == (1, 0)


async def test_an_ended_stream_is_kept_for_a_while() -> None:
    streams = AnswerStreams(retention_s=0.05)
    answer = stream()
    streams.add(answer)
    streams.retain(answer)
    assert streams.running == []
    assert streams.find("u", "m") is answer
    await asyncio.sleep(0.1)
    assert streams.find("u", "m") is None


async def test_a_deleted_conversation_leaves_no_words_behind() -> None:
    streams = AnswerStreams()
    running, over = stream("m"), stream("n")
    for answer in (running, over):
        streams.add(answer)
    streams.retain(over)
    streams.cancel_conversation("c")
    assert running.cancelled.is_set()
    assert streams.find("u", "n") is None
