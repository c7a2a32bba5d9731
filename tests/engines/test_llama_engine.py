from __future__ import annotations

import asyncio
import statistics
import threading
import time
from collections.abc import AsyncIterator
from contextlib import aclosing
from pathlib import Path
from typing import Any

import llama_cpp
import pytest

from appliance.compute_arbiter import Priority, compute
from appliance.engines import llama_engine, llama_runtime
from appliance.engines.chat_template import ChatTemplate
from appliance.engines.llama_context import LlamaContext
from appliance.engines.llama_engine import LlamaEngine
from appliance.engines.prompt import candidates
from appliance.engines.protocols import Piece
from appliance.errors import Busy, Invalid, Unavailable
from tests.embedding_model import embedding_model
from tests.engines.asking import told, until_idle
from tests.engines.questions import question
from tests.random_gguf import stories_vocabulary, tiny_vocabulary, write_random_llama
from tests.shared_data import shared_data

STORY = question("Once upon a time there was a little dog.")


@pytest.fixture
async def engine(model: Path) -> AsyncIterator[LlamaEngine]:
    # One thread: ggml's threads spin, and on a busy machine two are many times slower than one.
    opened = await LlamaEngine.open(model, threads=1, max_tokens=200, queue_limit=3)
    yield opened
    await opened.close()


async def whole(engine: LlamaEngine, text: str = STORY.text) -> str:
    return await told(engine, question(text))


async def test_it_streams_piece_by_piece(engine: LlamaEngine) -> None:
    pieces = [piece async for piece in engine.answer(STORY) if isinstance(piece, str)]
    assert len(pieces) > 50
    assert all(pieces)
    assert engine.name == "random-4x256"
    assert not "".join(pieces)[0].isspace()


@pytest.fixture
async def stories() -> AsyncIterator[LlamaEngine]:
    """Real weights: rounding that depends on the batch changes none of their choices."""
    path = shared_data("models/stories260K-f32.gguf")
    opened = await LlamaEngine.open(path, threads=1, max_tokens=40)
    yield opened
    await opened.close()


async def test_greedy_answers_repeat_whatever_came_before(stories: LlamaEngine) -> None:
    """The keys and values of an earlier prompt are reused; they must not change what is said."""
    engine = stories
    first = await whole(engine)
    other = await whole(engine, "Once upon a time there was a cat, and it was sad.")
    assert await whole(engine) == first
    assert other != first
    async with aclosing(engine.answer(STORY)) as stream:
        await anext(stream)
    assert await whole(engine) == first


async def test_two_at_once_are_answered_in_turn(stories: LlamaEngine) -> None:
    engine = stories
    first = await whole(engine)
    second = await whole(engine, "Why?")
    together = await asyncio.gather(whole(engine), whole(engine, "Why?"))
    assert list(together) == [first, second]


async def test_a_cancelled_answer_stops_and_frees_the_engine(engine: LlamaEngine) -> None:
    async with aclosing(engine.answer(STORY)) as stream:
        await anext(stream)
        assert engine.running == 1
    await until_idle(engine)
    assert await whole(engine)


async def test_cancel_takes_one_step_and_ten_milliseconds(engine: LlamaEngine) -> None:
    steps: list[float] = []
    taken: list[float] = []
    for _ in range(5):
        async with aclosing(engine.answer(STORY)) as stream:
            await anext(stream)
            for _ in range(20):
                before = time.perf_counter()
                await anext(stream)
                steps.append(time.perf_counter() - before)
        before = time.perf_counter()
        await until_idle(engine)
        taken.append(time.perf_counter() - before)
    assert min(taken) <= statistics.median(steps) + 0.010


async def test_cancelling_while_the_prompt_is_read(model: Path) -> None:
    engine = await LlamaEngine.open(model, threads=1, max_tokens=5)
    long = question("What?", ["many words of a passage " * 100] * 5)
    task = asyncio.create_task(anext(engine.answer(long)))
    while not engine.running:  # noqa: ASYNC110
        await asyncio.sleep(0.001)
    await asyncio.sleep(0.02)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await until_idle(engine)
    await engine.close()


