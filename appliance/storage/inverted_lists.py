"""Inverted lists (IVF): vectors sorted by the nearest of some centroids, few of which are searched.

Jegou, Douze and Schmid, "Product quantization for nearest neighbor search", TPAMI 2011, section
IV, without the quantizer: within the lists that are looked into, every cosine is exact. Centroids
are those of spherical k-means (Dhillon and Modha, Machine Learning 2001) on a sample.
"""

from __future__ import annotations

import math
import threading
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from appliance.compute_arbiter import Priority, compute

# Chosen on vectors made of those of two sets of medical texts, for half of their questions; see
# what the others say by `python -m tests.benchmarks.bench_scale`. Many small lists find more than
# few large ones for as many vectors looked at.
_LISTS = 4.0  # times the root of the number of vectors
_PROBED = 280  # lists of average size that a search looks into
_SAMPLE = 40  # vectors per list that the centroids are trained on
_ROUNDS = 6
_COSINES = 2_000_000  # computed in one turn: some tens of milliseconds, for which others wait


class Stopped(Exception):
    """The training was told to stop."""


@dataclass(frozen=True, slots=True)
class InvertedLists:
    """Of the first `rows` rows of a matrix: list i is rows starts[i] to starts[i + 1]."""

    centroids: NDArray[np.float32]
    starts: NDArray[np.int64]

    @property
    def rows(self) -> int:
        return int(self.starts[-1])

    def nearest(self, vector: NDArray[np.float32]) -> list[tuple[int, int]]:
        """(first row, row after the last) of each list to look into, the most promising first."""
        sizes = np.diff(self.starts)
        order = np.argsort(-(self.centroids @ vector), kind="stable")
        wanted = _PROBED * self.rows / len(sizes)
        enough = int(np.searchsorted(np.cumsum(sizes[order]), wanted)) + 1
        return [(int(self.starts[n]), int(self.starts[n + 1])) for n in order[:enough]]

    def without(self, alive: NDArray[np.bool_]) -> InvertedLists:
        """When only the rows that are `alive` stay, in the same order."""
        before = np.concatenate([[0], np.cumsum(alive[: self.rows])])
        return InvertedLists(self.centroids, before[self.starts])


def trained(
    vectors: NDArray[np.float32], stop: threading.Event
) -> tuple[InvertedLists, NDArray[np.int64]]:
    """Lists for unit `vectors`, and the order in which their rows lie one list after the other.

    Deterministic. Takes about a minute of one core for a million. Raises `Stopped`.
    """
    count = max(1, int(_LISTS * math.sqrt(len(vectors))))
    chance = np.random.default_rng(0)
    size = min(len(vectors), _SAMPLE * count)
    sample = vectors[np.sort(chance.choice(len(vectors), size, replace=False))]
    centroids = sample[chance.choice(size, min(count, size), replace=False)]
    for _ in range(_ROUNDS):
        labels = _labels(sample, centroids, stop)
        order = np.argsort(labels, kind="stable")
        present, first = np.unique(labels[order], return_index=True)
        sums = np.add.reduceat(sample[order], first, axis=0)
        # A list that is nobody's nearest keeps its centroid.
        centroids[present] = sums / np.maximum(np.linalg.norm(sums, axis=1, keepdims=True), 1e-12)
    labels = _labels(vectors, centroids, stop)
    starts = np.concatenate([[0], np.cumsum(np.bincount(labels, minlength=len(centroids)))])
    return InvertedLists(centroids, starts), np.argsort(labels, kind="stable")


def _labels(
    vectors: NDArray[np.float32], centroids: NDArray[np.float32], stop: threading.Event
) -> NDArray[np.int64]:
    """The nearest centroid of each vector."""
    labels = np.empty(len(vectors), np.int64)
    batch = max(1, _COSINES // len(centroids))
    for start in range(0, len(vectors), batch):
        if stop.is_set():
            raise Stopped
        some = slice(start, start + batch)
        with compute.turn(Priority.INGEST):
            labels[some] = np.argmax(vectors[some] @ centroids.T, axis=1)
    return labels
