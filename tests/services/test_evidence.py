"""The refusal rule on small passages; its calibration on real documents is in its constants."""

from __future__ import annotations

import pytest

from appliance.services.evidence import has_evidence
from tests.engines.questions import passage

METFORMIN = (
    "2.1 Adult Dosage\nThe recommended starting dose of metformin hydrochloride tablets is 500 mg "
    "orally twice a day. Increase metformin in increments of 500 mg weekly."
)
INTERACTIONS = (
    "Ciprofloxacin raises plasma concentrations of theophylline, clozapine, olanzapine and "
    "tizanidine. See the boxed warning of ciprofloxacin."
)
OUTREACH = "Wait for the operator. Call the outreach team on extension 4120 and stay."
ANTIVENOM = "Snake bite antivenom is kept in fridge three."


@pytest.mark.parametrize(
    ("question", "text", "similarity", "expected"),
    [
        ("What is the starting dose of metformin?", METFORMIN, 0.68, True),
        ("Metformin dose?", METFORMIN, 0.45, True),
        # Another drug's dose is no evidence, however near the question is.
        ("What is the starting dose of vancomycin?", METFORMIN, 0.55, False),
        ("What is the starting dose of insulin glargine?", METFORMIN, 0.64, False),
        # A drug named once in a list is not what the passage is about.
        ("What is the boxed warning for clozapine?", INTERACTIONS, 0.52, False),
        # Off topic: the similarity is not there even where words are.
        ("Who won the 1998 World Cup?", METFORMIN, 0.02, False),
        ("Who increases the starting dose of metformin?", METFORMIN, 0.10, False),
        # Close in meaning and half of the words.
        ("Does metformin hydrochloride irritate?", METFORMIN, 0.75, True),
        ("Does metformin hydrochloride irritate?", METFORMIN, 0.55, False),
        # Said once, in the question's own words.
        ("Where is the crash trolley?", "The crash trolley stands in bay seven.", 0.6, True),
        ("Where is the snake antivenom kept?", ANTIVENOM, 0.6, True),
        ("What is hypoglycaemia?", "Hypoglycaemia means low blood glucose.", 0.6, True),
        ("What is the outreach team extension?", OUTREACH, 0.29, True),
        ("What is the outreach team extension?", OUTREACH, 0.2, False),
        ("What is the outreach team?", "Outreach is far. A team is there.", 0.29, False),
        ("How is status epilepticus treated?", "Status epilepticus has occurred.", 0.4, False),
        ("Are patients allowed?", "Patients are allowed to rest.", 0.2, False),
        ("Where is the scorpion antivenom kept?", ANTIVENOM, 0.6, False),
        ("Where is the antivenom trolley?", f"{ANTIVENOM} A trolley is there.", 0.6, False),
        ("What is tizanidine?", INTERACTIONS, 0.6, False),
        # What is of the question's own case alone; other numbers are no subject either.
        ("Metformin at an eGFR of 25?", "Stop metformin at an eGFR below 30.", 0.6, True),
        ("Metformin for a 71 year old of 40 kg?", METFORMIN, 0.6, True),
        ("Who won the 1998 World Cup?", "The 1998 edition of the guide.", 0.6, False),
        # Nothing that a passage could be about.
        ("What is it?", METFORMIN, 0.9, False),
        ("", METFORMIN, 0.9, False),
        ("???", METFORMIN, 0.9, False),
    ],
)
def test_evidence(question: str, text: str, similarity: float, expected: bool) -> None:
    assert has_evidence(question, [passage(text, similarity=similarity)]) is expected


def test_one_good_passage_is_enough() -> None:
    question = "What is the starting dose of metformin?"
    poor = passage("Wash your hands.", 1, similarity=0.2)
    good = passage(METFORMIN, 2, similarity=0.6)
    assert has_evidence(question, [poor, good])
    assert not has_evidence(question, [poor])
    assert not has_evidence(question, [])


def test_words_scattered_over_passages_are_no_evidence() -> None:
    dose = passage("The recommended starting dose is 500 mg. Start low.", 1, similarity=0.5)
    drug = passage("Digoxin levels rise.", 2, similarity=0.4)
    assert not has_evidence("What is the starting dose of digoxin in toddlers?", [dose, drug])


def test_the_title_names_the_subject() -> None:
    text = "The recommended starting dose is 500 mg orally twice a day."
    asked = "What is the starting dose of metformin?"
    assert has_evidence(asked, [passage(text, similarity=0.5, title="Metformin label")])
    assert not has_evidence(asked, [passage(text, similarity=0.5, title="Amoxicillin label")])
