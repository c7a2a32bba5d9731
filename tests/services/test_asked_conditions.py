from __future__ import annotations

import pytest

from appliance.services.asked_conditions import asked_for

DOSE = "What is the dose of zelfarin in adults?"
VALUE = "What is the dose of zelfarin with an eGFR of 50 mL/min?"


@pytest.mark.parametrize(
    ("before", "about", "expected"),
    [
        # Another of the same kind takes its place.
        (DOSE, "in children", "What is the dose of zelfarin in children?"),
        (DOSE, "for a 5 year old", "What is the dose of zelfarin for a 5 year old?"),
        ("Can a child of 5 have zelfarin?", "a child of 8", "Can a child of 8 have zelfarin?"),
        (VALUE, "an eGFR of 25", "What is the dose of zelfarin with an eGFR of 25?"),
        (VALUE, "25", "What is the dose of zelfarin with an eGFR of 25?"),
        (VALUE, "below 25 mL/min", "What is the dose of zelfarin with an eGFR below 25 mL/min?"),
        ("zelfarin dose if CrCl is 50", "25", "zelfarin dose if CrCl is 25?"),
        ("zelfarin dose in haemodialysis", "if GFR is 15", "zelfarin dose if GFR is 15?"),
        ("What is the oral dose of zelfarin?", "intravenously",
         "What is the dose of zelfarin intravenously?"),
        # One of another kind is added.
        (DOSE, "a GFR of 8", "What is the dose of zelfarin in adults with a GFR of 8?"),
        (DOSE, "in patients with dialysis", "What is the dose of zelfarin in adults on dialysis?"),
        (DOSE, "intravenously", "What is the dose of zelfarin in adults intravenously?"),
        (DOSE, "if the GFR is below 30", DOSE[:-1] + " if the GFR is below 30?"),
        # What is no condition, or more than one, is for others.
        (DOSE, "quorkolol", None),
        (DOSE, "40 mg", None),
        (DOSE, "25", None),
        (DOSE, "children with quorkitis", None),
    ],
)  # fmt: skip
def test_a_question_for_others(before: str, about: str, expected: str | None) -> None:
    assert asked_for(before, about, also=True) == expected


def test_another_patient_has_not_the_kidneys_of_the_one_before() -> None:
    before = "What is the dose of zelfarin in adults with renal impairment?"
    assert asked_for(before, "in newborns", also=False) == (
        "What is the dose of zelfarin in newborns?"
    )
    assert asked_for(before, "in newborns", also=True) == (
        "What is the dose of zelfarin in newborns with renal impairment?"
    )
