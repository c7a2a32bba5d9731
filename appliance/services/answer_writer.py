"""Writes one answer: retrieval, refusal without evidence, the engine, the check, the store."""

from __future__ import annotations

import asyncio
import logging
import traceback
import uuid
from collections.abc import AsyncGenerator, Awaitable, Callable, Collection, Sequence
from contextlib import aclosing
from dataclasses import dataclass, replace
from datetime import datetime
from time import perf_counter

from appliance.domain import (
    Message,
    MessageStatus,
    NearestSection,
    Passage,
    Principal,
    Question,
    RequestOrigin,
    utc_now,
)
from appliance.engines.protocols import AnswerEngine, LeftOut, QueuePlace
from appliance.errors import ApplianceError, Invalid, NotFound
from appliance.sentences.words import terms
from appliance.services.answer_streams import AnswerStream, Done, Failed
from appliance.services.citation_boxes import placed
from appliance.services.conversation_rules import PREVIEW_CHARACTERS, shortened
from appliance.services.fitting import QUOTED_INSTEAD, told_left_out
from appliance.services.follow_ups import standalone
from appliance.services.grounding import ground, preview
from appliance.services.long_questions import told_of
from appliance.services.questions import REFUSAL_MODEL, Asked, rehearsed
from appliance.services.readings import reading
from appliance.services.refusals import nearest_sections, refusal
from appliance.services.retrieval import Retrieval
from appliance.services.sentence_gate import SentenceGate
from appliance.storage import audit, conversations, documents, messages
from appliance.storage.audit import AuditEntry
from appliance.storage.database import Connection, Database

MAX_CHARACTERS = 50_000
MAX_SECONDS = 600.0
STOP_S = 0.5  # how long an engine may take to stop before it is left to itself

# Those of the passages that a question can be answered from; none is a refusal.
BearingRule = Callable[[str, Sequence[Passage]], Awaitable[list[Passage]]]
# All lines with which an engine may say where quotations from the passages are from or go on.
IntroductionRule = Callable[[Sequence[Passage]], Collection[str]]
EngineRule = Callable[[str], Awaitable[AnswerEngine]]  # by the asker's id
Observe = Callable[[str, float | None, int], None]

logger = logging.getLogger(__name__)


@dataclass(slots=True)
class _Draft:
    """What is known of an answer while it is being written."""

    started: float
    model: str | None = None
    searched: str = ""
    reading: str | None = None  # the line that says which words were put right
    fitting: str | None = None  # the line that says what did not fit the language model
    passages: tuple[Passage, ...] = ()
    nearest: tuple[NearestSection, ...] = ()
    first_piece_s: float | None = None
    duration_s: float = 0.0
    whole: bool = False
    tokens: int | None = None  # of an engine that writes
    gate: SentenceGate | None = None

    @property
    def foreword(self) -> list[str]:
        """The lines that go before the answer."""
        return [line for line in (self.reading, self.fitting) if line is not None]

    @property
    def refused(self) -> bool:
        return self.model == REFUSAL_MODEL

    @property
    def withheld(self) -> int:
        return 0 if self.gate is None else self.gate.withheld


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """A question answered for nobody. `searched` are the words that retrieval was given."""

    question: Message
    answer: Message
    searched: str
    first_piece_s: float | None
    error: ApplianceError | None


