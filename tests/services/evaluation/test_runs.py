"""Runs that are kept: which one counts, and what the trail says of them."""

from __future__ import annotations

from dataclasses import replace

import pytest

from appliance.errors import NotFound
from appliance.services.evaluation.runs import EvaluationRuns
from appliance.storage.database import Database
from tests.answering_parts import rows
from tests.conftest import SettableClock
from tests.services.evaluation.parts import RIGHT, RIGHTLY_REFUSED, run_of

RUN = run_of(RIGHT, RIGHTLY_REFUSED, run_id="aaaa-1")
TRAIL = "SELECT action, resource_id, details FROM audit_log ORDER BY seq"


async def test_a_run_comes_back_as_it_was(database: Database, clock: SettableClock) -> None:
    runs = EvaluationRuns(database, clock=clock)
    kept = await runs.keep(RUN, accepted=False)
    assert kept == RUN
    assert await runs.get(None) == RUN
    assert await runs.get("aaaa") == RUN
    assert await runs.listing() == [RUN]


async def test_what_is_not_there_is_told(database: Database) -> None:
    runs = EvaluationRuns(database)
    with pytest.raises(NotFound, match="There is no run yet"):
        await runs.get(None)
    await runs.keep(RUN, accepted=False)
    await runs.keep(replace(RUN, id="aaaa-2"), accepted=False)
    with pytest.raises(NotFound, match="There is no run b"):
        await runs.get("b")
    with pytest.raises(NotFound, match="More than one run begins with aaaa"):
        await runs.accept("aaaa")


async def test_the_accepted_run_is_what_later_ones_are_compared_with(
    database: Database, clock: SettableClock
) -> None:
    runs = EvaluationRuns(database, clock=clock)
    assert await runs.accepted_before(RUN) is None
    first = await runs.keep(RUN, accepted=True)
    assert first.accepted_at == clock.now
    assert await runs.accepted_before(first) is None  # not with itself
    second = await runs.keep(replace(RUN, id="bbbb"), accepted=False)
    assert await runs.accepted_before(second) == first
    clock.advance(hours=1)
    accepted = await runs.accept("bbbb")
    assert accepted.accepted_at == clock.now
    assert await runs.get("bbbb") == accepted
    third = replace(RUN, id="cccc")
    assert await runs.accepted_before(third) == accepted
    assert await runs.accepted_before(accepted) == first
    other = replace(third, set_name="theatre")
    assert await runs.accepted_before(other) is None


async def test_deletion(database: Database) -> None:
    runs = EvaluationRuns(database)
    await runs.keep(RUN, accepted=True)
    assert await runs.delete("aaaa") == RUN.id
    assert await runs.listing() == []


async def test_every_act_is_in_the_trail_without_its_words(database: Database) -> None:
    runs = EvaluationRuns(database)
    await runs.begin(2)
    await runs.keep(RUN, accepted=True)
    await runs.get(None)
    await runs.accepted_before(replace(RUN, id="b"))
    await runs.accept(RUN.id)
    await runs.listing()
    await runs.delete(RUN.id)
    trail = await rows(database, TRAIL)
    assert [(row["action"].removeprefix("evaluation."), row["resource_id"]) for row in trail] == [
        ("start", None),
        ("complete", RUN.id),
        ("accept", RUN.id),
        ("read", RUN.id),
        ("read", RUN.id),
        ("accept", RUN.id),
        ("list", None),
        ("delete", RUN.id),
    ]
    assert trail[1]["details"] == '{"questions":2,"right":2}'
    assert "dose" not in str(trail)
