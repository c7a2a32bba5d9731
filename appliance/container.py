"""Builds every part by constructor and closes them in reverse: the only place that wires."""

from __future__ import annotations

import logging
import shutil
from contextlib import AsyncExitStack
from datetime import timedelta
from pathlib import Path

from appliance.domain import utc_now
from appliance.engines.embedder import LlamaEmbedder
from appliance.engines.extractive import ExtractiveAnswerer
from appliance.engines.introductions import introductions
from appliance.engines.llama_loader import LlamaLoader
from appliance.engines.openai_engine import OpenAiEngine
from appliance.engines.pdf import PdfReader
from appliance.engines.protocols import AnswerEngine, Embedder
from appliance.errors import Unavailable
from appliance.services.accounts import Accounts
from appliance.services.answer_streams import AnswerStreams
from appliance.services.answer_writer import AnswerWriter, Observe
from appliance.services.answering import Answering
from appliance.services.audit import AuditTrail
from appliance.services.audit_signing import AuditSigner
from appliance.services.cache import CacheAdmin
from appliance.services.catalogue import Catalogue
from appliance.services.challenges import Challenges
from appliance.services.conversation_reads import ConversationReads
from appliance.services.conversation_search import ConversationSearch
from appliance.services.conversations import Conversations
from appliance.services.document_pages import DocumentPages
from appliance.services.engine_choice import EngineChoice
from appliance.services.erasure import AccountErasure
from appliance.services.evaluation.evaluation import Evaluation
from appliance.services.evaluation.runs import EvaluationRuns
from appliance.services.evidence import EvidenceRule
from appliance.services.exports import Exports
from appliance.services.flags import Flags
from appliance.services.folders import Folders
from appliance.services.health import Component, Detail, Health
from appliance.services.ingest_jobs import IngestJobs
from appliance.services.ingestion import Ingestion
from appliance.services.knowledge import Knowledge
from appliance.services.knowledge_search import KnowledgeSearch
from appliance.services.language_models import LanguageModels
from appliance.services.lexicon import Lexicon
from appliance.services.llm_swap import LlmSwap, Phase
from appliance.services.login_throttle import LoginThrottle
from appliance.services.machine import Machine
from appliance.services.message_actions import MessageActions
from appliance.services.metrics import Metrics
from appliance.services.model_files import ModelFiles, read_catalogue
from appliance.services.one_time_links import OneTimeLinks
from appliance.services.panel import Models, Panel
from appliance.services.passwords import PasswordHasher
from appliance.services.profile import Profile
from appliance.services.rate_limits import RateLimiter
from appliance.services.reauthentication import Reauthentication
from appliance.services.recovery_codes import RecoveryCodes
from appliance.services.registry import Services
from appliance.services.retrieval import Retrieval
from appliance.services.search_index import SearchIndex
from appliance.services.serving_embedder import ServingEmbedder
from appliance.services.serving_llm import ServingLlm
from appliance.services.sessions import Sessions
from appliance.services.sockets import OpenSockets
from appliance.services.term_rarity import TermRarity
from appliance.services.tokens import AccessTokens, RefreshTokens
from appliance.services.two_factor import TwoFactor
from appliance.services.users import Users
from appliance.services.voice import Voice
from appliance.services.ws_tickets import WsTickets
from appliance.settings import Settings, model_catalogue
from appliance.storage import chunks, embedding_models
from appliance.storage.cache import Cache
from appliance.storage.database import Database
from appliance.storage.embedding_models import KnownModel
from appliance.storage.files import FileStore
from appliance.storage.keys import Keyring
from appliance.storage.lock import DataLock

