"""Passages of an answer: none twice, and more than one source where several are as good."""

from __future__ import annotations

from dataclasses import replace

import pytest

from appliance.domain import Passage
from appliance.services.diversity import chosen
from tests.answering_parts import passage


def ranked(*rows: tuple[str, str, float]) -> list[Passage]:
    """Passages of (document, text, score)."""
    made = []
    for document, text, score in rows:
        one = passage(text)
        made.append(replace(one, document=replace(one.document, id=document), score=score))
    return made


def numbered(document: str, count: int, score: float) -> list[tuple[str, str, float]]:
    return [(document, f"{document} says thing {n}", score - n / 1000) for n in range(count)]


def documents(passages: list[Passage]) -> str:
    return "".join(passage.document.id for passage in passages)


def test_what_another_document_repeats_is_taken_once() -> None:
    text = "Warfarin interacts with many drugs, foods and herbs; check the ratio"
    some = ranked(("a", text, 0.9), ("b", text + ".", 0.9), ("c", "Something else", 0.5))
    assert documents(chosen(some, 8)) == "ac"


@pytest.mark.parametrize("change", ["not", "10", "avoid"])
def test_a_denial_or_another_number_is_no_repetition(change: str) -> None:
    words = " ".join(f"word{chr(97 + n)}" for n in range(26))
    some = ranked(("a", words, 0.9), ("b", f"{words} {change}", 0.9))
    assert documents(chosen(some, 8)) == "ab"


def test_other_sources_that_are_as_good_take_part() -> None:
    some = ranked(*numbered("a", 8, 0.80), *numbered("b", 2, 0.78))
    assert documents(chosen(some, 6)) == "aaaabb"


def test_a_document_that_is_clearly_meant_keeps_its_places() -> None:
    some = ranked(*numbered("a", 8, 0.80), *numbered("b", 2, 0.60))
    assert documents(chosen(some, 6)) == "aaaaaa"


def test_the_order_stays_and_nothing_is_missing_below_the_limit() -> None:
    some = ranked(*numbered("a", 3, 0.8), *numbered("b", 1, 0.75))
    assert chosen(some, 8) == some
    assert chosen([], 8) == []


def test_what_must_be_there_goes_before_what_ranks_before_it() -> None:
    some = ranked(*numbered("a", 8, 0.80), ("b", "Something else", 0.10))
    assert documents(chosen(some, 2)) == "aa"
    assert documents(chosen(some, 2, first=[some[-1].chunk.id])) == "ab"
    # It is none of a passage that says the same.
    again = ranked(("a", "Something else", 0.8), ("b", "Something else", 0.1))
    assert documents(chosen(again, 2, first=[again[1].chunk.id])) == "a"
