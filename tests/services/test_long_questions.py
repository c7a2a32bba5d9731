"""Stories are cut down to what they ask; what decides about the patient is kept."""

from __future__ import annotations

import pytest

from appliance.services.long_questions import LONG, essence, told_of

FAMILY = "The family is well and lives in town, and the daughter visits every week on Sundays. "


@pytest.mark.parametrize(
    ("told", "asks", "expected"),
    [
        (
            "She is a 78-year-old woman with an eGFR of 8 mL/min who came in yesterday.",
            "What is the dose of acyclovir?",
            "78-year-old woman, eGFR of 8 mL/min. What is the dose of acyclovir?",
        ),
        # What the question says itself is not said twice.
        (
            "Her eGFR was 60 mL/min in May.",
            "What is the dose of acyclovir with an eGFR of 8 mL/min?",
            "What is the dose of acyclovir with an eGFR of 8 mL/min?",
        ),
        # What he takes may not go with what he is to take.
        (
            "He takes warfarin and likes gardening.",
            "Can he have ciprofloxacin?",
            "He takes warfarin. Can he have ciprofloxacin?",
        ),
        # A question that names nothing is about what was told.
        (
            "He has pneumonia and a dog. He must not get penicillin for anaphylaxis in 2019.",
            "Which antibiotic should he get?",
            "He has pneumonia. He must not get penicillin for anaphylaxis in 2019. "
            "Which antibiotic should he get?",
        ),
        ("Metformin was started.", "Can it be given?", "Metformin was started. Can it be given?"),
        ("Nobody knows her.", "Please tell me the dose of acyclovir.",
         "Please tell me the dose of acyclovir."),
    ],
)  # fmt: skip
def test_what_is_searched_for(told: str, asks: str, expected: str) -> None:
    assert essence(f"{FAMILY * 3}{told} {asks}") == expected


def test_an_engine_is_told_the_rest_whatever_it_is() -> None:
    told = (
        "Her QTc is 520 ms, her platelets are 32 and she is in the third trimester. She has G6PD "
        "deficiency. Her medicines are warfarin, amiodarone, simvastatin and digoxin."
    )
    question = f"{FAMILY * 3}{told} What is the dose of acyclovir?"
    assert told_of(question) == f"{FAMILY * 3}{told}"


def test_short_questions_and_those_that_ask_nothing_are_left() -> None:
    short = "She likes gardening. What is the dose of acyclovir with 2.5 mg?"
    assert essence(short) == short and told_of(short) == ""
    words = "word " * (LONG + 1)
    assert essence(words) == words and told_of(words) == ""


def test_a_decimal_ends_no_sentence() -> None:
    question = f"{FAMILY * 3} He weighs 82.5 kg. What is the dose of acyclovir?"
    assert told_of(question).endswith(". He weighs 82.5 kg.")


@pytest.mark.parametrize(
    ("told", "kept"),
    [
        ("She likes tea; her INR was 5.2, and her creatinine 2.5 mg/dL.",
         "her INR was 5.2 and her creatinine 2.5 mg/dL."),
        ("Her sister drove her, and she is pregnant.", "she is pregnant."),
        ("He lives by the sea but has liver failure.", "has liver failure."),
        ("She is aged 4, and she is a nice girl.", "She is aged 4."),
        ("He takes warfarin, amiodarone, simvastatin and digoxin, and his wife is well.",
         "He takes warfarin, amiodarone, simvastatin and digoxin."),
        ("He must not get penicillin because of anaphylaxis in 2019 as his wife reported to us.",
         "He must not get penicillin because of anaphylaxis in 2019."),
        ("The family is well and lives in town.", "The family is well and lives in town."),
    ],
)  # fmt: skip
def test_a_question_that_names_nothing_is_searched_for_with_what_tells(
    told: str, kept: str
) -> None:
    assert essence(f"{FAMILY * 3}{told} What is to be done?") == f"{kept} What is to be done?"


def test_of_many_drugs_none_is_searched_for() -> None:
    drugs = ", ".join(f"zelocin{letter}" for letter in "abcdefghijklm")
    asked = "Can he have ciprofloxacin?"
    assert essence(f"{FAMILY * 3}He takes {drugs}. {asked}") == asked
    assert essence(f"{FAMILY * 3}He takes no warfarin. {asked}") == asked


@pytest.mark.parametrize(
    ("asks", "is_kept"),
    [
        ("How is it treated?", True),
        ("What is the treatment?", True),
        ("How is pneumonia treated?", False),
        ("Is it safe to give acyclovir?", False),
    ],
)
def test_what_a_question_refers_back_to_is_searched_for(asks: str, is_kept: bool) -> None:
    found = "He has a paraganglioma tumour disease."
    asked = essence(f"{FAMILY * 3}{found} {asks}")
    assert asked == (f"{found} {asks}" if is_kept else asks)


def test_what_is_searched_for_asks_the_same_again() -> None:
    values = "Her eGFR is 8 mL/min and her INR is 3, she likes tea. " * 8
    once = essence(f"{FAMILY}{values} What is the dose of acyclovir?")
    assert essence(once) == once


def test_a_story_of_one_sentence_has_its_question_at_the_end() -> None:
    story = f"{FAMILY.strip('. ')}, and she has an eGFR of 19 mL/min with a lactate of 9, "
    question = f"{story * 2}so should we go on with metformin?"
    assert essence(question) == "eGFR of 19 mL/min. so should we go on with metformin?"
    assert "lactate of 9" in told_of(question)
