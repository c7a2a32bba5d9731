"""services/flags.py: whom a flag reaches, and that a change acts at once."""

from __future__ import annotations

import asyncio
import json
import uuid
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from appliance.errors import Conflict, NotFound
from appliance.services.flags import BUILT_IN, FlagChanges, Flags, bucket
from appliance.storage import flags as store
from appliance.storage.cache import Cache
from appliance.storage.database import Connection, Database
from tests.answering_parts import ORIGIN, principal, rows
from tests.conftest import KEY, SettableClock

ADA = principal("ada")
AS_ADA: dict[str, Any] = {"actor": ADA, "origin": ORIGIN}
USERS = [str(uuid.UUID(int=number * 0x9E3779B97F4A7C15)) for number in range(4000)]


@pytest.fixture
async def flags(database: Database, tmp_path: Path, clock: SettableClock) -> AsyncIterator[Flags]:
    cache = await Cache.open(tmp_path / "cache", bytes(32), clock=clock)
    yield Flags(database, cache, clock=clock)
    await cache.close()


async def made(flags: Flags, percentage: int = 100, *, enabled: bool = True) -> None:
    await flags.create(
        "new_feature",
        enabled=enabled,
        description="It is new.",
        rollout_percentage=percentage,
        **AS_ADA,
    )


async def reached(flags: Flags, name: str = "new_feature") -> set[str]:
    return {user for user in USERS if await flags.holds(name, user)}


async def test_what_the_appliance_asks_for_is_on_from_the_start(flags: Flags) -> None:
    assert await flags.held_by(USERS[0]) == dict.fromkeys(sorted(BUILT_IN), True)
    assert not await flags.holds("no_such_flag", USERS[0])


async def test_a_built_in_flag_whose_row_is_lost_stays_on(flags: Flags, database: Database) -> None:
    await database.write(lambda tx: store.delete(tx, "voice_mode"))
    assert await flags.holds("voice_mode", USERS[0])


@pytest.mark.parametrize("percentage", [0, 1, 10, 50, 99, 100])
async def test_a_rollout_reaches_its_share(flags: Flags, percentage: int) -> None:
    await made(flags, percentage)
    share = len(await reached(flags)) / len(USERS)
    # Four standard deviations of a binomial.
    slack = 4 * (percentage * (100 - percentage) / len(USERS)) ** 0.5 / 100
    assert abs(share - percentage / 100) <= slack


async def test_a_rollout_is_stable_and_only_grows(flags: Flags) -> None:
    await made(flags, 0)
    before: set[str] = set()
    for percentage in range(0, 101, 5):
        await flags.update("new_feature", FlagChanges(rollout_percentage=percentage), **AS_ADA)
        now = await reached(flags)
        assert before <= now and now == await reached(flags)
        before = now
    assert before == set(USERS)


def test_where_somebody_stands_does_not_change_between_versions() -> None:
    assert [bucket("voice_mode", f"user-{n}") for n in range(4)] == [8389, 8845, 9984, 7454]


async def test_each_flag_reaches_others_first(flags: Flags) -> None:
    await made(flags, 10)
    await flags.update("voice_mode", FlagChanges(rollout_percentage=10), **AS_ADA)
    assert await reached(flags) != await reached(flags, "voice_mode")


async def test_a_disabled_flag_reaches_nobody(flags: Flags) -> None:
    await made(flags, 100, enabled=False)
    assert await reached(flags) == set()


async def test_a_change_acts_at_once(flags: Flags) -> None:
    """The clock stands still: nothing runs out by itself."""
    assert not await flags.holds("new_feature", USERS[0])
    await made(flags)
    assert await flags.holds("new_feature", USERS[0])
    assert not (await flags.toggle("new_feature", **AS_ADA)).enabled
    assert not await flags.holds("new_feature", USERS[0])
    await flags.update("new_feature", FlagChanges(enabled=True), **AS_ADA)
    assert await flags.holds("new_feature", USERS[0])
    await flags.delete("new_feature", **AS_ADA)
    assert not await flags.holds("new_feature", USERS[0])
    assert "new_feature" not in await flags.held_by(USERS[0])


async def test_flags_are_cached(flags: Flags, database: Database) -> None:
    assert await flags.holds("voice_mode", USERS[0])
    await database.write(lambda tx: tx.execute("UPDATE feature_flags SET enabled = 0").rowcount)
    assert await flags.holds("voice_mode", USERS[0])