DATABASE_NAME = "voiceassist.db"
_INDEX_PATIENCE_S = 3600.0  # for an evaluation's own index, made from vectors that are there

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
            await self._build_knowledge(await self._load_embedder(), None, works=False)
        else:
            await self._build_knowledge(*await self._load_embedders(), works=True)
        return self.knowledge

    async def open_evaluation_runs(self) -> EvaluationRuns:
        """The evaluation runs that are kept; another process may be serving."""
        if not (self.settings.data_dir / DATABASE_NAME).exists():
            raise Unavailable(f"There is no appliance's data in {self.settings.data_dir}.")
        await self._open_storage()
        return EvaluationRuns(self.database)

    async def open_evaluation(self) -> Evaluation:
        """After `open_evaluation_runs`: the answers of this appliance, for nobody.

        Another process may be serving: the search index, and a cache that knows no question yet,
        are this process's own, made from the database and removed by `close`. Raises `Unavailable`
        when another evaluation is running.
        """
        own = self.settings.data_dir / "evaluation"
        own.mkdir(mode=0o700, exist_ok=True)
        try:
            self._closing.callback(DataLock(own).close)
        except Unavailable:
            raise Unavailable("Another evaluation of these data is running.") from None
        directory = own / "private"
        shutil.rmtree(directory, ignore_errors=True)  # of a run that was killed
        self._closing.callback(shutil.rmtree, directory, ignore_errors=True)
        directory.mkdir(mode=0o700)
        cache = await Cache.open(directory / "cache", self.keys.derive("cache"))
        self._closing.push_async_callback(cache.close)
        embedder = await self._load_embedder()
        served = await self.database.read(embedding_models.served)
        other = served is not None and served.name != embedder.name
        if other or await self.database.read(lambda tx: chunks.lack_vectors(tx, embedder.name)):
            raise Unavailable(
                f"The documents are not all embedded with {embedder.name} yet. Start the appliance "
                "with this embedding model, and try again when it is ready."
            )
        serving = ServingLlm(await self._load_engine())
        await (await self._language_models(serving)).settled()
        extractive = ExtractiveAnswerer(embedder)
        self._closing.push_async_callback(extractive.close)
        index = SearchIndex(
            self.database,
            directory / "index",
            embedder,
            terms_key=self.keys.derive("index-terms"),
            private=True,
        )
        self._closing.push_async_callback(index.close)
        await index.open(patience_s=_INDEX_PATIENCE_S)
        await index.check()
        lexicon = await self._lexicon(embedder)
        retrieval = self._retrieval(embedder, index, cache, lexicon)
        engines = EngineChoice(extractive, serving.for_question, Flags(self.database, cache))
        evidence = self._evidence(embedder, lexicon)
        writer = self._writer(retrieval, engines, extractive, evidence, observe=None)
        return Evaluation(self.database, writer, retrieval, embedding=embedder.name)

    def audit_key(self) -> str:
        """The public key that the audit trail is signed with, in hex. Opens nothing."""
        keys = Keyring.open(self.settings.data_dir / "keys", may_create=False)
        return AuditSigner(keys.derive("audit-signing")).public_key

    async def drain(self, timeout_s: float) -> None:
        """Take nothing new and let running answers end."""
        if self._serving:
            self.services.health.stop()
            await self.services.answering.drain(timeout_s)
            await self.services.sockets.close_all()

    async def close(self) -> None:
        if self._serving:
            self._serving = False
            try:
                await self.services.audit.close()
            finally:
                await self._closing.aclose()
        else:
            await self._closing.aclose()

    async def _open(self) -> None:
        settings = self.settings
        settings.data_dir.mkdir(parents=True, exist_ok=True)
        self._closing.callback(DataLock(settings.data_dir).close)
        await self._open_storage()
        cache = await self._open_cache()
        flags = Flags(self.database, cache)
        self._build_accounts(flags)
        index, files = await self._build_knowledge(*await self._load_embedders(), works=True)
        embedder = index.embedder
        metrics = Metrics(is_open=settings.metrics_access == "open")
        serving = ServingLlm(await self._load_engine(metrics))
        language_models = await self._language_models(serving)
        extractive = ExtractiveAnswerer(embedder)
        self._closing.push_async_callback(extractive.close)
        streams = AnswerStreams()
        lexicon = await self._lexicon(embedder)
        retrieval = self._retrieval(embedder, index, cache, lexicon)
        engines = EngineChoice(extractive, serving.for_question, flags)
        evidence = self._evidence(embedder, lexicon)
        observe = metrics.answer_ended
        writer = self._writer(retrieval, engines, extractive, evidence, observe=observe)
        answering = Answering(
            self.database,
            writer,
            streams,
            watch=self._sessions.watch,
            max_concurrent=settings.concurrent_answers,
        )
        answers = _answers_component(serving, language_models, extractive)
        health = Health([*self._components(index, files, cache, embedder), answers])

        def models() -> Models:
            return Models(
                llm=serving.name,
                speech=None,
                embedding=embedder.name,
                coming=index.change,
            )

        exports = Exports(self.database)
        self._closing.callback(exports.close)
        erasure = AccountErasure(self.database, self._sessions, self._throttle, streams)
        self._closing.push_async_callback(erasure.close)
        self.services = Services(
            accounts=self.accounts,
            sessions=self._sessions,
            two_factor=self._two_factor,
            ws_tickets=WsTickets(self._sessions),
            profile=Profile(
                self.database,
                self._sessions,
                self._passwords,
                self._reauthentication,
                erasure,
            ),
            conversations=Conversations(self.database, streams),
            conversation_reads=ConversationReads(self.database),
            conversation_search=ConversationSearch(self.database),
            folders=Folders(self.database),
            answering=answering,
            messages=MessageActions(self.database, streams),
            exports=exports,
            knowledge=self.knowledge,
            catalogue=Catalogue(self.database, self._ingestion),
            document_pages=DocumentPages(self.database, files, PdfReader().image),
            ingest_jobs=IngestJobs(self.database, self._ingestion),
            knowledge_search=KnowledgeSearch(self.database, retrieval, bearing=evidence.bearing),
            audit=AuditTrail(self.database, AuditSigner(self.keys.derive("audit-signing"))),
            health=health,
            metrics=metrics,
            panel=Panel(self.database, health, Machine(settings.data_dir), models),
            rate_limits=RateLimiter(utc_now, enabled=settings.rate_limits),
            sockets=OpenSockets(),
            cache=CacheAdmin(self.database, cache),
            flags=flags,
            language_models=language_models,
            voice=Voice(self.database, flags),
            users=Users(self.database, self._sessions, self._throttle, self._links, cache, erasure),
            links=self._links,
        )
        await answering.recover()
        await self.services.audit.open()
        self._serving = True

    async def _open_storage(self) -> None:
        data_dir = self.settings.data_dir
        data_dir.mkdir(parents=True, exist_ok=True)
        database = data_dir / DATABASE_NAME
        _refuse_lost_database(database, data_dir)
        self.keys = Keyring.open(data_dir / "keys", may_create=not database.exists())
        self.database = await Database.open(database, self.keys.derive("database"))
        self._closing.push_async_callback(self.database.close)

    async def _open_cache(self) -> Cache:
        cache = await Cache.open(self.settings.data_dir / "cache", self.keys.derive("cache"))
        self._closing.push_async_callback(cache.close)
        return cache

    def _build_accounts(self, flags: Flags | None = None) -> None:
        settings, derive = self.settings, self.keys.derive
        install_id = derive("install-id").hex()[:32]
        tokens = AccessTokens(
            derive("access-tokens"), install_id, lifetime_s=settings.access_token_seconds
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
        self._passwords = PasswordHasher(
            derive("password-pepper"), settings.password_rounds, settings.password_min_length
        )
        self._closing.callback(self._passwords.close)
        self._throttle = LoginThrottle(self.database, derive("login-throttle"))
        challenges = Challenges(derive("login-challenges"), install_id)
        self.accounts = Accounts(
            self.database,
            self._sessions,
            self._passwords,
            self._throttle,
            challenges,
            registration=settings.registration,
            flags=flags,
        )
        self._reauthentication = Reauthentication(self.database, self._passwords, self._throttle)
        self._two_factor = TwoFactor(
            self.database,
            self._sessions,
            self._reauthentication,
            self._throttle,
            challenges,
            RecoveryCodes(derive("recovery-codes")),
        )
        self._links = OneTimeLinks(self.database, self._sessions, self._passwords, self._throttle)

    async def _build_knowledge(
        self, embedder: Embedder, coming: Embedder | None, *, works: bool
    ) -> tuple[SearchIndex, FileStore]:
        """`works`: this process owns the index and does the jobs.

        `coming`: the model that is to take the place of `embedder`.
        """
        data_dir, derive = self.settings.data_dir, self.keys.derive
        files = await FileStore.open(data_dir / "files")
        self._closing.push_async_callback(files.close)
        index = SearchIndex(
            self.database,
            data_dir / "index",
            embedder,
            terms_key=derive("index-terms"),
            coming=coming,
        )
        self._ingestion = Ingestion(self.database, files, index, index.embedder, PdfReader().pages)
        self.knowledge = Knowledge(
            self.database,
            files,
            index,
            self._ingestion,
            max_upload_bytes=self.settings.upload_max_mb << 20,
        )
        if works:
            await index.open()
            self._closing.push_async_callback(index.close)
            await self.knowledge.open()
            await self._ingestion.open()
            self._closing.push_async_callback(self._ingestion.close)
        self._closing.push_async_callback(self.knowledge.close)
        return index, files

    async def _lexicon(self, embedder: Embedder) -> Lexicon:
        lexicon = Lexicon(self.database, lambda: embedder.words)
        self._closing.push_async_callback(lexicon.close)
        await lexicon.open()
        return lexicon

    def _retrieval(
        self, embedder: Embedder, index: SearchIndex, cache: Cache, lexicon: Lexicon
    ) -> Retrieval:
        limit = self.settings.passages
        return Retrieval(self.database, embedder, index, cache, limit=limit, lexicon=lexicon)

    def _evidence(self, embedder: Embedder, lexicon: Lexicon) -> EvidenceRule:
        rarity = TermRarity(self.database)
        self._closing.push_async_callback(rarity.close)
        return EvidenceRule(embedder, rarity, lexicon, limit=self.settings.passages)

    def _writer(
        self,
        retrieval: Retrieval,
        engines: EngineChoice,
        quoting: AnswerEngine,
        evidence: EvidenceRule,
        *,
        observe: Observe | None,
    ) -> AnswerWriter:
        return AnswerWriter(
            self.database,
            retrieval,
            engines.engine_for,
            quoting,
            bearing=evidence.bearing,
            introductions=introductions,
            observe=observe,
        )

    async def _load_embedder(self) -> Embedder:
        if self._embedder is None:
            self._embedder = await LlamaEmbedder.open(
                self.settings.embedding_model, threads=self.settings.threads
            )
        self._closing.push_async_callback(self._embedder.close)
        return self._embedder

    async def _load_embedders(self) -> tuple[Embedder, Embedder | None]:
        """The model that is served, and the one of the settings when it is to take over."""
        configured = await self._load_embedder()
        name, path = configured.name, self.settings.embedding_model.absolute()
        served = await self.database.read(embedding_models.served)
        await self.database.write(lambda tx: embedding_models.set_path(tx, name, path))
        if served is None or served.name == name:
            return configured, None
        old = await self._load_served(served)
        return (configured, None) if old is None else (old, configured)

    async def _load_served(self, served: KnownModel) -> Embedder | None:
        """The model that the index was made with, where its file is still there."""
        # An executable's own models may lie elsewhere after each start.
        for path in (served.path, Settings().embedding_model):
            if path is None:
                continue
            try:
                # One thread: questions alone are its work, and the other model has the others.
                embedder = await LlamaEmbedder.open(path, threads=1)
            except Unavailable:
                continue
            if embedder.name == served.name:
                self._closing.push_async_callback(embedder.close)
                return embedder
            await embedder.close()
        logger.warning(
            "the embedding model of the index cannot be loaded any more, so nothing is found until "
            "all documents are embedded anew; put its file back and start again to avoid that",
            extra={"fields": {"model": served.name, "path": str(served.path)}},
        )
        return None

    async def _load_engine(self, metrics: Metrics | None = None) -> AnswerEngine | None:
        """A language model that is no file here."""
        engine = self._engine
        if engine is None and self.settings.llm_base_url is not None:
            engine = await self._open_remote_model(self.settings.llm_base_url, metrics)
        if engine is not None:
            self._closing.push_async_callback(engine.close)
        return engine

    async def _language_models(self, serving: ServingLlm) -> LanguageModels:
        """Begins to load the language model, if there is to be one, and waits for nothing."""
        settings = self.settings
        catalogue = read_catalogue(model_catalogue())
        files = ModelFiles(self.database, settings.models_folder, catalogue)
        self._closing.callback(files.close)
        loader = LlamaLoader(
            threads=settings.threads,
            context_tokens=settings.llm_context,
            max_tokens=settings.llm_max_tokens,
            temperature=settings.llm_temperature,
            slots=settings.llm_slots,
            queue_limit=settings.concurrent_answers,
            cache_bytes=settings.llm_cache_mb << 20,
            backends=settings.llm_backends,
        )
        swap = LlmSwap(serving, files, loader) if serving.engine is None else None
        models = LanguageModels(self.database, serving, files, swap, default=settings.llm_model)
        self._closing.push_async_callback(models.close)
        await models.start()
        return models

    async def _open_remote_model(self, base_url: str, metrics: Metrics | None) -> AnswerEngine:
        settings = self.settings
        return await OpenAiEngine.open(
            base_url,
            ca_file=settings.llm_ca_file,
            key_file=settings.llm_api_key_file,
            model=settings.llm_remote_model,
            context_tokens=settings.llm_context,
            max_tokens=settings.llm_max_tokens,
            temperature=settings.llm_temperature,
            slots=settings.llm_slots,
            queue_limit=settings.concurrent_answers,
            connecting=(lambda: None) if metrics is None else metrics.remote_connection,
        )

    def _components(
        self,
        index: SearchIndex,
        files: FileStore,
        cache: Cache,
        embedder: ServingEmbedder,
    ) -> list[Component]:
        async def database() -> None:
            await self.database.read(lambda tx: tx.execute("SELECT 1").fetchone())

        async def embedding() -> None:
            await embedder.embed(["ready"])

        return [
            Component("sqlite", "postgres", database),
            Component("diskcache", "redis", cache.check),
            Component("lancedb", "qdrant", index.check),
            Component("files", "nextcloud", files.check),
            Component("embedding", None, embedding, model=lambda: embedder.name),
        ]


def _answers_component(
    serving: ServingLlm, models: LanguageModels, quoting: AnswerEngine
) -> Component:
    async def check() -> None:
        serving.check()
        if serving.engine is not None:
            await serving.engine.check()

    def detail() -> Detail | None:
        change, engine = models.status.change, serving.engine
        device = None if engine is None else engine.device
        if change is not None and (engine is None or change.phase is not Phase.FAILED):
            progress = None if change.phase is Phase.FAILED else change.progress
            return Detail(change.phase.value, progress, change.reason, device)
        reason = None if change is None else change.reason
        return None if engine is None else Detail("serving", None, reason, device)

    return Component(
        "answers", None, check, model=lambda: serving.name or quoting.name, detail=detail
    )


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
