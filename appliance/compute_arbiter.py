"""Who computes natively now: one at a time in this process, the more urgent first.

Threads of native libraries spin while they wait for each other: two pools on the same cores slow
each other many times over. So whatever computes at length does it in turns of some tens of
milliseconds (a step of a language model, a batch of texts), and asks here for each of them.

What is urgent comes in turns that follow closely: if something less urgent began in the instant
between two of them, each would wait for it (Iyer and Druschel, "Anticipatory scheduling", SOSP
2001). So the less urgent wait until the others have been silent for `HOLD_S`, and have a share of
the cores meanwhile that nothing takes from them.
"""

from __future__ import annotations

import math
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import IntEnum


class Priority(IntEnum):
    """The most urgent first."""

    DICTATION = 0  # words that somebody is speaking
    ANSWER = 1  # the next token of answers that are being written
    PROMPT = 2  # what an answer waits for: a prompt that is read, a question's vector
    INGEST = 3  # documents, whose vectors nobody waits for


# One that waits is due when this many times the length of its last turn has gone by since then,
# and then goes before all others: with n, 1 / (n + 1) of the time is its own at least.
PATIENCE = {Priority.PROMPT: 1.0, Priority.INGEST: 19.0}
# Longer than from one step of a language model to the next; a question's search comes after its
# vector, and takes no turn.
HOLD_S = 0.03


@dataclass(eq=False, slots=True)
class Turn:
    priority: Priority
    give_way: Callable[[], None] | None = None
    began: float = 0.0
    yields: bool = False
    gave_way: bool = False


class TurnOrder:
    """Which turn is next. Pure: `now` is in seconds from any beginning and never goes back."""

    def __init__(self) -> None:
        self.running: Turn | None = None
        self._waiting: dict[Priority, deque[Turn]] = {one: deque() for one in Priority}
        self._ended = dict.fromkeys(Priority, -math.inf)
        self._due = dict.fromkeys(PATIENCE, -math.inf)

    def ask(self, turn: Turn) -> None:
        """Whoever computes only because the cores were idle is told to give way."""
        self._waiting[turn.priority].append(turn)
        running = self.running
        if running is None or not running.yields or turn.priority >= running.priority:
            return
        if not running.gave_way and running.give_way is not None:
            running.gave_way = True
            running.give_way()

    def withdraw(self, turn: Turn) -> None:
        """It is neither waiting nor running from now on."""
        if self.running is turn:
            self.running = None
        elif turn in self._waiting[turn.priority]:
            self._waiting[turn.priority].remove(turn)

    def start(self, now: float) -> Turn | None:
        """The turn that begins now, if the cores are free and the time of one has come."""
        if self.running is not None:
            return None
        waiting = [priority for priority in Priority if self._waiting[priority]]
        due = [one for one in waiting if one in PATIENCE and now >= self._due[one]]
        if due:
            # Their shares are small, so the others can bear it.
            chosen = max(due)
        elif waiting and now >= self._silent_from(waiting[0]):
            chosen = waiting[0]
        else:
            return None
        turn = self._waiting[chosen].popleft()
        turn.began = now
        turn.yields = chosen in PATIENCE and not due
        self.running = turn
        return turn

    def wait_s(self, now: float) -> float | None:
        """In how many seconds `start` may have something without anybody's doing; None: never."""
        if self.running is not None:
            return None
        waiting = [priority for priority in Priority if self._waiting[priority]]
        times = [self._due[one] for one in waiting if one in PATIENCE]
        times += [self._silent_from(one) for one in waiting[:1]]
        return max(0.0, min(times) - now) if times else None

    def end(self, now: float) -> None:
        """The running turn is over. One that gave way has got nothing done, and does not count."""
        turn, self.running = self.running, None
        if turn is None or turn.gave_way:
            return
        self._ended[turn.priority] = now
        if turn.priority in PATIENCE:
            self._due[turn.priority] = now + PATIENCE[turn.priority] * (now - turn.began)

    def _silent_from(self, priority: Priority) -> float:
        """When all that is more urgent will have been silent for long enough."""
        if priority not in PATIENCE:
            return -math.inf
        return HOLD_S + max(self._ended[other] for other in Priority if other < priority)


class ComputeArbiter:
    """Turns for the threads of a process. One that nobody disputes costs some microseconds."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._order = TurnOrder()
        self._changed = threading.Condition(threading.Lock())

    @contextmanager
    def turn(
        self, priority: Priority, give_way: Callable[[], None] | None = None
    ) -> Iterator[None]:
        """Waits for a turn and holds it. Do not nest.

        `give_way` may be called once meanwhile, from any thread: something more urgent has come, so
        whatever is being computed is better dropped and asked for again. It must return at once.
        """
        turn = Turn(priority, give_way)
        with self._changed:
            self._order.ask(turn)
            try:
                self._wait(turn)
            except BaseException:
                self._order.withdraw(turn)
                self._changed.notify_all()
                raise
        try:
            yield
        finally:
            with self._changed:
                self._order.end(self._clock())
                self._changed.notify_all()

    def _wait(self, turn: Turn) -> None:
        while self._order.running is not turn:
            now = self._clock()
            started = self._order.start(now)
            if started is None:
                self._changed.wait(self._order.wait_s(now))
            elif started is not turn:
                self._changed.notify_all()


compute = ComputeArbiter()
