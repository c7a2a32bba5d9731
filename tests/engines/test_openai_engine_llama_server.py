"""Against a real server, with real and with random weights."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import aclosing
from dataclasses import replace
from pathlib import Path

import pytest

from appliance.engines.openai_engine import OpenAiEngine
from appliance.engines.protocols import NO_ANSWER
from appliance.errors import Invalid
from tests.benchmarks import llama_tools
from tests.engines.asking import told
from tests.engines.llama_server import figure, llama_server
from tests.engines.questions import question
from tests.shared_data import shared_data

pytestmark = pytest.mark.skipif(
    llama_tools.built("llama-server") is None,
    reason="llama-server is not compiled (make llama-tools)",
)
ASKED = question("Did the dog eat?", ["Once upon a time there was a little dog. It ate an apple."])


@pytest.fixture
async def stories() -> AsyncIterator[str]:
    model = shared_data("models/stories260K-f32.gguf")
    async with llama_server(model, "--parallel", "4", "--ctx-size", "2048", "-t", "1") as url:
        yield url


async def test_it_answers_piece_by_piece_and_the_same_again(stories: str) -> None:
    engine = await OpenAiEngine.open(stories, max_tokens=60)
    pieces = [piece async for piece in engine.answer(question("Once upon a time"))]
    assert len(pieces) > 10
    assert engine.name == "stories260K-f32"
    assert "".join(map(str, pieces)) == await told(engine, question("Once upon a time"))
    await engine.check()


async def test_the_form_is_kept_to_where_there_are_passages(stories: str) -> None:
    answer = await told(await OpenAiEngine.open(stories, max_tokens=150), ASKED)
    marked = re.fullmatch(r"(?:[^\[\]]+\[1\][\[\]1. ]*)+[^\[\]]*", answer)
    assert answer == NO_ANSWER or marked, answer


async def test_a_long_prompt_is_shortened_until_it_fits(stories: str) -> None:
    """Its tokens are short, more than are counted for; each slot has 512."""
    engine = await OpenAiEngine.open(stories, max_tokens=8)
    long = replace(ASKED, passages=question("?", ["xqz jvk wph. " * 40] * 6).passages)
    assert await told(engine, long)
    with pytest.raises(Invalid, match="too long"):
        await told(engine, question("xqz jvk wph? " * 60))


async def test_many_at_once_are_answered_as_alone(stories: str) -> None:
    engine = await OpenAiEngine.open(stories, max_tokens=40, slots=4, queue_limit=20)
    asked = [
        replace(question(f"Once there was a {name}."), asker=name)
        for name in "dog cat cow hen fox owl pig ant bee eel".split()
    ]
    alone = [await told(engine, one) for one in asked]
    assert await asyncio.gather(*(told(engine, one) for one in asked)) == alone
    assert len(set(alone)) > 2
    assert (engine.running, engine.waiting) == (0, 0)


async def test_a_closed_answer_is_written_no_further(model: Path) -> None:
    """Random weights never end by themselves."""
    async with llama_server(model, "--parallel", "1", "--ctx-size", "4096", "-t", "1") as url:
        engine = await OpenAiEngine.open(url, max_tokens=3000)
        async with aclosing(engine.answer(question("Why?"))) as pieces:
            first = await anext(pieces)
            assert isinstance(first, str)
        async with asyncio.timeout(30):
            while await figure(url, "requests_processing"):  # noqa: ASYNC110
                await asyncio.sleep(0.02)
        assert await figure(url, "tokens_predicted_total") < 1500
