"""Sentences that limit an answer, and those that another case is meant by."""

from __future__ import annotations

import pytest

from appliance.engines.case_values import Case
from appliance.engines.limits import forbids_strength, is_limit, is_of_another_case, stated_words

CHILD = "zelocin dose for a child with renal failure"


@pytest.mark.parametrize(
    ("question", "about", "line", "expected"),
    [
        (
            CHILD,
            "",
            "There are no dosing recommendations for children with impaired kidneys.",
            True,
        ),
        (CHILD, "Pediatric use", "Zelocin is not recommended in renal impairment.", True),
        (CHILD, "", "Safety has not been established in pediatric renal failure.", True),
        # Not of all that are asked about.
        (CHILD, "", "Zelocin is not recommended in children.", False),
        (CHILD, "", "Give children with renal failure 5 mg.", False),
        # No question for a dose, or whether.
        ("Side effects in children?", "", "Zelocin is not recommended in children.", False),
        ("May a child take it?", "", "Zelocin is not recommended in children.", True),
        # Of younger ones than the patient.
        (
            "Dose for a 12 year old?",
            "",
            "Safety has not been established in children younger than 10 years of age.",
            False,
        ),
        (
            "Dose for a 8 year old?",
            "",
            "Safety has not been established in children younger than 10 years of age.",
            True,
        ),
        # No group is asked about.
        ("Dose of zelocin?", "", "Zelocin is not recommended in children.", False),
    ],
)
def test_limits(question: str, about: str, line: str, expected: bool) -> None:
    assert is_limit(question, Case.of(question), about, line) is expected


@pytest.mark.parametrize(
    ("question", "line", "expected"),
    [
        ("zelocin 875 GFR 12", "Such patients should not receive a 875 mg dose.", True),
        ("Can I give the 875 mg tablet?", "The 875 mg tablet is contraindicated.", True),
        ("zelocin 500 GFR 12", "Such patients should not receive a 875 mg dose.", False),
        ("zelocin 875 GFR 12", "Such patients receive a 875 mg dose.", False),
        # The patient's values, and times, are no strengths.
        ("zelocin at a GFR of 30", "Do not give below a GFR of 30.", False),
        ("zelocin every 12 hours", "Do not give it every 12 hours.", False),
        ("zelocin for 10 days", "Do not give it for more than 10 days.", False),
    ],
)
def test_a_strength_that_is_forbidden(question: str, line: str, expected: bool) -> None:
    assert forbids_strength(question, line) is expected


@pytest.mark.parametrize(
    ("question", "heading", "text", "expected"),
    [
        ("GENX *3/*3 zelocin dose", "", "If the GENX genotype is not known, give 5 mg.", True),
        ("GENX *3/*3 zelocin dose", "Doses for patients without GENX results", "5 mg.", True),
        ("zelocin dose in diabetes", "", "In patients without diabetes, give 5 mg.", True),
        # What the question denies itself, or does not speak of.
        ("zelocin dose, GENX unknown", "", "If the GENX genotype is not known, give 5 mg.", False),
        ("zelocin dose", "", "If the GENX genotype is not known, give 5 mg.", False),
        ("GENX *3/*3 zelocin dose", "", "If zelocin is not available, give 5 mg.", False),
        # Not that something is missing.
        ("GENX *3/*3 zelocin dose", "", "If GENX is known, give 5 mg.", False),
        ("titer of 9, zelocin dose", "", "If the titer is not in range, give 5 mg.", False),
        ("zelocin with food?", "", "It is taken with or without food.", False),
    ],
)
def test_another_case(question: str, heading: str, text: str, expected: bool) -> None:
    assert is_of_another_case(stated_words(question, {"zelocin"}), heading, text) is expected
