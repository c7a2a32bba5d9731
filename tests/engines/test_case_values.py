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
        # A bound belongs to its range where the words say so.
        ("Which dose at a GFR of 30?", "GFR less than 30 mL/min: 500 mg once daily", False),
        ("Which dose at a GFR of 30?", "GFR 30 to 59 mL/min: 1 g daily", True),
        ("Which dose at a GFR of 30?", "GFR of 30 mL/min or less: 1 g daily", True),
        ("Which dose at a GFR of 30?", "CrCl no more than 30 mL/min: 1 g", True),
        ("Which dose at a GFR of 30?", "CrCl (mL/min)\t<30\t500 mg", False),
        ("Which dose at a GFR of 25?", "eGFR not less than 30 mL/min", False),
        ("Which dose at a GFR of 60?", "GFR greater than 30 and less than 60 mL/min", False),
        ("Which dose at a GFR of 45?", "GFR greater than 30 and less than 60 mL/min", True),
        ("For a 12-year-old?", "Children under 12 years: 5 mg", False),
        ("For a 12-year-old?", "Children 12 years and older: 10 mg", True),
        ("For a 12-year-old?", "Do not give under the age of 12", False),
        ("In patients over 65 years?", "Patients 65 years and older: 5 mg", True),
        ("In children 12 years and older?", "Under 12 years: do not use", False),
        # Each number in its own unit.
        ("For a 6-month-old?", "Infants 6 months to 2 years: 5 mg", True),
        ("For a 30-month-old?", "Infants 6 months to 2 years: 5 mg", False),
        ("For a 2-year-old?", "Infants 6 months to less than 2 years: 5 mg", False),
        # A time is no age.
        ("For a 5 year old?", "Take for 7 to 10 days.", None),
        ("For a 5 year old?", "Treat for at least 10 days. Children 2 to 11 years: 1.", True),
        ("For a child of 45 kg?", "Children weighing 40 kg or more: as adults", True),
        ("For a child of 30 kg?", "Children weighing 40 kg or more: as adults", False),
        ("For a child of 30 kg?", "25 to 45 mg/kg/day", None),
        ("For a 25 kg child?", "48-59 lbs: one tablet", True),
        ("For a 30 kg child?", "48-59 lbs: one tablet", False),
    ],
)
def test_a_text_is_true_of_the_value_that_the_question_gives(
    question: str, text: str, holds: bool | None
) -> None:
    assert Case.of(question).fits(text) is holds


@pytest.mark.parametrize(
    ("question", "kidney"),
    [
        ("Dose when eGFR (mL/min/1.73 m2) is 25?", 25),
        ("When GFR (mL/min/1.73 m²) is 45, what is the dose?", 45),
        ("eGFR fell from 60 to 25 mL/min, what dose?", 25),
        ("eGFR fell to 25 from 60, what dose?", 25),
        ("eGFR rose from 25 to 60 mL/min, what dose?", 60),
        ("eGFR went from 60 last month to 25 mL/min, what dose?", 25),
        ("eGFR was 60 last month and is now 25, what dose?", 25),
        ("Dose at a GFR from 10 to 30 mL/min?", 20),
        ("Dose at a creatinine clearance between 30 and 60?", 45),
        ("Dose at a GFR < 30?", 29.999),
        ("What is the CrCl limit for 500 mg twice daily?", None),
    ],
)
def test_the_kidney_function_that_a_question_gives(question: str, kidney: float | None) -> None:
    assert Case.of(question).kidney == (None if kidney is None else pytest.approx(kidney))


@pytest.mark.parametrize(
    ("question", "age"),
    [
        ("Dose for 7 days in a 5-year-old child?", 5),
        ("After 6 months of treatment in an 80 year old man, what dose?", 80),
        ("Dose in children under 12 years?", 11.999),
        ("Dose in patients over 65 years?", 65.001),
        ("Is it recommended in adults over 70?", 70.001),
        ("Dose under the age of 12?", 11.999),
        ("Dose for an infant of 6 months?", 0.5),
        ("Dose for children aged 5 to 7 years?", 6),
        ("A 78yo woman?", 78),
        ("Treat patients for over 5 days?", None),
        ("How long after 5 years of treatment?", None),
        ("Give patients 3 times daily?", None),
    ],
)
def test_the_age_that_a_question_gives(question: str, age: float | None) -> None:
    assert Case.of(question).age == (None if age is None else pytest.approx(age))


@pytest.mark.parametrize(
    ("question", "weight"),
    [
        ("Dose for a child weighing 8.5 kg?", 8.5),
        ("Dose for a 20kg boy at 25 mg/kg?", 20),
        ("Dose for a 100 lb child?", 45.36),
        ("She lost 5 kg and weighs 60 kg", 60),
        ("10 mg per 5 kg?", None),
        ("At a BMI of 30 kg/m2?", None),
    ],
)
def test_the_weight_that_a_question_gives(question: str, weight: float | None) -> None:
    assert Case.of(question).weight == (None if weight is None else pytest.approx(weight))


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


def test_what_the_reduced_question_leaves_out() -> None:
    whole = "He is 78 years old, weighs 60 kg, and his eGFR is 8. The children are here. What dose?"
    assert Case.of("What dose?", whole) == Case(
        8.0, 78.0, Case.of("aged 78 with a GFR of 8").patients, 60.0
    )
    # What it gives itself goes before.
    assert Case.of("What dose with an eGFR of 20?", whole).kidney == 20.0
