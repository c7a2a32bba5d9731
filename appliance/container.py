"""Builds every part by constructor and closes them in reverse: the only place that wires."""

from __future__ import annotations

import logging
from contextlib import AsyncExitStack
from datetime import timedelta
from pathlib import Path

from appliance.domain import utc_now
from appliance.engines.embedder import LlamaEmbedder
from appliance.engines.extractive import PREAMBLE, ExtractiveAnswerer
from appliance.engines.llama_engine import LlamaEngine
from appliance.engines.missing import MissingEngine
from appliance.engines.pdf import PdfExtractor
from appliance.engines.protocols import AnswerEngine, Embedder
from appliance.errors import Unavailable
from appliance.services.accounts import Accounts
from appliance.services.answer_streams import AnswerStreams
from appliance.services.answer_writer import AnswerWriter
from appliance.services.answering import Answering
from appliance.services.conversations import Conversations
from appliance.services.evidence import has_evidence
from appliance.services.exports import Exports
from appliance.services.health import Component, Health
from appliance.services.ingestion import Ingestion
from appliance.services.knowledge import Knowledge
from appliance.services.login_throttle import LoginThrottle
from appliance.services.message_actions import MessageActions
from appliance.services.metrics import Metrics
from appliance.services.passwords import PasswordHasher
from appliance.services.rate_limits import RateLimiter
from appliance.services.registry import Services
from appliance.services.retrieval import Retrieval
from appliance.services.search_index import SearchIndex
from appliance.services.sessions import Sessions
from appliance.services.sockets import OpenSockets
from appliance.services.tokens import AccessTokens, RefreshTokens
from appliance.settings import Settings
from appliance.storage import audit
from appliance.storage.audit import AuditEntry
from appliance.storage.cache import Cache
from appliance.storage.database import Database
from appliance.storage.files import FileStore
from appliance.storage.keys import Keyring
from appliance.storage.lock import DataLock

DATABASE_NAME = "voiceassist.db"

logger = logging.getLogger(__name__)


