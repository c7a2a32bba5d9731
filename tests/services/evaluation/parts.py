"""Outcomes and runs, made without asking anything."""

from __future__ import annotations

from dataclasses import replace

from appliance.services.evaluation.outcomes import Cited, EvaluationRun, Outcome
from appliance.services.evaluation.questions import SetQuestion
from tests.answering_parts import NOW

QUESTION = SetQuestion("q1", "What is the dose?", documents=("handbook.pdf",))
TO_REFUSE = SetQuestion("r1", "Who won the cup?", refuse=True)
CITED = Cited(1, "Ward handbook", 1, "Doses", "The dose is 5 mg.", expected=True, verbatim=True)
RIGHT = Outcome(
    question=QUESTION,
    answer="The dose is 5 mg. [1]",
    refused=False,
    model="fake",
    error=None,
    first_token_ms=10.0,
    document_ranks=(1,),
    page_ranks=(),
    targets=1,
    places=1,
    citations=(CITED,),
    missing_phrases=(),
    missing_numbers=(),
    number_errors=(),
    withheld=0,
)
REFUSED = replace(RIGHT, answer="No.", refused=True, model="refusal", places=0, citations=())
RIGHTLY_REFUSED = replace(REFUSED, question=TO_REFUSE, document_ranks=(), targets=0)


def named(outcome: Outcome, question_id: str) -> Outcome:
    return replace(outcome, question=replace(outcome.question, id=question_id))


def run_of(*outcomes: Outcome, run_id: str = "run") -> EvaluationRun:
    return EvaluationRun(
        id=run_id,
        set_name="ward",
        created_at=NOW,
        accepted_at=None,
        version="1.0",
        embedding="fake",
        documents=1,
        outcomes=outcomes,
    )