class AnswerWriter:
    """`engine_for` says which engine answers a user now, question by question.

    Of an engine that writes, only sentences are shown that the passages which they cite bear out;
    where none is left, or the question is too long for it, `quoting` answers in its place, and the
    answer names that engine.

    `introductions` are the lines that say where quotations are from or go on; they claim nothing.

    `observe` hears of every end: the outcome (complete, refused, interrupted, failed), the
    seconds to the first words, if there were any, and how many sentences were withheld.
    """

    def __init__(
        self,
        db: Database,
        retrieval: Retrieval,
        engine_for: EngineRule,
        quoting: AnswerEngine,
        *,
        bearing: BearingRule,
        introductions: IntroductionRule = lambda passages: (),
        observe: Observe | None = None,
        clock: Callable[[], datetime] = utc_now,
        max_seconds: float = MAX_SECONDS,
    ) -> None:
        self._db = db
        self._retrieval = retrieval
        self._engine_for = engine_for
        self._quoting = quoting
        self._bearing = bearing
        self._introductions = introductions
        self._observe = observe
        self._clock = clock
        self._max_seconds = max_seconds

    async def write(
        self, stream: AnswerStream, asked: Asked, principal: Principal, origin: RequestOrigin
    ) -> None:
        """Returns when the stream has ended and its end is stored. Never raises."""
        draft = _Draft(perf_counter())
        production = asyncio.create_task(self._produce(stream, asked, draft, principal.user.id))
        await self._supervise(stream, production)
        draft.duration_s = perf_counter() - draft.started
        status, error = _outcome(production, draft, origin)
        try:
            message = await self._finished(stream, asked, draft, status)
            if not await self._store(message, draft, principal, origin):
                error = NotFound("There is no such message any more.")
        except Exception as failure:
            status, error = MessageStatus.FAILED, _told(failure, origin)
        stream.end(Done(message) if error is None else Failed(error))
        if self._observe is not None:
            complete = "refused" if draft.refused else "complete"
            outcome = complete if status is MessageStatus.COMPLETE else status.value
            self._observe(outcome, draft.first_piece_s, draft.withheld)

    async def rehearse(
        self, content: str, before: Sequence[Message], origin: RequestOrigin, *, user_id: str
    ) -> Rehearsal:
        """What `write` would answer after the messages `before`, stored nowhere. Never raises.

        `user_id` decides which engine answers, and need be nobody's.
        """
        asked = rehearsed(content, before, self._clock())
        stream = AnswerStream(
            message_id=asked.answer.id,
            user_message_id=asked.question.id,
            conversation_id=asked.question.conversation_id,
            user_id=user_id,
            client_message_id=None,
        )
        draft = _Draft(perf_counter())
        production = asyncio.create_task(self._produce(stream, asked, draft, user_id))
        await self._supervise(stream, production)
        status, error = _outcome(production, draft, origin)
        try:
            message = await self._finished(stream, asked, draft, status)
        except Exception as failure:
            message = replace(asked.answer, status=MessageStatus.FAILED)
            error = _told(failure, origin)
        return Rehearsal(asked.question, message, draft.searched, draft.first_piece_s, error)

    async def _supervise(self, stream: AnswerStream, production: asyncio.Task[None]) -> None:
        """Wait until `production` is over, was cancelled or has used up its time."""
        cancelled = asyncio.create_task(stream.cancelled.wait())
        try:
            await asyncio.wait(
                {production, cancelled},
                timeout=self._max_seconds,
                return_when=asyncio.FIRST_COMPLETED,
            )
        finally:
            cancelled.cancel()
        if not production.done():
            stream.cancel()
            production.cancel()
            await asyncio.wait({production}, timeout=STOP_S)

    async def _produce(
        self, stream: AnswerStream, asked: Asked, draft: _Draft, user_id: str
    ) -> None:
        engine = await self._engine_for(user_id)
        draft.model = engine.name
        standing = await self._standalone(asked)
        query = await self._retrieval.understood(standing)
        content = draft.searched = query.text
        draft.reading = reading(standing, content)
        found = await self._retrieval.find(content)
        draft.nearest = nearest_sections(content, found)
        draft.passages = tuple(await self._bearing(content, found))
        if not draft.passages:
            await self._refuse(stream, draft)
            return
        question = Question(
            content,
            draft.passages,
            asked.history,
            asker=user_id,
            patient=told_of(standing),
            spelt_out=query.spelt_out,
        )
        stream.sources(preview(draft.passages, _citation_ids(stream)))
        whole, instead = False, None
        try:
            whole = await self._answer(stream, draft, engine, question)
        except Invalid:
            if not engine.writes:
                raise
            instead = QUOTED_INSTEAD
        finally:
            draft.model = engine.name  # another may have taken its place before the answer began
        if engine.writes and not stream.pieces and not stream.cancelled.is_set():
            draft.model, draft.tokens = self._quoting.name, None
            draft.fitting = instead  # whoever quotes reads every passage
            whole = await self._answer(stream, draft, self._quoting, question)
        if stream.pieces or not whole:
            draft.whole = whole
        else:
            stream.sources(())
            await self._refuse(stream, draft)

    async def _answer(
        self, stream: AnswerStream, draft: _Draft, engine: AnswerEngine, question: Question
    ) -> bool:
        """Say what `engine` answers; False when it was stopped before its end."""
        pieces = self._counted(stream, draft, engine, question)
        if engine.writes:
            draft.tokens, draft.gate = 0, SentenceGate(question.passages)
            pieces = draft.gate.sentences(pieces)
        held, length = "", 0
        async with aclosing(pieces):
            async for piece in pieces:
                if not stream.pieces:
                    held += piece
                    if not held.strip():
                        continue
                    piece = "\n\n".join([*draft.foreword, held])
                length += len(piece)
                if length > MAX_CHARACTERS or not self._say(stream, draft, piece):
                    return False
        return True

    @staticmethod
    async def _counted(
        stream: AnswerStream, draft: _Draft, engine: AnswerEngine, question: Question
    ) -> AsyncGenerator[str]:
        length = 0
        async with aclosing(engine.answer(question)) as pieces:
            async for piece in pieces:
                if isinstance(piece, QueuePlace):
                    stream.wait_at(piece.position, piece.seconds)
                    continue
                if isinstance(piece, LeftOut):
                    draft.fitting = told_left_out(piece.passages, found=len(question.passages))
                    continue
                length += len(piece)
                if draft.tokens is not None:
                    draft.tokens += 1
                    if length > MAX_CHARACTERS:
                        return  # what is withheld must not go on for ever either
                # SQLite and the socket take no lone surrogates; what is said must be what is
                # stored.
                yield piece.encode("utf-8", "replace").decode()

    async def _standalone(self, asked: Asked) -> str:
        """The question as it reads without the conversation before it."""
        if not asked.history:
            return asked.question.content
        served = await self._db.read(documents.served)
        subjects = {term for document in served for term in terms(document.title)}
        return standalone(asked.question.content, asked.history, subjects)

    async def _refuse(self, stream: AnswerStream, draft: _Draft) -> None:
        draft.model, draft.passages = REFUSAL_MODEL, ()
        searched = len(await self._db.read(documents.served))
        draft.whole = self._say(stream, draft, refusal(searched, draft.nearest, draft.reading))

    def _introduction(self, content: str, draft: _Draft) -> list[str]:
        """The lines of an answer that claim nothing: its foreword, where quotations are from and
        where they go on.
        """
        known = self._introductions(draft.passages)
        return [
            *draft.foreword,
            *(line.strip() for line in content.split("\n") if line.strip() in known),
        ]

    @staticmethod
    def _say(stream: AnswerStream, draft: _Draft, piece: str) -> bool:
        if draft.first_piece_s is None:
            draft.first_piece_s = perf_counter() - draft.started
        return stream.say(piece)

    async def _finished(
        self, stream: AnswerStream, asked: Asked, draft: _Draft, status: MessageStatus
    ) -> Message:
        message = replace(
            asked.answer,
            content=stream.text,
            status=status,
            model=draft.model,
            tokens=None if draft.refused else draft.tokens,
            withheld=draft.withheld,
            citations=(),
            sentences=(),
        )
        if draft.refused:
            return replace(message, nearest=draft.nearest)
        # In a thread: a long answer takes longer to check than the event loop may be held up.
        grounding = await asyncio.to_thread(
            ground,
            message.content,
            draft.passages,
            _citation_ids(stream),
            introduction=self._introduction(message.content, draft),
        )
        citations = await self._db.read(lambda tx: placed(tx, grounding.citations))
        return replace(message, citations=citations, sentences=grounding.sentences)

    async def _store(
        self, message: Message, draft: _Draft, principal: Principal, origin: RequestOrigin
    ) -> bool:
        now = self._clock()
        shown = shortened(message.content, PREVIEW_CHARACTERS)
        first_token_ms = None if draft.first_piece_s is None else _ms(draft.first_piece_s)
        duration_ms = _ms(draft.duration_s)

        def work(tx: Connection) -> bool:
            if not messages.finish(
                tx, message, first_token_ms=first_token_ms, duration_ms=duration_ms
            ):
                return False
            if shown:
                conversations.touch(tx, message.conversation_id, preview=shown, added=0, at=now)
            audit.append(
                tx,
                AuditEntry(
                    at=now,
                    action=f"answer.{message.status.value}",
                    success=message.status is not MessageStatus.FAILED,
                    actor=principal,
                    origin=origin,
                    resource_type="message",
                    resource_id=message.id,
                    details={
                        "model": message.model,
                        "refused": draft.refused,
                        "passages": len(draft.passages),
                        "citations": len(message.citations),
                        "withheld": message.withheld,
                    },
                ),
            )
            return True

        return await self._db.write(work)


