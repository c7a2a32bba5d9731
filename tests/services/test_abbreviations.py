"""Names that a text explains, and none that it does not."""

from __future__ import annotations

import pytest

from appliance.services.abbreviations import compared_names, other_names, pairs


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Patients with atrial fibrillation (AF) bleed.", [("AF", "atrial fibrillation")]),
        ("AF (atrial fibrillation) is common.", [("AF", "atrial fibrillation")]),
        ("measure the international normalized ratio (INR; weekly)",
         [("INR", "international normalized ratio")]),
        ("human immunodeficiency virus type 1 (HIV-1)",
         [("HIV-1", "human immunodeficiency virus type 1")]),
        ("Daily. Deep vein thrombosis (DVT) may follow.", [("DVT", "Deep vein thrombosis")]),
        # The letters of one are in the words, but not in order, or not from a word's beginning.
        ("chest pain (COPD)", []),
        ("of a liver (TB)", []),
        # No abbreviations: figures, remarks, words.
        ("0.5 mg (500 mcg) daily (maximum 4) for adults (see below)", []),
        ("warfarin (Warfarin)", []),
        ("A sentence ends. (AF)", []),
        ("", []),
    ],
)  # fmt: skip
def test_abbreviations_that_a_text_explains(text: str, expected: list[tuple[str, str]]) -> None:
    assert pairs(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("COUMADIN (warfarin sodium) tablets", [("COUMADIN", "warfarin sodium")]),
        ("Paracetamol, also known as acetaminophen, is", [("Paracetamol", "acetaminophen")]),
        ("Frusemide (also called furosemide).", [("Frusemide", "furosemide")]),
        # Only the end or the beginning of a longer name: no name of that word.
        ("Kidney disease, also called renal failure, is", []),
        ("glucose, also called blood sugar,", []),
        ("NOTE (see the table)", []),
    ],
)
def test_other_names_that_a_text_gives(text: str, expected: list[tuple[str, str]]) -> None:
    assert other_names(text) == expected


@pytest.mark.parametrize(
    "text", ["Give the dose (TD) now.", "with heparin all this (WHAT) is", "of every thing (OET)"]
)
def test_function_words_make_no_names(text: str) -> None:
    assert pairs(text) == []


COMPARED = "*Compare to Active Ingredient in Regular Strength PANADOR®"


def test_what_a_product_is_like_is_another_name_of_its_substance() -> None:
    facts = "Drug Facts\nActive ingredient (in each tablet)\nZalcetamol USP, 325 mg"
    assert compared_names([facts, COMPARED]) == [("PANADOR", "zalcetamol")]
    both = facts + "\nActive ingredient\nQuorine 5 mg"
    assert compared_names([both, COMPARED]) == []  # of two substances
    assert compared_names([facts, "PANADOR® is a trademark"]) == []
    assert compared_names([COMPARED]) == []
