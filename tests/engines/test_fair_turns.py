from __future__ import annotations

import pytest

from appliance.engines.fair_turns import FairTurns, Turn
from appliance.engines.protocols import QueuePlace
from appliance.errors import Busy


def news(turn: Turn) -> list[int | None]:
    """The places that it was told, None for its turn."""
    found: list[int | None] = []
    while not turn.news.empty():
        told = turn.news.get_nowait()
        found.append(told.position if isinstance(told, QueuePlace) else None)
    return found


async def test_free_places_are_given_out_at_once() -> None:
    turns = FairTurns(slots=2, limit=9, per_user=1)
    assert [news(turns.enter(user)) for user in ("ada", "ben")] == [[None], [None]]
    assert (turns.running, turns.waiting) == (2, 0)


async def test_who_waits_hears_of_every_change() -> None:
    turns = FairTurns(slots=1, limit=9, per_user=1)
    ada, ben, cem = (turns.enter(user) for user in ("ada", "ben", "cem"))
    assert (news(ben), news(cem)) == ([1], [2])
    turns.leave(ben)
    assert news(cem) == [1]
    turns.leave(ada)
    assert news(cem) == [None]
    turns.leave(cem)
    assert (turns.running, turns.waiting) == (0, 0)


async def test_who_used_least_goes_first() -> None:
    turns = FairTurns(slots=1, limit=9, per_user=1)
    ada = turns.enter("ada")
    again, ben = turns.enter("ada"), turns.enter("ben")
    turns.charge(ada, 5000)
    turns.leave(ada)
    assert (news(again)[-1], news(ben)[-1]) == (1, None)


async def test_too_many_are_told_when_to_come_back() -> None:
    turns = FairTurns(slots=1, limit=1, per_user=1)
    turns.enter("ada")
    turns.enter("ben")
    with pytest.raises(Busy) as raised:
        turns.enter("cem")
    assert (raised.value.retry_after or 0) >= 1
    assert turns.waiting == 1