def _outcome(
    production: asyncio.Task[None], draft: _Draft, origin: RequestOrigin
) -> tuple[MessageStatus, ApplianceError | None]:
    if not production.done() or production.cancelled():
        return MessageStatus.INTERRUPTED, None
    failure = production.exception()
    if failure is not None:
        return MessageStatus.FAILED, _told(failure, origin)
    return MessageStatus.COMPLETE if draft.whole else MessageStatus.INTERRUPTED, None


def _told(failure: BaseException, origin: RequestOrigin) -> ApplianceError:
    """The error as the asker may see it. What nobody foresaw is logged, without its words."""
    if isinstance(failure, ApplianceError):
        return failure
    logger.error(
        "an answer failed: %s\n%s",
        type(failure).__name__,
        "".join(traceback.format_tb(failure.__traceback__)),
        extra={"fields": {"request_id": origin.request_id}},
    )
    return ApplianceError("The answer could not be finished. The log names it by the request id.")


def _ms(seconds: float) -> int:
    return round(seconds * 1000)


def _citation_ids(stream: AnswerStream) -> Callable[[int], str]:
    """The same ids for the preview and for the finished answer."""
    namespace = uuid.UUID(stream.message_id)
    return lambda number: str(uuid.uuid5(namespace, str(number)))
