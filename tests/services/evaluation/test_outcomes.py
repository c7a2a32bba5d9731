"""Judging one answer."""

from __future__ import annotations

import uuid
from dataclasses import replace

import pytest

from appliance.domain import (
    Citation,
    Message,
    MessageRole,
    MessageStatus,
    Passage,
    Sentence,
)
from appliance.services.evaluation.outcomes import Fault, Outcome, Places, judge
from appliance.services.evaluation.questions import SetQuestion
from appliance.services.questions import REFUSAL_MODEL
from tests.answering_parts import NOW, passage

PAGE = "Before. The usual dose is 5 mg\nonce daily. After."
WORDS = "The usual dose is 5 mg once daily."
START, END = PAGE.index("The"), PAGE.index(" After")
ASKED = SetQuestion(
    "q1", "What is the dose?", ("Handbook",), (3, 4), ("Usual dose is 5 MG",), ("5 mg",)
)
IDS = {"Handbook": frozenset({"doc", "doc of the same title"}), "Other": frozenset({"other"})}


def citation(*, document_id: str = "doc", page: int = 3, snippet: str = WORDS) -> Citation:
    return Citation(
        id="c",
        index=1,
        document_id=document_id,
        chunk_id="chunk",
        title="Handbook",
        category=None,
        page=page,
        page_count=9,
        section=None,
        snippet=snippet,
        char_start=START,
        char_end=END,
        score=1,
        supports=(0,),
    )


def answer(
    content: str = f"{WORDS} [1]",
    citations: tuple[Citation, ...] = (citation(),),
    status: MessageStatus = MessageStatus.COMPLETE,
    *,
    supported: bool = True,
) -> Message:
    return Message(
        id="m",
        conversation_id="c",
        branch_id="main",
        parent_message_id=None,
        role=MessageRole.ASSISTANT,
        content=content,
        status=status,
        created_at=NOW,
        model="extractive",
        citations=citations,
        sentences=(Sentence(0, len(content), supported, (1,)),),
    )


REFUSAL = replace(answer("No.", ()), model=REFUSAL_MODEL, sentences=())


def judged(
    message: Message,
    question: SetQuestion = ASKED,
    ranking: tuple[Passage, ...] = (),
    *,
    error: str | None = None,
) -> Outcome:
    return judge(
        question,
        Places.of(question, IDS),
        message,
        ranking,
        page_texts={("doc", 3): PAGE, ("doc", 7): PAGE, ("other", 3): PAGE},
        error=error,
        first_token_ms=1.0,
    )


@pytest.mark.parametrize(
    ("message", "faults"),
    [
        (answer(), []),
        (answer(citations=(citation(page=7),)), [Fault.WRONG_PLACE]),
        (answer(citations=(citation(document_id="other"),)), [Fault.WRONG_PLACE]),
        (answer(citations=(citation(page=7), citation())), []),
        (
            answer(citations=()),
            [Fault.WRONG_PLACE, Fault.MISSING_PHRASE, Fault.NUMBER_ERROR],
        ),
        (
            answer(citations=(citation(snippet="The usual dose is 10 mg once daily."),)),
            [Fault.MISSING_PHRASE, Fault.NUMBER_ERROR, Fault.NOT_VERBATIM],
        ),
        (answer("As usual. [1]"), [Fault.MISSING_NUMBER]),
        (answer(supported=False), [Fault.MISSING_NUMBER]),
        (answer("The usual dose is 5 mg or 7 mg. [1]"), [Fault.NUMBER_ERROR]),
        (answer(status=MessageStatus.INTERRUPTED), [Fault.FAILED]),
        (REFUSAL, [Fault.WRONG_REFUSAL]),
    ],
)
def test_faults(message: Message, faults: list[Fault]) -> None:
    outcome = judged(message)
    assert list(outcome.faults) == faults
    assert outcome.right is (not faults)


def test_a_number_that_is_not_supported_is_no_number_error() -> None:
    wrong = answer("It is 99 mg. [1]", supported=False)
    assert judged(wrong).number_errors == ()


def test_what_is_to_be_refused() -> None:
    question = SetQuestion("r1", "Who won?", refuse=True)
    assert judged(REFUSAL, question).faults == ()
    assert judged(answer(), question).faults == (Fault.MISSED_REFUSAL,)
    assert judged(REFUSAL, question, error="broken").faults == (Fault.FAILED,)


def test_ranks_count_documents_and_pages_once() -> None:
    def found(document_id: str, page: int) -> Passage:
        some = passage("words", page=page)
        document = replace(some.document, id=document_id)
        chunk = replace(some.chunk, document_id=document_id)
        return replace(some, document=document, chunk=chunk)

    stranger = str(uuid.uuid4())
    ranking = (
        found(stranger, 3),
        found(stranger, 4),
        found("doc", 9),
        found("doc", 9),
        found("doc", 4),
        found("doc", 3),
        found("other", 1),
    )
    outcome = judged(answer(), ranking=ranking)
    assert outcome.document_ranks == (2,)
    assert outcome.page_ranks == (4,)  # either page will do, and one is enough
    both = replace(ASKED, documents=("Other", "Handbook"), pages=())
    outcome = judged(answer(), both, ranking)
    assert outcome.document_ranks == (2, 3)
    assert (outcome.places, outcome.targets) == (1, 2)
