"""A whole knowledge base in a directory, to open, break off and open again."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from appliance.domain import Document, DocumentStatus, Passage, utc_now
from appliance.engines.pdf import PdfReader
from appliance.services.catalogue import Catalogue
from appliance.services.document_pages import DocumentPages
from appliance.services.extraction import PdfPages
from appliance.services.ingestion import Ingestion
from appliance.services.knowledge import Knowledge, Metadata
from appliance.services.search_index import SearchIndex
from appliance.storage import jobs
from appliance.storage.database import Database
from appliance.storage.files import FileStore
from appliance.storage.memory_vectors import FLAT_LIMIT
from tests.fake_embedder import FakeEmbedder

KEY = bytes(range(32))


@dataclass
class Library:
    directory: Path
    db: Database
    files: FileStore
    index: SearchIndex
    ingestion: Ingestion
    knowledge: Knowledge
    catalogue: Catalogue
    pages: DocumentPages
    embedder: FakeEmbedder

    async def add(self, filename: str, content: bytes, **metadata: str) -> Document:
        document, _ = await self.knowledge.import_file(
            filename, in_pieces(content), Metadata(**metadata)
        )
        return document

    async def added(self, filename: str, content: bytes, **metadata: str) -> Document:
        """A document that is indexed or has failed."""
        return await self.settled((await self.add(filename, content, **metadata)).id)

    async def settled(self, document_id: str, *, timeout_s: float = 20.0) -> Document:
        async with asyncio.timeout(timeout_s):
            while True:
                document = await self.knowledge.get(document_id)
                job = await self.db.read(lambda tx: jobs.active(tx, document_id))
                if job is None and document.status in (
                    DocumentStatus.INDEXED,
                    DocumentStatus.FAILED,
                ):
                    return document
                await asyncio.sleep(0.01)

    async def ask_served(self, question: str) -> list[Passage]:
        """As a question is answered, by whichever model is served."""
        async with self.index.steady():
            vector = (await self.index.embedder.embed([question]))[0]
            hits = await self.index.search(vector, question, 5)
        return await self.index.passages([hit.chunk_id for hit in hits])

    async def ask(self, question: str, limit: int = 5) -> list[Passage]:
        vector = self.embedder.vector(question)
        hits = await self.index.search(vector, question, limit)
        return await self.index.passages([hit.chunk_id for hit in hits])


@asynccontextmanager
async def library(
    directory: Path,
    *,
    embedder: FakeEmbedder | None = None,
    pdf_pages: PdfPages | None = None,
    clock: Callable[[], datetime] = utc_now,
    working: bool = True,
    coming: FakeEmbedder | None = None,
    flat_limit: int = FLAT_LIMIT,
    max_upload_bytes: int = 1 << 20,
) -> AsyncIterator[Library]:
    """`working` False: uploads wait, as in an appliance that was stopped at once.

    `coming` takes the place of `embedder`; an index of more than `flat_limit` chunks has lists.
    """
    embedder = embedder or FakeEmbedder()
    async with AsyncExitStack() as stack:
        db = await Database.open(directory / "test.db", KEY)
        stack.push_async_callback(db.close)
        files = await FileStore.open(directory / "files")
        stack.push_async_callback(files.close)
        index = SearchIndex(
            db,
            directory / "index",
            embedder,
            terms_key=KEY,
            coming=coming,
            flat_limit=flat_limit,
        )
        stack.push_async_callback(index.close)
        await index.open()
        ingestion = Ingestion(
            db,
            files,
            index,
            index.embedder,
            pdf_pages or PdfReader().pages,
            clock=clock,
            pause_s=(0.05, 0.05),
        )
        stack.push_async_callback(ingestion.close)
        knowledge = Knowledge(
            db, files, index, ingestion, clock=clock, max_upload_bytes=max_upload_bytes
        )
        stack.push_async_callback(knowledge.close)
        await knowledge.open()
        if working:
            await ingestion.open()
        catalogue = Catalogue(db, ingestion, clock=clock)
        opened = DocumentPages(db, files, PdfReader().image, clock=clock)
        yield Library(
            directory, db, files, index, ingestion, knowledge, catalogue, opened, embedder
        )


async def in_pieces(content: bytes, size: int = 50_000) -> AsyncIterator[bytes]:
    for start in range(0, len(content), size):
        yield content[start : start + size]
