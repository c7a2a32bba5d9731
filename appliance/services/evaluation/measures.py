"""The measures of retrieval and the intervals around what few questions can say."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TypeVar

import numpy as np

T = TypeVar("T")

_Z = 1.96  # 95 %
_RESAMPLES = 2000
CUTOFF = 10


def ranks_of(targets: Sequence[frozenset[T]], ranking: Sequence[T]) -> list[int]:
    """The ranks from 1 at which targets are found, each target once, in order.

    `ranking` holds each item once, the best first; a target is met by any item in it.
    """
    left = list(targets)
    found = []
    for rank, item in enumerate(ranking, start=1):
        target = next((one for one in left if item in one), None)
        if target is not None:
            left.remove(target)
            found.append(rank)
    return found


def recall(ranks: Sequence[int], targets: int, k: int) -> float:
    """Share of the targets within the first `k`."""
    return sum(rank <= k for rank in ranks) / targets


def ndcg(ranks: Sequence[int], targets: int, k: int = CUTOFF) -> float:
    """Normalised discounted cumulative gain with binary relevance.

    Järvelin and Kekäläinen, "Cumulated Gain-Based Evaluation of IR Techniques", TOIS 2002.
    """
    gained = sum(1 / math.log2(rank + 1) for rank in ranks if rank <= k)
    ideal = sum(1 / math.log2(rank + 1) for rank in range(1, min(targets, k) + 1))
    return gained / ideal


def wilson(hits: int, count: int) -> tuple[float, float]:
    """The 95 % interval of a share. Wilson, "Probable Inference", JASA 1927."""
    share = hits / count
    spread = _Z * math.sqrt(share * (1 - share) / count + _Z**2 / (4 * count**2))
    centre = share + _Z**2 / (2 * count)
    scale = 1 + _Z**2 / count
    return max(0.0, (centre - spread) / scale), min(1.0, (centre + spread) / scale)


def bootstrap(values: Sequence[float]) -> tuple[float, float]:
    """The 95 % percentile interval of a mean; the same values give the same interval.

    Efron, "Bootstrap Methods: Another Look at the Jackknife", Annals of Statistics 1979.
    """
    numbers = np.asarray(values)
    random = np.random.default_rng(0)
    means = numbers[random.integers(0, len(numbers), (_RESAMPLES, len(numbers)))].mean(axis=1)
    low, high = np.percentile(means, [2.5, 97.5])
    return float(low), float(high)


def percentile(values: Sequence[float], share: float) -> float:
    return float(np.percentile(np.asarray(values), 100 * share))
