"""Vectors in memory: exact while few, inverted lists above; right through any change."""

from __future__ import annotations

import threading
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from appliance.storage.inverted_lists import InvertedLists, Stopped, trained
from appliance.storage.memory_vectors import MemoryVectors
from appliance.storage.vector_rows import VectorRow
from appliance.storage.vectors import VectorTable
from tests.library import library

LIMIT = 3_000
DIMENSIONS = 48
NEVER = threading.Event()


def clustered_rows(count: int, *, seed: int = 1) -> NDArray[np.float32]:
    """Unit vectors around some topics, as texts have them."""
    chance = np.random.default_rng(seed)
    topics = np.random.default_rng(0).standard_normal((60, DIMENSIONS))
    rows = topics[chance.integers(0, len(topics), count)]
    rows = rows + 0.6 * chance.standard_normal((count, DIMENSIONS))
    return np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True), np.float32)


class Filled:
    """Vectors, and what they should know."""

    def __init__(self, count: int) -> None:
        self.near = MemoryVectors(DIMENSIONS, flat_limit=LIMIT)
        self.expected: dict[str, NDArray[np.float32]] = {}
        self.add("d0", count)

    def add(self, document: str, count: int, *, seed: int = 1) -> None:
        for start in range(0, count, 500):
            rows = clustered_rows(count, seed=seed)[start : start + 500]
            ids = [f"{document}-{start + n}" for n in range(len(rows))]
            self.near.add(ids, [(f"{document}-{start}", 1)] * len(rows), rows)
            self.expected |= dict(zip(ids, rows, strict=True))

    def remove(self, document: str, start: int) -> None:
        self.near.remove(f"{document}-{start}")
        for number in range(start, start + 500):
            self.expected.pop(f"{document}-{number}", None)

    def cluster(self) -> None:
        assert self.near.needs_lists()
        self.near.adopt(self.near.clustered(NEVER))

    def recall(self) -> float:
        ids = list(self.expected)
        matrix = np.stack(list(self.expected.values()))
        hits = 0
        for question in clustered_rows(50, seed=9):
            scores = matrix @ question
            wanted = {ids[n] for n in np.argsort(-scores)[:10]}
            found = self.near.search(question, 10)
            assert [score for _, score in found] == sorted((s for _, s in found), reverse=True)
            for chunk_id, cosine in found:  # approximate in what is found, never in its cosine
                assert cosine == pytest.approx(float(self.expected[chunk_id] @ question), abs=1e-5)
            hits += len(wanted & {chunk_id for chunk_id, _ in found})
        return hits / 500

    def assert_knows_all(self) -> None:
        assert sorted(chunk_id for chunk_id, *_ in self.near.keys()) == sorted(self.expected)
        assert len(self.near) == len(self.expected)
        question = clustered_rows(1, seed=7)[0]
        cosines = self.near.cosines(question, [*self.expected, "unknown"])
        assert cosines.keys() == self.expected.keys()
        for chunk_id, cosine in cosines.items():
            assert cosine == pytest.approx(float(self.expected[chunk_id] @ question), abs=1e-5)


def test_up_to_the_limit_it_is_exact_and_above_nearly(monkeypatch: pytest.MonkeyPatch) -> None:
    few = Filled(LIMIT)
    assert not few.near.needs_lists() and few.near.is_exact()
    many = Filled(8_000)
    assert many.recall() == 1.0  # until there are lists
    # That not all is looked at can be seen: at the usual setting so few vectors all would be.
    monkeypatch.setattr("appliance.storage.inverted_lists._PROBED", 1)
    many.cluster()
    assert not many.near.is_exact() and not many.near.needs_lists()
    assert 0.3 < many.recall() < 1.0
    monkeypatch.setattr("appliance.storage.inverted_lists._PROBED", 30)
    assert many.recall() >= 0.97
    many.assert_knows_all()


def test_what_came_after_the_lists_is_found_and_what_went_is_not() -> None:
    filled = Filled(6_000)
    filled.cluster()
    filled.add("late", 1_000, seed=5)
    filled.remove("d0", 1_500)
    filled.remove("late", 500)
    assert filled.recall() >= 0.97
    filled.assert_knows_all()
    for number in range(0, 500, 50):
        ((found, cosine),) = filled.near.search(filled.expected[f"late-{number}"], 1)
        assert found == f"late-{number}"
        assert cosine == pytest.approx(1.0, abs=1e-5)
    assert not filled.near.needs_lists()
    filled.add("later", 3_000, seed=6)
    assert filled.near.needs_lists()  # too many that are in none
    filled.cluster()
    assert filled.recall() >= 0.97
    filled.assert_knows_all()


def test_many_deletions_make_room_and_few_vectors_are_searched_exactly_again() -> None:
    filled = Filled(6_000)
    filled.cluster()
    for start in range(0, 2_500, 500):
        filled.remove("d0", start)
    assert not filled.near.is_exact()
    assert filled.near._rows.count < 6_000
    assert filled.recall() >= 0.97
    filled.assert_knows_all()
    for start in range(2_500, 4_500, 500):
        filled.remove("d0", start)
    assert filled.near.is_exact() and not filled.near.needs_lists()
    assert filled.recall() == 1.0
    filled.assert_knows_all()


