from __future__ import annotations

from dataclasses import replace

from appliance.services.refusals import (
    MOST_NEAREST,
    NEAR,
    NEAR_IN_WORDS,
    nearest_sections,
    refusal,
)
from tests.answering_parts import passage


def test_it_names_what_was_searched_and_what_is_nearest() -> None:
    found = [replace(passage("a", page=3, section="2.1 Dosage"), similarity=0.5), passage("b")]
    nearest = nearest_sections("", found)
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
    assert len(nearest_sections("", [one, again])) == 1
    assert len(nearest_sections("", [passage("a") for _ in range(9)])) == MOST_NEAREST


def test_nothing_near_offers_nothing() -> None:
    far = replace(passage("a"), similarity=NEAR - 0.01)
    assert nearest_sections("", [far]) == ()
    text = refusal(1, ())
    assert text.startswith("The one document that was searched gives no answer")
    assert "\n" not in text and "Nearest" not in text
    assert "no documents" in refusal(0, ())


def test_a_telling_word_brings_a_passage_nearer() -> None:
    far = replace(passage("INR of 2 to 3 in AF", section="Target INR"), similarity=NEAR - 0.05)
    assert len(nearest_sections("INR target AF", [far])) == 1
    # A word of every question tells nothing, and what is far off is not near for a word.
    assert nearest_sections("the target in patients", [far]) == ()
    assert nearest_sections("apixaban", [far]) == ()
    further = replace(far, similarity=NEAR_IN_WORDS - 0.01)
    assert nearest_sections("INR target AF", [further]) == ()


def test_it_says_how_the_question_was_read() -> None:
    text = refusal(2, (), "This question was read with “a” as “b”.")
    assert "so none is given. This question was read with “a” as “b”. Try" in text
