"""Measured values of a question, and whether a text has them in its ranges."""

from __future__ import annotations

import pytest

from appliance.engines.measured_values import fits, measured


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("What is done for an INR above 10?", {"INR": 10.001}),
        ("INR is 12 without bleeding", {"INR": 12.0}),
        ("HbA1c of 9% on zelocin", {"HbA1c": 9.0}),
        ("The INR was 3, and the INR is now 11", {"INR": 11.0}),
        ("INR 5 and TSH of 12", {"INR": 5.0, "TSH": 12.0}),
        ("INR between 4 and 10", {"INR": 7.0}),
        # No value, a dose, a genotype, and what is told elsewhere.
        ("How is the INR measured?", {}),
        ("zelocin USP 5 mg", {}),
        ("zelocin with CYP2C9 *1/*3", {}),
        ("zelocin at an eGFR of 20 or a CrCl of 20", {}),
        ("zelocin is 12", {}),
    ],
)
def test_what_a_question_tells(question: str, expected: dict[str, float]) -> None:
    assert measured(question) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("If the INR is above 10, give 5 mg.", True),
        ("INR > 9: give 5 mg.", True),
        ("For an INR of 4.5 to 10 give nothing.", False),
        ("INR 4.5 to 10: nothing. INR above 10: 5 mg.", True),
        ("Keep an INR of 2.5 in all.", None),
        ("A TSH of 4 to 10 is high.", None),
        ("Measure the INR daily for more than 20 days.", None),
    ],
)
def test_whether_a_text_is_true_of_them(text: str, expected: bool | None) -> None:
    assert fits({"INR": 12.0}, text) is expected
    assert fits({}, text) is None


def test_all_of_them_must_be_held() -> None:
    text = "Where the INR is above 4 and the TSH is below 10, wait."
    assert fits({"INR": 5.0, "TSH": 8.0}, text) is True
    assert fits({"INR": 5.0, "TSH": 12.0}, text) is False
