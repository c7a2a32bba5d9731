"""Names that a text explains, and none that it does not."""

from __future__ import annotations

import pytest

from appliance.services.abbreviations import other_names, pairs


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
