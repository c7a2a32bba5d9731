from __future__ import annotations

import math

import pytest

from appliance.engines.value_ranges import Interval, Ranges

DAYS = Ranges(r"(?:days?|weeks?)", {"w": 7.0}, needs_unit=True, guard=r"|\s*apart")


@pytest.mark.parametrize(
    ("text", "interval"),
    [
        ("5 days", Interval(5, 5)),
        ("5 to 10 days", Interval(5, 10)),
        ("5 days to 2 weeks", Interval(5, 14)),
        ("between 5 and 10 days", Interval(5, 10)),
        ("5 to less than 10 days", Interval(5, 10, high_is_open=True)),
        ("less than 10 days", Interval(-math.inf, 10, high_is_open=True)),
        ("less than or equal to 10 days", Interval(-math.inf, 10)),
        ("no more than 10 days", Interval(-math.inf, 10)),
        ("<10 days", Interval(-math.inf, 10, high_is_open=True)),
        ("<= 10 days", Interval(-math.inf, 10)),
        ("up to 10 days", Interval(-math.inf, 10)),
        ("over 10 days", Interval(10, math.inf, low_is_open=True)),
        ("not less than 10 days", Interval(10, math.inf)),
        ("≥10 days", Interval(10, math.inf)),
        ("10 days or more", Interval(10, math.inf)),
        ("10 days and under", Interval(-math.inf, 10)),
    ],
)
def test_a_range(text: str, interval: Interval) -> None:
    assert [found.interval for found in DAYS.of(text)] == [interval]


@pytest.mark.parametrize("text", ["5 mg", "less than 5", "day 5 of 7", "5 days apart", "1.5.2"])
def test_other_numbers(text: str) -> None:
    assert list(DAYS.of(text)) == []


def test_numbers_that_stand_together_are_no_range() -> None:
    found = list(DAYS.of("after 3 days and 6 days, and less than 9 days"))
    assert [one.order for one in found] == [(3,), (6,), (9,)]
    assert [one.interval.is_number for one in found] == [True, True, False]


def test_a_typical_number_is_in_its_range() -> None:
    for text in ("5 to 10 days", "less than 10 days", "over 3 days", "10 days or more", "4 days"):
        (found,) = DAYS.of(text)
        assert found.interval.holds(found.interval.within())
