"""Which heading stands under which, by its number and its form."""

from __future__ import annotations

from appliance.services.headings import headings_of
from appliance.services.outline import paths_of
from appliance.services.page_lines import lines_of

TEXT = "The dose is halved in patients whose kidneys fail, and the drug is stopped before surgery."


def paths(*lines: str) -> list[str]:
    page = "\n".join(line if line.endswith("\\") else f"{line}\n{TEXT}" for line in lines)
    return [" > ".join(path) for path in paths_of(headings_of(lines_of([page.replace("\\", "")])))]


def test_numbers_say_how_deep() -> None:
    lines = ("5 WARNINGS\\", "5.1 Lactic Acidosis", "5.1.2 Risk Factors", "5.2 Glucose", "6 OTHERS")
    assert paths(*lines) == [
        "5 WARNINGS",
        "5 WARNINGS > 5.1 Lactic Acidosis",
        "5 WARNINGS > 5.1 Lactic Acidosis > 5.1.2 Risk Factors",
        "5 WARNINGS > 5.2 Glucose",
        "6 OTHERS",
    ]


def test_titles_stand_below_what_has_a_number() -> None:
    assert paths("8 POPULATIONS\\", "8.1 Pregnancy\\", "Risk Summary", "8.2 Lactation") == [
        "8 POPULATIONS",
        "8 POPULATIONS > 8.1 Pregnancy",
        "8 POPULATIONS > 8.1 Pregnancy > Risk Summary",
        "8 POPULATIONS > 8.2 Lactation",
    ]


def test_a_chapter_whose_heading_was_missed_is_not_another_ones() -> None:
    assert (
        paths("5 WARNINGS", "5.1 Lactic Acidosis", "6.1 Clinical Trials")[-1]
        == "6.1 Clinical Trials"
    )


def test_what_interrupts_a_chapter_does_not_end_it() -> None:
    found = paths("2 DOSAGE\\", "2.3 Initial Dosing", "PLASMA LEVELS", "2.4 Monitoring")
    assert found[-2:] == ["PLASMA LEVELS", "2 DOSAGE > 2.4 Monitoring"]


def test_capitals_stand_above_titles_and_beside_chapters() -> None:
    assert paths("PHARMACOLOGY", "Mechanism of Action", "OVERDOSAGE", "1 Indications") == [
        "PHARMACOLOGY",
        "PHARMACOLOGY > Mechanism of Action",
        "OVERDOSAGE",
        "1 Indications",
    ]


def test_a_document_may_put_capitals_below_its_chapters() -> None:
    lines = []
    for number, name in enumerate(("Admission", "Ward Round", "Discharge"), start=1):
        lines += [f"{number} {name} of Patients\\", "NURSES", "PHYSICIANS"]
    assert paths(*lines)[:3] == [
        "1 Admission of Patients",
        "1 Admission of Patients > NURSES",
        "1 Admission of Patients > PHYSICIANS",
    ]


def test_questions_are_no_part_of_the_section_before_them() -> None:
    found = paths(
        "14.3 Plague", "Who should not take it at all?", "MEDICATION GUIDE", "What is it?"
    )
    assert found == [
        "14.3 Plague",
        "Who should not take it at all?",
        "MEDICATION GUIDE",
        "MEDICATION GUIDE > What is it?",
    ]
