"""The worker that turns uploaded files into passages: one durable job after another.

Every stage leaves its result in SQLite, so a job that was cut short goes on at the stage it had
reached: extract (pages and chunks of a new revision), embed (their vectors, batch by batch),
index (the search index), and one transaction that lets the new revision answer questions. Until
then the revision before it does.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from time import monotonic

from appliance.domain import Document, DocumentStatus, Job, utc_now
from appliance.engines.protocols import Embedder
from appliance.errors import ApplianceError, Invalid
from appliance.sentences.orders import gives_orders
from appliance.services import ingest_outcomes as outcomes
from appliance.services.extraction import Extraction, PdfPages
from appliance.services.index_builder import embed_stored
from appliance.services.search_index import SearchIndex
from appliance.storage import chunks, documents, file_rows, jobs, pages
from appliance.storage.database import Connection, Database
from appliance.storage.files import FileStore

ATTEMPTS = 3  # runs of a job that get no further
LEASE = timedelta(seconds=60)
PAUSE_S = (5.0, 30.0)  # after the first and the second failure
PROGRESS_EVERY_S = 0.5
EMBED_BATCH = 32
_WRITE_BATCH = 200
_IDLE_S = 5.0
# Where the stages end in a document's progress.
_EXTRACTED, _EMBEDDED, _INDEXED = 0.2, 0.95, 0.99
_INTERNAL = "This document could not be processed because of an internal error. Try to reindex it."
_CRASHED = (
    f"Processing this document ended the appliance {ATTEMPTS} times at the same place, so it was "
    "set aside. Check the file, then reindex it."
)

logger = logging.getLogger(__name__)


class Ingestion:
    def __init__(
        self,
        db: Database,
        files: FileStore,
        index: SearchIndex,
        embedder: Embedder,
        pdf_pages: PdfPages,
        *,
        clock: Callable[[], datetime] = utc_now,
        pause_s: tuple[float, ...] = PAUSE_S,
    ) -> None:
        self._db = db
        self._extraction = Extraction(files, pdf_pages)
        self._index = index
        self._embedder = embedder
        self._clock = clock
        self._pause_s = pause_s
        self._wake = asyncio.Event()
        self._worker: asyncio.Task[None] | None = None
        self._current: tuple[str, asyncio.Task[None]] | None = None
        self._said = 0.0  # when progress was last written, monotonic

    async def open(self) -> None:
        """Queue again what a crash left running, and start working."""
        await self._db.write(self._recover)
        self._worker = asyncio.create_task(self._work())

    def wake(self) -> None:
        """There may be a new job."""
        self._wake.set()

    async def abandon(self, document_id: str) -> None:
        """Stop work on a document, so that the caller's next write can delete it.

        Where the document is still there after that write, the work on it begins again.
        """
        if self._current is not None and self._current[0] == document_id:
            task = self._current[1]
            task.cancel()
            await asyncio.wait({task})

    async def close(self) -> None:
        """Stop in the middle of whatever is under way; the next start goes on from there."""
        if self._worker is not None:
            self._worker.cancel()
            await asyncio.gather(self._worker, return_exceptions=True)
            self._worker = None

    async def _work(self) -> None:
        failed = False
        while True:
            self._wake.clear()
            try:
                if failed:
                    await self._db.write(self._release)
                    failed = False
                job = await self._db.write(self._take)
                if job is None:
                    await self._rest()
                else:
                    await self._run(job)
            except Exception:
                # The store itself failed (a full disk, say): nothing is lost, so try again later.
                logger.exception("the ingest worker failed")
                failed = True
                await asyncio.sleep(self._pause_s[0])

    async def _rest(self) -> None:
        due = await self._db.read(jobs.next_due)
        left = _IDLE_S if due is None else (due - self._clock()).total_seconds()
        try:
            await asyncio.wait_for(self._wake.wait(), min(max(left, 0.0), _IDLE_S) + 0.01)
        except TimeoutError:
            pass

    async def _run(self, job: Job) -> None:
        """Do one job to its end, whatever that is."""
        task = asyncio.create_task(self._process(job))
        self._current = (job.document_id, task)
        try:
            await asyncio.wait({task})
        except asyncio.CancelledError:
            task.cancel()
            await asyncio.wait({task})
            # Not the document's fault: this attempt does not count.
            try:
                await self._db.write(lambda tx: self._put_back(tx, job, counted=False))
            except Exception:
                # It must not take the place of the cancellation; the next start finds the job.
                logger.exception("a job that was stopped could not be put back")
            raise
        finally:
            self._current = None
        if task.cancelled():
            # Abandoned. The job goes with its document, or else goes on: writes are done in the
            # order they are asked for, and the deletion is asked for before the next `_take`.
            await self._db.write(lambda tx: self._put_back(tx, job, counted=False))
            return
        if (error := task.exception()) is not None:
            await self._failed(job, error)

    async def _process(self, job: Job) -> None:
        document, served = await self._db.read(
            lambda tx: (
                documents.by_id(tx, job.document_id),
                documents.revision(tx, job.document_id),
            )
        )
        if document is None:
            return
        revision = (served or 0) + 1
        if job.stage == jobs.FIRST_STAGE:
            await self._extract(job, document, revision, served)
        await self._embed(job, revision)
        addressed = await self._addressed(document.id, revision)

        async def publish() -> None:
            await self._progress(job, "index", _INDEXED)
            await self._db.write(
                lambda tx: outcomes.publish(
                    tx, job, revision, at=self._clock(), addressed=addressed
                )
            )

        await self._index.add_revision(document.id, revision, served, publish)
        if served is not None:
            await self._index.forget(document.id, except_revision=revision)

    async def _extract(
        self, job: Job, document: Document, revision: int, served: int | None
    ) -> None:
        key = await self._db.read(lambda tx: file_rows.key_of(tx, document.sha256))
        if key is None:
            raise Invalid("The stored file is gone. Delete the document and upload it again.")

        async def on_progress(share: float) -> None:
            await self._progress(job, jobs.FIRST_STAGE, _EXTRACTED * share, seldom=True)

        extracted = await self._extraction.read(document, key, on_progress)
        await self._db.write(lambda tx: outcomes.clear(tx, document.id, served))
        # In parts: the one writer of the database has others to serve.
        for start in range(0, len(extracted.pages), _WRITE_BATCH):
            some = extracted.pages[start : start + _WRITE_BATCH]
            await self._db.write(
                partial(pages.insert, document_id=document.id, revision=revision, pages=some)
            )
        for start in range(0, len(extracted.chunks), _WRITE_BATCH):
            more = extracted.chunks[start : start + _WRITE_BATCH]
            await self._db.write(partial(chunks.insert, revision=revision, chunks=more))
        await self._progress(job, "embed", _EXTRACTED, note=extracted.note)

    async def _embed(self, job: Job, revision: int) -> None:
        total, done = await self._db.read(
            lambda tx: (
                chunks.total(tx, job.document_id, revision),
                chunks.total(tx, job.document_id, revision, model=self._embedder.name),
            )
        )
        while count := await self._embed_some(job.document_id, revision):
            done += count
            share = _EXTRACTED + (_EMBEDDED - _EXTRACTED) * min(done / max(total, 1), 1.0)
            await self._progress(job, "embed", share, seldom=True)

    async def _embed_some(self, document_id: str, revision: int) -> int:
        """The next chunks that the model which is served has not embedded; returns how many."""
        async with self._index.steady():
            model = self._embedder.name
            stored = await self._db.read(
                lambda tx: chunks.without_vector(
                    tx, document_id, revision, model, limit=EMBED_BATCH
                )
            )
            if stored:
                await embed_stored(self._db, self._embedder, document_id, revision, stored)
            return len(stored)

    async def _addressed(self, document_id: str, revision: int) -> list[int]:
        """The pages with text that speaks to a program."""
        found: list[int] = []
        after = 0
        while some := await self._db.read(
            partial(pages.texts, document_id=document_id, revision=revision, after=after)
        ):
            found += await asyncio.to_thread(
                lambda read: [number for number, text in read if gives_orders(text)], some
            )
            after = some[-1][0]
        return found

    async def _progress(
        self,
        job: Job,
        stage: str,
        progress: float,
        *,
        seldom: bool = False,
        note: str | None = None,
    ) -> None:
        """Write how far the job is and renew its lease; `seldom`: at most twice a second."""
        if seldom and monotonic() - self._said < PROGRESS_EVERY_S:
            return
        self._said = monotonic()
        now = self._clock()
        await self._db.write(
            lambda tx: jobs.set_progress(
                tx,
                job.id,
                stage=stage,
                progress=progress,
                now=now,
                lease_until=now + LEASE,
                note=note,
            )
        )

    async def _failed(self, job: Job, error: BaseException) -> None:
        """Give up, or try again later where that can help. Nothing to do once it is published."""
        told = error if isinstance(error, ApplianceError) else None
        logger.log(
            logging.ERROR if told is None else logging.INFO,
            "ingest failed",
            exc_info=error if told is None else None,
            extra={"fields": {"document_id": job.document_id, "job_id": job.id}},
        )
        reason = _INTERNAL if told is None else told.message

        def end(tx: Connection) -> None:
            # As it stands in its row: the run may have got further since it began.
            current = jobs.by_id(tx, job.id)
            if current is None:
                return
            if isinstance(error, Invalid) or current.attempts >= ATTEMPTS:
                outcomes.give_up(tx, current, reason, at=self._clock())
            else:
                self._put_back(tx, current, counted=True)

        await self._db.write(end)

    def _take(self, tx: Connection) -> Job | None:
        now = self._clock()
        job = jobs.take_next(tx, now, now + LEASE)
        if job is not None:
            documents.set_status(tx, job.document_id, DocumentStatus.PROCESSING)
        return job

    def _recover(self, tx: Connection) -> None:
        for job in jobs.running(tx):
            if job.attempts >= ATTEMPTS:
                outcomes.give_up(tx, job, _CRASHED, at=self._clock())
            else:
                jobs.put_back(tx, job.id, counted=True, due=self._clock(), now=self._clock())

    def _release(self, tx: Connection) -> None:
        """Queue again what the worker could not bring to an end. Other jobs come first."""
        now = self._clock()
        for job in jobs.running(tx):
            due = now + timedelta(seconds=self._pause_s[0])
            jobs.put_back(tx, job.id, counted=False, due=due, now=now)

    def _put_back(self, tx: Connection, job: Job, *, counted: bool) -> None:
        now = self._clock()
        pause = self._pause_s[min(job.attempts, len(self._pause_s)) - 1] if counted else 0.0
        due = now + timedelta(seconds=pause)
        jobs.put_back(tx, job.id, counted=counted, due=due, now=now)
