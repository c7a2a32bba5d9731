"""What a passage bears out, and above all what it does not."""

from __future__ import annotations

import pytest

from appliance.services.bearing import Evidence

WARFARIN = (
    "Warfarin can cause major or fatal bleeding. The starting dose of warfarin is 5 mg once\n"
    "daily. Do not give warfarin to pregnant women. Check the INR every 2 to 4 weeks.\n"
    "Vitamin B12 is not affected. Doses of 1,500 mg or 2.5 mg/kg are not used. Keep below 40%."
)


@pytest.mark.parametrize(
    "quote",
    [
        "Warfarin can cause major or fatal bleeding.",
        "The starting dose of warfarin is 5 mg once daily.",  # across a line break
        "The   starting dose of\twarfarin is 5 mg once daily.",
        "- The starting dose of warfarin is 5 mg once daily.",
        "“Do not give warfarin to pregnant women.”",
        "fatal bleeding. The starting dose of warfarin is 5 mg once daily.",
    ],
)
def test_a_quotation_is_found_to_the_character(quote: str) -> None:
    span = Evidence(WARFARIN).quoted(quote)
    assert span is not None
    words = " ".join(WARFARIN[span[0] : span[1]].split())
    assert words == " ".join(quote.strip("-“” ").split())


@pytest.mark.parametrize(
    "quote",
    [
        "",
        "   ",
        "give warfarin to pregnant women.",  # lost its "do not"
        "arfarin can cause major or fatal bleeding.",  # cut through a word
        "Warfarin can cause major or fatal bleed",
        "500 mg or 2.5 mg/kg are not used.",  # cut through a number
        "5 mg/kg are not used.",
        "Keep below 40",
        "The starting dose of warfarin is 50 mg once daily.",
        "4 weeks. Check",
    ],
)
def test_what_is_no_quotation(quote: str) -> None:
    assert Evidence(WARFARIN).quoted(quote) is None


@pytest.mark.parametrize(
    "claim",
    [
        "Fatal bleeding can be caused by warfarin.",
        "The warfarin starting dose is 5 mg daily.",
        "The starting dose for warfarin is 5 milligrams once daily.",
        "Pregnant women should not be given warfarin.",
        "The INR is checked every two to four weeks.",
        "The INR is checked every 2-4 weeks.",
    ],
)
def test_a_faithful_paraphrase_is_borne_out(claim: str) -> None:
    evidence = Evidence(WARFARIN)
    assert evidence.quoted(claim) is None
    span = evidence.span_of(claim)
    assert span is not None
    assert 0 <= span[0] < span[1] <= len(WARFARIN)


@pytest.mark.parametrize(
    "claim",
    [
        "The warfarin starting dose is 50 mg daily.",
        "The warfarin starting dose is 0.5 mg daily.",
        "The warfarin starting dose is .5 mg daily.",
        "The warfarin starting dose is 5,5 mg daily.",
        "The warfarin starting dose is 5 g daily.",
        "The warfarin starting dose is 5 mcg daily.",
        "The warfarin starting dose is 5 mg/kg daily.",
        "The warfarin starting dose is five grams daily.",
        "The warfarin starting dose is 5 mg weekly.",
        "The warfarin starting dose is 5 mg twice daily.",
        "The heparin starting dose is 5 mg daily.",
        "The metformin starting dose is 5 mg daily.",
        "Pregnant women should be given warfarin.",
        "Warfarin can not cause fatal bleeding.",
        "The INR is checked every 2 to 6 weeks.",
        "The INR is checked every 2 to 4 days.",
        "Vitamin B6 is not affected.",
        "Doses of 15 mg are not used.",
        "The World Cup of 1998 was won by France.",
        "Yes.",
    ],
)
def test_a_changed_number_unit_drug_or_denial_is_not_borne_out(claim: str) -> None:
    assert Evidence(WARFARIN).span_of(claim) is None


def test_numbers_of_different_places_are_not_mixed() -> None:
    passage = (
        "The adult dose is 500 mg. Store it at room temperature in the original package. "
        "Shake the bottle well. Protect it from light. The dose for children is 5 mg."
    )
    assert Evidence(passage).span_of("The adult dose is given as 5 mg.") is None
    assert Evidence(passage).span_of("The adult dose is given as 500 mg.") is not None


def test_an_empty_passage_bears_out_nothing() -> None:
    assert Evidence("").span_of("Anything at all.") is None


def test_a_row_is_borne_out_whatever_the_next_row_denies() -> None:
    rows = "Adults\ttake two tablets\nInfants\tdo not use"
    evidence = Evidence(f"Directions:\n\n{rows}")
    assert [evidence.quoted(row) for row in rows.split("\n")] == [(13, 36), (37, 55)]
    assert evidence.quoted("take two tablets") is not None
    assert evidence.quoted("use") is None
    # A sentence that goes on in the rows may deny them all.
    torn = Evidence("Do not give to\nadults\ttwo tablets\ninfants\tany tablets")
    assert torn.quoted("adults two tablets") is None


@pytest.mark.parametrize(
    ("heading", "borne"),
    [
        ("6 Low glucose (NOT FOR CLINICAL USE)", True),
        ("Overdose", True),
        ("", False),
    ],
)
def test_a_heading_that_runs_into_a_sentence_denies_nothing_in_it(
    heading: str, borne: bool
) -> None:
    words = "Aspirin with warfarin in adults with gout."
    above = heading or "6 Low glucose (NOT FOR CLINICAL USE)"
    evidence = Evidence(f"{above}\n{words}", heading=heading)
    assert (evidence.quoted(words) is not None) is borne
