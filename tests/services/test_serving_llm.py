from __future__ import annotations

import asyncio

import pytest

from appliance.engines.protocols import AnswerEngine, QueuePlace
from appliance.errors import Unavailable
from appliance.services.serving_llm import Absence, ServingLlm
from tests.engines.questions import question
from tests.fake_engine import FakeEngine

QUESTION = question("What is the dose?", ["5 mg"])


async def whole(engine: AnswerEngine | None) -> str:
    assert engine is not None
    return "".join([p async for p in engine.answer(QUESTION) if isinstance(p, str)])


async def test_without_a_language_model_there_is_nothing_to_ask() -> None:
    serving = ServingLlm()
    assert serving.name is None and serving.for_question() is None
    serving.check()


async def test_one_that_is_not_there_yet_is_refused_with_its_reason_of_now() -> None:
    reasons = iter(["loading", "failed", "over"])
    serving = ServingLlm()
    serving.take(None, Absence("m.gguf", lambda: Unavailable(next(reasons))))
    engine = serving.for_question()
    assert engine is not None and engine.name == "m.gguf" and engine.writes
    with pytest.raises(Unavailable, match="loading"):
        await whole(engine)
    with pytest.raises(Unavailable, match="failed"):
        serving.check()
    with pytest.raises(Unavailable, match="over"):
        await engine.check()
    serving.take(FakeEngine("here", device="a card"))
    serving.check()
    await engine.check()
    assert engine.device == "a card"
    assert await whole(engine) == "5 mg [1]"
    assert engine.name == "here"


async def test_an_answer_ends_on_the_model_that_it_began_on() -> None:
    old, new = FakeEngine("old"), FakeEngine("new")
    old.enqueue(["a", "b", "c"], delay_s=0.01)
    new.enqueue(["x"])
    serving = ServingLlm(old)
    first = serving.for_question()
    assert first is not None
    stream = first.answer(QUESTION)
    said = [await anext(stream)]
    serving.take(new)
    unused = asyncio.create_task(serving.unused(old))
    assert await whole(serving.for_question()) == "x"
    await asyncio.sleep(0)
    assert not unused.done()
    said += [piece async for piece in stream]
    assert said == ["a", "b", "c"]
    assert first.name == "old"
    await asyncio.wait_for(unused, 1)


async def test_an_answer_that_is_given_up_frees_its_model() -> None:
    engine = FakeEngine()
    engine.enqueue(["a"], hangs=True)
    serving = ServingLlm(engine)
    asked = serving.for_question()
    assert asked is not None
    stream = asked.answer(QUESTION)
    await anext(stream)
    unused = asyncio.create_task(serving.unused(engine))
    await asyncio.sleep(0)
    assert not unused.done()
    await stream.aclose()
    await asyncio.wait_for(unused, 1)
    assert engine.running == 0


async def test_during_a_pause_answers_wait_and_are_told_so() -> None:
    old, new = FakeEngine("old"), FakeEngine("new")
    serving = ServingLlm(old)
    with serving.paused(lambda: 7.5):
        streams = []
        for place in (1, 2, 3):
            asked = serving.for_question()
            assert asked is not None
            stream = asked.answer(QUESTION)
            assert await anext(stream) == QueuePlace(place, 7.5)
            streams.append(stream)
        await streams.pop().aclose()  # waits no longer
        waiting = [asyncio.ensure_future(anext(stream)) for stream in streams]
        await asyncio.sleep(0)
        assert not any(task.done() for task in waiting)
        serving.take(new)
    assert [await task for task in waiting] == ["5 ", "5 "]
    for stream in streams:
        await stream.aclose()
    assert (old.started, new.started) == (0, 2)
    with serving.paused(float):
        asked = serving.for_question()
        assert asked is not None
        assert await anext(asked.answer(QUESTION)) == QueuePlace(1, 0.0)  # nobody is left over
