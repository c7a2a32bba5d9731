"""Hybrid search over the documents that are served, and the care for the index behind it.

SQLite holds the truth (chunks, vectors, which documents are served); the index is derived from
it. At start-up the index is read back and compared; one that is missing, damaged or of another
embedding model is built anew, and so is one that a search finds damaged. When another embedding
model is to take over, its index is built beside the one that is served, and takes its place whole.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from appliance.domain import Passage
from appliance.engines.protocols import Embedder
from appliance.errors import Unavailable
from appliance.services.index_builder import MISSING, IndexBuilder
from appliance.services.model_change import ChangeProgress, ModelChange, forget_other_models
from appliance.services.ranking import Candidates, Hit, ranked
from appliance.services.serving_embedder import ServingEmbedder
from appliance.services.wordings import other_wordings
from appliance.storage import chunks, embedding_models
from appliance.storage.database import Database
from appliance.storage.memory_vectors import FLAT_LIMIT
from appliance.storage.vector_rows import DamagedIndex
from appliance.storage.vectors import VectorTable

_DEPTH = 64  # hits asked of each leg, at least
_DEEPEST = 4096
_RETRY_S = 60.0

logger = logging.getLogger(__name__)


class SearchIndex:
    def __init__(
        self,
        db: Database,
        directory: Path,
        embedder: Embedder,
        *,
        terms_key: bytes,
        coming: Embedder | None = None,
        flat_limit: int = FLAT_LIMIT,
        private: bool = False,
    ) -> None:
        """`directory` is the index's own; `terms_key` (32 bytes) hides the words in it.

        `coming` takes the place of `embedder` when it has embedded everything. Up to `flat_limit`
        chunks vector search is exact. A `private` index serves nobody else: the database is not
        told of it.
        """

        def builder(model: Embedder) -> IndexBuilder:
            return IndexBuilder(db, directory, model, terms_key=terms_key, flat_limit=flat_limit)

        self.embedder = ServingEmbedder(embedder)
        self._db = db
        self._private = private
        self._builder = builder(embedder)
        self._change = None if coming is None else ModelChange(db, builder(coming), embedder.name)
        self._table: VectorTable | None = None
        self._changing = asyncio.Lock()
        self._rebuilding: asyncio.Task[None] | None = None
        self._tidying: asyncio.Task[None] | None = None

    async def open(self, *, patience_s: float = 10.0) -> None:
        """Check the index. A rebuild is waited for `patience_s`, then goes on in the background."""
        try:
            self._table = await self._builder.latest()
            await self._served_from_now_on()
        except DamagedIndex as reason:
            task = self._rebuild(str(reason))
            await asyncio.wait({task}, timeout=patience_s)
        if not self._private:
            self._tidying = asyncio.create_task(self._change_model_and_tidy())

    async def close(self) -> None:
        tasks = [task for task in (self._rebuilding, self._tidying) if task is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        # First out of reach, then closed: a reader must not take it for a damaged one.
        table, self._table = self._table, None
        if table is not None:
            await table.close()

    async def check(self) -> None:
        """Read from the index. Raises `Unavailable` while nothing can be found."""
        table = self._ready()
        try:
            await table.check()
        except DamagedIndex as reason:
            self._lost(table, reason)
            raise _being_rebuilt() from reason

    def steady(self) -> AbstractAsyncContextManager[None]:
        """Meanwhile questions are embedded with one model, and found in its index. Do not nest."""
        return self.embedder.held()

    @property
    def change(self) -> ChangeProgress | None:
        """How far another embedding model is that is to take over; None when there is none."""
        return None if self._change is None else self._change.progress

    async def changed(self) -> None:
        """Wait until the model that is coming, if any, is served, and the old one is forgotten."""
        if self._tidying is not None:
            await asyncio.wait({self._tidying})

    async def settled(self) -> None:
        """Wait for a rebuild that is under way."""
        if self._rebuilding is not None:
            await asyncio.wait({self._rebuilding})

    async def search(
        self,
        vector: NDArray[np.float32],
        text: str,
        limit: int,
        *,
        category: str | None = None,
        names: Sequence[tuple[str, str]] = (),
    ) -> list[Hit]:
        """The best `limit` chunks for a question and its vector (length 1), best first.

        With `category`, of its documents alone. `names`: words of `text` and another name that
        serves as well.

        Raises `Unavailable` while the index is being rebuilt.
        """
        table = self._ready()
        depth = max(_DEPTH, 4 * limit)
        wording = " ".join([text, *(other for _, other in names)])
        while True:
            try:
                nearest, worded = await asyncio.gather(
                    table.vector_search(vector, depth), table.text_search(wording, depth)
                )
            except DamagedIndex as reason:
                self._lost(table, reason)
                raise _being_rebuilt() from reason
            cosines = dict(nearest)
            cosines |= table.cosines(vector, {i for i, _ in worded} - cosines.keys())
            # Decided before ranking, by SQLite: what was deleted or superseded takes nobody's
            # place.
            served = await self._served(list(cosines), category)
            exhausted = len(nearest) < depth and len(worded) < depth
            if len(served) >= limit or exhausted or depth >= _DEEPEST:
                found = {i: cosine for i, cosine in cosines.items() if i in served}
                wordings = [*names, *other_wordings(text)]
                return ranked(_candidates(table, text, wordings, found))[:limit]
            depth *= 4

    async def passages(self, ids: Sequence[str]) -> list[Passage]:
        """The chunks of `ids` that may answer a question, in that order, with their documents.

        Scores are the caller's to fill in.
        """
        if not ids:
            return []
        found = await self._db.read(lambda tx: chunks.passages(tx, ids))
        return [
            Passage(*found[chunk_id], score=0.0, similarity=0.0)
            for chunk_id in ids
            if chunk_id in found
        ]

    async def add_revision(
        self,
        document_id: str,
        revision: int,
        served: int | None,
        publish: Callable[[], Awaitable[None]],
    ) -> None:
        """Put a document's new revision into the index, beside the one that is `served`.

        When it is durable there, `publish` lets it answer questions. Doing it twice does no harm. A
        rebuild is waited for, and none begins in between: it would not know of the revision.
        Raises `Unavailable` when the index is damaged, which starts a rebuild.
        """
        while True:
            await self.settled()
            async with self._changing:
                table = self._table
                if table is None and self._rebuilding and not self._rebuilding.done():
                    continue  # lost meanwhile
                table = self._ready()
                try:
                    await table.delete_document(document_id, except_revision=served)
                    # Its vectors may be of the model before.
                    await self._builder.embed(document_id, revision)
                    await self._builder.copy(table, document_id, revision)
                    await table.settle()
                except DamagedIndex as reason:
                    self._lost(table, reason)
                    raise Unavailable(
                        "The search index was damaged when this document was added to it. "
                        "Try to reindex the document."
                    ) from reason
                return await publish()

    async def forget(self, document_id: str, *, except_revision: int | None = None) -> None:
        """Remove a document from the index, all revisions or all but one. SQLite already has."""
        async with self._changing:
            table = self._table
            if table is None:
                return  # the rebuild compares with SQLite when it ends
            try:
                await table.delete_document(document_id, except_revision=except_revision)
                await table.settle()
            except DamagedIndex as reason:
                self._lost(table, reason)

    async def _served(self, ids: Sequence[str], category: str | None) -> set[str]:
        if not ids:
            return set()
        return await self._db.read(lambda tx: chunks.served(tx, ids, category=category))

    def _ready(self) -> VectorTable:
        if self._table is None:
            raise _being_rebuilt()
        return self._table

    def _lost(self, table: VectorTable, reason: DamagedIndex) -> None:
        if self._table is table:
            self._table = None
            self._rebuild(str(reason))

    def _rebuild(self, reason: str) -> asyncio.Task[None]:
        # A first start has none yet, which is nothing to warn of.
        level = logging.INFO if reason == MISSING else logging.WARNING
        logger.log(level, "the search index is built anew", extra={"fields": {"reason": reason}})
        if self._rebuilding is None or self._rebuilding.done():
            self._rebuilding = asyncio.create_task(self._rebuild_until_done())
        return self._rebuilding

    async def _rebuild_until_done(self) -> None:
        while True:
            try:
                async with self._changing:
                    if self._table is not None:
                        return  # another model's index has taken the lost one's place
                    self._table = await self._builder.build()
                    await self._served_from_now_on()
                logger.info("the search index is complete")
                return
            except Exception:
                # A full disk or a failing one: somebody may make room.
                logger.exception("the search index could not be rebuilt")
            await asyncio.sleep(_RETRY_S)

    async def _served_from_now_on(self) -> None:
        """Note whose index this is; it was complete before."""
        if self._private:
            return
        name = self._builder.embedder.name
        await self._db.write(lambda tx: embedding_models.serve(tx, name))

    async def _change_model_and_tidy(self) -> None:
        await self.settled()
        if self._change is not None:
            await self._change.run(self._changing, self._take_over)
            self._change = None
        try:
            await self._builder.remove_others()
            await forget_other_models(self._db, self._builder.embedder.name)
        except Exception:
            logger.exception("what is left of another embedding model stays until the next start")

    async def _take_over(self, builder: IndexBuilder, table: VectorTable) -> None:
        """From here on questions are embedded by another model and found in its index."""
        old = self._table

        def swap() -> None:
            self._builder, self._table = builder, table

        await self.embedder.replace(builder.embedder, swap)
        if old is not None:
            await old.close()


def _candidates(
    table: VectorTable,
    text: str,
    names: Iterable[tuple[str, str]],
    cosines: Mapping[str, float],
) -> Candidates:
    asked = table.terms(text)
    columns = {term: number for number, term in enumerate(asked)}
    pairs = []
    for words, other in names:
        own = [columns[term] for term in table.terms(words) if term in columns]
        instead = [columns.setdefault(term, len(columns)) for term in table.terms(other)]
        if own and instead:
            pairs.append((own, instead))
    ids = list(cosines)
    return Candidates(
        ids,
        np.array([cosines[chunk_id] for chunk_id in ids]),
        table.counted(list(columns), ids),
        asked=len(asked),
        names=pairs,
    )


def _being_rebuilt() -> Unavailable:
    return Unavailable("The search index is being rebuilt. Try again in a moment.", retry_after=5)
