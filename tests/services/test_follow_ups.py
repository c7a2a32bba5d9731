"""Follow-ups in many forms; what stands by itself must come out as it went in."""

from __future__ import annotations

import pytest

from appliance.domain import MessageRole, Turn
from appliance.sentences.words import terms
from appliance.services.follow_ups import LONGEST, standalone

SUBJECTS = frozenset(terms("Digoxin label, Lisinopril label, Isolation guide"))
DOSE = "What is the starting dose of digoxin?"
ADULTS = "What is the dose of digoxin in adults?"
VALUE = "What is the dose of digoxin with an eGFR of 50 mL/min?"
INR = "What is the target INR for atrial fibrillation on digoxin?"


def said(*questions: str) -> list[Turn]:
    turns = []
    for question in questions:
        turns += [Turn(MessageRole.USER, question), Turn(MessageRole.ASSISTANT, "Lisinopril. [1]")]
    return turns


@pytest.mark.parametrize(
    ("before", "question", "expected"),
    [
        # A group, a condition or an amount is added, or takes the place of the old one.
        (DOSE, "And in children?", "What is the starting dose of digoxin in children?"),
        (DOSE, "in pregnancy?", "What is the starting dose of digoxin in pregnancy?"),
        (DOSE, "What about renal impairment?", DOSE[:-1] + " in renal impairment?"),
        (DOSE, "and with food?", DOSE[:-1] + " with food?"),
        (DOSE, "At an eGFR of 35?", DOSE[:-1] + " at an eGFR of 35?"),
        (DOSE, "what if the eGFR is 35?", DOSE[:-1] + " if the eGFR is 35?"),
        (DOSE, "and if the patient is allergic?", DOSE[:-1] + " if the patient is allergic?"),
        (
            "What is the dose of digoxin in adults?",
            "and for a 7 year old?",
            "What is the dose of digoxin for a 7 year old?",
        ),
        ("Can I give 20 mg of lisinopril?", "what about 40 mg?", "Can I give 40 mg of lisinopril?"),
        (
            "Which INR is wanted for a valve in the aortic position?",
            "and in the mitral position?",
            "Which INR is wanted for a valve in the mitral position?",
        ),
        (
            "How often is the level measured when digoxin is begun?",
            "And once it is stable?",
            "How often is the level measured once digoxin is stable?",
        ),
        # Another companion takes the place of the first.
        (
            "Can digoxin be used with theophylline?",
            "And with warfarin?",
            "Can digoxin be used with warfarin?",
        ),
        ("What clots with digoxin?", "and with food?", "What clots with digoxin with food?"),
        (
            "Can digoxin be used with theophylline?",
            "What about lisinopril with cyclosporine?",
            "lisinopril with cyclosporine?",
        ),
        # A condition of a kind takes the place of that of its kind; a patient stays who he is.
        (ADULTS, "What about a GFR of 8?", ADULTS[:-1] + " with a GFR of 8?"),
        (ADULTS, "And in patients with dialysis?", ADULTS[:-1] + " on dialysis?"),
        (ADULTS, "in renal impairment?", ADULTS[:-1] + " with renal impairment?"),
        (ADULTS, "And intravenously?", ADULTS[:-1] + " intravenously?"),
        (ADULTS, "and the maximum?", "What is the maximum dose of digoxin in adults?"),
        (DOSE, "what is the maintenance dose?", "What is the maintenance dose of digoxin?"),
        (VALUE, "what about an eGFR of 25?", "What is the dose of digoxin with an eGFR of 25?"),
        (VALUE, "and 25?", "What is the dose of digoxin with an eGFR of 25?"),
        (
            VALUE,
            "and below 10 mL/min?",
            "What is the dose of digoxin with an eGFR below 10 mL/min?",
        ),
        ("digoxin dose in haemodialysis", "and if GFR is 15?", "digoxin dose if GFR is 15?"),
        (
            "Can I give 20 mg of digoxin if the GFR is 50 mL/min?",
            "and 30 mL/min?",
            "Can I give 20 mg of digoxin if the GFR is 30 mL/min?",
        ),
        ("Can I give 20 mg of digoxin?", "and 40?", "Can I give 40 mg of digoxin?"),
        ("Can a child of 5 have digoxin?", "and a child of 8?", "Can a child of 8 have digoxin?"),
        ("Can a child of 5 have digoxin?", "and in adults?", "Can adults have digoxin?"),
        (
            "What is the adult dose of digoxin?",
            "and in children?",
            "What is the dose of digoxin in children?",
        ),
        ("Dose of digoxin for a 25 kg child?", "and 30 kg?", "Dose of digoxin for a 30 kg child?"),
        # Another patient has healthy kidneys, unless "and" may mean both.
        ("dose of digoxin if GFR is 15?", "in newborns?", "dose of digoxin in newborns?"),
        (
            "dose of digoxin in renal failure?",
            "what about children?",
            "dose of digoxin in children?",
        ),
        (
            "dose of digoxin in renal failure?",
            "and children?",
            "dose of digoxin in renal failure in children?",
        ),
        # What happens is another question than what is.
        (DOSE, "what if he misses a dose?", "What if he misses a dose with digoxin?"),
        (DOSE, "what if he is on dialysis?", DOSE[:-1] + " if he is on dialysis?"),
        # Another indication, of the same drug.
        (
            "What is the digoxin level for atrial fibrillation?",
            "what about heart failure?",
            "What is the digoxin level for heart failure?",
        ),
        (
            "What is the digoxin level for atrial fibrillation?",
            "and lisinopril?",
            "What is the lisinopril level for atrial fibrillation?",
        ),
        (DOSE, "the usual daily dose?", "What is the usual daily dose of digoxin?"),
        (
            INR,
            "what about mechanical mitral valve?",
            "What is the target INR for mechanical mitral valve on digoxin?",
        ),
        (INR, "and DVT?", "What is the target INR for DVT on digoxin?"),
        (INR, "and for gout?", "What is the target INR for gout on digoxin?"),
        (INR, "and lisinopril?", "What is the target INR for atrial fibrillation on lisinopril?"),
        (DOSE, "what about sinusitis?", DOSE[:-1] + " for sinusitis?"),
        # A pronoun becomes the subject.
        (DOSE, "What are its side effects?", "What are digoxin's side effects?"),
        (DOSE, "Can it be taken with alcohol?", "Can digoxin be taken with alcohol?"),
        (DOSE, "Who should not take it?", "Who should not take digoxin?"),
        (DOSE, "Does this drug cause nausea?", "Does digoxin cause nausea?"),
        ("When are gloves worn?", "Can I wash them?", "Can I wash gloves?"),
        (
            "What are the symptoms of Marfan syndrome?",
            "How is it inherited?",
            "How is Marfan syndrome inherited?",
        ),
        # Another subject, or another aspect of the same.
        (DOSE, "What about lisinopril?", "What is the starting dose of lisinopril?"),
        (DOSE, "and for lisinopril?", "What is the starting dose of lisinopril?"),
        (DOSE, "lisinopril?", "What is the starting dose of lisinopril?"),
        (DOSE, "What about overdose?", "overdose with digoxin?"),
        (DOSE, "side effects?", "side effects with digoxin?"),
        (DOSE, "What are the contraindications?", "What are the contraindications with digoxin?"),
        (
            "What are the symptoms of Marfan syndrome?",
            "What about Loeys-Dietz syndrome?",
            "What are the symptoms of Loeys-Dietz syndrome?",
        ),
        # More of the same.
        (DOSE, "How often?", DOSE[:-1] + ", how often?"),
        (DOSE, "Why?", DOSE[:-1] + ", why?"),
    ],
)
def test_a_follow_up(before: str, question: str, expected: str) -> None:
    assert standalone(question, said(before), SUBJECTS) == expected


