from __future__ import annotations

from fractions import Fraction

import pytest

from appliance.services.quantities import quantities

Expected = tuple[str, str, str]  # low or low-high in the base unit, its dimension, its bound


def read(text: str) -> list[Expected]:
    found = []
    for each in quantities(text):
        low, high = each.quantity.low, each.quantity.high
        value = str(low) if low == high else f"{low} to {high}"
        found.append((value, each.quantity.dimension, each.quantity.bound))
    return found


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("0.5 g", [("1/2", "mass", "")]),
        ("500 mg", [("1/2", "mass", "")]),
        ("0,5 g", [("1/2", "mass", "")]),
        (".5 g", [("1/2", "mass", "")]),
        ("half a gram", [("1/2", "mass", "")]),
        ("500 micrograms", [("1/2000", "mass", "")]),
        ("1,500 mg", [("3/2", "mass", "")]),
        ("twenty-five mg", [("1/40", "mass", "")]),
        ("2 to 4 weeks", [("1209600 to 2419200", "time", "")]),
        ("14-28 days", [("1209600 to 2419200", "time", "")]),
        ("between 2 and 4 mL", [("1/500 to 1/250", "volume", "")]),
        ("2 and 4 mL", [("1/500", "volume", ""), ("1/250", "volume", "")]),
        ("5 or 10 mg", [("1/200", "mass", ""), ("1/100", "mass", "")]),
        ("1/2 tablet", [("1/2", "tablet", "")]),
        ("two and a half tablets", [("5/2", "tablet", "")]),
        ("120/80 mmHg", [("120 to 80", "mmhg", "/")]),
        ("5 mg/kg", [("1/200000", "mass/mass", "")]),
        ("5 mg per kg per dose", [("1/200000", "mass/mass/dose", "")]),
        ("reduce by half", [("50", "%", "")]),
        ("50 percent", [("50", "%", "")]),
        ("10⁹/L", [("1000000000", "", "")]),
        ("3 x 10^6 units", [("3000000", "unit", "")]),
        ("1.5 million units", [("1500000", "unit", "")]),
        ("10 international units", [("10", "iu", "")]),
        ("-5 °C", [("-5", "c", "")]),
        ("2 °C to 8 °C", [("2 to 8", "c", "")]),
        ("below 30", [("30", "", "<")]),
        ("<30", [("30", "", "<")]),
        ("30 or less", [("30", "", "<=")]),
        ("at least 30", [("30", "", ">=")]),
        ("65 years or older", [("780", "month", ">=")]),
        ("greater than or equal to 5", [("5", "", ">=")]),
        ("no more than 10 mg", [("1/100", "mass", "<=")]),
        ("must not exceed 10 mg", [("1/100", "mass", "<=")]),
        ("Do not give more than 10 mg", [("1/100", "mass", "<=")]),
        ("the maximum recommended dose is 10 mg", [("1/100", "mass", "<=")]),
        ("the maximum dose is not 10 mg", [("1/100", "mass", "")]),
        ("10 mg maximum", [("1/100", "mass", "<=")]),
        ("more than 10 mg", [("1/100", "mass", ">")]),
        # none
        ("one of them", []),
        ("vitamin B12", []),
        ("CYP2C9", []),
        ("section 2.1.3", []),
        ("a half-life", []),
    ],
)
def test_quantities(text: str, expected: list[Expected]) -> None:
    assert read(text) == expected


def test_places_are_those_of_the_text() -> None:
    text = "Give 10 international units, then no more than 5 mg."
    first, second = quantities(text)
    assert text[first.start : first.end] == "10 international units"
    assert text[second.start : second.end] == "5 mg"
    assert text[slice(*second.reach)] == "no more than 5 mg"


@pytest.mark.parametrize(
    ("said", "claimed", "same"),
    [
        ("500 mg", "0.5 g", True),
        ("500 mg", "500", False),
        ("500", "500 mg", False),
        ("500 mg", "500 mcg", False),
        ("500 mg", "500 mg/kg", False),
        ("1 week", "7 days", True),
        ("1 month", "30 days", False),
        ("1 year", "12 months", True),
        ("2 to 4 weeks", "2 weeks", False),
        ("at least 2 weeks", "2 weeks", False),
    ],
)
def test_what_stands_for_what(said: str, claimed: str, same: bool) -> None:
    (one,), (other,) = quantities(said), quantities(claimed)
    assert one.quantity.stands_for(other.quantity) is same


@pytest.mark.parametrize("text", ["10^999999999 mg", "9" * 5000, "1/0 tablet", "0/0", "٣ mg", "²"])
def test_odd_numbers_do_no_harm(text: str) -> None:
    for found in quantities(text):
        assert isinstance(found.quantity.low, Fraction)


def test_a_range_of_two_dimensions_is_two_quantities() -> None:
    found = [one.quantity.dimension for one in quantities("500 mL to 1000 mg")]
    assert found == ["volume", "mass"]
