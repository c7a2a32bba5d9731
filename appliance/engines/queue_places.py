"""Where those who wait for a language model stand, and for how long they will."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Protocol, TypeVar

from appliance.engines.protocols import QueuePlace
from appliance.errors import Busy

_FIRST_GUESS_SECONDS = 10.0
_WEIGHT = 0.3  # of the newest answer


class Waiting(Protocol):
    """`position` is the one that was told last."""

    position: int


W = TypeVar("W", bound=Waiting)


class QueuePlaces:
    def __init__(self, slots: int) -> None:
        """`slots` are answered at once."""
        self._slots = slots
        self._answer_seconds = _FIRST_GUESS_SECONDS  # from a slot to the end, about

    def answered(self, seconds: float) -> None:
        """An answer took so long from its slot to its end."""
        self._answer_seconds += _WEIGHT * (seconds - self._answer_seconds)

    def moved(self, order: Sequence[W], running: int) -> Iterator[tuple[W, QueuePlace]]:
        """Those of `order` whose place has changed while `running` are answered."""
        each = self._answer_seconds / max(1, min(self._slots, running))
        for position, waiting in enumerate(order, 1):
            if waiting.position != position:
                waiting.position = position
                yield waiting, QueuePlace(position, round(each * position, 1))

    def full(self) -> Busy:
        """For whom there is no place."""
        return Busy(
            "Too many questions are waiting for the language model.",
            retry_after=max(1, math.ceil(self._answer_seconds / self._slots)),
        )
