"""Two ways of doing the same thing, measured alternately: A B B A, so that a slow minute hits
both.
"""

from __future__ import annotations

import statistics
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

Measure = Callable[[], Awaitable[float]]


@dataclass(frozen=True, slots=True)
class Series:
    values: tuple[float, ...]

    @property
    def median(self) -> float:
        return statistics.median(self.values)

    @property
    def spread(self) -> str:
        return f"{min(self.values):.1f} to {max(self.values):.1f}"


def quantile(values: Sequence[float], share: float) -> float:
    """The least of `values`, of which there is one, that `share` of them do not exceed, about."""
    return sorted(values)[min(len(values) - 1, int(len(values) * share))]


async def interleave(ours: Measure, reference: Measure, repeats: int = 5) -> tuple[Series, Series]:
    """Run each once to warm up, then both `repeats` times; returns (ours, reference)."""
    await ours()
    await reference()
    results: tuple[list[float], list[float]] = ([], [])
    for number in range(repeats):
        order = (0, 1) if number % 2 == 0 else (1, 0)
        for which in order:
            results[which].append(await (ours, reference)[which]())
    return Series(tuple(results[0])), Series(tuple(results[1]))
