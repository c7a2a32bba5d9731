"""Long questions: what they say of the patient stays, what else they tell goes."""

from __future__ import annotations

import pytest

from appliance.services.essence import essence

CHATTER = (
    "I am the nurse in charge of a ward and we have had a long and rather difficult night with "
    "many admissions, while her daughter was here on Sunday with all of her children and friends. "
)
ASKED = "What is the dose of zelfarin?"


@pytest.mark.parametrize(
    ("story", "kept"),
    [
        # Values.
        ("She is a 78-year-old woman with an eGFR of 8 mL/min who came in from the home.",
         "She is a 78-year-old woman with an eGFR of 8 mL/min."),
        ("A 60 kg man is on dialysis and has been here since Monday.",
         "A 60 kg man is on dialysis."),
        ("She likes tea; her INR was 5.2, and her creatinine 2.5 mg/dL.",
         "her INR was 5.2, and her creatinine 2.5 mg/dL."),
        ("Her sister drove her, and she is pregnant.", "she is pregnant."),
        ("He lives by the sea but has liver failure.", "has liver failure."),
        ("It is late. She is aged 4 and tired.", "She is aged 4."),
        # What they take and have.
        ("He takes quorkolol. He reads a lot.", "He takes quorkolol."),
        ("He was admitted with pneumonia, and his wife is at home.",
         "He was admitted with pneumonia."),
        # Denials of what they name.
        ("He must not get penicillin because of anaphylaxis in 2019 as his wife reported to us.",
         "He must not get penicillin because of anaphylaxis in 2019."),
        ("She cannot tolerate penicillin.", "She cannot tolerate penicillin."),
        ("She is allergic to latex.", "She is allergic to latex."),
        ("He has no diabetes. He has a boat.", "He has no diabetes."),
        # Chatter.
        ("She likes gardening and has no known allergies at all.", ""),
        ("The family is well and lives in town.", ""),
        ("Her daughter does not visit her. Nobody had time for lunch.", ""),
        ("She takes it well.", ""),
    ],
)  # fmt: skip
def test_of_a_story(story: str, kept: str) -> None:
    expected = f"{kept} {ASKED}".strip()
    assert essence(f"{CHATTER}{story} {ASKED}") == expected
    assert essence(f"{story} {CHATTER}{ASKED} Thank you very much for your help.") == expected


@pytest.mark.parametrize(
    ("before", "asked", "is_kept"),
    [
        ("They found a paraganglioma.", "How is it treated?", True),
        ("They found a paraganglioma.", "What is the treatment?", True),
        ("They found a paraganglioma.", "How is pneumonia treated?", False),
        ("They found a paraganglioma.", "Is it safe to give zelfarin?", False),
    ],
)
def test_what_the_question_refers_back_to_stays(before: str, asked: str, is_kept: bool) -> None:
    assert essence(f"{CHATTER}{before} {asked}") == (f"{before} {asked}" if is_kept else asked)


def test_what_is_short_or_asks_nothing_is_left() -> None:
    assert essence("I have a boat. What is the dose?") == "I have a boat. What is the dose?"
    assert essence("word " * 60) == "word " * 60


def test_what_is_left_is_left_again() -> None:
    values = "Her eGFR is 8 mL/min and her INR is 3, she likes tea. " * 8
    once = essence(f"{CHATTER}{values}{ASKED}")
    assert len(once.split()) > 40 and essence(once) == once
