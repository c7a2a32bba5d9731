from __future__ import annotations

import pytest

from appliance.services.asked_conditions import Kind, asked_for, conditions

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
