"""Who may ask a server next, on the event loop: so many at once, the others in a fair queue."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field

from appliance.engines.fair_queue import FairQueue
from appliance.engines.protocols import QueuePlace
from appliance.engines.queue_places import QueuePlaces


@dataclass(eq=False, slots=True)
class Turn:
    """`news`: the place whenever it changes, then None when it is this one's turn."""

    user: str
    news: asyncio.Queue[QueuePlace | None] = field(default_factory=asyncio.Queue)
    position: int = 0
    started: float | None = None


class FairTurns:
    def __init__(self, *, slots: int, limit: int, per_user: int) -> None:
        """`slots` have their turn at once, `per_user` of each user; `limit` wait beside them."""
        self.slots = slots
        self.running = 0
        self._queue: FairQueue[Turn] = FairQueue(limit=limit, per_user=per_user)
        self._places = QueuePlaces(slots)

    @property
    def waiting(self) -> int:
        return len(self._queue)

    def enter(self, user: str) -> Turn:
        """`leave` must follow. Raises Busy when too many wait."""
        turn = Turn(user)
        if not self._queue.push(user, turn):
            raise self._places.full()
        self._move()
        return turn

    def charge(self, turn: Turn, cost: float) -> None:
        """Count what was computed for one that has its turn."""
        self._queue.charge(turn.user, cost)

    def leave(self, turn: Turn) -> None:
        if turn.started is None:
            self._queue.remove(turn.user, turn)
        else:
            self._places.answered(time.monotonic() - turn.started)
            self.running -= 1
            self._queue.done(turn.user)
        self._move()

    def _move(self) -> None:
        """Give out what is free, and tell the others where they stand now."""
        while self.running < self.slots and (found := self._queue.pop()) is not None:
            _, turn = found
            self.running += 1
            turn.started = time.monotonic()
            turn.news.put_nowait(None)
        for turn, place in self._places.moved(self._queue.order(), self.running):
            turn.news.put_nowait(place)
