from __future__ import annotations

import pytest

from appliance.engines.case_values import Case
from appliance.engines.question_forms import asked_section, form_bonus, other_population


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
    ("question", "text", "expected"),
    [
        ("Dose in adults?", "Pediatric patients: 5 mg", True),
        ("Dose in children?", "Adults: 5 mg", True),
        ("Dose in adults?", "Adults and children: 5 mg", False),
        ("Dose?", "Children: 5 mg", False),
        ("Dose in adults?", "5 mg", False),
    ],
)
def test_other_populations(question: str, text: str, expected: bool) -> None:
    assert other_population(Case.of(question), text) is expected
