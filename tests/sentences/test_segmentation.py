from __future__ import annotations

import time
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.sentences import Kind, fold, segments, split_sentences


def texts(page: str) -> list[str]:
    return [fold(page[start:end]) for start, end in split_sentences(page)]


def kinds(page: str) -> list[tuple[Kind, str]]:
    return [(s.kind, fold(page[s.start : s.end])) for s in segments(page)]


@pytest.mark.parametrize(
    ("page", "expected"),
    [
        ("Give 2.5 mg daily. Stop at 5 mg.", ["Give 2.5 mg daily.", "Stop at 5 mg."]),
        (
            "Use antibiotics (e.g. Amoxicillin 500 mg) with care. Call Dr. Smith first.",
            ["Use antibiotics (e.g. Amoxicillin 500 mg) with care.", "Call Dr. Smith first."],
        ),
        (
            "The maximum is 2,000 mg. Patients with eGFR below 30 mL/min/1.73 m2 must not take it.",
            [
                "The maximum is 2,000 mg.",
                "Patients with eGFR below 30 mL/min/1.73 m2 must not take it.",
            ],
        ),
        (
            "It depends on vitamin K. The effect lasts.",
            ["It depends on vitamin K.", "The effect lasts."],
        ),
        ("Caused by S. Aureus and E. Coli. Treat.", ["Caused by S. Aureus and E. Coli.", "Treat."]),
        (
            "A sentence broken\nover three\nlines of a page. Another one.",
            ["A sentence broken over three lines of a page.", "Another one."],
        ),
        ("Is it safe? Yes! It is.", ["Is it safe?", "Yes!", "It is."]),
        ('He said "stop." Then he left.', ['He said "stop."', "Then he left."]),
        ("See Table 2. Amount of water follows.", ["See Table 2. Amount of water follows."]),
        ("", []),
        (" \n\r\n ", []),
    ],
)
def test_sentences(page: str, expected: list[str]) -> None:
    assert texts(page) == expected


def test_a_reference_behind_the_full_stop_is_no_part_of_the_sentence() -> None:
    page = "Warfarin can cause fatal bleeding. ( 5.1) Monitor the INR. (2.4)"
    assert kinds(page) == [
        (Kind.SENTENCE, "Warfarin can cause fatal bleeding."),
        (Kind.REFERENCE, "( 5.1)"),
        (Kind.SENTENCE, "Monitor the INR."),
        (Kind.REFERENCE, "(2.4)"),
    ]


def test_headings_stand_apart() -> None:
    page = (
        "WARNING: BLEEDING RISK\n"
        "Warfarin sodium can cause major or fatal bleeding in patients of any age and sex, and\n"
        "more so at first.\n"
        "5.1 Hemorrhage\n"
        "Regular monitoring of the INR should be performed on all treated patients in the ward.\n"
        "Limitations of Use\n"
        "Warfarin sodium has no direct effect on an established thrombus, nor does it reverse it.\n"
    )
    assert [text for kind, text in kinds(page) if kind is Kind.HEADING] == [
        "WARNING: BLEEDING RISK",
        "5.1 Hemorrhage",
        "Limitations of Use",
    ]
    assert (
        "Warfarin sodium can cause major or fatal bleeding in patients of any age and sex, "
        "and more so at first."
    ) in texts(page)


def test_lists_with_and_without_bullets() -> None:
    page = (
        "Temporarily relieves minor aches and pains due to:\n"
        "headache\n"
        "minor pain of arthritis\n"
        "the common cold\n"
        "If an allergic reaction occurs, stop use and seek medical help right away.\n"
        "Wash hands:\n"
        "\u2022 before contact with a patient\n"
        "\u2022 after contact with blood, body fluids or\n"
        "contaminated surfaces\n"
        "1. Use aseptic technique.\n"
        "2. Do not reuse a syringe.\n"
    )
    assert kinds(page) == [
        (Kind.LEAD, "Temporarily relieves minor aches and pains due to:"),
        (Kind.ITEM, "headache"),
        (Kind.ITEM, "minor pain of arthritis"),
        (Kind.ITEM, "the common cold"),
        (
            Kind.SENTENCE,
            "If an allergic reaction occurs, stop use and seek medical help right away.",
        ),
        (Kind.LEAD, "Wash hands:"),
        (Kind.ITEM, "\u2022 before contact with a patient"),
        (Kind.ITEM, "\u2022 after contact with blood, body fluids or contaminated surfaces"),
        (Kind.ITEM, "1. Use aseptic technique."),
        (Kind.ITEM, "2. Do not reuse a syringe."),
    ]


