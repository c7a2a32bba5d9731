"""The hospital's documents: adding them, reading them anew and removing them."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from appliance.domain import Document, DocumentStatus, Principal, RequestOrigin, utc_now
from appliance.errors import Busy
from appliance.services import ingest_outcomes
from appliance.services.document_rules import check_days, check_predecessor, found, record
from appliance.services.ingestion import Ingestion
from appliance.services.search_index import SearchIndex
from appliance.services.uploads import IncomingFile, check_type, title_of
from appliance.storage import documents, file_rows, jobs, knowledge_epoch
from appliance.storage.database import Connection, Database
from appliance.storage.files import FileStore, SealedFile

T = TypeVar("T")

MAX_UPLOAD_BYTES = 50 << 20
MAX_RECEIVING = 32  # uploads that arrive at once
RETRY_AFTER_S = 5


@dataclass(frozen=True, slots=True)
class Metadata:
    """What whoever adds a document says of it; dates as YYYY-MM-DD."""

    title: str | None = None
    category: str | None = None
    version: str | None = None
    supersedes: str | None = None  # id of the document that this one takes the place of
    issuer: str | None = None
    effective_date: str | None = None
    review_by: str | None = None
    owner: str | None = None


class Knowledge:
    def __init__(
        self,
        db: Database,
        files: FileStore,
        index: SearchIndex,
        ingestion: Ingestion,
        *,
        clock: Callable[[], datetime] = utc_now,
        max_upload_bytes: int = MAX_UPLOAD_BYTES,
    ) -> None:
        self._db = db
        self._files = files
        self._index = index
        self._ingestion = ingestion
        self._clock = clock
        self.max_upload_bytes = max_upload_bytes
        # Files are named by their content: adding and removing the same one must not cross.
        self._storing = asyncio.Lock()
        self._receiving = 0
        self._tasks: set[asyncio.Task[Any]] = set()

    async def open(self) -> None:
        """Remove files that an interrupted upload or deletion left without a row."""
        await self._files.keep_only(await self._db.read(file_rows.names))

    async def close(self) -> None:
        """Finish what was begun."""
        await asyncio.gather(*self._tasks, return_exceptions=True)

    @contextmanager
    def receiving(self) -> Iterator[None]:
        """A place among the uploads that arrive at once; each holds buffers. Raises `Busy`."""
        if self._receiving >= MAX_RECEIVING:
            raise Busy("Too many uploads are arriving just now.", retry_after=RETRY_AFTER_S)
        self._receiving += 1
        try:
            yield
        finally:
            self._receiving -= 1

    async def begin_upload(self, filename: str) -> IncomingFile:
        """Raises `UnsupportedMediaType` for any but .pdf and .txt, and `StorageFull`."""
        check_type(filename)
        return IncomingFile(await self._files.begin(), filename, max_bytes=self.max_upload_bytes)

    async def accept(
        self,
        incoming: IncomingFile,
        metadata: Metadata,
        *,
        actor: Principal | None,
        origin: RequestOrigin | None,
    ) -> tuple[Document, bool]:
        """Take a whole upload: the document, and whether it is new. Durable on return.

        The bytes of a document that is there already give that document; one that failed is tried
        again. Raises `Invalid` for an empty file, an unknown `supersedes` and days in the wrong
        order.
        """
        sealed = await incoming.finish()
        # Once begun this ends, whatever becomes of the request: a file and its row belong together.
        return await self._to_the_end(self._store(incoming, sealed, metadata, actor, origin))

    async def import_file(
        self,
        filename: str,
        content: AsyncIterator[bytes],
        metadata: Metadata | None = None,
        *,
        actor: Principal | None = None,
        origin: RequestOrigin | None = None,
    ) -> tuple[Document, bool]:
        """Add a document from `content`; raises what the steps of an upload raise."""
        incoming = await self.begin_upload(filename)
        try:
            async for piece in content:
                await incoming.append(piece)
            return await self.accept(incoming, metadata or Metadata(), actor=actor, origin=origin)
        finally:
            await incoming.discard()

    async def get(self, document_id: str) -> Document:
        """For the console; people read through `Catalogue`. Raises `NotFound`."""
        return await self._db.read(lambda tx: found(tx, document_id))

    async def delete(
        self, document_id: str, *, actor: Principal | None, origin: RequestOrigin | None
    ) -> None:
        """Remove a document: from answers at once and for good, its file with it.

        Raises `NotFound`.
        """
        await self.get(document_id)
        await self._to_the_end(self._remove(document_id, actor, origin))

    async def reindex(
        self, document_id: str, *, actor: Principal | None, origin: RequestOrigin | None
    ) -> Document:
        """Read the file anew. Until that is done, answers come from what was read before.

        A document that is being worked on already is left to it. Raises `NotFound`.
        """

        def queue(tx: Connection) -> Document:
            document = found(tx, document_id)
            if jobs.active(tx, document_id) is None:
                self._queue(tx, document, actor, origin)
            return found(tx, document_id)

        document = await self._db.write(queue)
        self._ingestion.wake()
        return document

    async def _store(
        self,
        incoming: IncomingFile,
        sealed: SealedFile,
        metadata: Metadata,
        actor: Principal | None,
        origin: RequestOrigin | None,
    ) -> tuple[Document, bool]:
        def known(tx: Connection) -> Document | None:
            document = documents.by_sha256(tx, sealed.sha256)
            if document is not None and document.status is DocumentStatus.FAILED:
                self._queue(tx, document, actor, origin)
                return found(tx, document.id)
            return document

        def add(tx: Connection) -> Document:
            document = self._document(incoming, sealed, metadata, actor)
            check_days(document)
            if document.supersedes is not None:
                check_predecessor(tx, document.supersedes, document.id)
            file_rows.insert(tx, sealed, document.upload_date)
            documents.insert(tx, document)
            ingest_outcomes.queue(tx, document.id, at=document.upload_date)
            record(tx, document.upload_date, "document.upload", document, actor, origin)
            return document

        async with self._storing:
            document = await self._db.write(known)
            if document is not None:
                await self._files.discard(sealed)
                self._ingestion.wake()
                return document, False
            # The file first: a row must never name a file that is not there.
            await self._files.keep(sealed)
            try:
                document = await self._db.write(add)
            except BaseException:
                # Nothing names the file, unless another process stored the same one meanwhile.
                if sealed.sha256 not in await self._db.read(file_rows.names):
                    await self._files.remove(sealed.sha256)
                raise
        self._ingestion.wake()
        return document, True

    async def _remove(
        self, document_id: str, actor: Principal | None, origin: RequestOrigin | None
    ) -> None:
        def delete(tx: Connection) -> Document:
            document = found(tx, document_id)
            documents.delete(tx, document_id)
            file_rows.delete(tx, document.sha256)
            knowledge_epoch.bump(tx)
            record(tx, self._clock(), "document.delete", document, actor, origin)
            return document

        async with self._storing:
            await self._ingestion.abandon(document_id)
            document = await self._db.write(delete)
            await self._files.remove(document.sha256)
        # Nothing finds it any more; the index may be busy for a while before its rows go.
        self._start(self._index.forget(document_id))

    def _document(
        self,
        incoming: IncomingFile,
        sealed: SealedFile,
        metadata: Metadata,
        actor: Principal | None,
    ) -> Document:
        return Document(
            id=str(uuid.uuid4()),
            title=metadata.title or title_of(incoming.filename),
            category=metadata.category,
            filename=incoming.filename,
            file_type=incoming.file_type,
            size=sealed.size,
            sha256=sealed.sha256,
            status=DocumentStatus.UPLOADED,
            uploaded_by=actor.user.id if actor else None,
            upload_date=self._clock(),
            version=metadata.version,
            supersedes=metadata.supersedes,
            issuer=metadata.issuer,
            effective_date=metadata.effective_date,
            review_by=metadata.review_by,
            owner=metadata.owner,
        )

    def _queue(
        self,
        tx: Connection,
        document: Document,
        actor: Principal | None,
        origin: RequestOrigin | None,
    ) -> None:
        at = self._clock()
        ingest_outcomes.queue(tx, document.id, at=at)
        record(tx, at, "document.reindex", document, actor, origin)

    def _start(self, work: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def _to_the_end(self, work: Coroutine[Any, Any, T]) -> T:
        """Await `work`, which goes on when the caller is cancelled."""
        return await asyncio.shield(self._start(work))
