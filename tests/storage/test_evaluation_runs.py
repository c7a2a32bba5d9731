"""Rows of evaluation runs."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from appliance.storage import evaluation_runs
from appliance.storage.database import Connection, Database
from appliance.storage.evaluation_runs import StoredRun
from tests.answering_parts import NOW

FIRST = StoredRun("aaa1", "ward", NOW, NOW, "{}")
SECOND = StoredRun("aaa2", "ward", NOW + timedelta(hours=1), None, '{"x": 1}')
OTHER = StoredRun("bbb1", "theatre", NOW + timedelta(hours=2), NOW + timedelta(hours=3), "{}")


async def fill(database: Database) -> None:
    def work(tx: Connection) -> None:
        for run in (FIRST, SECOND, OTHER):
            evaluation_runs.insert(tx, run)

    await database.write(work)


async def test_runs_are_found_by_the_beginning_of_their_id(database: Database) -> None:
    await fill(database)

    def found(start: str) -> list[StoredRun]:
        return read_all[start]

    read_all = {
        start: await database.read(
            lambda tx, start=start: evaluation_runs.beginning_with(tx, start)  # type: ignore[misc]
        )
        for start in ("aaa1", "aaa", "b", "%", "_", "c")
    }
    assert found("aaa1") == [FIRST]
    assert len(found("aaa")) == 2
    assert found("b") == [OTHER]
    assert found("%") == found("_") == found("c") == []


async def test_the_last_accepted_of_a_set(database: Database) -> None:
    await fill(database)
    await database.write(lambda tx: evaluation_runs.accept(tx, SECOND.id, NOW + timedelta(hours=4)))
    accepted = replace(SECOND, accepted_at=NOW + timedelta(hours=4))

    def last(tx: Connection) -> list[StoredRun | None]:
        return [
            evaluation_runs.last_accepted(tx, "ward", besides="none"),
            evaluation_runs.last_accepted(tx, "ward", besides=SECOND.id),
            evaluation_runs.last_accepted(tx, "theatre", besides=OTHER.id),
        ]

    assert await database.read(last) == [accepted, FIRST, None]


async def test_listing_newest_and_deletion(database: Database) -> None:
    assert await database.read(evaluation_runs.newest) is None
    await fill(database)
    assert await database.read(evaluation_runs.newest) == OTHER
    assert await database.read(lambda tx: evaluation_runs.listing(tx, limit=2)) == [OTHER, SECOND]
    await database.write(lambda tx: evaluation_runs.delete(tx, OTHER.id))
    assert await database.read(evaluation_runs.newest) == SECOND
