"""Asking a whole set: the real retrieval and the real writer over a real knowledge base."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from appliance.domain import MessageRole, Passage
from appliance.errors import Unavailable
from appliance.services.answer_writer import AnswerWriter
from appliance.services.evaluation.evaluation import Evaluation
from appliance.services.evaluation.outcomes import Fault
from appliance.services.evaluation.questions import BadSet, QuestionSet, SetQuestion
from appliance.services.retrieval import Retrieval
from appliance.storage.cache import Cache
from tests.answering_parts import always, rows
from tests.fake_engine import FakeEngine
from tests.library import Library, library

FALLS = b"Falls are reported to the nurse in charge within 1 hour.\n"
HANDS = b"Hands are rubbed with alcohol for 20 seconds.\n"
ASKED = SetQuestion(
    "q1",
    "When are falls reported?",
    documents=("falls.txt",),
    pages=(1,),
    phrases=("within 1 hour",),
    numbers=("1 hour",),
)
REFUSED = SetQuestion("q2", "cup", refuse=True)


async def all_but_the_cup(question: str, passages: Sequence[Passage]) -> list[Passage]:
    return [] if question == "cup" else list(passages)


@asynccontextmanager
async def evaluation(directory: Path) -> AsyncIterator[tuple[Library, FakeEngine, Evaluation]]:
    async with library(directory) as opened:
        await opened.added("falls.txt", FALLS)
        await opened.added("hands.txt", HANDS, title="Hand hygiene")
        cache = await Cache.open(directory / "cache", bytes(32))
        engine = FakeEngine()
        retrieval = Retrieval(opened.db, opened.embedder, opened.index, cache)
        writer = AnswerWriter(
            opened.db,
            retrieval,
            always(engine),
            engine,
            bearing=all_but_the_cup,
        )
        yield opened, engine, Evaluation(opened.db, writer, retrieval, embedding="fake")
        await cache.close()


async def test_every_question_is_asked_and_judged(tmp_path: Path) -> None:
    async with evaluation(tmp_path) as (_, _, evaluated):
        told: list[int] = []
        run = await evaluated.run(QuestionSet("ward", (ASKED, REFUSED)), told=told.append)
    first, second = run.outcomes
    assert told == [1, 2]
    assert (first.faults, second.faults) == ((), ())
    assert first.document_ranks == first.page_ranks == (1,)
    assert first.citations[0].snippet == "Falls are reported to the nurse in charge within 1 hour."
    assert first.citations[0].verbatim
    assert first.first_token_ms is not None
    assert second.refused
    assert (run.set_name, run.documents, run.embedding) == ("ward", 2, "fake")


async def test_nothing_is_left_behind(tmp_path: Path) -> None:
    async with evaluation(tmp_path) as (opened, _, evaluated):
        before = await rows(opened.db, "SELECT count(*) FROM audit_log")
        await evaluated.run(QuestionSet("ward", (ASKED, REFUSED)))
        for table in ("conversations", "messages", "citations", "evaluation_runs"):
            assert await rows(opened.db, f"SELECT count(*) AS n FROM {table}") == [{"n": 0}]
        assert await rows(opened.db, "SELECT count(*) FROM audit_log") == before


async def test_history_is_asked_first_and_given_to_the_engine(tmp_path: Path) -> None:
    follow_up = SetQuestion(
        "q3", "And hands?", documents=("Hand hygiene",), history=("When are falls reported?", "cup")
    )
    async with evaluation(tmp_path) as (_, engine, evaluated):
        await evaluated.run(QuestionSet("ward", (follow_up,)))
    asked = engine.history[-1]
    assert asked.text == "hands"  # a topic of its own: another document's title names it
    # A refusal is not part of the conversation that an engine is shown; its question is.
    assert [turn.role for turn in asked.history] == [
        MessageRole.USER,
        MessageRole.ASSISTANT,
        MessageRole.USER,
    ]
    assert asked.history[0].content == "When are falls reported?"


async def test_names_may_be_ids_titles_and_file_names(tmp_path: Path) -> None:
    async with evaluation(tmp_path) as (opened, _, evaluated):
        (document,) = await rows(opened.db, "SELECT id FROM documents WHERE title = 'Hand hygiene'")
        names = (document["id"], "hand  HYGIENE", "hands.txt")
        questions = tuple(
            SetQuestion(str(n), "How long are hands rubbed?", documents=(name,))
            for n, name in enumerate(names)
        )
        run = await evaluated.run(QuestionSet("ward", questions))
    assert [outcome.document_ranks for outcome in run.outcomes] == [(1,)] * 3


async def test_a_document_that_cannot_be_found_is_told_before_anything_is_asked(
    tmp_path: Path,
) -> None:
    async with evaluation(tmp_path) as (opened, engine, evaluated):
        old = await rows(opened.db, "SELECT id FROM documents WHERE filename = 'falls.txt'")
        await opened.added("new.txt", b"Falls, revised.\n", supersedes=old[0]["id"])
        questions = (ASKED, SetQuestion("q9", "secret words?", documents=("missing.pdf",)))
        with pytest.raises(BadSet) as caught:
            await evaluated.run(QuestionSet("ward", questions))
    assert caught.value.problems == [
        "question 'q1': no document served has the id, title or file name 'falls.txt'",
        "question 'q9': no document served has the id, title or file name 'missing.pdf'",
    ]
    assert engine.history == []


async def test_an_answer_that_fails_is_counted_and_the_run_goes_on(tmp_path: Path) -> None:
    async with evaluation(tmp_path) as (_, engine, evaluated):
        engine.enqueue(["The "], error=Unavailable("The model is gone."))
        engine.enqueue(["Whatever"], error=RuntimeError("secret words"))
        run = await evaluated.run(QuestionSet("ward", (ASKED, ASKED, ASKED)))
    assert [outcome.faults for outcome in run.outcomes] == [(Fault.FAILED,), (Fault.FAILED,), ()]
    assert run.outcomes[0].error == "The model is gone."
    assert "secret" not in str(run.outcomes[1].error)
