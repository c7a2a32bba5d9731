"""Who is next when more people ask than can be answered at once. Pure.

The virtual token counter of Sheng et al., "Fairness in Serving Large Language Models" (OSDI 2024):
every user has a counter of the tokens that were computed for them, and of those who wait the one
with the least goes next. Who comes back after a pause is lifted to the least counter of those who
are there, so that nobody saves up for a monopoly.
"""

from __future__ import annotations

from collections import Counter, deque
from typing import Generic, TypeVar

T = TypeVar("T")

READ_COST = 1.0  # of a token of a prompt; one that is written takes a step of its own
WRITTEN_COST = 2.0
_USUAL_COST = 1000.0  # of an answer, where one must be guessed


class FairQueue(Generic[T]):
    """Items of users, the fairest first; not safe to use from two threads at once."""

    def __init__(self, *, limit: int, per_user: int = 1) -> None:
        """At most `limit` wait; of each user at most `per_user` are out of the queue at a time."""
        self._limit = limit
        self._per_user = per_user
        self._waiting: dict[str, deque[T]] = {}
        self._out: list[str] = []  # whose items are out, in the order of their leaving
        self._counters: dict[str, float] = {}
        self._floor = 0.0  # the counter of who left last, when nobody was left

    def __len__(self) -> int:
        return sum(map(len, self._waiting.values()))

    @property
    def users(self) -> int:
        """Of how many users something is remembered."""
        return len(self._counters)

    def push(self, user: str, item: T) -> bool:
        """False when the queue is full."""
        if len(self) >= self._limit:
            return False
        if not self._is_here(user):
            here = [count for name, count in self._counters.items() if self._is_here(name)]
            least = min(here, default=self._floor)
            self._counters[user] = max(self._counters.get(user, 0.0), least)
        self._waiting.setdefault(user, deque()).append(item)
        return True

    def pop(self) -> tuple[str, T] | None:
        """Who is next and may be; `done` must follow for each."""
        taken = Counter(self._out)
        ready = [user for user in self._waiting if taken[user] < self._per_user]
        if not ready:
            return None
        user = min(ready, key=self._counters.__getitem__)
        items = self._waiting[user]
        item = items.popleft()
        if not items:
            del self._waiting[user]
        self._out.append(user)
        return user, item

    def remove(self, user: str, item: T) -> bool:
        """Take a waiting item back; False when it does not wait."""
        items = self._waiting.get(user)
        if items is None or item not in items:
            return False
        items.remove(item)
        if not items:
            del self._waiting[user]
        self._forget_idle(user)
        return True

    def charge(self, user: str, cost: float) -> None:
        """Count what was computed for a user whose item is out of the queue."""
        self._counters[user] += cost

    def done(self, user: str) -> None:
        """One of the user's items that were out is finished with."""
        self._out.remove(user)
        self._forget_idle(user)

    def order(self) -> list[T]:
        """What waits, in the order in which it would be taken if every item cost the same.

        Those that are out end first come, first gone, and of who has as many out as they may
        nothing is taken before that.
        """
        counters = dict(self._counters)
        left = {user: deque(items) for user, items in self._waiting.items()}
        out, taken = deque(self._out), Counter(self._out)
        found: list[T] = []
        free = 0
        while left:
            ready = [user for user in left if taken[user] < self._per_user]
            if out and not (free and ready):
                taken[out.popleft()] -= 1
                free += 1
                continue
            user = min(ready, key=counters.__getitem__)
            found.append(left[user].popleft())
            counters[user] += _USUAL_COST
            out.append(user)
            taken[user] += 1
            free = max(0, free - 1)
            if not left[user]:
                del left[user]
        return found

    def drain(self) -> list[T]:
        """Take all that waits, for good."""
        items = [item for items in self._waiting.values() for item in items]
        self._waiting.clear()
        return items

    def _is_here(self, user: str) -> bool:
        return user in self._waiting or user in self._out

    def _forget_idle(self, user: str) -> None:
        """Counters that the next `push` would lift anyway say nothing."""
        here = [count for name, count in self._counters.items() if self._is_here(name)]
        if not here:
            self._floor = max(self._floor, self._counters[user])
        least = min(here, default=self._floor)
        for name, count in list(self._counters.items()):
            if count <= least and not self._is_here(name):
                del self._counters[name]