@pytest.mark.parametrize(
    ("page", "lead"),
    [
        ("Severe liver damage may occur\nif\n• an adult drinks\n• A child is given", 0),
        ("This drug is strong. It may harm if\n• an adult drinks\n• a child is given it", 1),
        ("Do not use\n• if you have asthma\n• before an operation", 0),
        ("Stop use and ask a doctor if\n1. pain gets worse\n2. fever gets worse", 0),
    ],
)
def test_words_that_stop_lead_to_the_marked_items_below(page: str, lead: int) -> None:
    found = [kind for kind, _ in kinds(page)]
    assert found == [Kind.SENTENCE] * lead + [Kind.LEAD, Kind.ITEM, Kind.ITEM]


@pytest.mark.parametrize(
    "page",
    [
        "CONTRAINDICATIONS\n• asthma\n• angina",
        "2.1 Recommended Dosage\n• one tablet a day\n• with food",
        "Give it with water.\n• one tablet a day\n• with food",
        "Risk Assessment\n• Ask for falls\n• Ask for pain",
    ],
)
def test_titles_and_sentences_lead_to_none(page: str) -> None:
    assert Kind.LEAD not in [kind for kind, _ in kinds(page)]


def test_a_reference_with_brackets_in_it_ends_an_item() -> None:
    page = (
        "They have occurred together:\nTendinitis and rupture of tendons [see WARNINGS (5.2)]\n"
        "Peripheral neuropathy in adults [see WARNINGS (5.3)]\nCentral effects [see (5.4)]"
    )
    assert [text[:10] for _, text in kinds(page)[1:]] == ["Tendinitis", "Peripheral", "Central ef"]


def test_running_heads_join_no_sentence() -> None:
    page = "15\nVersion 2.3 - September 2016\nsystematic approach to transfer when appropriate.\n"
    assert kinds(page) == [
        (Kind.HEADING, "15"),
        (Kind.HEADING, "Version 2.3 - September 2016"),
        (Kind.SENTENCE, "systematic approach to transfer when appropriate."),
    ]


def test_an_open_bracket_leads_to_no_list() -> None:
    page = "Recommendations are in the guideline (available at:\nwww.example.org/guide) of 2006.\n"
    assert kinds(page)[0][0] is not Kind.LEAD


@given(st.text(alphabet=st.sampled_from("aB1 .:\n\r\t\f()[]\u2022-\u00e9?!,/\u4e2d"), max_size=120))
def test_every_character_is_in_one_segment(page: str) -> None:
    found = segments(page)
    assert all(segment.start < segment.end for segment in found)
    assert all(one.end <= two.start for one, two in pairwise(found))
    assert all(page[s.start : s.end] == page[s.start : s.end].strip() for s in found)
    covered = "".join(page[s.start : s.end] for s in found)
    assert "".join(covered.split()) == "".join(page.split())


@given(st.text(max_size=300))
def test_any_text_is_covered(page: str) -> None:
    covered = "".join(page[s.start : s.end] for s in segments(page))
    assert "".join(covered.split()) == "".join(page.split())


def test_a_long_page_takes_no_long_time() -> None:
    endless = ("Give 2.5 mg (see e.g. Table 2. and 5.1) daily to Dr. A. B. C. " * 40 + "\n") * 40
    started = time.process_time()
    assert len(segments(endless + "No more of it. " * 4000)) > 3000
    assert time.process_time() - started < 10
