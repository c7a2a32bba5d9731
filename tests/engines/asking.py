"""Asking an engine, and waiting until it has nothing to do."""

from __future__ import annotations

import asyncio

from appliance.domain import Question
from appliance.engines.llama_engine import LlamaEngine
from appliance.engines.protocols import AnswerEngine


async def told(engine: AnswerEngine, asked: Question) -> str:
    """The whole answer."""
    return "".join([piece async for piece in engine.answer(asked) if isinstance(piece, str)])


async def until_idle(engine: LlamaEngine) -> None:
    async with asyncio.timeout(20):
        while engine.running or engine.waiting:  # noqa: ASYNC110
            await asyncio.sleep(0.0005)  # the engine tells nobody when it is free
