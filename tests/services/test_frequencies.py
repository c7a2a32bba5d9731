from __future__ import annotations

from fractions import Fraction

import pytest

from appliance.services.frequencies import frequencies


@pytest.mark.parametrize(
    ("spellings", "least", "most"),
    [
        ("once daily|daily|once a day|QD|q24h|every 24 hours|per day|/day|each day|nightly|"
         "in 24 hours", "1", "1"),
        ("twice daily|BID|b.i.d.|q12h|q 12 h|every 12 hours|two times a day|2 times/day|"
         "12-hourly|once every 12 hours", "2", "2"),
        ("three times daily|TID|t.i.d.|TDS|q8h|every eight hours|3 times per day", "3", "3"),
        ("four times a day|QID|QDS|q6h|every 6 hours", "4", "4"),
        ("every 4 to 6 hours|q4-6h|every 4-6 h|4 to 6 times daily", "4", "6"),
        ("once or twice daily", "1", "2"),
        ("every other day|on alternate days|every 2 days|every 48 hours", "1/2", "1/2"),
        ("weekly|once a week|every 7 days|once per week", "1/7", "1/7"),
        ("twice weekly|two times a week", "2/7", "2/7"),
        ("every 2 weeks|every 14 days", "1/14", "1/14"),
        ("monthly|once a month|every month", "2/61", "2/61"),
    ],
)  # fmt: skip
def test_one_frequency_in_many_spellings(spellings: str, least: str, most: str) -> None:
    for text in spellings.split("|"):
        (found,) = frequencies(text)
        assert found.frequency == (Fraction(least), Fraction(most)), text


@pytest.mark.parametrize(
    "text", ["for 7 days", "once", "twice the dose", "every 0 hours", "a dose"]
)
def test_what_is_no_frequency(text: str) -> None:
    assert frequencies(text) == []
