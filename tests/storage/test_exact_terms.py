"""Counts of words in any chunk, exact after any change."""

from __future__ import annotations

import pyarrow as pa

from appliance.storage.exact_terms import ExactTerms

TEXTS = {
    "a": ("one", 1, "dose dose warfarin"),
    "b": ("one", 1, "bleeding"),
    "c": ("two", 1, "warfarin"),
    "d": ("two", 2, "warfarin inr"),
}


def loaded() -> ExactTerms:
    terms = ExactTerms()
    for some in ("ab", "cd"):
        rows = [(i, *TEXTS[i]) for i in some]
        ids, documents, revisions, texts = zip(*rows, strict=True)
        terms.load(
            pa.table(
                {
                    "chunk_id": ids,
                    "document_id": documents,
                    "revision": revisions,
                    "terms": texts,
                }
            )
        )
    return terms


def test_words_are_counted_where_they_stand() -> None:
    found = loaded().counted(["warfarin", "dose", "unknown"], ["d", "nowhere", "a"])
    assert found.counts.tolist() == [[1, 0, 0], [0, 0, 0], [1, 2, 0]]
    assert found.lengths.tolist() == [2, 0, 3]
    assert found.frequencies.tolist() == [3, 1, 0]
    assert (found.total, found.mean_length) == (4, 7 / 4)


def test_what_is_removed_counts_no_more() -> None:
    terms = loaded()
    terms.remove("two", except_revision=2)
    found = terms.counted(["warfarin", "inr"], ["a", "b", "c", "d"])
    assert found.counts.tolist() == [[1, 0], [0, 0], [0, 0], [1, 1]]
    assert found.frequencies.tolist() == [2, 1]
    terms.remove("one")
    terms.remove("absent")
    assert terms.counted(["warfarin", "dose"], ["d"]).frequencies.tolist() == [1, 0]
    assert terms.counted(["warfarin"], ["d"]).total == 1


def test_an_empty_index_counts_nothing() -> None:
    found = ExactTerms().counted(["warfarin"], ["a"])
    assert found.counts.tolist() == [[0]]
    assert ExactTerms().counted([], []).counts.shape == (0, 0)


def test_words_that_no_chunk_has_any_more_take_no_room() -> None:
    terms = loaded()
    terms.remove("two")
    terms.remove("one")
    assert len(terms._frequencies) == 0
