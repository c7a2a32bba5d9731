"""Asks every question of a set, as the appliance would answer it, and judges what comes."""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

from appliance import __version__
from appliance.domain import Citation, Message, Passage, RequestOrigin, utc_now
from appliance.services.answer_writer import AnswerWriter
from appliance.services.evaluation.outcomes import EvaluationRun, Outcome, Places, judge
from appliance.services.evaluation.questions import BadSet, QuestionSet, SetQuestion
from appliance.services.retrieval import Retrieval
from appliance.storage import documents, pages
from appliance.storage.database import Connection, Database
from appliance.storage.documents import Served

RANKED = 50  # passages looked at for the ranks of documents and pages
ASKER = "evaluation"  # whom a feature flag may or may not hold for
MAX_NAMED = 20

PageTexts = dict[tuple[str, int], str]


class Evaluation:
    def __init__(
        self,
        db: Database,
        writer: AnswerWriter,
        retrieval: Retrieval,
        *,
        embedding: str,
        clock: Callable[[], datetime] = utc_now,
    ) -> None:
        """`retrieval` is the writer's; `embedding` names the model, for the record."""
        self._db = db
        self._writer = writer
        self._retrieval = retrieval
        self._embedding = embedding
        self._clock = clock

    async def run(
        self, questions: QuestionSet, *, told: Callable[[int], None] = lambda done: None
    ) -> EvaluationRun:
        """Nothing is stored. `told` hears how many questions are done.

        Raises `BadSet` when the set names documents that answers cannot come from.
        """
        begun = self._clock()
        run_id = str(uuid.uuid4())
        served = await self._db.read(documents.served)
        names = _resolved(questions, served)
        revisions = {document.id: document.revision for document in served}
        origin = RequestOrigin(request_id=run_id, ip="")
        outcomes = []
        for done, question in enumerate(questions.questions, start=1):
            outcomes.append(await self._asked(question, names, revisions, origin))
            told(done)
        return EvaluationRun(
            id=run_id,
            set_name=questions.name,
            created_at=begun,
            accepted_at=None,
            version=__version__,
            embedding=self._embedding,
            documents=len(served),
            outcomes=tuple(outcomes),
        )

    async def found(self, question: str) -> list[Passage]:
        """What retrieval finds for the words of a question, the best first and 50 at most."""
        return await self._retrieval.find(question, limit=RANKED)

    async def _asked(
        self,
        question: SetQuestion,
        names: Mapping[str, frozenset[str]],
        revisions: Mapping[str, int],
        origin: RequestOrigin,
    ) -> Outcome:
        line: list[Message] = []
        for earlier in question.history:
            said = await self._writer.rehearse(earlier, line, origin, user_id=ASKER)
            line += [said.question, said.answer]
        # Answered before it is looked at: what has been found once is found faster again.
        rehearsal = await self._writer.rehearse(question.text, line, origin, user_id=ASKER)
        answer = rehearsal.answer
        # As retrieval was asked: a follow-up may have been resolved.
        ranking = [] if question.refuse else await self.found(rehearsal.searched or question.text)
        first_piece_s = rehearsal.first_piece_s
        return judge(
            question,
            Places.of(question, names),
            answer,
            ranking,
            page_texts=await self._page_texts(answer.citations, revisions),
            error=None if rehearsal.error is None else rehearsal.error.message,
            first_token_ms=None if first_piece_s is None else 1000 * first_piece_s,
        )

    async def _page_texts(
        self, citations: Sequence[Citation], revisions: Mapping[str, int]
    ) -> PageTexts:
        """Of the pages cited, as far as their documents are served."""
        wanted = {(c.document_id, c.page) for c in citations if c.document_id in revisions}

        def read(tx: Connection) -> PageTexts:
            return {
                (document_id, number): pages.text_of(
                    tx, document_id, revisions[document_id], number
                )
                for document_id, number in wanted
            }

        return await self._db.read(read)


def _resolved(questions: QuestionSet, served: Sequence[Served]) -> dict[str, frozenset[str]]:
    """Each name that the set uses -> the documents that go by it. Raises `BadSet`."""
    ids: defaultdict[str, set[str]] = defaultdict(set)
    for document in served:
        for name in (document.id, document.title, document.filename):
            ids[_folded(name)].add(document.id)
    unknown = [
        f"question {question.id!r}: no document served has the id, title or file name {name!r}"
        for question in questions.questions
        for name in question.documents
        if _folded(name) not in ids
    ]
    if unknown:
        more = len(unknown) - MAX_NAMED
        raise BadSet(unknown[:MAX_NAMED] + ([f"and {more} more"] if more > 0 else []))
    return {
        name: frozenset(ids[_folded(name)])
        for question in questions.questions
        for name in question.documents
    }


def _folded(name: str) -> str:
    return " ".join(name.split()).casefold()
