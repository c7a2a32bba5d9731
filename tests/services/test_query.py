"""Questions as the search reads them."""

from __future__ import annotations

from collections import Counter
from itertools import islice, permutations

import pytest

from appliance.services import spelling
from appliance.services.query import Query, Vocabulary

STORY = (
    "I am the nurse in charge of a medical ward and we have had a long and rather difficult night "
    "with many admissions. My patient is 67 years old and was admitted with pneumonia two days "
    "ago. He takes warfarin. What is the target INR? Thank you very much for your help with this."
)


@pytest.fixture
def vocabulary() -> Vocabulary:
    words = Counter("warfarin the dose of in for not and dialysis atrial fibrillation us".split())
    return Vocabulary(
        words,
        [
            ("AF", "atrial fibrillation", 9),
            ("AF", "Atrial Fibrillations", 2),
            ("AF", "amniotic fluid", 3),
            ("AF", "alkaline fraction", 1),
            ("COUMADIN", "warfarin sodium", 1),
            ("US", "ultrasound", 5),
        ],
    )


def test_abbreviations_are_read_as_the_documents_use_them(vocabulary: Vocabulary) -> None:
    assert vocabulary.understood("Dose in AF") == Query(
        "Dose in AF", (("AF", "atrial fibrillation"), ("AF", "amniotic fluid"))
    )
    # In small letters, unless that is a word of its own.
    assert [other for _, other in vocabulary.understood("dose in af").names] == [
        "atrial fibrillation",
        "amniotic fluid",
    ]
    assert vocabulary.understood("tell us the dose").names == ()


def test_abbreviations_of_one_meaning_are_spelt_out_for_a_model_of_meanings(
    vocabulary: Vocabulary,
) -> None:
    assert vocabulary.understood("US or coumadin?").spelt_out == (
        "US (ultrasound) or coumadin (warfarin sodium)?"
    )
    for same in ("tell us the dose", "dose in atrial fibrillation", "Dose in AF"):
        assert vocabulary.understood(same).spelt_out == ""


def test_the_long_form_finds_the_short_one(vocabulary: Vocabulary) -> None:
    assert vocabulary.understood("dose for atrial fibrillation?").names == (
        ("atrial fibrillation", "AF"),
    )
    assert vocabulary.understood("atrial flutter").names == ()


def test_slips_are_put_right_but_never_a_number_or_a_denial(vocabulary: Vocabulary) -> None:
    text = "warfrin 2.5 mg not in dialysys"
    assert vocabulary.understood(text).text == "warfarin 2.5 mg not in dialysis"


def test_names_as_wards_say_them() -> None:
    known = Vocabulary(
        Counter("ciprofloxacin warfarin coumadin label dose of".split()),
        [("COUMADIN", "warfarin sodium", 1), ("ZESTRIL", "lisinopril", 1)],
        titles=["Ciprofloxacin label", "Warfarin label"],
        common=frozenset(["label", "dose", "rest", "reset"]),
    )
    assert known.understood("reset the dose of cipro?").text == "reset the dose of ciprofloxacin?"
    assert known.understood("Coumadin dose").text == "warfarin dose"
    # One that no title has the substance of is searched for by both names.
    assert known.understood("zestril dose") == Query(
        "zestril dose", (("zestril", "lisinopril"),), "zestril (lisinopril) dose"
    )


def test_without_documents_a_question_is_as_it_is_written() -> None:
    assert Vocabulary().understood("warfrin in AF") == Query("warfrin in AF")


def test_a_story_is_reduced_to_what_it_asks(vocabulary: Vocabulary) -> None:
    asked = vocabulary.understood(STORY.replace("warfarin", "warfrin"))
    assert asked.text == "67 years old. He takes warfarin. What is the target INR?"


def test_one_document_gives_a_usual_abbreviation_no_meaning_of_its_own() -> None:
    names = [("AF", "atrial fibrillation", 9), ("AF", "ambulatory fever", 1)]
    assert Vocabulary(Counter(), names).understood("AF").names == (("AF", "atrial fibrillation"),)
    names = [("AF", "atrial fibrillation", 3), ("AF", "amniotic fluid", 1)]
    assert len(Vocabulary(Counter(), names).understood("AF").names) == 2


def test_a_document_of_words_that_look_alike_holds_nobody_up() -> None:
    """As many as take half an hour to compare with each word of a question."""
    alike = {f"m{''.join(letters)}": 1 for letters in permutations("abcdefgh")}
    vocabulary = Vocabulary(Counter({"metformin": 5, **alike}))
    asked = " ".join(f"m{''.join(letters)}" for letters in islice(permutations("zbcdefgh"), 400))
    looked: list[str] = []
    distance = spelling.distance

    def counted(one: str, other: str) -> float:
        looked.append(other)
        return distance(one, other)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(spelling, "distance", counted)
        vocabulary.understood(f"metfromin {asked}?")
    assert 0 < len(looked) < 20_000
    assert vocabulary.understood("metfromin").text == "metformin"