async def test_a_full_queue_is_busy_and_a_left_place_is_free(engine: LlamaEngine) -> None:
    await whole(engine)  # what all prompts begin with is read by now
    streams = [engine.answer(question(f"Story {n}")) for n in range(4)]
    tasks = []
    with compute.turn(Priority.ANSWER):  # nothing is computed meanwhile
        for stream in streams:
            tasks.append(asyncio.create_task(anext(stream)))
            while not engine.running:  # noqa: ASYNC110
                await asyncio.sleep(0.001)
        await asyncio.sleep(0)
        await _assert_busy_until_one_leaves(engine, tasks)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    for stream in streams:
        await stream.aclose()
    await until_idle(engine)


async def _assert_busy_until_one_leaves(
    engine: LlamaEngine, tasks: list[asyncio.Task[Piece]]
) -> None:
    assert engine.waiting == 3
    with pytest.raises(Busy) as refused:
        await whole(engine)
    assert refused.value.retry_after is not None and refused.value.retry_after >= 1
    tasks[2].cancel()
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert engine.waiting == 2


async def test_closing_during_a_stream(model: Path) -> None:
    engine = await LlamaEngine.open(model, threads=1, max_tokens=2_000)
    stream = engine.answer(STORY)
    await anext(stream)
    waiting = asyncio.create_task(anext(engine.answer(question("Next"))))
    await asyncio.sleep(0)
    started = time.perf_counter()
    await engine.close()
    assert time.perf_counter() - started < 2
    with pytest.raises(Unavailable):
        async for _ in stream:
            pass
    with pytest.raises(Unavailable):
        await waiting
    with pytest.raises(Unavailable):
        await whole(engine)
    assert not [t for t in threading.enumerate() if t.name == "language-model"]


async def test_it_tells_how_much_is_loaded(model: Path) -> None:
    told: list[float] = []
    engine = await LlamaEngine.open(model, threads=1, on_progress=told.append)
    assert told == sorted(told) and told[-1] == 1.0
    assert all(0 <= share <= 1 for share in told)
    await engine.close()


