"""Builds the search index from SQLite, in a directory of its own, and checks one that is there.

The directories are numbered; a complete one has its number for a name, one under construction
ends in `.partial`. A rebuild takes the old one's place by a rename, so there is always a whole
index or none. While one embedding model takes the place of another, each has its own builder and
its own directories, told apart by what is written in them.
"""

from __future__ import annotations

import asyncio
import os
import shutil
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from appliance.engines.protocols import Embedder
from appliance.services.chunking import with_context
from appliance.storage import chunks
from appliance.storage.chunks import Stored
from appliance.storage.database import Connection, Database
from appliance.storage.memory_vectors import FLAT_LIMIT
from appliance.storage.vector_rows import DamagedIndex, VectorRow
from appliance.storage.vectors import VectorTable, model_of

MISSING = "missing"
_BATCH = 500
_ADDED = 4000
_EMBED_BATCH = 64
_PARTIAL = ".partial"


@dataclass(slots=True)
class Draft:
    """An index under construction, and the revision of each document that is in it."""

    partial: Path
    table: VectorTable
    revisions: dict[str, int] = field(default_factory=dict)


class IndexBuilder:
    """The index of one embedding model."""

    def __init__(
        self,
        db: Database,
        directory: Path,
        embedder: Embedder,
        *,
        terms_key: bytes,
        flat_limit: int = FLAT_LIMIT,
    ) -> None:
        self.embedder = embedder
        self._db = db
        self._directory = directory
        self._terms_key = terms_key
        self._flat_limit = flat_limit

    async def latest(self) -> VectorTable:
        """The index that is there, checked. Raises `DamagedIndex`."""
        await asyncio.to_thread(self._tidy)
        present = await asyncio.to_thread(self._generations)
        if not present:
            raise DamagedIndex(MISSING)
        return await self._checked(present[-1])

    async def build(self) -> VectorTable:
        """A new index out of SQLite, in the place of this model's others.

        No document may change meanwhile. Embeds only what has no vector.
        """
        async with self.draft() as draft:
            await self.bring_up(draft)
            table = await self.publish(draft)
        return table

    @asynccontextmanager
    async def draft(self) -> AsyncIterator[Draft]:
        """An empty index, which is there until it is published or left."""
        number = 1 + max((int(path.stem) for path in await asyncio.to_thread(self._all)), default=0)
        partial = self._directory / f"{number:06d}{_PARTIAL}"
        table = await VectorTable.create(
            partial,
            model=self.embedder.name,
            dimensions=self.embedder.dimensions,
            terms_key=self._terms_key,
            flat_limit=self._flat_limit,
        )
        try:
            yield Draft(partial, table)
        finally:
            await table.close()
            await asyncio.to_thread(shutil.rmtree, partial, True)

    async def bring_up(
        self, draft: Draft, embedded: Callable[[int], None] = lambda count: None
    ) -> None:
        """Make the draft hold what SQLite has now. `embedded` is told of chunks as they are."""
        current = dict(await self._db.read(chunks.revisions))
        for document_id in [i for i in draft.revisions if draft.revisions[i] != current.get(i)]:
            await draft.table.delete_document(document_id)
            del draft.revisions[document_id]
        rows: list[VectorRow] = []
        for document_id, revision in current.items():
            if document_id not in draft.revisions:
                await self.embed(document_id, revision, embedded)
                async for some in self._rows(document_id, revision):
                    rows += some
                draft.revisions[document_id] = revision
            # Every addition writes down the names of all before it: many small ones take long.
            if len(rows) >= _ADDED:
                await draft.table.add(rows)
                rows = []
        await draft.table.add(rows)
        await draft.table.settle()

    async def publish(self, draft: Draft) -> VectorTable:
        """Put the draft in the place of this model's other indexes."""
        old = await asyncio.to_thread(self._generations)
        directory = draft.partial.with_suffix("")
        await draft.table.close()
        await asyncio.to_thread(_rename, draft.partial, directory)
        table = await self._checked(directory)
        for stale in old:
            await asyncio.to_thread(shutil.rmtree, stale, True)
        return table

    async def remove_others(self) -> None:
        """Remove the indexes of other models."""
        own = await asyncio.to_thread(self._generations)
        for path in await asyncio.to_thread(self._all):
            if path not in own and path.suffix != _PARTIAL:
                await asyncio.to_thread(shutil.rmtree, path, True)

    async def embed(
        self, document_id: str, revision: int, embedded: Callable[[int], None] = lambda count: None
    ) -> None:
        """Give every chunk a vector of this model that has none yet."""
        model = self.embedder.name
        while stored := await self._db.read(
            lambda tx: chunks.without_vector(tx, document_id, revision, model, limit=_EMBED_BATCH)
        ):
            await embed_stored(self._db, self.embedder, document_id, revision, stored)
            embedded(len(stored))

    async def copy(self, table: VectorTable, document_id: str, revision: int) -> None:
        """Add one revision of a document as SQLite has it."""
        async for rows in self._rows(document_id, revision):
            await table.add(rows)

    async def _rows(self, document_id: str, revision: int) -> AsyncIterator[list[VectorRow]]:
        start, model = 0, self.embedder.name

        def next_batch(tx: Connection) -> list[Stored]:
            return chunks.of_revision(tx, document_id, revision, model, start=start, limit=_BATCH)

        while stored := await self._db.read(next_batch):
            yield [_row(one) for one in stored]
            start = stored[-1].chunk.ordinal + 1

    async def _checked(self, directory: Path) -> VectorTable:
        """The table in `directory`, holding what SQLite says. Raises `DamagedIndex`."""
        table = await VectorTable.open(
            directory,
            model=self.embedder.name,
            dimensions=self.embedder.dimensions,
            terms_key=self._terms_key,
            flat_limit=self._flat_limit,
        )
        try:
            rows = await table.probe()
            found = set(rows)
            expected = await self._db.read(chunks.expected)
            if len(found) < len(rows) or not expected <= found:
                raise DamagedIndex("rows are missing or doubled")
            served = {document_id: revision for _, document_id, revision in expected}
            # What an ingest or a deletion that was cut short left behind.
            if strays := {document_id for _, document_id, _ in found - expected}:
                for document_id in strays:
                    await table.delete_document(
                        document_id, except_revision=served.get(document_id)
                    )
                await table.settle()
        except BaseException:
            await table.close()
            raise
        return table

    def _all(self) -> list[Path]:
        """Indexes of any model, complete or not, oldest first."""
        self._directory.mkdir(parents=True, exist_ok=True)  # also when it vanished while we serve
        return sorted(path for path in self._directory.iterdir() if path.stem.isdigit())

    def _generations(self) -> list[Path]:
        """This model's complete indexes, and those that do not tell whose they are."""
        complete = [path for path in self._all() if path.suffix != _PARTIAL]
        return [path for path in complete if model_of(path) in (self.embedder.name, None)]

    def _tidy(self) -> None:
        """Remove what a crash left."""
        self._directory.mkdir(parents=True, exist_ok=True)
        self._directory.chmod(0o700)
        for path in [*self._directory.glob(f"*{_PARTIAL}"), *self._generations()[:-1]]:
            shutil.rmtree(path, ignore_errors=True)


async def embed_stored(
    db: Database, embedder: Embedder, document_id: str, revision: int, stored: Sequence[Stored]
) -> None:
    """Embed chunks of one revision and keep their vectors."""
    model = embedder.name
    texts = [with_context(one.title, one.chunk) for one in stored]
    vectors = await embedder.embed(texts, background=True)
    ordinals = [one.chunk.ordinal for one in stored]
    await db.write(
        lambda tx: chunks.set_vectors(tx, document_id, revision, ordinals, model, vectors)
    )


def _row(stored: Stored) -> VectorRow:
    assert stored.vector is not None
    chunk = stored.chunk
    text = with_context(stored.title, chunk)
    return VectorRow(chunk.id, chunk.document_id, stored.revision, text, stored.vector)


def _rename(partial: Path, directory: Path) -> None:
    partial.rename(directory)
    descriptor = os.open(directory.parent, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
