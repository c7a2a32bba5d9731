"""The clinical documents: questions with the page and the words that answer them."""

from __future__ import annotations

import asyncio
import random
import tempfile
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

from appliance.cli.pieces import pieces
from appliance.container import Container
from appliance.domain import DocumentStatus
from appliance.engines.protocols import Embedder
from appliance.services.evaluation.evaluation import Evaluation
from appliance.services.evaluation.outcomes import EvaluationRun
from appliance.services.evaluation.questions import QuestionSet, SetQuestion, read_set
from appliance.settings import Settings

SEED = 20261125
SET = Path(__file__).parent / "pdf_clinical.jsonl"
DEVELOPMENT_SET = Path(__file__).parent / "pdf_clinical_dev.jsonl"
POLL_S = 0.2


@asynccontextmanager
async def indexed(
    folder: Path, embedder: Embedder, *, wanted: Callable[[Path], bool] = lambda path: True
) -> AsyncIterator[tuple[Container, Evaluation]]:
    """An appliance to which the PDFs of `folder` that are `wanted` were uploaded."""
    files = await asyncio.to_thread(lambda: sorted(filter(wanted, folder.glob("*.pdf"))))
    with tempfile.TemporaryDirectory() as directory:
        settings = Settings(data_dir=Path(directory))
        container = Container(settings, embedder=embedder)
        try:
            knowledge = await container.open_knowledge()
            for path in files:
                document, _ = await knowledge.import_file(path.name, pieces(path))
                while document.status is not DocumentStatus.INDEXED:
                    assert document.status is not DocumentStatus.FAILED, document.error
                    await asyncio.sleep(POLL_S)
                    document = await knowledge.get(document.id)
        finally:
            await container.close()
        container = Container(settings, embedder=embedder)
        try:
            await container.open_evaluation_runs()
            yield container, await container.open_evaluation()
        finally:
            await container.close()


async def ask(
    folder: Path,
    embedder: Embedder,
    questions: QuestionSet,
    *,
    wanted: Callable[[Path], bool] = lambda path: True,
) -> EvaluationRun:
    """Upload the PDFs of `folder` that are `wanted`, wait for them, and ask."""
    async with indexed(folder, embedder, wanted=wanted) as (_, evaluated):
        return await evaluated.run(questions)


def subject_of(question: SetQuestion) -> str:
    """The drug (or guide) that a question is about, from the name of its file."""
    return question.documents[0].split("_")[1]


async def refusals(folder: Path, embedder: Embedder, count: int) -> EvaluationRun:
    """Up to `count` questions whose drug was taken out, and as many whose drug is there.

    Follow-ups are left out: without their drug they mean another.
    """
    chance = random.Random(SEED)
    asked = [q for q in read_set(SET).questions if not q.refuse and not q.history]
    subjects = sorted({subject_of(question) for question in asked})
    chance.shuffle(asked)
    chance.shuffle(subjects)
    removed: set[str] = set()
    while sum(subject_of(q) in removed for q in asked) < count:
        removed.add(subjects.pop())
    gone = [q for q in asked if subject_of(q) in removed][:count]
    there = [q for q in asked if subject_of(q) not in removed][:count]
    bare = [SetQuestion(q.id, q.text, refuse=True, category="pdf_clinical") for q in gone]
    questions = [*bare, *(replace(q, category="pdf_clinical") for q in there)]
    return await ask(
        folder,
        embedder,
        QuestionSet("pdf_clinical", tuple(questions)),
        wanted=lambda path: path.stem.split("_")[1] not in removed,
    )
