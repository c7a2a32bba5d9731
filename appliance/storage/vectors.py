"""The search index: a LanceDB table of hashed words and vectors, derived and expendable.

LanceDB never fsyncs and does not checksum what it reads, so the table is synced here after every
change with a checksum of every file, which `open` verifies; every row carries one, too, and
`probe` reads all of them back. Vector search runs in memory on the vectors that it read: they are
half of what a row takes on the disk, and nothing that a search needs can be damaged unnoticed.
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
import threading
import uuid
from collections.abc import Awaitable, Callable, Coroutine, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from datetime import timedelta
from pathlib import Path
from time import monotonic
from typing import Any, TypeVar

# LanceDB reads these when it is loaded: two threads are all that a search of this size can use,
# and its log would go to standard error in a format of its own.
os.environ.setdefault("LANCE_CPU_THREADS", "2")
os.environ.setdefault("LANCE_IO_THREADS", "4")
os.environ.setdefault("LANCEDB_LOG", "off")

import lancedb
import numpy as np
import pyarrow as pa
from lancedb.index import FTS
from lancedb.query import MatchQuery
from numpy.typing import NDArray

from appliance.errors import StorageFull
from appliance.storage.exact_terms import ExactTerms, TermCounts
from appliance.storage.file_sums import FileSums, SumsDiffer
from appliance.storage.inverted_lists import Stopped
from appliance.storage.memory_vectors import FLAT_LIMIT, MemoryVectors
from appliance.storage.terms import TermHasher
from appliance.storage.vector_rows import DamagedIndex, VectorRow, encoded, load, schema

T = TypeVar("T")

FORMAT = 2
TABLE = "chunks"
MANIFEST = "index.json"
INDEX_CACHE_BYTES = 256 << 20  # LanceDB's own default is 6 GiB
METADATA_CACHE_BYTES = 64 << 20
_MAX_QUESTION_TERMS = 256
_PROBE_ROWS = 4096

logger = logging.getLogger(__name__)


class VectorTable:
    """One table in one directory. Writers take turns; searches run beside them."""

    def __init__(
        self,
        directory: Path,
        sums: FileSums,
        table: Any,
        terms: TermHasher,
        dimensions: int,
        flat_limit: int,
    ) -> None:
        """Use `create` or `open`."""
        self._directory = directory
        self._sums = sums
        self._table = table
        self._terms = terms
        self._dimensions = dimensions
        self._flat_limit = flat_limit
        self._vectors = MemoryVectors(dimensions, flat_limit=flat_limit)
        self._words = ExactTerms()
        self._writing = asyncio.Lock()
        self._pool = ThreadPoolExecutor(2, thread_name_prefix="vectors")
        self._clustering: asyncio.Task[None] | None = None
        self._closing = threading.Event()

    @classmethod
    async def create(
        cls,
        directory: Path,
        *,
        model: str,
        dimensions: int,
        terms_key: bytes,
        flat_limit: int = FLAT_LIMIT,
    ) -> VectorTable:
        """Make an empty table in `directory`, which must not exist yet.

        Up to `flat_limit` rows vector search is exact.
        """
        manifest = {"format": FORMAT, "model": model, "dimensions": dimensions}
        await asyncio.to_thread(_make_directory, directory, json.dumps(manifest))
        connection = await _connect(directory)
        table = await connection.create_table(TABLE, schema=schema(dimensions))
        await table.create_index("terms", config=_full_text())
        sums = FileSums(directory)
        return cls(directory, sums, table, TermHasher(terms_key), dimensions, flat_limit)

    @classmethod
    async def open(
        cls,
        directory: Path,
        *,
        model: str,
        dimensions: int,
        terms_key: bytes,
        flat_limit: int = FLAT_LIMIT,
    ) -> VectorTable:
        """Open a table; `probe` it before use. Raises `DamagedIndex`, also for another model's."""
        try:
            manifest = json.loads(await asyncio.to_thread((directory / MANIFEST).read_text))
            if manifest != {"format": FORMAT, "model": model, "dimensions": dimensions}:
                raise DamagedIndex("written for another embedding model or by another version")
            sums = await asyncio.to_thread(FileSums.checked, directory)
            table = await _open_table(directory)
        except SumsDiffer as error:
            raise DamagedIndex(str(error)) from error
        except (OSError, ValueError, RuntimeError) as error:
            raise DamagedIndex(type(error).__name__) from error
        return cls(directory, sums, table, TermHasher(terms_key), dimensions, flat_limit)

    async def add(self, rows: Sequence[VectorRow]) -> None:
        """Add `rows`. They are found after the next `settle`."""
        if not rows:
            return

        async def add() -> None:
            data, vectors = await self._in_pool(encoded, rows, self._terms, self._dimensions)
            with _native_errors_told():
                await self._table.add(data)
            self._vectors.add(
                [row.chunk_id for row in rows],
                [(row.document_id, row.revision) for row in rows],
                vectors,
            )
            await self._in_pool(self._words.load, data)

        await self._write(add)

    async def settle(self) -> None:
        """Bring the full-text index up to date, drop what was deleted, and sync everything to disk.

        Raises `DamagedIndex` when rows stay out of the full-text index.
        """

        async def settle() -> None:
            # Older versions hold deleted rows; nobody but this process reads them.
            with _native_errors_told():
                await self._table.optimize(
                    cleanup_older_than=timedelta(milliseconds=1), delete_unverified=True
                )
                stats = await self._table.index_stats("terms_idx")
            if stats is None or stats.num_unindexed_rows:
                raise DamagedIndex("rows are missing in the full-text index")
            with _native_errors_told():
                await self._in_pool(self._sums.sync)
                # LanceDB's cache keeps each version's index, with its files open, until it is full;
                # this one goes with the last search that is using it.
                self._table = await _open_table(self._directory)

        await self._write(settle)
        self._cluster_if_due()

    async def delete_document(
        self, document_id: str, *, except_revision: int | None = None
    ) -> None:
        """Remove a document's rows, of all revisions or of all but one."""
        # Filters are SQL text: nothing but a UUID and an integer may reach them.
        condition = f"document_id = '{uuid.UUID(document_id)}'"
        if except_revision is not None:
            condition += f" AND revision <> {int(except_revision)}"

        async def delete() -> None:
            with _native_errors_told():
                await self._table.delete(condition)
            await self._in_pool(
                lambda: self._vectors.remove(document_id, except_revision=except_revision)
            )
            await self._in_pool(
                lambda: self._words.remove(document_id, except_revision=except_revision)
            )

        await self._write(delete)

    async def vector_search(
        self, vector: NDArray[np.float32], limit: int
    ) -> list[tuple[str, float]]:
        """The `limit` nearest (chunk id, cosine). A chunk may come once per revision.

        Exactly up to the flat limit, and above it until `clustered`; from then on the ten nearest
        are found with a recall of 0.97 or more. Rows added since are always looked at.
        """
        return await self._in_pool(self._vectors.search, vector, limit)

    def cosines(self, vector: NDArray[np.float32], ids: Iterable[str]) -> dict[str, float]:
        return self._vectors.cosines(vector, ids)

    def terms(self, text: str) -> list[str]:
        """The different words of `text` as the index knows them, in order."""
        return list(dict.fromkeys(self._terms.hashed(text).split()))[:_MAX_QUESTION_TERMS]

    def counted(self, terms: Sequence[str], ids: Sequence[str]) -> TermCounts:
        """How often each of `terms` stands in the chunks `ids`, and in how many chunks at all."""
        return self._words.counted(terms, ids)

    async def text_search(self, text: str, limit: int) -> list[tuple[str, float]]:
        """The `limit` best (chunk id, BM25) with any word of `text`. Raises `DamagedIndex`."""
        # Words only, each once, no query language: what a user types cannot be an operator.
        wanted = " ".join(self.terms(text))
        if not wanted:
            return []

        async def ask() -> pa.Table:
            query = self._table.query().nearest_to_text(MatchQuery(wanted, "terms"))
            return await query.select(["chunk_id", "_score"]).limit(limit).to_arrow()

        found = await _twice(ask)
        ids, scores = found.column("chunk_id").to_pylist(), found.column("_score").to_pylist()
        return list(zip(ids, scores, strict=True))

    async def probe(self) -> list[tuple[str, str, int]]:
        """Read and check every row, and search; (chunk id, document id, revision) of all rows.

        Must run once after `open`, since it loads the vectors. Raises `DamagedIndex`.
        """
        loaded = MemoryVectors(self._dimensions, flat_limit=self._flat_limit)
        words = ExactTerms()
        last: pa.RecordBatch | None = None
        try:
            reader = await self._table.query().to_batches(max_batch_length=_PROBE_ROWS)
            async for batch in reader:
                await self._in_pool(load, loaded, batch, self._dimensions)
                await self._in_pool(words.load, pa.Table.from_batches([batch]))
                last = batch if batch.num_rows else last
        except DamagedIndex:
            raise
        except Exception as error:  # whatever the native reader makes of damaged bytes
            raise DamagedIndex(type(error).__name__) from error
        self._vectors, self._words = loaded, words
        if last is not None:
            terms = last.column("terms")[-1].as_py().split()[:_MAX_QUESTION_TERMS]
            await self._probe_text(last.column("chunk_id")[-1].as_py(), terms, len(loaded))
        self._cluster_if_due()
        return await self._in_pool(loaded.keys)

    async def clustered(self) -> bool:
        """Wait for inverted lists that are being made; whether searches use any."""
        if self._clustering is not None:
            await asyncio.wait({self._clustering})
        return not self._vectors.is_exact()

    async def check(self) -> None:
        """Read one row back, if there is any. Raises `DamagedIndex`."""
        data = await _twice(lambda: self._table.query().limit(1).to_arrow())
        for batch in data.to_batches():
            load(MemoryVectors(self._dimensions), batch, self._dimensions)

    async def close(self) -> None:
        self._closing.set()
        if self._clustering is not None:
            await asyncio.wait({self._clustering})
        async with self._writing:
            self._table.close()
        await asyncio.get_running_loop().run_in_executor(None, self._pool.shutdown)

    def _cluster_if_due(self) -> None:
        """Make inverted lists behind the searches, which go on as before until they are there."""
        running = self._clustering is not None and not self._clustering.done()
        if self._vectors.needs_lists() and not running and not self._closing.is_set():
            self._clustering = asyncio.create_task(self._cluster(self._vectors))

    async def _cluster(self, vectors: MemoryVectors) -> None:
        started = monotonic()
        try:
            clustering = await asyncio.to_thread(vectors.clustered, self._closing)
            async with self._writing:
                await self._in_pool(vectors.adopt, clustering)
        except Stopped:
            return
        except Exception:
            # Searches are slower without, and right.
            logger.exception("the vectors could not be sorted into lists")
            return
        fields = {"vectors": len(vectors), "seconds": round(monotonic() - started, 1)}
        logger.info("the vectors are sorted into lists", extra={"fields": fields})

    async def _probe_text(self, chunk_id: str, terms: list[str], rows: int) -> None:
        if not terms:
            return
        stats = await self._table.index_stats("terms_idx")
        if stats is None or stats.num_indexed_rows < rows:
            raise DamagedIndex("rows are missing in the full-text index")

        async def ask() -> pa.Table:
            query = self._table.query().nearest_to_text(MatchQuery(" ".join(terms), "terms"))
            return await query.select(["chunk_id", "_score"]).limit(rows).to_arrow()

        found = await _twice(ask)
        if chunk_id not in found.column("chunk_id").to_pylist():
            raise DamagedIndex("the full-text index does not find a row by its own words")

    async def _write(self, work: Callable[[], Coroutine[Any, Any, None]]) -> None:
        """Run `work` as the only writer, to its end, for which a cancelled caller waits, too.

        Its threads cannot be stopped, and half of a change must not stay.
        """
        async with self._writing:
            writing = asyncio.create_task(work())
            try:
                await asyncio.shield(writing)
            except asyncio.CancelledError:
                while not writing.done():
                    with suppress(asyncio.CancelledError):
                        await asyncio.wait({writing})
                if not writing.cancelled():
                    writing.exception()  # nobody is left to be told
                raise

    async def _in_pool(self, work: Callable[..., T], *arguments: Any) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._pool, work, *arguments)


