"""Sentences full of doses that are nobody's dose."""

from __future__ import annotations

import pytest

from appliance.engines.reports import report_cost

DOSE = "What is the dose of zelocin in pregnancy?"


@pytest.mark.parametrize(
    "text",
    [
        "Zelocin was given to pregnant rats at doses up to 600 mg/kg/day.",
        "This is 5 times a 500 mg clinical dose, compared in mice and rabbits.",
        "At the end of the trial, approximately 70% of the patients took zelocin 500 mg.",
        "In a double-blind study patients received zelocin 500 mg.",
        "In the combination group the dose of zelocin was 500 mg.",
        "Healthy adults: 850 mg single dose, 2.45",
        "The AUC of zelocin 500 mg was 35 mcg.",
        "A single dose of 500 mg raised plasma concentrations.",
        "Overdoses of more than 20 g have been reported.",
        "Of 51 patients after an accidental overdose of 5 g none died.",
    ],
)
def test_a_report_is_no_dose(text: str) -> None:
    assert report_cost(DOSE, "", text) > 0
    assert report_cost("Is zelocin safe?", "", text) == 0


@pytest.mark.parametrize(
    "text",
    [
        "The recommended dose of zelocin is 500 mg twice daily.",
        "Plasma levels do not change, so that no dose adjustment is needed.",
        "As clinical studies are lacking, patients should start with 250 mg.",
        "Give 500 mg [see Clinical Studies (14)].",
        "Do not take more than 4 tablets a day (see overdose warning).",
        "Up to 100 patients a day are treated.",
    ],
)
def test_an_instruction_is_no_report(text: str) -> None:
    assert report_cost(DOSE, "", text) == 0


def test_headings_tell_reports() -> None:
    text = "The dose was 500 mg."
    assert report_cost(DOSE, "Animal Data", text) > report_cost(DOSE, "14 CLINICAL STUDIES", text)
    assert report_cost(DOSE, "14 CLINICAL STUDIES", text) > 0
    assert report_cost(DOSE, "14 CLINICAL STUDIES\nIn Children", text) > 0
    assert report_cost(DOSE, "10 OVERDOSAGE", text) > 0
    assert report_cost(DOSE, "10 OVERDOSAGE\n10.2 Antidotes", text) == 0
    assert report_cost(DOSE, "2 DOSAGE", text) == 0


@pytest.mark.parametrize(
    ("question", "text"),
    [
        ("Which doses of zelocin were given to rats?", "Rats were given doses of 5 mg."),
        ("Which dose was used in the trial?", "In the trial, 40% of patients took 5 mg."),
        ("What AUC has a single dose?", "The AUC of 5 mg was 35."),
        ("Which overdose of zelocin is dangerous?", "Overdoses of 5 g have killed."),
    ],
)
def test_who_asks_for_reports_gets_them(question: str, text: str) -> None:
    assert report_cost(question, "", text) == 0