@pytest.mark.parametrize("compacted", [False, True])
def test_lists_made_of_rows_that_changed_meanwhile(compacted: bool) -> None:
    filled = Filled(6_000)
    clustering = filled.near.clustered(NEVER)
    filled.add("late", 500, seed=5)
    filled.remove("d0", 0)
    if compacted:
        for start in range(500, 2_000, 500):
            filled.remove("d0", start)
    filled.near.adopt(clustering)
    assert filled.near.is_exact() == compacted  # of rows that stand elsewhere now
    assert filled.recall() >= 0.97
    filled.assert_knows_all()


def test_a_chunk_has_a_row_for_each_revision() -> None:
    near, rows = MemoryVectors(DIMENSIONS), clustered_rows(4)
    near.add(["a", "b"], [("d", 1)] * 2, rows[:2])
    near.add(["a", "c"], [("d", 2)] * 2, rows[2:])
    assert sorted(near.keys()) == [("a", "d", 1), ("a", "d", 2), ("b", "d", 1), ("c", "d", 2)]
    near.remove("d", except_revision=1)  # the newer one was given up
    assert sorted(near.keys()) == [("a", "d", 1), ("b", "d", 1)]
    assert near.cosines(rows[0], ["a", "c"]) == {"a": pytest.approx(1.0, abs=1e-5)}
    near.remove("unknown")
    near.remove("d")
    assert near.keys() == [] and near.search(rows[0], 5) == []


def test_every_vector_is_in_the_list_of_its_nearest_centroid() -> None:
    rows = clustered_rows(2_000)
    lists, order = trained(rows, NEVER)
    assert sorted(order) == list(range(2_000)) and lists.rows == 2_000
    nearest = np.argmax(rows[order] @ lists.centroids.T, axis=1)
    for number, (start, end) in enumerate(zip(lists.starts, lists.starts[1:], strict=False)):
        assert set(nearest[start:end]) <= {number}
    again, _ = trained(rows, NEVER)
    assert np.array_equal(again.centroids, lists.centroids)
    stop = threading.Event()
    stop.set()
    with pytest.raises(Stopped):
        trained(rows, stop)


def test_equal_vectors_are_one_list_and_do_no_harm() -> None:
    rows = np.tile(clustered_rows(1), (300, 1))
    lists, order = trained(rows, NEVER)
    assert isinstance(lists, InvertedLists) and sorted(order) == list(range(300))
    assert sum(end - start for start, end in lists.nearest(rows[0])) == 300


async def test_a_table_above_the_limit_gets_its_lists_behind_the_searches(tmp_path: Path) -> None:
    vectors = clustered_rows(1_200)
    documents = [f"00000000-0000-4000-8000-{number:012d}" for number in range(4)]
    rows = [
        VectorRow(f"c{n}", documents[n % 4], 1, f"word{n}", vector)
        for n, vector in enumerate(vectors)
    ]
    keys = {"model": "m", "dimensions": DIMENSIONS, "terms_key": bytes(32)}
    table = await VectorTable.create(tmp_path / "1", flat_limit=1_000, **keys)  # type: ignore[arg-type]
    await table.add(rows[:900])
    await table.settle()
    assert not await table.clustered()
    await table.add(rows[900:])
    await table.settle()
    assert await table.clustered()
    await table.delete_document(documents[1])
    await table.settle()
    for again in (False, True):
        if again:
            await table.close()
            table = await VectorTable.open(tmp_path / "1", flat_limit=800, **keys)  # type: ignore[arg-type]
            assert len(await table.probe()) == 900
            assert await table.clustered()
        for number in (0, 3, 903, 1_199):
            ((found, cosine),) = await table.vector_search(vectors[number], 1)
            assert found == f"c{number}"
            assert cosine == pytest.approx(1.0, abs=1e-5)
            assert (await table.text_search(f"word{number}", 3))[0][0] == f"c{number}"
        gone = await table.vector_search(vectors[1], 900)
        assert len(gone) > 300 and all(int(i[1:]) % 4 != 1 for i, _ in gone)
    await table.close()


async def test_a_close_while_the_lists_are_made_waits_for_no_training(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun = threading.Event()

    def endless(vectors: NDArray[np.float32], stop: threading.Event) -> None:
        begun.set()
        assert stop.wait(20)
        raise Stopped

    monkeypatch.setattr("appliance.storage.memory_vectors.trained", endless)
    async with library(tmp_path, flat_limit=2) as lib:
        for number in range(4):
            await lib.added(f"{number}.txt", f"Document {number} about warfarin.".encode())
        assert begun.is_set()
        assert len(await lib.ask("warfarin")) == 4


async def test_answers_come_from_an_index_with_lists(tmp_path: Path) -> None:
    async with library(tmp_path, flat_limit=2) as lib:
        for number in range(6):
            await lib.added(f"{number}.txt", f"Document {number} about warfarin.".encode())
        assert await lib.index._ready().clustered()
        assert len(await lib.ask("warfarin", 10)) == 6
        gone = (await lib.catalogue.listing(search="3"))[0][0]
        await lib.knowledge.delete(gone.id, actor=None, origin=None)
        assert len(await lib.ask("warfarin", 10)) == 5
