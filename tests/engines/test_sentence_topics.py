"""What a sentence is about, of all that it names."""

from __future__ import annotations

import pytest

from appliance.engines.sentence_topics import doses_another, sets_apart, without_asides

ASKED = frozenset({"zelocin"})


@pytest.mark.parametrize(
    "text",
    [
        "Unlike zelocin, {} is given at 500 mg daily.",
        "In contrast to zelocin and its kin, {} is given at 500 mg daily.",
        "{} is given at 1 g daily, unlike zelocin.",
        "{} is better borne than zelocin and is given at 1 g.",
        "{} 1 g daily replaces zelocin in such patients.",
        "{} (1 g daily) is preferred to zelocin.",
        "Rather than zelocin use 1 g of {}.",
        "Like zelocin, {} is given in a dose of 500 mg.",
        "Patients who take zelocin should be given {} 1 g daily.",
        "In patients taking zelocin, {} is given at 1 g daily.",
        "With zelocin, whereas {} is given at 1 g, no fasting is needed.",
        "Give {} 1 g before zelocin.",
        "Give 1 g of {} with zelocin.",
        "When zelocin is not at hand, the dose of {} is 500 mg.",
        "The usual dose of {} is 500 mg daily; zelocin is not affected.",
        "In patients allergic to zelocin, the dose is 500 mg.",
        "Resistance to zelocin: give 1 g daily.",
        "Children who do not tolerate zelocin are given {} 600 mg every 4 hours.",
        "Patients who cannot take zelocin may be given {} 40 mg.",
    ],
)
@pytest.mark.parametrize("other", ["ceftriaxone", "Drug X"])
def test_the_dose_of_another(text: str, other: str) -> None:
    assert doses_another(text.format(other), ASKED)


@pytest.mark.parametrize(
    "text",
    [
        "Give zelocin 500 mg daily.",
        "For otitis, zelocin is given at 40 mg/kg.",
        "The dose is 500 mg of zelocin.",
        "Adults with normal renal function are given 500 mg of zelocin.",
        "For zelocin, adults with normal renal function are given 500 mg.",
        "Unlike ceftriaxone, zelocin is given at 500 mg daily.",
        "The dose of zelocin is 500 mg rather than 250 mg.",
        "Zelocin must not exceed more than 4 g a day.",
        # Of two, both of which are told.
        "Zelocin with clavulanate 500 mg is given daily.",
        "Zelocin 500 mg or ceftriaxone 250 mg is given.",
        "Give ceftriaxone 250 mg; zelocin is given at 500 mg.",
        # No other is named, or there is no dose.
        "Zelocin for prophylaxis: 2 g once.",
        "Patients on zelocin should be given 500 mg daily.",
        "Ceftriaxone is given with zelocin.",
    ],
)
def test_its_own_dose_or_none(text: str) -> None:
    assert not doses_another(text, ASKED)


def test_what_something_is_set_against_is_left_out_and_nothing_moves() -> None:
    text = "Unlike zelocin, this is kept cold for more than 3 days."
    told = without_asides(text)
    assert len(told) == len(text)
    assert told.split() == ", this is kept cold for more than 3 days.".split()
    assert without_asides("Zelocin is kept cold.") == "Zelocin is kept cold."


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("How does zelocin compare with ceftriaxone?", True),
        ("What is given in zelocin allergy?", True),
        ("What can be used instead of zelocin?", True),
        ("How much zelocin is given?", False),
        ("Is zelocin given for more than 3 days?", False),
    ],
)
def test_questions_that_ask_how_things_differ(question: str, expected: bool) -> None:
    assert sets_apart(question) is expected
