"""Headings, told from list items, references and running heads by their form."""

from __future__ import annotations

from pathlib import Path

import pytest

from appliance.domain import Page
from appliance.services.chunking import chunked
from appliance.services.headings import Heading, Style, headings_of
from appliance.services.page_lines import lines_of
from appliance.services.plain_text import pages_of

TEXT = "The dose is halved in patients whose kidneys fail, and stopped a week before surgery."


def found(*pages: str) -> list[Heading]:
    return headings_of(lines_of(pages))


def headings(*pages: str) -> list[str]:
    return [heading.text for heading in found(*pages)]


@pytest.mark.parametrize(
    "line",
    [
        "2.1 Recommended Dosage",
        "5.6 Limb Ischemia, Necrosis, and Gangrene in Patients with HIT and HITTS",
        "5 WARNINGS AND PRECAUTIONS",
        "17 Information for Patients",
        "WARNING: BLEEDING RISK",
        "CONTRAINDICATIONS",
        "Section 1: Facility Demographics",
    ],
)
def test_headings(line: str) -> None:
    assert headings(f"Some text before\n{line}\nsome text after.") == [line]


def test_a_bullet_hides_no_number() -> None:
    page = f"{TEXT}\n• 2.1 Recommended Dosage\n{TEXT}\n• 2.5 mg once daily with food\n{TEXT}"
    assert headings(page) == ["2.1 Recommended Dosage"]


def test_a_label_stands_above_items_with_marks_as_above_those_without() -> None:
    for mark in ("", "• "):
        items = f"{mark}problems that came with any other drug of this kind that you took before\n"
        page = f"{TEXT}\nAsk a doctor before use if you have\n{items * 3}"
        assert headings(page) == ["Ask a doctor before use if you have"]


@pytest.mark.parametrize(
    "line",
    [
        "1. Facilities should ensure that reusable",
        "5. Maki DG, Crnich CJ. History Forgotten is History Relived",
        "2.5 mg twice a day",
        "10 mg Tablets",
        "INR",
        "12.5",
        "PRECAUTIONS (5.10)]",
        "See Warnings and Precautions.",
        "Take one tablet daily",
        "• Pregnancy",
        "x" * 200,
    ],
)
def test_no_headings(line: str) -> None:
    assert headings(f"Some text before\n{line}\nsome text after.") == []


def test_a_caption_stands_alone_above_a_sentence() -> None:
    page = "The end of it.\nRisk Assessment\nFacilities are encouraged to use the checklist."
    assert headings(page) == ["Risk Assessment"]
    assert headings("goes on with\nRisk Assessment\nFacilities are encouraged to use it.") == []
    assert headings("The end of it.\nRisk Assessment\nand what follows goes on.") == []


@pytest.mark.parametrize(
    ("line", "following", "found"),
    [
        ("Introduction of the National Ward", "Safety Standard has helped to raise the", False),
        ("Respiratory Hygiene and Care", "Respiratory Hygiene and Care where people go", True),
        ("Introduction of the National Ward", "Measures such as these have helped with", True),
    ],
)
def test_a_name_that_goes_on_in_a_sentence_is_no_caption(
    line: str, following: str, found: bool
) -> None:
    rest = "protection of all the people who work there\nfrom any of the injuries that were common."
    page = f"It ends here.\n\n{line}\n{following}\n{rest}"
    assert headings(page) == [line] * found


def test_a_label_of_an_outline_stands_before_a_title_written_as_a_sentence() -> None:
    title = "VII.b. Injection safety (not for pharmacy\npractices)"
    assert headings(f"{title}\n\nIf it is never done here, check the box\nand go on.") == [
        title.replace("\n", " ")
    ]
    assert headings("It goes on.\nVII. Injection safety\n\nIf it is never done, go on.") == []


def test_numbered_titles_written_as_sentences_are_stand_below_a_gap() -> None:
    text = "It is checked every hour."
    for title in ("5 Potassium replacement: monitoring", "2 Crash call"):
        assert headings(f"{text}\n\n{title}\n{text}") == [title]
        assert headings(f"{title}\n{text}") == [title]
        assert headings(f"{text}\n{title}\n{text}") == []


@pytest.mark.parametrize(
    "line",
    [
        "1. Do not administer medications from a vial to more than one patient",
        "2 Tablets are taken with water",
        "2 Crash call.",
        "2 Things to keep in mind:",
        "2 crash call",
        "1 Check the airway\n\n2 Call for help",
    ],
)
def test_numbered_lines_below_a_gap_that_are_no_titles(line: str) -> None:
    assert headings(f"It goes on.\n\n{line}\n\nIt is checked every hour.") == []


def test_every_section_of_the_sample_handbook_is_its_own() -> None:
    path = Path(__file__).parents[2] / "data" / "sample_ward_handbook.txt"
    pages = [Page(number, text) for number, text in enumerate(pages_of(path.read_bytes()), 1)]
    chunks = chunked("7d9c1b9e-6e5e-4d9f-8d7e-0c7b4dd7a001", pages)
    for words, section in {
        "before a clean or aseptic procedure": "1 Hand hygiene",
        "The crash call number is 4444": "2 Calling the emergency team",
        "No more than two visitors": "3 Visiting hours",
        "Bed rails are not used": "4 Prevention of falls",
        "never given as a bolus": "5 Potassium replacement: monitoring",
        "above 10 mmol per hour": "5 Potassium replacement: monitoring",
        "Hypoglycaemia means": "6 Low blood glucose in an adult",
        "because of one low reading": "6 Low blood glucose in an adult",
    }.items():
        sections = [chunk.section or "" for chunk in chunks if words in chunk.text]
        assert len(sections) == 1, words
        assert sections[0].startswith(section)


