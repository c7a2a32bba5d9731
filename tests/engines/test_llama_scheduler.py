"""Many answers at once, through the engine."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing
from dataclasses import replace
from pathlib import Path

import llama_cpp
import pytest

from appliance.compute_arbiter import Priority, compute
from appliance.domain import MessageRole, Question, Turn
from appliance.engines.chat_template import ChatTemplate
from appliance.engines.llama_engine import LlamaEngine
from appliance.engines.llama_slots import LlamaSlots, Slot
from appliance.engines.prompt import candidates
from appliance.engines.protocols import LeftOut, Piece, QueuePlace
from appliance.errors import Invalid, Unavailable
from tests.engines.asking import told, until_idle
from tests.engines.questions import question
from tests.shared_data import shared_data

STORIES = "models/stories260K-f32.gguf"
OPENINGS = (
    "Once upon a time", "There was a dog", "A little girl", "Tom and Lily", "One day", "The sun",
    "In the park", "A big red ball", "Mom said", "It was dark", "The cat sat", "Once there was",
    "He ran fast", "She was sad", "They like to play", "Why",
)  # fmt: skip


@pytest.fixture
async def engine(model: Path) -> AsyncIterator[LlamaEngine]:
    opened = await LlamaEngine.open(
        model, threads=1, context_tokens=1024, max_tokens=60, slots=4, queue_limit=100
    )
    yield opened
    await opened.close()


def by(asker: str, text: str, passages: tuple[str, ...] = ()) -> Question:
    return replace(question(text, passages), asker=asker)


async def test_sixteen_at_once_say_token_for_token_what_llama_says_alone() -> None:
    path = shared_data(STORIES)
    engine = await LlamaEngine.open(path, threads=1, context_tokens=512, max_tokens=40)
    assert engine.slots == 16
    questions = [by(f"user-{n}", text) for n, text in enumerate(OPENINGS)]
    together = await asyncio.gather(*(told(engine, asked) for asked in questions))
    apart = [await told(engine, asked) for asked in questions]
    await engine.close()

    # The other way of computing attention rounds otherwise: of these it says two otherwise.
    reference = llama_cpp.Llama(
        str(path), n_ctx=512, n_threads=1, n_threads_batch=1, verbose=False, flash_attn=True
    )
    plain = ChatTemplate(None, bos="", eos="")
    for asked, ours, again in zip(questions, together, apart, strict=True):
        prompt = plain.render(next(candidates(asked)).turns)[0].text
        tokens = reference.tokenize(prompt.encode(), add_bos=True, special=False)
        said: list[int] = []
        for token in reference.generate(tokens, temp=0.0, repeat_penalty=1.0):
            if token == reference.token_eos() or len(said) == 40:
                break
            said.append(token)
        text = reference.detokenize(said).decode("utf-8", "replace").lstrip()
        assert ours == text
        assert again == text
        assert text
    reference.close()
    assert len(set(together)) > 10


async def test_they_are_written_side_by_side(engine: LlamaEngine) -> None:
    ended: list[int] = []
    begun: list[int] = []

    async def one(number: int) -> None:
        async for _ in engine.answer(by(f"user-{number}", f"Story {number}")):
            if number not in begun:
                begun.append(number)
        ended.append(number)

    async with asyncio.TaskGroup() as group:
        for number in range(4):
            group.create_task(one(number))
        while not ended:  # noqa: ASYNC110
            await asyncio.sleep(0.001)
        assert sorted(begun) == [0, 1, 2, 3]


async def test_of_one_user_one_answer_is_written_at_a_time(engine: LlamaEngine) -> None:
    async with (
        aclosing(engine.answer(by("ann", "First"))) as first,
        aclosing(engine.answer(by("ann", "Second"))) as second,
        aclosing(engine.answer(by("bob", "Third"))) as third,
    ):
        assert isinstance(await anext(first), str)
        place = await anext(second)
        assert isinstance(place, QueuePlace)
        assert place.position == 1
        assert isinstance(await anext(third), str)
        assert (engine.running, engine.waiting) == (2, 1)
        await first.aclose()
        assert isinstance(await anext(second), str)


async def test_who_waits_is_told_each_place_once_and_then_the_answer(engine: LlamaEngine) -> None:
    async def pieces(number: int) -> list[Piece]:
        return [piece async for piece in engine.answer(by(f"user-{number}", "Story"))]

    found = await asyncio.gather(*(pieces(number) for number in range(7)))
    for number, of_one in enumerate(found):
        places = [piece for piece in of_one if isinstance(piece, QueuePlace)]
        assert of_one[: len(places)] == places  # none once it is being written
        positions = [place.position for place in places]
        assert positions == sorted(set(positions), reverse=True)
        assert positions == list(range(number - 3, 0, -1))[-len(positions) :] or number < 4
        assert all(place.seconds >= 0 for place in places)
        assert of_one[-1] != ""


async def test_the_passages_that_do_not_fit_are_counted_before_the_first_word(
    engine: LlamaEngine,
) -> None:
    async def left_out(passages: int) -> list[int]:
        asked = by("ann", "How much?", ("Give 5 mg of it daily, with food. " * 4,) * passages)
        pieces = [piece async for piece in engine.answer(asked)]
        found = [piece.passages for piece in pieces if isinstance(piece, LeftOut)]
        assert not found or isinstance(pieces[0], LeftOut)
        assert any(isinstance(piece, str) for piece in pieces)
        return found

    ((left,),) = [await left_out(12)]
    assert 0 < left < 12
    assert await left_out(12 - left) == []
    assert await left_out(12 - left + 1) == [1]
    assert await left_out(0) == []


async def test_a_user_who_asks_much_does_not_hold_up_one_who_asks_little(model: Path) -> None:
    engine = await LlamaEngine.open(
        model, threads=1, context_tokens=1024, max_tokens=20, slots=1, queue_limit=100
    )
    order: list[str] = []

    async def one(asker: str) -> None:
        await told(engine, by(asker, "Story"))
        order.append(asker)

    greedy = [asyncio.create_task(one("greedy")) for _ in range(6)]
    while len(order) < 2:  # noqa: ASYNC110
        await asyncio.sleep(0.001)
    await one("modest")
    await asyncio.gather(*greedy)
    await engine.close()
    assert order.index("modest") <= 4


async def test_a_thousand_abandoned_answers_leave_nothing(engine: LlamaEngine) -> None:
    expected = await told(engine, by("ann", "Story"))
    stories = asyncio.Semaphore(50)

    async def one(number: int) -> None:
        async with stories:
            stream = engine.answer(by(f"user-{number % 40}", f"Story {number % 7}"))
            task = asyncio.create_task(anext(stream))
            await asyncio.sleep(0.0005 * (number % 11))
            if number % 3:
                task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            await stream.aclose()

    await asyncio.gather(*(one(number) for number in range(1_000)))
    await until_idle(engine)
    assert (engine.running, engine.waiting) == (0, 0)
    assert await told(engine, by("ann", "Story")) == expected


async def test_the_words_of_one_user_serve_no_other(
    engine: LlamaEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same question with the same passages: only the passages may have been read before."""
    begun: list[tuple[str, int, int, int]] = []
    real = LlamaSlots.begin

    def begin(self: LlamaSlots, slot: Slot, owner: str, prompt: list[int], shared: int) -> int:
        known = real(self, slot, owner, prompt, shared)
        if owner:  # else it is what begins all prompts
            begun.append((owner, known, shared, len(prompt)))
        return known

    monkeypatch.setattr(LlamaSlots, "begin", begin)
    canary = "Does 0-8-15 Miller in bed 4, born 1950-01-01, need less of it?"
    history = (Turn(MessageRole.USER, canary), Turn(MessageRole.ASSISTANT, "She does."))
    for asker in ("ann", "bob", "ann", "cid", "bob"):
        asked = replace(by(asker, canary, ("Give 5 mg daily.",)), history=history)
        await told(engine, asked)
    (_, first, shared, length), *others = begun
    assert 0 < first < shared < length - 60  # the instructions alone
    assert [(owner, known) for owner, known, *_ in others] == [
        ("bob", shared),
        ("ann", length - 1),
        ("cid", shared),
        ("bob", length - 1),
    ]