class Container:
    """The appliance of one data directory. `embedder` and `engine` stand in for the native ones.

    Attributes exist once `open` (or the narrower opening that makes them) has returned.
    """

    settings: Settings
    keys: Keyring
    database: Database
    accounts: Accounts
    knowledge: Knowledge
    services: Services

    def __init__(
        self,
        settings: Settings,
        *,
        embedder: Embedder | None = None,
        engine: AnswerEngine | None = None,
    ) -> None:
        self.settings = settings
        self._embedder = embedder
        self._engine = engine
        self._closing = AsyncExitStack()
        self._serving = False

    async def open(self) -> None:
        """Everything, for serving. Raises `Unavailable` with the reason when it cannot be had."""
        try:
            await self._open()
        except BaseException:
            await self._closing.aclose()
            raise

    async def open_accounts(self) -> Accounts:
        """The accounts alone, for the console; another process may be serving."""
        await self._open_storage()
        self._build_accounts()
        return self.accounts

    async def open_knowledge(self) -> Knowledge:
        """The knowledge base, for the console. While another process serves, that one indexes."""
        await self._open_storage()
        try:
            self._closing.callback(DataLock(self.settings.data_dir).close)
        except Unavailable:
            await self._build_knowledge(await self._load_embedder(), works=False)
        else:
            await self._build_knowledge(await self._load_embedder(), works=True)
        return self.knowledge

    async def drain(self, timeout_s: float) -> None:
        """Take nothing new and let running answers end."""
        if self._serving:
            self.services.health.stop()
            await self.services.answering.drain(timeout_s)

    async def close(self) -> None:
        if self._serving:
            self._serving = False
            try:
                await self._record("appliance.stop")
            finally:
                await self._closing.aclose()
        else:
            await self._closing.aclose()

    async def _open(self) -> None:
        settings = self.settings
        settings.data_dir.mkdir(parents=True, exist_ok=True)
        self._closing.callback(DataLock(settings.data_dir).close)
        await self._open_storage()
        self._build_accounts()
        embedder = await self._load_embedder()
        engine = await self._load_engine(embedder)
        index, files, cache = await self._build_knowledge(embedder, works=True)
        metrics = Metrics(is_open=settings.metrics_access == "open")
        streams = AnswerStreams()
        writer = AnswerWriter(
            self.database,
            Retrieval(embedder, index, cache, limit=settings.passages),
            engine,
            has_evidence=has_evidence,
            introduction=PREAMBLE,
            observe=metrics.answer_ended,
        )
        answering = Answering(
            self.database,
            writer,
            streams,
            watch=self._sessions.watch,
            max_concurrent=settings.concurrent_answers,
        )
        exports = Exports(self.database)
        self._closing.callback(exports.close)
        self.services = Services(
            accounts=self.accounts,
            sessions=self._sessions,
            conversations=Conversations(self.database, streams),
            answering=answering,
            messages=MessageActions(self.database, streams),
            exports=exports,
            knowledge=self.knowledge,
            health=Health(self._components(index, files, cache, embedder, engine)),
            metrics=metrics,
            rate_limits=RateLimiter(utc_now, enabled=settings.rate_limits),
            sockets=OpenSockets(),
        )
        await answering.recover()
        await self._record("appliance.start")
        self._serving = True

    async def _open_storage(self) -> None:
        data_dir = self.settings.data_dir
        data_dir.mkdir(parents=True, exist_ok=True)
        database = data_dir / DATABASE_NAME
        _refuse_lost_database(database, data_dir)
        self.keys = Keyring.open(data_dir / "keys", may_create=not database.exists())
        self.database = await Database.open(database, self.keys.derive("database"))
        self._closing.push_async_callback(self.database.close)

    def _build_accounts(self) -> None:
        settings, derive = self.settings, self.keys.derive
        tokens = AccessTokens(
            derive("access-tokens"),
            derive("install-id").hex()[:32],
            lifetime_s=settings.access_token_seconds,
        )
        lifetime = timedelta(hours=settings.session_hours)
        self._sessions = Sessions(
            self.database,
            tokens,
            RefreshTokens(derive("refresh-tokens")),
            session_lifetime=lifetime,
            refresh_lifetime=lifetime,
        )
        self._closing.callback(self._sessions.close)
        passwords = PasswordHasher(
            derive("password-pepper"), settings.password_rounds, settings.password_min_length
        )
        self._closing.callback(passwords.close)
        self.accounts = Accounts(
            self.database,
            self._sessions,
            passwords,
            LoginThrottle(self.database, derive("login-throttle")),
            registration=settings.registration,
        )

    async def _build_knowledge(
        self, embedder: Embedder, *, works: bool
    ) -> tuple[SearchIndex, FileStore, Cache]:
        """`works`: this process owns the index and does the jobs."""
        data_dir, derive = self.settings.data_dir, self.keys.derive
        files = await FileStore.open(data_dir / "files")
        self._closing.push_async_callback(files.close)
        cache = await Cache.open(data_dir / "cache", derive("cache"))
        self._closing.push_async_callback(cache.close)
        index = SearchIndex(
            self.database, data_dir / "index", embedder, terms_key=derive("index-terms")
        )
        ingestion = Ingestion(self.database, files, index, embedder, PdfExtractor().pages)
        self.knowledge = Knowledge(
            self.database,
            files,
            index,
            ingestion,
            max_upload_bytes=self.settings.upload_max_mb << 20,
        )
        if works:
            await index.open()
            self._closing.push_async_callback(index.close)
            await self.knowledge.open()
            await ingestion.open()
            self._closing.push_async_callback(ingestion.close)
        self._closing.push_async_callback(self.knowledge.close)
        return index, files, cache

    async def _load_embedder(self) -> Embedder:
        if self._embedder is None:
            self._embedder = await LlamaEmbedder.open(
                self.settings.embedding_model, threads=self.settings.threads
            )
        self._closing.push_async_callback(self._embedder.close)
        return self._embedder

    async def _load_engine(self, embedder: Embedder) -> AnswerEngine:
        settings = self.settings
        if self._engine is not None:
            engine = self._engine
        elif settings.llm_model is None:
            engine = ExtractiveAnswerer(embedder)
        else:
            engine = await self._load_language_model(settings.llm_model)
        self._closing.push_async_callback(engine.close)
        return engine

    async def _load_language_model(self, path: Path) -> AnswerEngine:
        settings = self.settings
        try:
            return await LlamaEngine.open(
                path,
                threads=settings.threads,
                context_tokens=settings.llm_context,
                max_tokens=settings.llm_max_tokens,
                temperature=settings.llm_temperature,
                queue_limit=settings.concurrent_answers,
            )
        except Unavailable as error:
            logger.error(
                "the language model cannot be used", extra={"fields": {"model": path.name}}
            )
            return MissingEngine(path.name, error)

    def _components(
        self,
        index: SearchIndex,
        files: FileStore,
        cache: Cache,
        embedder: Embedder,
        engine: AnswerEngine,
    ) -> list[Component]:
        async def database() -> None:
            await self.database.read(lambda tx: tx.execute("SELECT 1").fetchone())

        async def embedding() -> None:
            await embedder.embed(["ready"])

        async def answers() -> None:
            if isinstance(engine, MissingEngine):
                raise engine.reason

        return [
            Component("sqlite", "postgres", database),
            Component("diskcache", "redis", cache.check),
            Component("lancedb", "qdrant", index.check),
            Component("files", "nextcloud", files.check),
            Component("embedding", None, embedding, model=embedder.name),
            Component("answers", None, answers, model=engine.name),
        ]

    async def _record(self, action: str) -> None:
        entry = AuditEntry(at=utc_now(), action=action, success=True)
        await self.database.write(lambda tx: audit.append(tx, entry))


def _refuse_lost_database(database: Path, data_dir: Path) -> None:
    """Data without its database is a loss to be told of, not a first start.

    Going on would make an empty database and then remove the uploads that no row names.
    """
    lost = not database.exists() or database.stat().st_size == 0
    remains = [name for name in ("keys/master.key", "files") if _holds(data_dir / name)]
    if lost and remains:
        raise Unavailable(
            f"The database {database} is missing or empty, but {data_dir / remains[0]} is there. "
            "Put the database back from your backup."
        )


def _holds(path: Path) -> bool:
    return any(path.iterdir()) if path.is_dir() else path.exists()
