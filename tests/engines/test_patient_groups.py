"""Whom a question and a text are about."""

from __future__ import annotations

import pytest

from appliance.engines.case_values import Case
from appliance.engines.patient_groups import is_of_others, share_named, special_groups


@pytest.mark.parametrize(
    ("question", "text", "expected"),
    [
        ("Dose in adults?", "Pediatric patients: 5 mg", True),
        ("Dose in children?", "Adults: 5 mg", True),
        ("Dose in children?", "The elderly: 5 mg", True),
        ("Dose in the elderly?", "Children: 5 mg", True),
        ("Dose for a 70 year old?", "Children: 5 mg", True),
        # The elderly are adults.
        ("Dose in the elderly?", "Adults: 5 mg", False),
        ("Dose in adults?", "The elderly: 5 mg", False),
        ("Dose in adults?", "Adults and children: 5 mg", False),
        ("Dose?", "Children: 5 mg", False),
        ("Dose in adults?", "5 mg", False),
    ],
)
def test_texts_of_others(question: str, text: str, expected: bool) -> None:
    assert is_of_others(Case.of(question), text) is expected


@pytest.mark.parametrize(
    ("question", "about", "words", "expected"),
    [
        ("A child with renal failure?", "", "Children with renal impairment: no data.", 1.0),
        ("A child with renal failure?", "Pediatric use", "In renal impairment: no data.", 1.0),
        ("A child with renal failure?", "", "Give children 5 mg.", 0.5),
        ("A child with renal failure?", "", "Give 5 mg.", 0.0),
        ("In kidney disease?", "", "Stop at a creatinine clearance below 30.", 1.0),
        # A sentence about other persons than the heading names as well.
        ("While breastfeeding?", "Pregnancy and lactation", "Avoid pregnancy.", 0.0),
        ("While breastfeeding?", "Pregnancy and lactation", "Avoid it.", 1.0),
        ("In adults?", "Adults", "Give adults 5 mg.", 0.0),
    ],
)
def test_how_many_of_the_asked_groups_are_named(
    question: str, about: str, words: str, expected: float
) -> None:
    assert share_named(Case.of(question), about, words) == expected


def test_adults_are_no_special_group() -> None:
    assert not special_groups(Case.of("In men and women, all adults?"))
    assert len(special_groups(Case.of("A pregnant woman on dialysis?"))) == 2
