from __future__ import annotations

import pytest

from appliance.engines.case_values import Case

SEVERE = "Patients with a glomerular filtration rate less than 10 mL/min should receive 250 mg."
MODERATE = "Patients with a glomerular filtration rate of 10 to 30 mL/min should receive 500 mg."


@pytest.mark.parametrize(
    ("question", "text", "holds"),
    [
        ("Which dose at a GFR of 8 mL/min?", SEVERE, True),
        ("Which dose at a GFR of 8 mL/min?", MODERATE, False),
        ("Which dose at an eGFR of 20?", MODERATE, True),
        ("Is it allowed with a creatinine clearance below 30 mL/min?", MODERATE, True),
        ("What if the eGFR falls to 42?", "If eGFR falls below 45 mL/min/1.73 m², stop.", True),
        ("For a 9 year old?", "children 6 to 11 years: 1 tablet", True),
        ("For a 4-year-old?", "children 6 to 11 years: 1 tablet", False),
        ("For a 2 month old?", "infants ≤ 3 months: 30 mg/kg/day", True),
        ("For a 30 year old?", "adults and children 12 years and over: 2 tablets", True),
        ("Which dose at a GFR of 8?", "Take 10 to 20 mg once daily.", None),
        ("How much for 10 days?", "children 6 to 11 years: 1 tablet", None),
        ("How much in kidney failure?", SEVERE, None),
    ],
)
def test_a_text_is_true_of_the_value_that_the_question_gives(
    question: str, text: str, holds: bool | None
) -> None:
    assert Case.of(question).fits(text) is holds


@pytest.mark.parametrize(
    ("question", "who"),
    [
        ("Dose at a CrCl of 25?", {"kidney"}),
        ("Dose for an 11-year-old?", {"child"}),
        ("Dose in a newborn?", {"child"}),
        ("Can she breast-feed?", {"lact"}),
        ("Given for 3 days?", set()),
    ],
)
def test_whom_a_question_is_about_without_naming_them(question: str, who: set[str]) -> None:
    """By stem."""
    assert Case.of(question).patients == who