async def test_a_prompt_that_fails_takes_no_other_with_it(engine: LlamaEngine) -> None:
    good = await told(engine, by("ann", "Story"))
    running = asyncio.create_task(told(engine, by("ann", "Story")))
    with pytest.raises(Invalid):
        await told(engine, by("bob", "why " * 5_000))
    assert await running == good


async def test_a_step_that_fails_for_all_is_tried_one_by_one(
    engine: LlamaEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = [await told(engine, by(f"user-{n}", f"Story {n}")) for n in range(4)]
    real = llama_cpp.llama_decode
    failed = 0

    def failing(context: object, batch: llama_cpp.llama_batch) -> int:
        nonlocal failed
        if batch.n_tokens == 4:  # all four write
            failed += 1
            return 1
        return int(real(context, batch))

    monkeypatch.setattr(llama_cpp, "llama_decode", failing)
    found = await asyncio.gather(*(told(engine, by(f"user-{n}", f"Story {n}")) for n in range(4)))
    assert failed
    assert found == expected


async def test_who_does_not_read_holds_nobody_up(engine: LlamaEngine) -> None:
    async with aclosing(engine.answer(by("ann", "Story"))) as slow:
        await anext(slow)
        assert await told(engine, by("bob", "Story"))
        await until_idle(engine)
        assert [piece async for piece in slow]


async def test_a_stuck_step_is_seen(engine: LlamaEngine, monkeypatch: pytest.MonkeyPatch) -> None:
    await engine.check()
    monkeypatch.setattr("appliance.engines.llama_engine.STUCK_S", 0.05)
    with compute.turn(Priority.ANSWER):
        stream = engine.answer(by("ann", "Story"))
        task = asyncio.create_task(anext(stream))
        await asyncio.sleep(0.2)
        with pytest.raises(Unavailable, match="stuck"):
            await engine.check()
        with pytest.raises(Unavailable, match="stuck"):
            await told(engine, by("bob", "Story"))
    assert await task
    await stream.aclose()
    await until_idle(engine)
    await engine.check()
