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
        ("50 %", "50 mg", ["50 %"]),
    ],
)
def test_lacking(claim: str, evidence: str, lost: list[str]) -> None:
    assert lacking(claim, evidence) == lost
