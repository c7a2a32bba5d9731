"""Writes one answer: retrieval, refusal without evidence, the engine, the check, the store."""

from __future__ import annotations

import asyncio
import logging
import traceback
import uuid
from collections.abc import Awaitable, Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass, replace
from datetime import datetime
from time import perf_counter

from appliance.domain import (
    Message,
    MessageStatus,
    Passage,
    Principal,
    Question,
    RequestOrigin,
    utc_now,
)
from appliance.engines.protocols import AnswerEngine
from appliance.errors import ApplianceError, NotFound
from appliance.services.answer_streams import AnswerStream, Done, Failed
from appliance.services.citation_boxes import placed
from appliance.services.conversation_rules import PREVIEW_CHARACTERS, shortened
from appliance.services.grounding import ground, preview
from appliance.services.questions import REFUSAL_MODEL, Asked
from appliance.services.retrieval import Retrieval
from appliance.storage import audit, conversations, messages
from appliance.storage.audit import AuditEntry
from appliance.storage.database import Connection, Database

REFUSAL = (
    "The documents of this hospital give no answer to this question, so none is given. "
    "Try other words, or ask whoever looks after the documents whether one is missing."
)
MAX_CHARACTERS = 50_000
MAX_SECONDS = 600.0
STOP_S = 0.5  # how long an engine may take to stop before it is left to itself

EvidenceRule = Callable[[str, Sequence[Passage]], bool]
EngineRule = Callable[[str], Awaitable[AnswerEngine]]  # by the asker's id
Observe = Callable[[str, float | None], None]

logger = logging.getLogger(__name__)


@dataclass(slots=True)
class _Draft:
    """What is known of an answer while it is being written."""

    started: float
    model: str | None = None
    passages: tuple[Passage, ...] = ()
    first_piece_s: float | None = None
    duration_s: float = 0.0
    whole: bool = False
    counts_tokens: bool = False

    @property
    def refused(self) -> bool:
        return self.model == REFUSAL_MODEL


class AnswerWriter:
    """`engine_for` says which engine answers a user now, question by question.

    `introduction` is the line with which an engine announces quotations; it claims nothing.

    `observe` hears of every end: the outcome (complete, refused, interrupted, failed) and the
    seconds to the first words, if there were any.
    """

    def __init__(
        self,
        db: Database,
        retrieval: Retrieval,
        engine_for: EngineRule,
        *,
        has_evidence: EvidenceRule,
        introduction: str | None = None,
        observe: Observe | None = None,
        clock: Callable[[], datetime] = utc_now,
        max_seconds: float = MAX_SECONDS,
    ) -> None:
        self._db = db
        self._retrieval = retrieval
        self._engine_for = engine_for
        self._has_evidence = has_evidence
        self._introduction = introduction
        self._observe = observe
        self._clock = clock
        self._max_seconds = max_seconds

    async def write(
        self, stream: AnswerStream, asked: Asked, principal: Principal, origin: RequestOrigin
    ) -> None:
        """Returns when the stream has ended and its end is stored. Never raises."""
        draft = _Draft(perf_counter())
        production = asyncio.create_task(self._produce(stream, asked, draft, principal))
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
            self._observe(outcome, draft.first_piece_s)

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
        self, stream: AnswerStream, asked: Asked, draft: _Draft, principal: Principal
    ) -> None:
        engine = await self._engine_for(principal.user.id)
        draft.model, draft.counts_tokens = engine.name, engine.writes
        content = asked.question.content
        draft.passages = tuple(await self._retrieval.find(content))
        if not draft.passages or not self._has_evidence(content, draft.passages):
            self._refuse(stream, draft)
            return
        question = Question(content, draft.passages, asked.history)
        stream.sources(preview(draft.passages, _citation_ids(stream)))
        held, length = "", 0
        async with aclosing(engine.answer(question)) as pieces:
            async for piece in pieces:
                # SQLite and the socket take no lone surrogates; what is said must be what is
                # stored.
                piece = piece.encode("utf-8", "replace").decode()
                if not stream.pieces:
                    held += piece
                    if not held.strip():
                        continue
                    piece = held
                length += len(piece)
                if length > MAX_CHARACTERS or not self._say(stream, draft, piece):
                    return
        if stream.pieces:
            draft.whole = True
        else:
            stream.sources(())
            self._refuse(stream, draft)

    def _refuse(self, stream: AnswerStream, draft: _Draft) -> None:
        draft.model, draft.passages = REFUSAL_MODEL, ()
        draft.whole = self._say(stream, draft, REFUSAL)

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
            tokens=stream.pieces if draft.counts_tokens and not draft.refused else None,
            citations=(),
            sentences=(),
        )
        if draft.refused:
            return message
        # In a thread: a long answer takes longer to check than the event loop may be held up.
        grounding = await asyncio.to_thread(
            ground,
            message.content,
            draft.passages,
            _citation_ids(stream),
            introduction=self._introduction,
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