def test_a_heading_over_several_lines_is_one() -> None:
    body = (
        "Fluoroquinolones have been associated with disabling reactions of the tendons and nerves."
    )
    box = (
        "WARNING: SERIOUS ADVERSE REACTIONS INCLUDING TENDINITIS, TENDON\n"
        "RUPTURE, PERIPHERAL NEUROPATHY, AND\nEXACERBATION OF MYASTHENIA GRAVIS"
    )
    chapter = "FUNDAMENTAL ELEMENTS NEEDED TO PREVENT TRANSMISSION OF INFECTIOUS AGENTS AND\nTOXINS"
    title = "Dedicate Resources to Infection Prevention\n(Administrative Resources)"
    numbered = "7.1 Drug Interactions that may Increase the Risk of Myopathy and\nRhabdomyolysis"
    question = "What should I tell my healthcare provider before I take warfarin sodium\ntablets?"
    for heading in (box, chapter, title, numbered, question):
        text = f"It ends here.\n{heading}\n{body}\n{body}"
        assert headings(text) == [heading.replace("\n", " ")], heading


def test_headings_below_each_other_are_not_one() -> None:
    page = f"5 WARNINGS\n5.1 Hemorrhage\nRisk Summary\n{TEXT}\nANIMAL DATA\nHUMAN DATA\n{TEXT}"
    assert headings(page) == [
        "5 WARNINGS",
        "5.1 Hemorrhage",
        "Risk Summary",
        "ANIMAL DATA",
        "HUMAN DATA",
    ]


def test_a_heading_may_go_on_over_a_page_and_be_about_the_next() -> None:
    assert headings(f"{TEXT}\n5.3 Risk of Myopathy and", f"Rhabdomyolysis\n{TEXT}") == [
        "5.3 Risk of Myopathy and Rhabdomyolysis"
    ]
    assert headings(f"{TEXT}\nAtrial Fibrillation", TEXT) == ["Atrial Fibrillation"]


def test_a_title_broken_in_the_text_is_read_as_the_contents_have_it() -> None:
    title = "5.3 Use with Insulin and Secretagogues"
    contents = [f"{n} CHAPTER OF THIS" for n in range(1, 8)]
    page = "\n".join([*contents, title, TEXT, "5.3 Use with Insulin and", "Secretagogues", TEXT])
    assert headings(page)[-1] == title


def test_contents_are_no_headings() -> None:
    entries = [f"{n} CHAPTER {n}\n{n}.1 First Part\n{n}.2 Second Part" for n in range(1, 6)]
    assert headings("\n".join(["CONTENTS", *entries, TEXT])) == ["CONTENTS"]
    assert headings("Recommended Dosage ........ 7\n" + TEXT) == []


@pytest.mark.parametrize(
    ("page", "heading"),
    [
        (f"{TEXT}\nUses\ntemporarily relieves pain\ntemporarily reduces fever", "Uses"),
        (f"{TEXT}\n\nOther information\n• store at 15 to 30 degrees", "Other information"),
        (f"{TEXT}\n\nAsk a doctor before use if\n• you cough", "Ask a doctor before use if"),
        (f"{TEXT}\nIV. Disease Reporting\n{TEXT}", "IV. Disease Reporting"),
        (f"{TEXT}\nDosing without a Genotype\n{TEXT}", "Dosing without a Genotype"),
        (f"{TEXT}\nWho should not take warfarin?\n{TEXT}", "Who should not take warfarin?"),
        ("CONTRAINDICATIONS", "CONTRAINDICATIONS"),
    ],
)
def test_headings_of_other_forms(page: str, heading: str) -> None:
    assert headings(page) == [heading]


@pytest.mark.parametrize(
    "page",
    [
        f"It is contraindicated in:\nPregnancy\n{TEXT}",  # an item
        f"{TEXT}\nSPAF 210 211\nBAATAF 212 208\n{TEXT}",  # rows of a table
        f"{TEXT}\nTable 3: Drugs that Increase Bleeding\n{TEXT}",
        f"It contains FD&C Red No.\n10 Aluminum Lake\n{TEXT}\n{TEXT}",
        f"{TEXT}\n\nmuscular aches\n\nheadache\n\n{TEXT}",
        f"{TEXT}\nDid it help? If not, call us.\n{TEXT}",
    ],
)
def test_lines_of_other_forms_that_are_no_headings(page: str) -> None:
    assert headings(f"12 CLINICAL PHARMACOLOGY\n{TEXT}\n{page}") == ["12 CLINICAL PHARMACOLOGY"]


def test_a_number_tells_its_depth_and_a_form_its_style() -> None:
    texts = ["5 WARNINGS", "5.1 Hemorrhage", "OVERDOSAGE", "Risk Assessment", "What is it for?"]
    page = "\n".join(f"{text}\n{TEXT}" for text in texts)
    assert [(heading.style, heading.number) for heading in found(page)] == [
        (Style.NUMBERED, (5,)),
        (Style.NUMBERED, (5, 1)),
        (Style.CAPITALS, ()),
        (Style.TITLE, ()),
        (Style.QUESTION, ()),
    ]
