from __future__ import annotations

import pytest

from appliance.engines.question_forms import (
    asked_section,
    asks_dose,
    asks_whether,
    dose_owner,
    form_bonus,
)


@pytest.mark.parametrize(
    ("question", "heading", "right", "wrong"),
    [
        ("What is the dose?", "", "Give 500 mg twice a day.", "Give it with meals."),
        ("What is the starting dose?", "", "Start with 5 mg.", "Continue with 5 mg."),
        ("What is the maximum dose?", "", "Do not exceed 4 g.", "Take 4 g."),
        ("How often is it measured?", "", "Measure every 4 weeks.", "Measure the level."),
        ("How should it be mixed?", "", "Shake the bottle well.", "The bottle is brown."),
        ("Can it be used in pregnancy?", "", "Avoid in pregnancy.", "Pregnancy lasts 40 weeks."),
    ],
)
def test_the_right_form_is_worth_more(question: str, heading: str, right: str, wrong: str) -> None:
    assert form_bonus(question, heading, right) > form_bonus(question, heading, wrong)


def test_a_form_never_outweighs_the_subject() -> None:
    worst = "What is the maximum starting dose and how often is it given to adults?"
    text = "Start with a maximum of 5 mg every day after initiation."
    assert form_bonus(worst, "WARNING", text) < 0.5


@pytest.mark.parametrize(
    ("question", "heading", "expected"),
    [
        ("What is the boxed warning for warfarin?", "WARNING: BLEEDING RISK", True),
        ("What is the black box warning?", "BOXED WARNING", True),
        ("What are the contraindications?", "4 CONTRAINDICATIONS", True),
        ("What is the dose?", "WARNING: BLEEDING RISK", False),
        ("What is the boxed warning?", "5 WARNINGS AND PRECAUTIONS", False),
    ],
)
def test_sections_asked_for_whole(question: str, heading: str, expected: bool) -> None:
    assert asked_section(question, heading) is expected


@pytest.mark.parametrize(
    ("question", "dose", "whether"),
    [
        ("Dose of zelocin?", True, False),
        ("How much zelocin is given?", True, False),
        ("zelocin dosing in renal failure", True, False),
        ("Is zelocin safe in pregnancy", False, True),
        ("zelocin contraindicated in pregnancy?", False, True),
        ("Can the dose of zelocin be doubled?", True, True),
        ("Who should not take zelocin?", False, False),
        ("Zelocin side effects?", False, False),
        ("zelocin in pregnancy", False, False),
    ],
)
def test_what_is_asked_for(question: str, dose: bool, whether: bool) -> None:
    assert asks_dose(question) is dose
    assert asks_whether(question) is whether


@pytest.mark.parametrize(
    ("question", "owner"),
    [
        ("What is the dose of zelocin in adults?", {"zelocin"}),
        ("reverse marevan, zelocin K dose", {"zelocin", "k"}),
        ("What dose of zelocin after surgery?", {"zelocin"}),
        ("How much zelocin K is given?", {"zelocin", "k"}),
        ("How much of the zelocin can I take?", {"zelocin"}),
        ("How much should I take?", set()),
        ("maximum daily dose", set()),
        ("a dose of 5 mg", set()),
        ("How is it dosed?", set()),
        ("paediatric dose", set()),
    ],
)
def test_whose_dose_is_asked_for(question: str, owner: set[str]) -> None:
    assert dose_owner(question) == owner
