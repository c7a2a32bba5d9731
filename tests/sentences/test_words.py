from __future__ import annotations

import pytest

from appliance.sentences.words import FORM_WORDS, stem, terms


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("starting dose", "Initial dosage"),
        ("contraindications", "contraindicated"),
        ("pregnancy", "pregnant"),
        ("renal", "kidney"),
        ("monitoring", "monitored"),
        ("side effects", "adverse reactions"),
    ],
)
def test_people_and_documents_mean_the_same(one: str, other: str) -> None:
    assert terms(one) == terms(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [("metformin", "metoprolol"), ("vial", "viral"), ("no", "not"), ("warfarin", "warning")],
)
def test_different_words_stay_different(one: str, other: str) -> None:
    assert terms(one) != terms(other) or not terms(one)


def test_function_words_carry_nothing() -> None:
    assert terms("What is the of and for?") == []
    assert terms("") == []


def test_a_drug_is_no_word_of_form() -> None:
    assert not FORM_WORDS & set(terms("metformin vancomycin warfarin insulin"))
    assert set(terms("What is the maximum daily dose?")) <= FORM_WORDS


@pytest.mark.parametrize(
    ("one", "other"),
    [("overdose", "overdosage"), ("store", "storage"), ("dispose", "disposal"),
     ("lactation", "breastfeeding"), ("haemorrhage", "bleeds"), ("eGFR", "GFR")],
)  # fmt: skip
def test_a_synonym_is_the_word_that_it_stands_for(one: str, other: str) -> None:
    assert stem(one) == stem(other)
