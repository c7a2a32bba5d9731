"""The measures, against values worked out by hand or printed in their papers."""

from __future__ import annotations

from math import log2

import pytest

from appliance.services.evaluation.measures import (
    bootstrap,
    ndcg,
    percentile,
    ranks_of,
    recall,
    wilson,
)

A, B = frozenset({"a", "a again"}), frozenset({"b"})


@pytest.mark.parametrize(
    ("targets", "ranking", "ranks"),
    [
        ([A], ["x", "a"], [2]),
        ([A, B], ["b", "x", "a"], [1, 3]),
        ([A], ["a", "a again"], [1]),  # one target counts once
        ([A, A], ["a", "a again"], [1, 2]),
        ([A], [], []),
        ([], ["a"], []),
    ],
)
def test_ranks(targets: list[frozenset[str]], ranking: list[str], ranks: list[int]) -> None:
    assert ranks_of(targets, ranking) == ranks


def test_recall() -> None:
    assert recall([1, 3, 12], 4, 1) == 0.25
    assert recall([1, 3, 12], 4, 3) == 0.5
    assert recall([1, 3, 12], 4, 10) == 0.5
    assert recall([], 2, 10) == 0


@pytest.mark.parametrize(
    ("ranks", "targets", "value"),
    [
        ([1], 1, 1.0),
        ([2], 1, 1 / log2(3)),
        ([1, 3], 2, (1 + 0.5) / (1 + 1 / log2(3))),
        ([11], 1, 0.0),
        ([], 3, 0.0),
        (list(range(1, 11)), 30, 1.0),  # no more than ten can be had
    ],
)
def test_ndcg(ranks: list[int], targets: int, value: float) -> None:
    assert ndcg(ranks, targets) == pytest.approx(value)


@pytest.mark.parametrize(
    ("hits", "count", "low", "high"),
    # Newcombe, "Two-sided confidence intervals for the single proportion", Statistics in Medicine
    # 1998, table I, method 3.
    [
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0, 0.1611),
        (1, 29, 0.0061, 0.1718),
        (29, 29, 0.8830, 1.0),
    ],
)
def test_wilson(hits: int, count: int, low: float, high: float) -> None:
    assert wilson(hits, count) == pytest.approx((low, high), abs=1e-4)


def test_bootstrap() -> None:
    assert bootstrap([0.5] * 8) == (0.5, 0.5)
    values = [0.0, 1.0] * 50
    low, high = bootstrap(values)
    assert low == pytest.approx(0.40, abs=0.02)  # 1.96 standard errors of 0.05
    assert high == pytest.approx(0.60, abs=0.02)
    assert bootstrap(values) == (low, high)


def test_percentile() -> None:
    assert percentile([1, 2, 3, 4, 5], 0.5) == 3
    assert percentile([0, 100], 0.95) == pytest.approx(95)
