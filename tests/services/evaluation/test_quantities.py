"""Numbers of a claim against the words cited for it."""

from __future__ import annotations

import pytest

from appliance.services.evaluation.quantities import lacking


@pytest.mark.parametrize(
    ("claim", "evidence"),
    [
        ("Give 500 mg.", "The dose is 500 mg."),
        ("10 mg daily", "10 mg per day"),
        ("0.5 g/kg", "500 mg per kg"),
        ("10 to 20 mg/kg", "10 mg/kg, at most 20 mg/kg"),
        ("Store at -20 °C.", "Store at −20 °C."),
        ("5-10 mg", "5 to 10 mg"),
        ("30 mL/min", "30 mL/min/1.73 m2"),
        ("half a tablet", "half tablet"),
        ("20 mmol/L", "20 mmol per litre"),
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
    ],
)
def test_held(claim: str, evidence: str) -> None:
    assert lacking(claim, evidence) == []


@pytest.mark.parametrize(
    ("claim", "evidence", "lost"),
    [
        ("Give 500 mg.", "Give 50 mg.", ["500 mg"]),
        ("Give 10 mEq.", "Give 10 mg.", ["10 mEq"]),
        ("below 100 mmHg", "below 100 mg", ["100 mmHg"]),
        ("20 drops", "20 mg", ["20 drops"]),
        ("3 tablets", "3 mg", ["3 tablets"]),
        ("Give 10 mg/kg.", "Give 10 mg.", ["10 mg/kg"]),
        ("Give 10 mg.", "Give 10 mg/kg.", ["10 mg"]),
        ("at 30 mL/min", "at 30 mL", ["30 mL/min"]),
        ("Store at -20 °C.", "Store at 20 °C.", ["-20 °C"]),
        ("thirteen days", "ten days", ["thirteen days"]),
        ("half a tablet", "one tablet", ["half a tablet"]),
        ("Give 5 mg.", "Give 2.5 mg.", ["5 mg"]),
        ("Give 5 mg.", "Give 5 g.", ["5 mg"]),
        ("Give 5 mg.", "Give 5.", ["5 mg"]),
        ("after 6 days", "after 6 hours", ["6 days"]),
        ("twice daily", "every 8 hours", ["twice daily"]),
        ("twice daily", "once daily", ["twice daily"]),
        ("7", "", ["7"]),
        ("7", "It stands in 17 places.", ["7"]),
        ("20 to 30", "20", ["30"]),
        ("50 %", "50 mg", ["50 %"]),
    ],
)
def test_lacking(claim: str, evidence: str, lost: list[str]) -> None:
    assert lacking(claim, evidence) == lost
