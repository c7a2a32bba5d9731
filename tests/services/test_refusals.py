from __future__ import annotations

from dataclasses import replace

import pytest

from appliance.services.refusals import (
    MOST_NEAREST,
    NEAR,
    NEAR_BY_WORDS,
    nearest_sections,
    refusal,
)
from tests.answering_parts import passage

ASKED = "Who won the world cup?"


def test_it_names_what_was_searched_and_what_is_nearest() -> None:
    found = [replace(passage("a", page=3, section="2.1 Dosage"), similarity=0.5), passage("b")]
    nearest = nearest_sections(ASKED, found)
    assert [near.page for near in nearest] == [1, 3]  # the nearest first
    assert refusal(1200, nearest).splitlines() == [
        "The 1,200 documents that were searched give no answer to this question, so none is given.",
        "",
        "Nearest to it are:",
        "- Ward handbook, page 1",
        "- Ward handbook, 2.1 Dosage, page 3",
        "",
        "Try other words, or ask whoever looks after the documents whether one is missing.",
    ]


def test_each_place_once_and_few() -> None:
    one = passage("a", section="Dosage")
    again = replace(one, chunk=replace(one.chunk, id="other"))
    assert len(nearest_sections(ASKED, [one, again])) == 1
    assert len(nearest_sections(ASKED, [passage("a") for _ in range(9)])) == MOST_NEAREST


def test_nothing_near_offers_nothing() -> None:
    far = replace(passage("a"), similarity=NEAR - 0.01)
    assert nearest_sections(ASKED, [far]) == ()
    text = refusal(1, ())
    assert text.startswith("The one document that was searched gives no answer")
    assert "\n" not in text and "Nearest" not in text
    assert "no documents" in refusal(0, ())


@pytest.mark.parametrize(
    ("question", "similarity", "is_near"),
    [
        ("INR target AF", NEAR_BY_WORDS, True),  # half of its words
        ("INR target AF", NEAR_BY_WORDS - 0.01, False),
        ("target dose", NEAR - 0.01, False),  # every dose has these
        ("who has the ward?", NEAR - 0.01, False),
        ("INR target of the football team in London", NEAR - 0.01, False),
        ("football", NEAR - 0.01, False),
        ("football", NEAR, True),
    ],
)
def test_what_shares_its_words_is_near(question: str, similarity: float, is_near: bool) -> None:
    found = passage("The target INR on the ward is 2 to 3 in atrial fibrillation.")
    assert bool(nearest_sections(question, [replace(found, similarity=similarity)])) is is_near


def test_it_says_how_the_question_was_read() -> None:
    text = refusal(2, (), "This question was read with “a” as “b”.")
    assert "so none is given. This question was read with “a” as “b”. Try" in text