async def _twice(ask: Callable[[], Awaitable[pa.Table]]) -> pa.Table:
    """A search may lose its version to `settle` while it runs; what fails again is damage."""
    try:
        return await ask()
    except Exception:
        logger.info("a search of the index is repeated")
    try:
        return await ask()
    except Exception as error:  # whatever the native reader makes of damaged bytes
        raise DamagedIndex(type(error).__name__) from error


@contextmanager
def _native_errors_told() -> Iterator[None]:
    """What a writer raises, in our words: the native one tells of a full disk in its text only."""
    try:
        yield
    except Exception as error:
        if "No space left" in str(error) or "os error 28" in str(error):
            raise StorageFull("The disk is full; the search index was not changed.") from error
        raise DamagedIndex(type(error).__name__) from error


def model_of(directory: Path) -> str | None:
    """The embedding model that a table was made for; None where that cannot be read."""
    try:
        model = json.loads((directory / MANIFEST).read_text())["model"]
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return model if isinstance(model, str) else None


def _location(directory: Path) -> str:
    # Absolute: LanceDB takes a relative name that begins with "db" for the address of its cloud.
    return str(directory.absolute())


async def _connect(directory: Path) -> Any:
    session = lancedb.Session(INDEX_CACHE_BYTES, METADATA_CACHE_BYTES)
    return await lancedb.connect_async(_location(directory), session=session)


async def _open_table(directory: Path) -> Any:
    return await (await _connect(directory)).open_table(TABLE)


def _make_directory(directory: Path, manifest: str) -> None:
    directory.mkdir(parents=True, mode=0o700)
    (directory / MANIFEST).write_text(manifest)


def _full_text() -> FTS:
    # The terms are hashed words: folding, stemming and stop words were settled before. Positions
    # would serve phrase queries, which nothing asks.
    return FTS(
        base_tokenizer="whitespace",
        with_position=False,
        lower_case=False,
        stem=False,
        remove_stop_words=False,
        ascii_folding=False,
    )