async def test_an_opening_that_is_cancelled_leaves_no_thread(
    model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    loading, load = threading.Event(), threading.Event()
    opened: list[LlamaContext] = []

    class Slow(LlamaContext):
        def __init__(self, path: Path, **options: Any) -> None:
            loading.set()
            assert load.wait(10)
            super().__init__(path, **options)
            opened.append(self)

    monkeypatch.setattr(llama_engine, "LlamaContext", Slow)
    opening = asyncio.create_task(LlamaEngine.open(model, threads=1))
    await asyncio.to_thread(loading.wait, 10)
    opening.cancel()
    await asyncio.sleep(0.01)
    load.set()
    with pytest.raises(asyncio.CancelledError):
        await asyncio.wait_for(opening, 10)
    assert opened == []  # it was given up, not waited for
    assert not [t for t in threading.enumerate() if t.name == "language-model"]


async def test_a_failed_step_fails_its_own_answer_only(
    engine: LlamaEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    good = await whole(engine)
    real = llama_cpp.llama_decode
    calls = 0

    def failing(context: object, batch: object) -> int:
        nonlocal calls
        calls += 1
        return -3 if calls == 10 else int(real(context, batch))

    monkeypatch.setattr(llama_cpp, "llama_decode", failing)
    with pytest.raises(Unavailable, match="code -3"):
        await whole(engine)
    assert await whole(engine) == good


async def test_an_unexpected_failure_is_told_without_its_words(
    engine: LlamaEngine, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*_: object, **__: object) -> list[int]:
        raise RuntimeError("patient Miller")

    with monkeypatch.context() as patch:
        patch.setattr(llama_runtime.LlamaModel, "tokenize", broken)
        with pytest.raises(Unavailable) as failure:
            await whole(engine)
    assert "Miller" not in failure.value.message
    assert "Miller" not in caplog.text
    assert await whole(engine)


async def test_a_question_longer_than_the_context(model: Path) -> None:
    engine = await LlamaEngine.open(model, threads=1, context_tokens=1024, max_tokens=10)
    with pytest.raises(Invalid):
        await whole(engine, "why " * 5_000)
    assert await whole(engine, "why?")
    # Passages that do not fit are left out, the question is not.
    long = question("why?", ["a passage of many words " * 400] * 8)
    assert await told(engine, long)
    await engine.close()


async def test_an_answer_ends_where_the_context_does(tmp_path: Path) -> None:
    path = write_random_llama(tmp_path / "small.gguf", context=1024)
    engine = await LlamaEngine.open(path, threads=1, max_tokens=5_000)
    assert await whole(engine)
    assert await whole(engine)
    await engine.close()


async def test_an_answer_has_whole_characters(tmp_path: Path) -> None:
    """Random weights over byte tokens: most bytes are no UTF-8, all of the text is."""
    path = write_random_llama(tmp_path / "tiny.gguf", vocabulary=tiny_vocabulary(), context=2048)
    engine = await LlamaEngine.open(path, threads=1, max_tokens=300)
    (await whole(engine)).encode("utf-8")
    await engine.close()


async def test_temperature_makes_answers_differ(model: Path) -> None:
    engine = await LlamaEngine.open(model, threads=1, max_tokens=60, temperature=1.5)
    assert len({await whole(engine) for _ in range(4)}) > 1
    await engine.close()
    answers = []
    for _ in range(2):
        seeded = await LlamaEngine.open(model, threads=1, max_tokens=60, temperature=1.5, seed=7)
        answers.append(await whole(seeded))
        await seeded.close()
    assert answers[0] == answers[1]


async def test_the_models_own_template_is_used(tmp_path: Path) -> None:
    template = (
        "{% for m in messages %}<|im_start|>{{ m.role }}\n{{ m.content }}<|im_end|>\n{% endfor %}"
        "<|im_start|>assistant\n"
    )
    path = write_random_llama(
        tmp_path / "chat.gguf",
        chat_template=template,
        extra_control=("<|im_start|>", "<|im_end|>"),
        vocabulary=stories_vocabulary(),
        context=2048,
    )
    engine = await LlamaEngine.open(path, threads=1, max_tokens=20)
    assert await whole(engine)
    await engine.close()


@pytest.fixture
def cut(model: Path, tmp_path: Path) -> Path:
    path = tmp_path / "cut.gguf"
    path.write_bytes(model.read_bytes()[:200_000])
    return path


async def test_a_truncated_file(cut: Path) -> None:
    with pytest.raises(Unavailable, match=r"cut\.gguf.*llm_model"):
        await LlamaEngine.open(cut, threads=1)


async def test_an_embedding_model_is_no_language_model() -> None:
    with pytest.raises(Unavailable, match=r"not a language model.*llm_model"):
        await LlamaEngine.open(embedding_model(), threads=1)


async def test_stories_are_told_token_for_token_as_llama_cpp_tells_them() -> None:
    path = shared_data("models/stories260K-f32.gguf")
    asked = question("Once upon a time")
    engine = await LlamaEngine.open(path, threads=1, context_tokens=512, max_tokens=40)
    ours = await told(engine, asked)
    again = await told(engine, asked)
    await engine.close()

    prompt = ChatTemplate(None, bos="", eos="").render(next(candidates(asked)).turns)[0].text
    reference = llama_cpp.Llama(str(path), n_ctx=512, n_threads=1, n_threads_batch=1, verbose=False)
    tokens = reference.tokenize(prompt.encode(), add_bos=True, special=False)
    tokens_told: list[int] = []
    for token in reference.generate(tokens, temp=0.0, repeat_penalty=1.0):
        if token == reference.token_eos() or len(tokens_told) == 40:
            break
        tokens_told.append(token)
    text = reference.detokenize(tokens_told).decode("utf-8", "replace").lstrip()
    reference.close()
    assert ours == text
    assert again == ours
    assert len(ours) > 60


async def test_steps_that_write_go_before_those_that_only_read(
    engine: LlamaEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[Priority] = []
    turn = compute.turn

    def noted(priority: Priority) -> Any:
        asked.append(priority)
        return turn(priority)

    monkeypatch.setattr(compute, "turn", noted)
    async with aclosing(engine.answer(STORY)) as pieces:
        async for _ in pieces:
            if Priority.ANSWER in asked:
                break
    first = asked.index(Priority.ANSWER)
    assert first > 0
    assert set(asked[:first]) == {Priority.PROMPT}
    assert set(asked[first:]) == {Priority.ANSWER}
