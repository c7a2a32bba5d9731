from __future__ import annotations

import asyncio
import threading
from pathlib import Path
from typing import Any

import pytest

from appliance.engines import llama_loader
from appliance.engines.llama_context import need_of
from appliance.engines.llama_loader import LlamaLoader
from appliance.engines.model_need import read_language_model
from appliance.engines.protocols import ModelLoader
from appliance.errors import Unavailable
from tests.engines.questions import question
from tests.random_gguf import tiny_vocabulary, write_random_llama

_: type[ModelLoader] = LlamaLoader


def loader(**changed: Any) -> LlamaLoader:
    options: dict[str, Any] = {
        "threads": 1,
        "context_tokens": 512,
        "max_tokens": 8,
        "temperature": 0.0,
        "slots": 2,
        "queue_limit": 4,
        "cache_bytes": 0,
        "backends": None,
    }
    return LlamaLoader(**options | changed)


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    folder = tmp_path_factory.mktemp("llm")
    made = [
        write_random_llama(folder / f"{name}.gguf", layers=layers, vocabulary=tiny_vocabulary())
        for name, layers in (("old", 2), ("new", 3))
    ]
    return made[0], made[1]


async def test_it_opens_a_model_that_answers(models: tuple[Path, Path]) -> None:
    told: list[float] = []
    engine = await loader().open(models[0], told.append)
    assert told[-1] == 1.0
    assert [piece async for piece in engine.answer(question("Why?"))]
    assert engine.slots == 2 and engine.device.startswith("CPU")
    await engine.close()


async def test_opening_can_be_given_up(models: tuple[Path, Path]) -> None:
    reached, go_on = threading.Event(), threading.Event()

    def wait(share: float) -> None:
        reached.set()
        go_on.wait(10)

    opening = asyncio.ensure_future(loader().open(models[0], wait))
    await asyncio.to_thread(reached.wait, 10)
    opening.cancel()
    await asyncio.sleep(0)
    go_on.set()
    with pytest.raises(asyncio.CancelledError):
        await asyncio.wait_for(opening, 10)
    assert not [t for t in threading.enumerate() if t.name == "language-model"]


async def test_two_are_held_only_where_memory_has_room_for_both(
    models: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    old, new = models
    held = loader()
    engine = await held.open(old, lambda share: None)
    before, need = (need_of(read_language_model(p), window=512, slots=2) for p in (old, new))
    # For the new one with all its slots; half of what is free goes to them.
    alone = need.weights + need.compute + 4 * need.slot

    def machine_has(available: int) -> None:
        monkeypatch.setattr(llama_loader, "available_memory", lambda: available)

    machine_has(alone)
    assert held.inspect(new, None)
    machine_has(alone + before.weights)
    assert held.inspect(new, old)
    machine_has(alone + before.weights - 2)  # one slot fewer than alone
    assert not held.inspect(new, old)
    freed = before.compute + engine.slots * before.slot
    machine_has(need.weights + need.compute + 2 * need.slot - freed)
    assert not held.inspect(new, old)
    machine_has(need.weights + need.compute + 2 * need.slot - freed - 2)
    with pytest.raises(Unavailable, match=r"new\.gguf .*llm_model.*MiB"):
        held.inspect(new, old)
    await engine.close()


def test_a_file_that_is_no_model_is_refused(tmp_path: Path) -> None:
    bad = tmp_path / "bad.gguf"
    bad.write_text("not a model")
    with pytest.raises(Unavailable, match=r"bad\.gguf is not a usable GGUF file"):
        loader().inspect(bad, None)
