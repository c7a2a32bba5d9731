"""What the words and the form of a quote are worth: each worth decides between two quotes."""

from __future__ import annotations

from dataclasses import replace

import pytest

from appliance.domain import Question
from appliance.engines.candidates import Candidate, candidates
from tests.engines.questions import passage


def judged(
    question: str, text: str, *, section: str | None = None, title: str = "Zelocin label"
) -> Candidate:
    found = passage(text, title=title)
    found = replace(found, chunk=replace(found.chunk, section=section))
    (candidate,) = candidates(Question(question, (found,), ()))
    return candidate


@pytest.mark.parametrize(
    ("question", "better", "worse"),
    [
        # A number of the kind that is asked for.
        (
            "At what temperature is zelocin kept?",
            "Zelocin is kept at 5 °C in all the wards.",
            "Zelocin is kept in the dark in all the wards.",
        ),
        # A range that holds the patient's value.
        (
            "zelocin at a GFR of 20",
            "Give zelocin daily to those with a GFR below 30 mL/min.",
            "Give zelocin daily to those with a GFR below 10 mL/min.",
        ),
        # Another value of the patient's.
        (
            "zelocin at an INR above 10",
            "Give zelocin daily to those with an INR of more than 9.",
            "Give zelocin daily to those with an INR of 4 to 9.",
        ),
        # The patient's age.
        (
            "Which tablet of zelocin for adults?",
            "Zelocin tablets for adults are taken with a meal.",
            "Zelocin tablets for children are taken with a meal.",
        ),
        # The special patients that are asked about.
        (
            "Is zelocin given in pregnancy?",
            "Zelocin is given to the pregnant with a meal.",
            "Zelocin is given to everybody with a meal.",
        ),
        # What the dose is of.
        (
            "zelocin antidote, antidotin dose",
            "The dose of antidotin after zelocin is 5 mg.",
            "The dose of anything after zelocin is 5 mg.",
        ),
        # That it is given, though not how much.
        (
            "zelocin antidote, antidotin dose",
            "Zelocin is reversed by injection of oily antidotin.",
            "Zelocin is reversed by the effect of oily antidotin.",
        ),
        # An instruction.
        (
            "zelocin dose",
            "The dose of zelocin in the morning is 5 mg.",
            "The dose of zelocin in the placebo phase was 5 mg.",
        ),
    ],
)
def test_what_a_quote_is_worth(question: str, better: str, worse: str) -> None:
    assert judged(question, better).bonus > judged(question, worse).bonus


def test_a_heading_on_patients_that_are_not_asked_about_costs() -> None:
    text = "Zelocin is kept in the dark in all the wards."
    asked = "How is zelocin kept?"
    plain = judged(asked, text, section="Storage").bonus
    assert judged(asked, text, section="Pediatric patients").bonus < plain
    asked = "How is zelocin kept for children?"
    assert judged(asked, text, section="Pediatric patients").bonus > judged(asked, text).bonus


def test_another_preparation_costs() -> None:
    text = "Zelocin is kept in the dark in all the wards."
    tablets, both = "Zelocin tablets label", "Zelocin capsules and tablets label"
    asked = "How are zelocin capsules kept?"
    assert judged(asked, text, title=tablets).bonus < judged(asked, text, title=both).bonus
    assert judged(asked, text, title="Zelocin label").bonus == judged(asked, text, title=both).bonus
    asked = "How is zelocin kept?"
    assert judged(asked, text, title=tablets).bonus == judged(asked, text, title=both).bonus


def test_what_two_documents_say_is_quoted_from_that_of_the_asked_preparation() -> None:
    text = "Zelocin is kept in the dark in all the wards."
    found = (
        passage(text, 1, title="Zelocin tablets label"),
        passage(text, 2, title="Zelocin capsules label"),
    )

    def quoted(question: str) -> list[int]:
        return [c.quote.passage for c in candidates(Question(question, found, ()))]

    assert quoted("How are zelocin capsules kept?") == [1]
    assert quoted("How are zelocin tablets kept?") == quoted("How is zelocin kept?") == [0]


@pytest.mark.parametrize(
    ("question", "text"),
    [
        # Of the same family; with a note's number.
        ("how to reverse zelocin", "Reversal of zelocin needs a day."),
        ("zelocin and vitamin K", "Zelocin is stopped by vitamin K1 given orally."),
        ("zelocin for *1/*3", "Zelocin is started low with *1/*3 or others."),
    ],
)
def test_words_are_found_as_documents_write_them(question: str, text: str) -> None:
    assert judged(question, text).cover == pytest.approx(1.0)


