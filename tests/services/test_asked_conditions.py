from __future__ import annotations

import pytest

from appliance.services.asked_conditions import Kind, asked_for, conditions

ADULTS = "What is the dose of zelfarin in adults?"
VALUE = "What is the dose of zelfarin with an eGFR of 50 mL/min?"
DOSE = "What is the dose in adults with a GFR of 50 mL/min?"


@pytest.mark.parametrize(
    ("text", "kinds"),
    [
        ("dose in adults on dialysis", [Kind.PERSON, Kind.ORGAN]),
        ("dose for a 5-year-old boy", [Kind.PERSON]),
        ("dose in patients over 65 years", [Kind.PERSON]),
        ("dose if the eGFR (mL/min/1.73 m2) is 25", [Kind.ORGAN]),
        ("dose in mild to moderate hepatic impairment by mouth", [Kind.ORGAN, Kind.ROUTE]),
        ("stage IV cancer in patients with a rash", []),
        ("What clots with 25 mg?", []),
    ],
)
def test_conditions(text: str, kinds: list[Kind]) -> None:
    assert [condition.kind for condition in conditions(text)] == kinds


@pytest.mark.parametrize(
    "about", ["with food", "warfarin in children", "not in children", "", "45 tablets", "dose"]
)
def test_what_is_more_than_a_condition(about: str) -> None:
    assert asked_for(DOSE, about, also=True) is None


def test_both_at_once_take_the_place_of_both() -> None:
    asked = asked_for(DOSE, "in children with severe renal impairment", also=True)
    assert asked == "What is the dose in children with severe renal impairment?"


@pytest.mark.parametrize(
    ("before", "about", "expected"),
    [
        # Another of the same kind takes its place.
        (ADULTS, "in children", "What is the dose of zelfarin in children?"),
        (ADULTS, "for a 5 year old", "What is the dose of zelfarin for a 5 year old?"),
        ("Can a child of 5 have zelfarin?", "a child of 8", "Can a child of 8 have zelfarin?"),
        (VALUE, "an eGFR of 25", "What is the dose of zelfarin with an eGFR of 25?"),
        (VALUE, "25", "What is the dose of zelfarin with an eGFR of 25?"),
        (VALUE, "below 25 mL/min", "What is the dose of zelfarin with an eGFR below 25 mL/min?"),
        ("zelfarin dose if CrCl is 50", "25", "zelfarin dose if CrCl is 25?"),
        ("zelfarin dose in haemodialysis", "if GFR is 15", "zelfarin dose if GFR is 15?"),
        ("What is the oral dose of zelfarin?", "intravenously",
         "What is the dose of zelfarin intravenously?"),
        # One of another kind is added.
        (ADULTS, "a GFR of 8", "What is the dose of zelfarin in adults with a GFR of 8?"),
        (ADULTS, "in patients with dialysis",
         "What is the dose of zelfarin in adults on dialysis?"),
        (ADULTS, "intravenously", "What is the dose of zelfarin in adults intravenously?"),
        (ADULTS, "if the GFR is below 30", ADULTS[:-1] + " if the GFR is below 30?"),
        # What is no condition, or more than one, is for others.
        (ADULTS, "quorkolol", None),
        (ADULTS, "40 mg", None),
        (ADULTS, "25", None),
        (ADULTS, "children with quorkitis", None),
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
