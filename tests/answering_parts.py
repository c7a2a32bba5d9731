"""People, passages and a search index for tests of asking and answering."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager, nullcontext
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from appliance.domain import (
    AdminRole,
    Chunk,
    Document,
    DocumentStatus,
    Passage,
    Principal,
    RequestOrigin,
    User,
)
from appliance.engines.protocols import AnswerEngine
from appliance.services.answer_streams import AnswerStream, AnswerStreams, Piece, Sources
from appliance.services.answer_writer import AnswerWriter, BearingRule
from appliance.services.answering import Answering
from appliance.services.conversation_reads import ConversationReads
from appliance.services.conversation_search import ConversationSearch
from appliance.services.conversations import Conversations
from appliance.services.folders import Folders
from appliance.services.lexicon import Lexicon
from appliance.services.retrieval import Retrieval
from appliance.storage.cache import Cache
from appliance.storage.database import Connection, Database
from appliance.storage.instants import to_text
from tests.fake_engine import FakeEngine

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
ORIGIN = RequestOrigin(request_id="test", ip="192.0.2.1")
DOSE = "The usual dose is 5 mg once daily. Do not give more than 10 mg in a day."


def principal(name: str = "ada") -> Principal:
    user = User(
        id=str(uuid.uuid5(uuid.NAMESPACE_DNS, name)),
        email=f"{name}@hospital.example",
        full_name=name.title(),
        is_active=True,
        admin_role=AdminRole.USER,
        created_at=NOW,
    )
    return Principal(user, session_id=str(uuid.uuid5(uuid.NAMESPACE_URL, name)))


async def enrol(database: Database, *people: Principal) -> None:
    def work(tx: Connection) -> None:
        for person in people:
            tx.execute(
                """INSERT INTO users (id, email, full_name, password_hash, is_active, admin_role,
                                      created_at) VALUES (?, ?, ?, '', 1, 'user', ?)""",
                (person.user.id, person.user.email, person.user.full_name, to_text(NOW)),
            )

    await database.write(work)


def passage(
    text: str, *, char_start: int = 0, page: int = 1, section: str | None = None
) -> Passage:
    document_id = str(uuid.uuid4())
    document = Document(
        id=document_id,
        title="Ward handbook",
        category="medicines",
        filename="handbook.pdf",
        file_type="pdf",
        size=1,
        sha256="0" * 64,
        status=DocumentStatus.INDEXED,
        uploaded_by=None,
        upload_date=NOW,
        pages=12,
        version="3",
        effective_date="2025-01-01",
        review_by="2027-01-01",
    )
    end = char_start + len(text)
    chunk = Chunk(str(uuid.uuid4()), document_id, 0, page, section, char_start, end, text)
    return Passage(chunk, document, score=0.9, similarity=0.8)


@dataclass(frozen=True)
class Hit:
    chunk_id: str
    score: float
    cosine: float


@dataclass
class FakeIndex:
    """Finds whatever it was given."""

    found: list[Passage] = field(default_factory=list)
    error: Exception | None = None
    delay_s: float = 0.0
    asked: list[str] = field(default_factory=list)

    async def search(
        self,
        vector: NDArray[np.float32],
        text: str,
        limit: int,
        *,
        category: str | None = None,
        names: Sequence[tuple[str, str]] = (),
    ) -> list[Hit]:
        self.asked.append(text)
        await asyncio.sleep(self.delay_s)
        if self.error is not None:
            raise self.error
        return [Hit(p.chunk.id, p.score, p.similarity) for p in self.found[:limit]]

    def steady(self) -> AbstractAsyncContextManager[None]:
        return nullcontext()

    async def passages(self, ids: Sequence[str]) -> list[Passage]:
        return [p for p in self.found if p.chunk.id in ids]


class OneVector:
    """An embedder for tests in which nothing depends on the vectors."""

    name = "one-vector"
    dimensions = 4
    words: frozenset[str] = frozenset()

    def __init__(self) -> None:
        self.texts: list[str] = []

    async def embed(self, texts: Sequence[str], *, background: bool = False) -> NDArray[np.float32]:
        self.texts += texts
        return np.full((len(texts), self.dimensions), 0.5, dtype=np.float32)

    async def close(self) -> None: ...


class Watches:
    """Stands in for the watch over sessions."""

    def __init__(self) -> None:
        self._callbacks: dict[str, list[Callable[[str], None]]] = {}

    def watch(self, session_id: str, callback: Callable[[str], None]) -> Callable[[], None]:
        self._callbacks.setdefault(session_id, []).append(callback)
        return lambda: self._callbacks[session_id].remove(callback)

    def end(self, session_id: str) -> None:
        for callback in list(self._callbacks.get(session_id, ())):
            callback("revoked")

    def count(self) -> int:
        return sum(map(len, self._callbacks.values()))


@dataclass
class World:
    database: Database
    engine: FakeEngine
    quoting: FakeEngine
    index: FakeIndex
    streams: AnswerStreams
    watches: Watches
    answering: Answering
    conversations: Conversations
    reads: ConversationReads
    search: ConversationSearch
    folders: Folders
    ends: list[str]


async def all_bear(question: str, passages: Sequence[Passage]) -> list[Passage]:
    return list(passages)


async def none_bear(question: str, passages: Sequence[Passage]) -> list[Passage]:
    return []


async def build_world(
    database: Database,
    cache_dir: Path,
    *,
    clock: Callable[[], datetime],
    bearing: BearingRule = all_bear,
    grace_s: float = 30.0,
    max_concurrent: int = 64,
    max_seconds: float = 600.0,
    writes: bool = False,
    lexicon: Lexicon | None = None,
) -> tuple[World, Cache]:
    """Close the cache when done; `answering.drain` before that."""
    engine, quoting = FakeEngine(writes=writes), FakeEngine("extractive")
    index, watches, ends = FakeIndex([passage(DOSE)]), Watches(), []
    cache = await Cache.open(cache_dir, bytes(32))
    streams = AnswerStreams(grace_s=grace_s)
    writer = AnswerWriter(
        database,
        Retrieval(database, OneVector(), cast(Any, index), cache, lexicon=lexicon),
        always(engine),
        quoting,
        bearing=bearing,
        introductions=lambda passages: ("From the hospital's documents:",),
        observe=lambda outcome, first_token_s, withheld: ends.append(outcome),
        clock=clock,
        max_seconds=max_seconds,
    )
    answering = Answering(
        database,
        writer,
        streams,
        watch=watches.watch,
        clock=clock,
        max_concurrent=max_concurrent,
    )
    world = World(
        database,
        engine,
        quoting,
        index,
        streams,
        watches,
        answering,
        Conversations(database, streams, clock=clock),
        ConversationReads(database, clock=clock),
        ConversationSearch(database, clock=clock),
        Folders(database, clock=clock),
        ends,
    )
    return world, cache


def always(engine: AnswerEngine) -> Callable[[str], Awaitable[AnswerEngine]]:
    """One engine for everybody."""

    async def engine_for(user_id: str) -> AnswerEngine:
        return engine

    return engine_for


async def pieces_said(stream: AnswerStream, count: int) -> None:
    """Wait until the answer has that many pieces."""
    more = asyncio.Event()
    listener = stream.listen(more.set)
    while stream.pieces < count:
        await asyncio.wait_for(more.wait(), 5)
        more.clear()
    listener.leave(may_return=True)


def said(stream: AnswerStream) -> str:
    """What a listener that comes now is told, from the beginning."""
    listener = stream.listen(lambda: None)
    words = []
    while (event := listener.take()) is not None:
        if isinstance(event, Piece):
            words.append(event.content)
    listener.leave(may_return=True)
    return "".join(words)


def cited(stream: AnswerStream) -> list[int]:
    """The numbers of the passages announced last."""
    listener = stream.listen(lambda: None)
    numbers: list[int] = []
    while (event := listener.take()) is not None:
        if isinstance(event, Sources):
            numbers = [citation.index for citation in event.citations]
    listener.leave(may_return=True)
    return numbers


def rows(database: Database, sql: str, *values: Any) -> Any:
    return database.read(lambda tx: [dict(row) for row in tx.execute(sql, values)])
