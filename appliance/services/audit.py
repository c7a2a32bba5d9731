"""The audit trail: who looks at it, who was turned away, and the signatures that hold it.

Acts append their own rows, in their own transactions (`storage/audit.py`). Here the head of the
chain is signed: at start and stop, after so many rows or so much time with rows, and at an export.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, Callable
from datetime import datetime

from appliance.domain import Principal, RequestOrigin, utc_now
from appliance.services.audit_formats import ExportFormat, writer_of
from appliance.services.audit_signing import AuditSigner, checkpoint_statement
from appliance.storage import audit, audit_checkpoints, audit_rows
from appliance.storage.audit import AuditEntry
from appliance.storage.audit_checkpoints import Checkpoint
from appliance.storage.audit_rows import AuditRecord, Wanted
from appliance.storage.database import Connection, Database
from appliance.storage.instants import to_text

CHECKPOINT_ROWS = 1000
CHECKPOINT_S = 60.0
LOOK_S = 1.0  # how often unsigned rows are counted while there are any
BATCH_ROWS = 500
Details = dict[str, str | int | float | bool | None]

AuditFilter = Wanted
Record = AuditRecord

logger = logging.getLogger(__name__)


class AuditTrail:
    def __init__(
        self,
        db: Database,
        signer: AuditSigner,
        *,
        clock: Callable[[], datetime] = utc_now,
        checkpoint_rows: int = CHECKPOINT_ROWS,
        checkpoint_s: float = CHECKPOINT_S,
        look_s: float = LOOK_S,
    ) -> None:
        self._db = db
        self._signer = signer
        self._clock = clock
        self._checkpoint_rows = checkpoint_rows
        self._checkpoint_s = checkpoint_s
        self._look_s = look_s
        self._written = asyncio.Event()  # something was, since the rows were last counted
        self._many = asyncio.Event()  # enough for a checkpoint, if each write had its row
        self._writes = 0
        self._watcher: asyncio.Task[None] | None = None
        db.on_commit(self._count)

    @property
    def public_key(self) -> str:
        """What the checkpoints are checked with: 32 bytes in hex."""
        return self._signer.public_key

    async def open(self) -> None:
        """Say that the appliance starts, and sign from now on."""
        await self._record_and_sign("appliance.start")
        self._watcher = asyncio.create_task(self._watch())

    async def close(self) -> None:
        """Say that the appliance stops, and sign for the last time."""
        if self._watcher is not None:
            self._watcher.cancel()
            await asyncio.gather(self._watcher, return_exceptions=True)
            self._watcher = None
        await self._record_and_sign("appliance.stop")

    async def checkpoint(self) -> None:
        """Sign the head of the chain, unless it is signed already."""
        now = self._clock()
        await self._db.write(lambda tx: self._sign_head(tx, now))

    async def denied(
        self, principal: Principal, origin: RequestOrigin, *, method: str, route: str
    ) -> None:
        """An authenticated caller was turned away from `route`, the template of a path."""
        entry = AuditEntry(
            at=self._clock(),
            action="access.denied",
            success=False,
            actor=principal,
            origin=origin,
            details={"method": method, "route": route},
        )
        await self._db.write(lambda tx: audit.append(tx, entry))

    async def page(
        self,
        wanted: AuditFilter,
        *,
        page: int,
        limit: int,
        actor: Principal,
        origin: RequestOrigin,
    ) -> tuple[list[Record], int]:
        """Newest first, and how many there are in all. This look is not among them."""
        offset = (page - 1) * limit
        # The reader's time is not the writer's: what was found is given out once that is on record.
        found = await self._db.read(
            lambda tx: audit_rows.page(tx, wanted, offset=offset, limit=limit)
        )
        entry = AuditEntry(
            at=self._clock(),
            action="audit.read",
            success=True,
            actor=actor,
            origin=origin,
            details={"page": page, "limit": limit, **_told(wanted)},
        )
        await self._db.write(lambda tx: audit.append(tx, entry))
        return found

    async def export(
        self,
        wanted: AuditFilter,
        export_format: ExportFormat,
        *,
        actor: Principal,
        origin: RequestOrigin,
    ) -> AsyncGenerator[bytes]:
        """The trail as a file, piece by piece; its last row is the one that tells of this export.

        That row is written and signed before this returns.
        """
        now = self._clock()
        entry = AuditEntry(
            at=now,
            action="audit.export",
            success=True,
            actor=actor,
            origin=origin,
            details={
                "format": export_format.value,
                "filtered": not wanted.everything,
                **_told(wanted),
            },
        )

        def work(tx: Connection) -> int:
            audit.append(tx, entry)
            return self._sign_head(tx, now)

        last = await self._db.write(work)
        return self._pieces(wanted, export_format, now, last)

    async def _pieces(
        self, wanted: AuditFilter, export_format: ExportFormat, at: datetime, last: int
    ) -> AsyncGenerator[bytes]:
        """Each batch in a snapshot of its own, rendered where it is read: off the event loop."""
        writer = writer_of(
            export_format,
            self._signer,
            exported_at=to_text(at),
            filters=_told(wanted),
            filtered=not wanted.everything,
        )
        yield writer.begin()
        span = await self._db.read(lambda tx: audit_rows.span(tx, wanted))
        after, until = (span[0] - 1, min(span[1], last - 1)) if span is not None else (last, 0)

        def rows(tx: Connection) -> tuple[bytes, int]:
            found = audit_rows.batch(tx, wanted, after=after, until=until, limit=BATCH_ROWS)
            return writer.rows(found), found[-1].seq if found else until

        while after < until:
            piece, after = await self._db.read(rows)
            yield piece

        def closing(tx: Connection) -> bytes:
            (row,) = audit_rows.batch(tx, AuditFilter(), after=last - 1, until=last, limit=1)
            return writer.closing_row(row)

        yield await self._db.read(closing)
        after, until = 0, last - 1

        def checkpoints(tx: Connection) -> tuple[bytes, int]:
            found = audit_checkpoints.batch(tx, wanted, after=after, until=until, limit=BATCH_ROWS)
            return writer.checkpoints(found), found[-1].seq if found else until

        while writer.lists_checkpoints and after < until:
            piece, after = await self._db.read(checkpoints)
            yield piece
        yield writer.end()

    def _count(self, writes: int) -> None:
        self._writes += writes
        self._written.set()
        if self._writes >= self._checkpoint_rows:
            self._many.set()

    async def _watch(self) -> None:
        """Idle while nothing is written; while there are unsigned rows, a look a second."""
        while True:
            await self._written.wait()
            try:
                await self._sign_in_time()
            except Exception as error:
                # A full disk, mostly: what cannot be signed now is signed when it can be.
                logger.error(
                    "the audit trail could not be signed",
                    extra={"fields": {"error": type(error).__name__}},
                )
                self._written.set()

    async def _sign_in_time(self) -> None:
        """Return when every row is signed."""
        loop = asyncio.get_running_loop()
        until = loop.time() + self._checkpoint_s
        while True:
            await self._pause()
            unsigned = await self._db.read(audit_checkpoints.unsigned_rows)
            if not unsigned:
                return
            if unsigned >= self._checkpoint_rows or loop.time() >= until:
                await self.checkpoint()
                until = loop.time() + self._checkpoint_s

    async def _pause(self) -> None:
        """Until the next look is due, or much was written."""
        try:
            async with asyncio.timeout(self._look_s):
                await self._many.wait()
        except TimeoutError:
            pass
        # Before the count, so that what is written meanwhile is counted the next time.
        self._written.clear()
        self._many.clear()
        self._writes = 0

    async def _record_and_sign(self, action: str) -> None:
        now = self._clock()

        def work(tx: Connection) -> None:
            audit.append(tx, AuditEntry(at=now, action=action, success=True))
            self._sign_head(tx, now)

        await self._db.write(work)

    def _sign_head(self, tx: Connection, now: datetime) -> int:
        """The number of the row at the head, signed."""
        seq, row_hash = audit.head(tx)
        if seq and not audit_checkpoints.exists(tx, seq):
            signed_at = to_text(now)
            signature = self._signer.sign(checkpoint_statement(seq, row_hash, signed_at))
            audit_checkpoints.insert(tx, Checkpoint(seq, row_hash, signed_at, signature))
        return seq


def _told(wanted: AuditFilter) -> Details:
    """What was asked for, as the row that tells of it keeps it."""
    told: Details = {}
    if wanted.action is not None:
        told["action"] = wanted.action
    if wanted.user_id is not None:
        told["user_id"] = wanted.user_id
    if wanted.since is not None:
        told["from"] = to_text(wanted.since)
    if wanted.before is not None:
        told["before"] = to_text(wanted.before)
    return told