def test_a_weight_is_no_word() -> None:
    row = "Zelocin for those of 12 years and over: take 2 tablets."
    asked = "zelocin dose for a child of {}"
    assert judged(asked.format("12 kg"), row).cover < judged(asked.format("12"), row).cover


def test_the_patients_own_values_and_references_are_no_words() -> None:
    asked = "zelocin dose for a 70 year old"
    same = "The dose of zelocin was taken by 70% of all."
    assert judged(asked, same).cover == judged(asked, same.replace("70", "40")).cover
    asked = "zelocin dose in the morning"
    text = "Zelocin is taken in the morning [see Dosage (2.1)]."
    assert judged(asked, text).cover == judged(asked, text.replace("Dosage", "Uses")).cover


def test_limits_are_marked() -> None:
    asked = "zelocin dose in children"
    assert judged(asked, "Zelocin is not recommended in any children.").limits
    assert not judged(asked, "Zelocin is recommended in all the children.").limits
    assert judged("zelocin 875", "Do not give zelocin 875 mg to anybody.").limits


@pytest.mark.parametrize(
    ("text", "title", "expected"),
    [
        ("The dose of zelocin in the morning is 500 mg.", "Guide", True),
        ("The dose of zelocin in the morning is 500 mg.", "Oramol label", True),
        ("Unlike zelocin, oramol is given in a dose of 500 mg.", "Oramol label", False),
        ("Patients on zelocin should be given oramol 500 mg daily.", "Oramol label", False),
        # It stands in the label of the drug itself, and is still about another.
        ("Unlike zelocin, oramol is given in a dose of 500 mg.", "Zelocin label", False),
        ("Adults with an infection should be given 500 mg daily.", "Zelocin label", True),
        ("Adults with an infection should be given 500 mg daily.", "Oramol label", False),
    ],
)
def test_what_only_names_the_drug_is_not_about_it(text: str, title: str, expected: bool) -> None:
    found = passage(text, 1, title=title), passage("Zelocin.", 2, title="Zelocin label")
    for passages in (found, found[:1]) if title == "Guide" else (found,):
        asked = Question("What is the dose of zelocin?", passages, ())
        assert bool(candidates(asked)) is expected


def test_who_asks_how_drugs_differ_is_told_of_both() -> None:
    text = "Unlike zelocin, oramol is given with every meal."
    found = passage(text, title="Oramol label"), passage("Zelocin.", 2, title="Zelocin label")
    assert candidates(Question("How does oramol differ from zelocin?", found, ()))
    assert not candidates(Question("Is zelocin given with a meal?", found, ()))


def test_a_dosage_that_is_of_another_thing_is_no_word_of_the_question() -> None:
    asked = "What dose of antidotin after zelocin?"
    other = "Antidotin is undone by a careful dosage of zelocin."
    assert judged(asked, other).cover == judged(asked, other.replace("dosage", "diet")).cover
    own = "Zelocin is undone by a careful dosage of antidotin."
    assert judged(asked, own).cover > judged(asked, own.replace("dosage of", "diet and")).cover
    asked = "What dose of zelocin?"
    assert judged(asked, other).cover > judged(asked, other.replace("dosage", "diet")).cover


def test_the_dose_for_the_value_is_quoted_first() -> None:
    label = passage(
        "Resumption of zelocin reverses the effect of antidotin, and a therapeutic INR can again "
        "be obtained by careful dosage adjustment.\n"
        "For an INR of 4.5 to 10 give 1 mg of antidotin by mouth once.\n"
        "For an INR above 10 give 5 mg of antidotin by mouth once.\n",
        title="Zelocin label",
    )
    asked = Question("What dose of antidotin for INR above 10?", (label,), ())
    found = sorted(candidates(asked), key=lambda one: one.cover + one.bonus)
    assert found[-1].quote.text == "For an INR above 10 give 5 mg of antidotin by mouth once."


@pytest.mark.parametrize(
    ("text", "is_unbounded"),
    [
        ("Increase zelocin by 500 mg weekly up to 2,000 mg.", True),
        ("Adults take 500 mg of zelocin daily.", True),
        ("Children of 6 years and older take 500 mg of zelocin daily.", False),
        ("Zelocin is taken with a meal by everybody.", False),
    ],
)
def test_a_dose_that_is_not_said_to_be_for_the_patient_is_marked(
    text: str, is_unbounded: bool
) -> None:
    assert (
        judged("What is the dose of zelocin for a 7 year old?", text).is_unbounded is is_unbounded
    )
    assert not judged("What is the dose of zelocin?", text).is_unbounded
