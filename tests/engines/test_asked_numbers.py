from __future__ import annotations

import pytest

from appliance.engines.asked_numbers import gives_number


@pytest.mark.parametrize(
    ("question", "given", "missing"),
    [
        ("What is the dose?", "Give 5 mg once daily.", "Give it at night in 2026."),
        ("How much may be given?", "Up to 2 tablets.", "As little as possible."),
        ("How often is it given?", "Give it every 8 hours.", "Give 5 mg of it."),
        ("How often is it measured?", "Intervals are 1 to 4 weeks.", "Measure it well."),
        ("How long can it be kept?", "Discard it after 14 days.", "Keep 5 mg of it."),
        ("How long is it given?", "Lifelong treatment.", "Give it with meals."),
        ("How long is it given?", "Long-term use is advised.", "Give it in long sips."),
        ("How should it be kept: at which temperature?", "Below 25 °C.", "In the dark."),
        ("Below which eGFR is it stopped?", "An eGFR below 30 mL/min", "Stop it early."),
        ("What INR is the target?", "a target INR of 2.5", "Measure the INR."),
        ("How many tablets a day?", "take 2 tablets", "take 500 mg"),
        ("How common is it?", "in 7% of patients", "It is seen at times."),
    ],
)
def test_numbers_asked_for(question: str, given: str, missing: str) -> None:
    assert gives_number(question, given) is True
    assert gives_number(question, missing) is False


def test_none_is_asked_for() -> None:
    assert gives_number("Is it safe in pregnancy?", "5 mg") is None