@pytest.mark.parametrize(
    "question",
    [
        "What is the starting dose of lisinopril?",
        "Is it safe to give ibuprofen with lisinopril?",
        "If a patient misses a dose of lisinopril, should they take it later?",
        "When should gloves be changed?",
        "And when should gloves be changed?",
        "Sharps disposal",
        "What is hand hygiene?",
        "Thanks!",
        "ok, thank you",
        "",
        "???" * LONGEST,
    ],
)
def test_what_stands_by_itself_is_left(question: str) -> None:
    assert standalone(question, said(DOSE), SUBJECTS) == question


def test_a_conversation_goes_on() -> None:
    history = said(DOSE, "And in children?", "thank you")
    assert standalone("what about lisinopril?", history, SUBJECTS) == (
        "What is the starting dose of lisinopril in children?"
    )


def test_conditions_do_not_pile_up() -> None:
    history = said("digoxin dose in haemodialysis", "and if GFR is 15?")
    assert standalone("in newborns?", history, SUBJECTS) == "digoxin dose in newborns?"
    history = said(INR, "what about mechanical mitral valve?")
    assert standalone("and DVT?", history, SUBJECTS) == "What is the target INR for DVT on digoxin?"


def test_a_switch_of_topic_is_the_new_subject() -> None:
    history = said(DOSE, "When are gloves worn?")
    resolved = standalone("Can they be washed?", history, SUBJECTS)
    assert resolved == "Can gloves be washed?" and "digoxin" not in resolved


def test_answers_and_greetings_are_no_subject() -> None:
    assert standalone("And in children?", [], SUBJECTS) == "And in children?"
    assert standalone("And in children?", said("hello"), SUBJECTS) == "And in children?"
    told = [Turn(MessageRole.ASSISTANT, "Digoxin is given daily. [1]")]
    assert standalone("What are its side effects?", told, SUBJECTS) == "What are its side effects?"


def test_an_illness_alone_is_looked_up_anew() -> None:
    history = said("What is the digoxin level for atrial fibrillation?")
    assert standalone("DVT", history, SUBJECTS) == "DVT"
    assert standalone("and DVT?", history, SUBJECTS) == "What is the digoxin level for DVT?"
