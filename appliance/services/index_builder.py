"""Builds the search index from SQLite, in a directory of its own, and checks one that is there.

The directories are numbered; a complete one has its number for a name, one under construction
ends in `.partial`. A rebuild takes the old one's place by a rename, so there is always a whole
index or none.
"""

from __future__ import annotations

import asyncio
import os
import shutil
from collections.abc import Sequence
from pathlib import Path

from appliance.engines.protocols import Embedder
from appliance.services.chunking import with_context
from appliance.storage import chunks
from appliance.storage.chunks import Stored
from appliance.storage.database import Connection, Database
from appliance.storage.vector_rows import DamagedIndex, VectorRow
from appliance.storage.vectors import VectorTable

MISSING = "missing"
_BATCH = 500
_EMBED_BATCH = 64
_PARTIAL = ".partial"


class IndexBuilder:
    def __init__(
        self, db: Database, directory: Path, embedder: Embedder, *, terms_key: bytes
    ) -> None:
        self._db = db
        self._directory = directory
        self._embedder = embedder
        self._terms_key = terms_key

    async def latest(self) -> VectorTable:
        """The index that is there, checked. Raises `DamagedIndex`."""
        await asyncio.to_thread(self._tidy)
        present = await asyncio.to_thread(self._generations)
        if not present:
            raise DamagedIndex(MISSING)
        return await self._checked(present[-1])

    async def build(self) -> VectorTable:
        """A new index out of SQLite, in the place of any other; embeds only what has no vector."""
        old = await asyncio.to_thread(self._generations)
        number = int(old[-1].name) + 1 if old else 1
        directory = self._directory / f"{number:06d}"
        partial = directory.with_suffix(_PARTIAL)
        await asyncio.to_thread(shutil.rmtree, partial, True)
        table = await VectorTable.create(
            partial,
            model=self._embedder.name,
            dimensions=self._embedder.dimensions,
            terms_key=self._terms_key,
        )
        try:
            for document_id, revision in await self._db.read(chunks.revisions):
                await self._embed_again(document_id, revision)
                await self.copy(table, document_id, revision)
            await table.settle()
        finally:
            await table.close()
        await asyncio.to_thread(_rename, partial, directory)
        table = await self._checked(directory)
        for stale in old:
            await asyncio.to_thread(shutil.rmtree, stale, True)
        return table

    async def _embed_again(self, document_id: str, revision: int) -> None:
        """Vectors of another model are replaced; vectors of this one are kept."""
        model = self._embedder.name
        while stored := await self._db.read(
            lambda tx: chunks.without_vector(tx, document_id, revision, model, limit=_EMBED_BATCH)
        ):
            await embed_stored(self._db, self._embedder, document_id, revision, stored)

    async def copy(self, table: VectorTable, document_id: str, revision: int) -> None:
        """Add one revision of a document as SQLite has it."""
        start = 0

        def next_batch(tx: Connection) -> list[Stored]:
            return chunks.of_revision(tx, document_id, revision, start=start, limit=_BATCH)

        while stored := await self._db.read(next_batch):
            await table.add([_row(one) for one in stored])
            start = stored[-1].chunk.ordinal + 1

    async def _checked(self, directory: Path) -> VectorTable:
        """The table in `directory`, holding what SQLite says. Raises `DamagedIndex`."""
        table = await VectorTable.open(
            directory,
            model=self._embedder.name,
            dimensions=self._embedder.dimensions,
            terms_key=self._terms_key,
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

    def _generations(self) -> list[Path]:
        """Complete indexes, oldest first; more than one only after a crash."""
        self._directory.mkdir(parents=True, exist_ok=True)  # also when it vanished while we serve
        return sorted(path for path in self._directory.iterdir() if path.name.isdigit())

    def _tidy(self) -> None:
        self._directory.mkdir(parents=True, exist_ok=True)
        self._directory.chmod(0o700)
        for path in [*self._directory.glob(f"*{_PARTIAL}"), *self._generations()[:-1]]:
            shutil.rmtree(path, ignore_errors=True)


async def embed_stored(
    db: Database, embedder: Embedder, document_id: str, revision: int, stored: Sequence[Stored]
) -> None:
    """Embed chunks of one revision and keep their vectors."""
    vectors = await embedder.embed([with_context(one.title, one.chunk) for one in stored])
    ordinals = [one.chunk.ordinal for one in stored]
    await db.write(
        lambda tx: chunks.set_vectors(tx, document_id, revision, ordinals, embedder.name, vectors)
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
