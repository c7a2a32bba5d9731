from __future__ import annotations

from collections import Counter

import pytest

from appliance.services.query import Vocabulary
from appliance.services.readings import MOST_TOLD, corrections, reading

KNOWN = Vocabulary(Counter("metformin warfarin hemoglobin dose tumor with kidney failure".split()))


@pytest.mark.parametrize(
    ("question", "told"),
    [
        ("What is the dose of metfromin?", [("metfromin", "metformin")]),
        ("Metfromin\n with  warfrin?", [("Metfromin", "metformin"), ("warfrin", "warfarin")]),
        ("warfrin, 2.5 mg of warfrin", [("warfrin", "warfarin")]),
        ("The dose of metformin?", []),
        ("haemoglobin and tumour", []),  # the same words
        ("METFROMIN", []),  # may be an abbreviation, and is not put right
        # A long story is left out of the search, and of this.
        ("My cat likes fish. " * 20 + "She is old. What is the dose of metfromin?",
         [("metfromin", "metformin")]),
    ],
)  # fmt: skip
def test_words_that_were_put_right(question: str, told: list[tuple[str, str]]) -> None:
    understood = KNOWN.understood(" ".join(question.split())).text
    assert corrections(question, understood) == told


def test_a_shortened_name_is_told() -> None:
    known = Vocabulary(Counter(["zelfarin"]), common=frozenset({"dose"}))
    understood = known.understood("zelf dose").text
    assert reading("zelf dose", understood) == "This question was read with “zelf” as “zelfarin”."


def test_it_reads_as_one_line() -> None:
    assert reading("dose of metfromin", "dose of metformin") == (
        "This question was read with “metfromin” as “metformin”."
    )
    assert reading("dose of metformin", "dose of metformin") is None
    letters = "abcdefgh"
    many = reading(
        " ".join(f"quork{letter}lu" for letter in letters),
        " ".join(f"zelt{letter}fin" for letter in letters),
    )
    assert many is not None and many.count(" as ") == MOST_TOLD and "other words" in many
    assert reading("something else", "dose") is None
