"""Numbers of a claim against the words cited for it."""

from __future__ import annotations

import pytest

from appliance.services.evaluation.quantities import lacking


@pytest.mark.parametrize(
    ("claim", "evidence"),
    [
        ("Give 500 mg.", "The dose is 500 mg."),
        ("Give 0.5 g.", "The dose is 500 mg."),
        ("Give 500mg", "0.5 grams"),
        ("250 mcg", "0.25 mg"),
        ("250 µg", "250 micrograms"),
        ("1 litre", "1,000 mL"),
        ("4,000 mg", "4000 mg"),
        ("2,5 mg", "2.5 mg"),
        ("5 mg", "5 to 10 mg"),
        ("5 mg", "5-10 mg"),
        ("twice daily", "every 12 hours"),
        ("every 8 hours", "three times a day"),
        ("q6h", "four times daily"),
        ("BID", "twice a day"),
        ("every 24 hours", "once daily"),
        ("two tablets", "2 tablets"),
        ("30 %", "30 percent"),
        ("It is 7 [2].", "7"),
        ("It is so [12, 3]", "no number here"),
        ("no number", ""),
        ("12 h", "12 hours"),
        ("30 units", "30 IU"),
        ("5 mg", "5 m\u00ad\ng"),
        ("10 milliequivalents", "10 mEq"),
        ("half a tablet", "½ tablet"),
        ("1/2 tablet", "half of a tablet"),
        ("thirteen days", "13 days"),
        ("twenty-five mg", "25 mg"),
        ("30 mL per min", "30 mL/min"),
        ("5 mg/mL", "5 g/L"),
        ("4 g per day", "4 g daily"),
        ("40 mg/kg/day", "40 mg/kg daily"),
        ("100 mL/hour", "100 mL per hour"),
        ("-20 °C", "minus 20 °C"),
        ("5-10 mg", "5 to 10 mg"),
        ("5 to 10 mg", "5 mg -10 mg"),
        ("5 to 10 mg/kg", "5-10 mg/kg"),
        ("2 x 10^9/L", "2 × 10⁹/L"),
        ("1 week", "7 days"),
        ("one of them", "some of them"),
        ("a half-life of 12 h", "12 hours"),
        ("5 patients", "5 adult patients"),
        ("an INR above 8 is high", "an INR above 8 calls for vitamin K"),
        ("12 lozenges", "12 lozenges"),
        ("twice weekly", "two times a week"),
        ("30 mL/min/1.73 m2", "30 mL/min/1.73 m²"),
    ],
)
def test_held(claim: str, evidence: str) -> None:
    assert lacking(claim, evidence) == []


@pytest.mark.parametrize(
    ("claim", "evidence", "lost"),
    [
        ("Give 500 mg.", "Give 50 mg.", ["500 mg"]),
        ("Give 5 mg.", "Give 2.5 mg.", ["5 mg"]),
        ("Give 5 mg.", "Give 5 g.", ["5 mg"]),
        ("Give 5 mg.", "Give 5.", ["5 mg"]),
        ("after 6 days", "after 6 hours", ["6 days"]),
        ("twice daily", "every 8 hours", ["twice daily"]),
        ("twice daily", "once daily", ["twice daily"]),
        ("7", "", ["7"]),
        ("7", "It stands in 17 places.", ["7"]),
        ("20 to 30", "20", ["30"]),
        ("10 mEq", "10 mg", ["10 mEq"]),
        ("100 mmHg", "100 mg", ["100 mmHg"]),
        ("20 drops", "20 mg", ["20 drops"]),
        ("3 tablets", "3 mg", ["3 tablets"]),
        ("5 puffs", "5 days", ["5 puffs"]),
        ("12 lozenges", "12 mg", ["12 lozenges"]),
        ("12 lozenges", "12 pastilles", ["12 lozenges"]),
        ("290 mOsm", "290 mg", ["290 mOsm"]),
        ("10 mg/kg", "10 mg", ["10 mg/kg"]),
        ("10 mg", "10 mg/kg", ["10 mg"]),
        ("5 mg/mL", "5 mg", ["5 mg/mL"]),
        ("5 mg/mL", "5 mg/L", ["5 mg/mL"]),
        ("30 mL/min", "30 mL", ["30 mL/min"]),
        ("100 mL/hour", "100 mL/min", ["100 mL/hour"]),
        ("-20 °C", "20 °C", ["-20 °C"]),
        ("20 °C", "-20 °C", ["20 °C"]),
        ("thirteen days", "ten days", ["thirteen days"]),
        ("twenty mg", "10 mg", ["twenty mg"]),
        ("half a tablet", "one tablet", ["half a tablet"]),
        ("½ tablet", "1 tablet", ["½ tablet"]),
        ("1/2 tablet", "1 of 2", ["1/2 tablet"]),
        ("10⁹/L", "10/L", ["10⁹"]),
        ("4 g per day", "4 g", ["per day"]),
        ("twice weekly", "twice daily", ["twice weekly"]),
        ("50 %", "50 mg", ["50 %"]),
    ],
)
def test_lacking(claim: str, evidence: str, lost: list[str]) -> None:
    assert lacking(claim, evidence) == lost


@pytest.mark.parametrize(
    ("asked", "answer", "is_held"),
    [
        ("4.0 mmol", "below 4.0 mmol/L", True),
        ("10 mmol", "10 mmol per hour", True),
        ("0.5 g", "500 mg/kg", True),
        ("5 mg", "5 mg", True),
        ("10 mmol/hour", "10 mmol per hour", True),
        ("10 mmol/min", "10 mmol per hour", False),
        ("10 mmol/hour", "10 mmol", False),
        ("5 mg", "5 mL/kg", False),
        ("5 mg", "15 mg/kg", False),
    ],
)
def test_who_asks_for_a_number_may_leave_out_what_is_divided_by(
    asked: str, answer: str, is_held: bool
) -> None:
    assert (lacking(asked, answer, per=False) == []) is is_held
