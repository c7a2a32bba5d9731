"""Which engine answers whom, on a real database and through the answering itself."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from appliance.services.engine_choice import EngineChoice
from appliance.services.flags import FlagChanges, Flags
from appliance.storage.cache import Cache
from appliance.storage.database import Database
from tests.answering_parts import ORIGIN, principal
from tests.fake_engine import FakeEngine

ADA = principal("ada")
AS_ADA: dict[str, Any] = {"actor": ADA, "origin": ORIGIN}
EXTRACTIVE, MODEL = FakeEngine("extractive"), FakeEngine("model")


@pytest.fixture
async def flags(database: Database, tmp_path: Path) -> AsyncIterator[Flags]:
    cache = await Cache.open(tmp_path / "cache", bytes(32))
    yield Flags(database, cache)
    await cache.close()


async def test_the_language_model_answers_unless_it_is_switched_off(flags: Flags) -> None:
    choice = EngineChoice(EXTRACTIVE, lambda: MODEL, flags)
    assert await choice.engine_for("ada") is MODEL
    await flags.toggle("llm_answers", **AS_ADA)
    assert await choice.engine_for("ada") is EXTRACTIVE
    await flags.toggle("llm_answers", **AS_ADA)
    assert await choice.engine_for("ada") is MODEL


async def test_without_a_language_model_the_flag_changes_nothing(flags: Flags) -> None:
    choice = EngineChoice(EXTRACTIVE, lambda: None, flags)
    assert await choice.engine_for("ada") is EXTRACTIVE
    await flags.toggle("llm_answers", **AS_ADA)
    assert await choice.engine_for("ada") is EXTRACTIVE


async def test_a_rollout_gives_each_user_one_of_the_two(flags: Flags) -> None:
    choice = EngineChoice(EXTRACTIVE, lambda: MODEL, flags)
    await flags.update("llm_answers", FlagChanges(rollout_percentage=50), **AS_ADA)
    users = [f"user-{number}" for number in range(40)]
    first = [await choice.engine_for(user) for user in users]
    assert {engine.name for engine in first} == {"extractive", "model"}
    assert [await choice.engine_for(user) for user in users] == first