async def test_a_change_by_another_process_acts_within_a_second(
    flags: Flags, database: Database, tmp_path: Path, clock: SettableClock
) -> None:
    assert await flags.holds("voice_mode", USERS[0])
    other = await Database.open(tmp_path / "test.db", KEY)
    await other.write(lambda tx: tx.execute("UPDATE feature_flags SET enabled = 0").rowcount)
    await other.close()
    clock.advance(seconds=0.5)
    assert not await flags.holds("voice_mode", USERS[0])


async def test_a_value_read_during_a_change_is_not_kept(
    flags: Flags, monkeypatch: pytest.MonkeyPatch
) -> None:
    read = flags._db.read
    monkeypatch.setattr(flags._db, "read", changing := Changing(flags, read))
    assert await flags.holds("voice_mode", USERS[0])  # as it was when it was read
    assert changing.done
    assert not await flags.holds("voice_mode", USERS[0])


class Changing:
    """A read after which somebody switches the flag, before its reader gets it."""

    def __init__(self, flags: Flags, read: Any) -> None:
        self._flags, self._read = flags, read
        self.done = False

    async def __call__(self, work: Any) -> Any:
        found = await self._read(work)
        if not self.done:
            self.done = True
            await self._flags.toggle("voice_mode", **AS_ADA)
        return found


@pytest.mark.parametrize("name", sorted(BUILT_IN))
async def test_a_built_in_flag_is_switched_off_but_not_deleted(flags: Flags, name: str) -> None:
    with pytest.raises(Conflict):
        await flags.delete(name, **AS_ADA)
    assert not (await flags.toggle(name, **AS_ADA)).enabled
    assert not await flags.holds(name, USERS[0])


async def test_unknown_flags_are_not_found(flags: Flags, database: Database) -> None:
    for act in (
        flags.get("nope"),
        flags.update("nope", FlagChanges(enabled=True), **AS_ADA),
        flags.toggle("nope", **AS_ADA),
        flags.delete("nope", **AS_ADA),
    ):
        with pytest.raises(NotFound):
            await act
    assert await rows(database, "SELECT * FROM audit_log") == []


async def test_a_taken_name_changes_nothing(flags: Flags, database: Database) -> None:
    await made(flags, 10)
    with pytest.raises(Conflict) as refused:
        await made(flags, 20)
    assert refused.value.field == "name"
    assert (await flags.get("new_feature")).rollout_percentage == 10
    assert len(await rows(database, "SELECT * FROM audit_log")) == 1


async def test_f1_every_change_leaves_its_row(
    flags: Flags, database: Database, clock: SettableClock
) -> None:
    await made(flags, 10, enabled=False)
    clock.advance(seconds=1)
    changed = await flags.update(
        "new_feature", FlagChanges(description="Secret words", rollout_percentage=20), **AS_ADA
    )
    assert (changed.enabled, changed.rollout_percentage) == (False, 20)
    assert changed.updated_at == clock() and changed.created_at < clock()
    await flags.toggle("new_feature", **AS_ADA)
    await flags.delete("new_feature", **AS_ADA)
    trail = await rows(database, "SELECT * FROM audit_log ORDER BY seq")
    assert [(row["action"], json.loads(row["details"])) for row in trail] == [
        ("flag.create", {"enabled": False, "rollout_percentage": 10}),
        (
            "flag.update",
            {
                "enabled": False,
                "rollout_percentage": 20,
                "was_enabled": False,
                "was_rollout_percentage": 10,
            },
        ),
        (
            "flag.toggle",
            {
                "enabled": True,
                "rollout_percentage": 20,
                "was_enabled": False,
                "was_rollout_percentage": 20,
            },
        ),
        ("flag.delete", {"enabled": True, "rollout_percentage": 20}),
    ]
    assert {row["resource_id"] for row in trail} == {"new_feature"}
    assert {row["user_id"] for row in trail} == {ADA.user.id}
    assert "Secret" not in str(trail)


async def test_f2_what_cannot_be_audited_does_not_happen(flags: Flags, database: Database) -> None:
    def forbid(tx: Connection) -> None:
        tx.execute(
            """CREATE TRIGGER full BEFORE INSERT ON audit_log
               BEGIN SELECT RAISE(ABORT, 'no room'); END"""
        )

    await database.write(forbid)
    with pytest.raises(Exception, match="no room"):
        await flags.toggle("voice_mode", **AS_ADA)
    assert (await flags.get("voice_mode")).enabled
    assert await flags.holds("voice_mode", USERS[0])


async def test_toggling_many_times_at_once_loses_none(flags: Flags) -> None:
    await asyncio.gather(*(flags.toggle("voice_mode", **AS_ADA) for _ in range(25)))
    assert not (await flags.get("voice_mode")).enabled
