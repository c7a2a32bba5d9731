"""The setting `llm_model` in a whole appliance, with models of random weights."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, cast

import pytest

from appliance.container import Container
from appliance.engines import llama_loader
from appliance.engines.llama_context import LlamaContext
from appliance.engines.protocols import AnswerEngine, Piece, QueuePlace
from appliance.errors import Unavailable
from appliance.services.llm_swap import Phase
from appliance.settings import Settings
from tests.answering_parts import ORIGIN, enrol, principal, rows
from tests.engines.questions import question
from tests.fake_embedder import FakeEmbedder
from tests.random_gguf import write_random_llama
from tests.shared_data import shared_data

ADA = principal("ada")
AS_ADA: dict[str, Any] = {"sha256": None, "actor": ADA, "origin": ORIGIN}


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("models")
    write_random_llama(folder / "old.gguf", context=2048)
    write_random_llama(folder / "new.gguf", layers=3, context=2048)
    return folder


@asynccontextmanager
async def appliance(data_dir: Path, model: Path, **changed: Any) -> AsyncIterator[Container]:
    options: dict[str, Any] = {"llm_max_tokens": 200} | changed
    settings = Settings(
        data_dir=data_dir, llm_model=model, threads=1, llm_context=2048, llm_slots=2, **options
    )
    container = Container(settings, embedder=FakeEmbedder())
    await container.open()
    try:
        yield container
    finally:
        await container.close()


def engine_of(container: Container) -> AnswerEngine:
    serving = cast(Any, container.services.language_models)._serving
    engine = serving.for_question()
    assert engine is not None
    return cast(AnswerEngine, engine)


async def told(engine: AnswerEngine) -> list[Piece]:
    return [piece async for piece in engine.answer(question("Once upon a time"))]


async def answers_of(container: Container) -> Any:
    states = await container.services.health.states()
    return next(state for state in states if state.name == "answers")


async def test_the_appliance_serves_while_the_model_is_loaded(
    tmp_path: Path, library: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, may_load, make = threading.Event(), threading.Event(), LlamaContext.__init__

    def held_up(context: LlamaContext, path: Path, **options: Any) -> None:
        options["on_progress"](0.25)
        begun.set()
        assert may_load.wait(20)
        make(context, path, **options)

    monkeypatch.setattr(LlamaContext, "__init__", held_up)
    async with appliance(tmp_path / "data", library / "old.gguf") as container:
        assert await asyncio.to_thread(begun.wait, 20)
        states = {state.name: state for state in await container.services.health.states()}
        assert [name for name, state in states.items() if not state.ok] == ["answers"]
        detail = states["answers"].detail
        assert detail is not None
        assert (detail.state, detail.progress, detail.reason) == ("loading", 0.25, None)
        with pytest.raises(Unavailable, match="not ready yet"):
            await told(engine_of(container))
        may_load.set()
        await container.services.language_models.settled()
        assert (await answers_of(container)).ok
        assert await told(engine_of(container))


async def test_a_stop_does_not_wait_for_the_loading(
    tmp_path: Path, library: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, make = threading.Event(), LlamaContext.__init__

    def endless(context: LlamaContext, path: Path, **options: Any) -> None:
        while options["on_progress"](0.5):
            begun.set()
        make(context, path, **options)

    monkeypatch.setattr(LlamaContext, "__init__", endless)
    async with asyncio.timeout(20):
        async with appliance(tmp_path / "data", library / "old.gguf"):
            await asyncio.to_thread(begun.wait, 20)
    assert not [t for t in threading.enumerate() if t.name == "language-model"]


@pytest.mark.parametrize("holds_both", [True, False])
async def test_answers_that_run_and_wait_during_a_change_are_whole(
    holds_both: bool, tmp_path: Path, library: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not holds_both:
        inspect = llama_loader.LlamaLoader.inspect

        def tight(loader: llama_loader.LlamaLoader, path: Path, beside: Path | None) -> bool:
            return inspect(loader, path, beside) and beside is None

        monkeypatch.setattr(llama_loader.LlamaLoader, "inspect", tight)
    async with appliance(tmp_path / "data", library / "old.gguf") as container:
        models = container.services.language_models
        await enrol(container.database, ADA)
        await models.settled()
        running = engine_of(container)
        stream = running.answer(question("Once upon a time"))
        said = [await anext(stream)]
        await models.choose("new.gguf", **AS_ADA)
        if not holds_both:
            async with asyncio.timeout(20):
                while (await answers_of(container)).detail.state != Phase.DRAINING:  # noqa: ASYNC110
                    await asyncio.sleep(0.005)
        asked = engine_of(container)
        waiting = asyncio.ensure_future(told(asked))
        said += [piece async for piece in stream]
        assert len([piece for piece in said if isinstance(piece, str)]) > 100
        assert running.name == "random-2x64"
        answer = await asyncio.wait_for(waiting, 30)
        assert [piece for piece in answer if isinstance(piece, str)]
        if not holds_both:
            assert isinstance(answer[0], QueuePlace) and asked.name == "random-3x64"
        await models.settled()
        assert engine_of(container).name == "random-3x64"
    assert not [t for t in threading.enumerate() if t.name == "language-model"]


async def test_many_changes_leave_no_thread_and_no_answer_behind(
    tmp_path: Path, library: Path
) -> None:
    async with appliance(tmp_path / "data", library / "old.gguf", llm_max_tokens=10) as container:
        models = container.services.language_models
        await enrol(container.database, ADA)
        await models.settled()
        changing = True

        async def ask() -> int:
            answered = 0
            while changing:
                assert await told(engine_of(container))
                answered += 1
            return answered

        asking = asyncio.ensure_future(ask())
        for name in ("new.gguf", "old.gguf") * 4:
            await models.choose(name, **AS_ADA)
            await models.settled()
        changing = False
        assert await asking > 0
        async with asyncio.timeout(10):
            while len([t for t in threading.enumerate() if t.name == "language-model"]) > 1:  # noqa: ASYNC110
                await asyncio.sleep(0.01)
        changed = "SELECT count(*) AS n FROM audit_log WHERE action = 'llm.change'"
        assert await rows(container.database, changed) == [{"n": 8}]


async def test_the_real_model_is_served(tmp_path: Path) -> None:
    path = shared_data("models/stories260K-f32.gguf")
    async with appliance(tmp_path / "data", path, llm_max_tokens=20) as container:
        await container.services.language_models.settled()
        part = await answers_of(container)
        assert part.ok and part.detail.device.startswith("CPU")
