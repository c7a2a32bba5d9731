"""From one embedding model to another while the old one answers.

All chunks are embedded anew, beside the vectors that are there, which a stop only interrupts: what
is embedded stays. Then the new model's index is built, and takes the old one's place in one
transaction. Documents that came or went meanwhile are made up for before.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from time import monotonic

from appliance.domain import utc_now
from appliance.services.index_builder import IndexBuilder
from appliance.storage import audit, chunks, embedding_models
from appliance.storage.audit import AuditEntry
from appliance.storage.database import Connection, Database
from appliance.storage.vectors import VectorTable

_RETRY_S = 60.0
_SAY_EVERY_S = 30.0
_BATCH = 1000

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class ChangeProgress:
    """Of `chunks`, `embedded` have a vector of `model`."""

    model: str
    embedded: int
    chunks: int


class ModelChange:
    def __init__(
        self,
        db: Database,
        builder: IndexBuilder,
        old_name: str,
        *,
        clock: Callable[[], datetime] = utc_now,
    ) -> None:
        """`builder` is the coming model's."""
        self._db = db
        self._builder = builder
        self._old_name = old_name
        self._clock = clock
        self._said = monotonic()
        self.progress = ChangeProgress(builder.embedder.name, 0, 0)

    async def run(
        self,
        changing: asyncio.Lock,
        take_over: Callable[[IndexBuilder, VectorTable], Awaitable[None]],
    ) -> None:
        """Until it is done. Documents change under `changing` only; `take_over` ends the change."""
        while True:
            try:
                return await self._attempt(changing, take_over)
            except Exception:
                # A full disk or a failing model: what is embedded stays, and the old one serves.
                logger.exception("the change of the embedding model is tried again later")
            await asyncio.sleep(_RETRY_S)

    async def _attempt(
        self,
        changing: asyncio.Lock,
        take_over: Callable[[IndexBuilder, VectorTable], Awaitable[None]],
    ) -> None:
        name = self._builder.embedder.name
        total, embedded = await self._db.read(lambda tx: chunks.to_serve(tx, name))
        self.progress = ChangeProgress(name, embedded, total)
        self._say("everything is embedded anew for another embedding model; the old one serves")
        async with self._builder.draft() as draft:
            await self._builder.bring_up(draft, self._embedded)
            async with changing:
                await self._builder.bring_up(draft, self._embedded)
                table = await self._builder.publish(draft)
                try:
                    await self._db.write(self._switch)
                    await take_over(self._builder, table)
                except BaseException:
                    await table.close()
                    raise
        logger.info("another embedding model serves", extra={"fields": {"model": name}})

    def _embedded(self, count: int) -> None:
        done = self.progress.embedded + count
        # Documents may come meanwhile.
        total = max(self.progress.chunks, done)
        self.progress = replace(self.progress, embedded=done, chunks=total)
        if monotonic() - self._said > _SAY_EVERY_S:
            self._say("embedding anew")

    def _say(self, what: str) -> None:
        self._said = monotonic()
        told = self.progress
        fields = {"model": told.model, "embedded": told.embedded, "chunks": told.chunks}
        logger.info(what, extra={"fields": fields})

    def _switch(self, tx: Connection) -> None:
        name = self._builder.embedder.name
        embedding_models.serve(tx, name)
        entry = AuditEntry(
            self._clock(),
            "embedding.switch",
            success=True,
            resource_type="embedding_model",
            resource_id=name,
            details={"from": self._old_name, "chunks": self.progress.chunks},
        )
        audit.append(tx, entry)


async def forget_other_models(db: Database, name: str) -> None:
    """Delete the vectors of all models but `name`, in parts: the writer has others to serve."""
    last: int | None = 0
    while last is not None:
        some = partial(chunks.delete_vectors_of_others, models=[name], after=last, limit=_BATCH)
        last = await db.write(some)
