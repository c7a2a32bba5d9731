from __future__ import annotations

import asyncio
from contextlib import suppress
from pathlib import Path

import psutil  # type: ignore[import-untyped]
import pytest

from appliance.engines.model_need import read_language_model
from appliance.engines.model_trial import try_out
from appliance.errors import Unavailable
from tests.random_gguf import tiny_vocabulary, write_aborting_llama, write_random_llama
from tests.shared_data import shared_data


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("gguf") / "whole.gguf"
    return write_random_llama(path, vocabulary=tiny_vocabulary())


def children() -> list[psutil.Process]:
    found = []
    for child in psutil.Process().children():
        with suppress(psutil.Error):  # it ended meanwhile
            if any("model_trial" in part for part in child.cmdline()):
                found.append(child)
    return found


async def test_a_good_model_passes(whole: Path) -> None:
    await try_out(whole)


async def test_the_real_model_passes() -> None:
    await try_out(shared_data("models/stories260K-f32.gguf"))


async def test_a_file_that_ends_llama_cpp_ends_only_the_trial(tmp_path: Path) -> None:
    path = write_aborting_llama(tmp_path / "bad.gguf")
    read_language_model(path)
    with pytest.raises(Unavailable, match=r"bad\.gguf .*llm_model.* makes llama\.cpp fail"):
        await try_out(path)


async def test_a_reason_is_passed_on(tmp_path: Path) -> None:
    path = tmp_path / "text.gguf"
    path.write_text("no model")
    with pytest.raises(Unavailable, match="does not begin as a GGUF file does"):
        await try_out(path)


async def test_one_that_takes_too_long_is_ended(whole: Path) -> None:
    with pytest.raises(Unavailable, match=r"whole\.gguf"):
        await try_out(whole, trial_s=0.0)
    assert children() == []


async def test_one_that_is_given_up_is_ended(whole: Path) -> None:
    trying = asyncio.ensure_future(try_out(whole))
    while not children():  # noqa: ASYNC110
        await asyncio.sleep(0.005)
    trying.cancel()
    with pytest.raises(asyncio.CancelledError):
        await trying
    async with asyncio.timeout(20):
        while children():  # noqa: ASYNC110
            await asyncio.sleep(0.02)
