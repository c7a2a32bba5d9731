"""Nearness and cover together make the order."""

from __future__ import annotations

import numpy as np
import pytest

from appliance.services.ranking import Candidates, cover, ranked
from appliance.storage.exact_terms import TermCounts


def candidates(
    cosines: list[float],
    counts: list[list[int]],
    *,
    frequencies: list[int] | None = None,
    lengths: list[int] | None = None,
    ids: str = "abcdef",
    asked: int | None = None,
    names: list[tuple[list[int], list[int]]] | None = None,
) -> Candidates:
    columns = len(counts[0])
    return Candidates(
        list(ids[: len(cosines)]),
        np.array(cosines),
        TermCounts(
            np.array(counts),
            np.array(lengths or [60] * len(cosines)),
            np.array(frequencies or [10] * columns),
            1000,
            60.0,
        ),
        asked=columns if asked is None else asked,
        names=names or [],
    )


def order(found: Candidates) -> str:
    return "".join(hit.chunk_id for hit in ranked(found))


def test_what_is_near_and_has_the_words_comes_first() -> None:
    found = candidates([0.6, 0.6, 0.4, -0.3], [[2, 1], [0, 0], [1, 1], [0, 0]])
    assert order(found) == "acbd"
    hits = ranked(found)
    assert all(0 <= hit.score <= 1 for hit in hits)
    assert [hit.cosine for hit in hits] == [0.6, 0.4, 0.6, -0.3]


def test_a_rare_word_covers_more_than_two_common_ones() -> None:
    found = candidates([0.5, 0.5], [[0, 3, 3], [1, 0, 0]], frequencies=[2, 600, 700])
    assert order(found) == "ba"


def test_another_name_stands_for_the_words_it_means() -> None:
    # Columns: AF; then atrial, fibrillation, which were not asked for.
    counts = [[0, 0, 0], [0, 1, 1], [0, 1, 0], [1, 0, 0]]
    found = candidates([0.5] * 4, counts, asked=1, names=[([0], [1, 2])])
    assert order(found) == "bdca"
    without = candidates([0.5] * 4, counts, asked=1)
    assert list(cover(without) > 0) == [False, False, False, True]


def test_a_stub_comes_after_a_passage() -> None:
    found = candidates([0.6, 0.6], [[1], [1]], lengths=[4, 90])
    assert order(found) == "ba"


def test_equal_ones_keep_an_order_of_their_own() -> None:
    found = candidates([0.5] * 3, [[1]] * 3, ids="cab")
    assert order(found) == "abc"


@pytest.mark.parametrize("counts", [[[0], [0]], [[], []]])
def test_without_a_word_in_common_nearness_decides(counts: list[list[int]]) -> None:
    found = candidates([0.2, 0.7], counts)
    assert order(found) == "ba"


def test_nothing_found_is_nothing_ranked() -> None:
    words = TermCounts(np.zeros((0, 2), int), np.zeros(0, int), np.zeros(2, int), 0, 0.0)
    assert ranked(Candidates([], np.zeros(0), words, asked=2)) == []
