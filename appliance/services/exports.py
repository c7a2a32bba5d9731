"""Taking a conversation out of the appliance, to read it or to keep it elsewhere."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from datetime import datetime
from enum import StrEnum
from typing import TypeVar

from appliance.domain import MAIN_BRANCH, Principal, RequestOrigin, utc_now
from appliance.errors import Busy, PayloadTooLarge
from appliance.services.conversation_rules import check_branch, own_conversation, record
from appliance.services.markdown_export import to_markdown
from appliance.services.pdf_export import to_pdf
from appliance.services.transcript import Transcript
from appliance.storage import branches, documents, messages
from appliance.storage.database import Connection, Database

MAX_MESSAGES = 20_000
MAX_CHARACTERS = 20_000_000
MAX_PDF_CHARACTERS = 5_000_000  # some ten seconds' work
MAX_WAITING = 16
RETRY_AFTER_S = 10

T = TypeVar("T")


class ExportFormat(StrEnum):
    MD = "md"
    PDF = "pdf"
    JSON = "json"


class Exports:
    """Transcripts are laid out one after the other in a thread of their own."""

    def __init__(self, db: Database, *, clock: Callable[[], datetime] = utc_now) -> None:
        self._db = db
        self._clock = clock
        self._layout = ThreadPoolExecutor(max_workers=1, thread_name_prefix="export")
        self._waiting = 0
        self._turn = asyncio.Lock()
        self._closed = threading.Event()

    def close(self) -> None:
        """Stops what is being laid out."""
        self._closed.set()
        self._layout.shutdown(wait=True, cancel_futures=True)

    async def transcript(
        self,
        principal: Principal,
        origin: RequestOrigin,
        conversation_id: str,
        form: ExportFormat,
        *,
        branch_id: str | None = None,
    ) -> Transcript:
        """What `form` shows: the line of one branch, the main one unless another is named; of
        JSON all branches, unless one is named.

        Raises `NotFound`, and `PayloadTooLarge` for more than can be laid out.
        """
        now = self._clock()
        most = MAX_PDF_CHARACTERS if form is ExportFormat.PDF else MAX_CHARACTERS
        shown = branch_id or (None if form is ExportFormat.JSON else MAIN_BRANCH)

        def work(tx: Connection) -> Transcript:
            conversation = own_conversation(tx, principal, conversation_id)
            if (
                conversation.message_count > MAX_MESSAGES
                or messages.characters(tx, conversation_id) > most
            ):
                hint = " Export it as Markdown." if form is ExportFormat.PDF else ""
                raise PayloadTooLarge(f"This conversation is too long to be exported so.{hint}")
            if shown is None:
                found = messages.all_of(tx, conversation_id)
            else:
                check_branch(tx, conversation_id, shown)
                line = branches.lineage(tx, shown)
                found = messages.whole_line(tx, conversation_id, line)
            known = branches.of_conversation(tx, conversation)
            cited = {citation.document_id for message in found for citation in message.citations}
            return Transcript(
                conversation,
                shown,
                tuple(known),
                tuple(found),
                now,
                frozenset(documents.superseded(tx, cited)),
            )

        transcript = await self._db.read(work)
        details = {"format": form.value, "messages": len(transcript.messages)}
        # Read beside the writer, for it takes its time; handed out only once it is on record.
        await self._db.write(
            lambda tx: record(
                tx,
                now,
                "conversation.export",
                principal,
                origin,
                "conversation",
                conversation_id,
                details,
            )
        )
        return transcript

    @asynccontextmanager
    async def place(self) -> AsyncIterator[None]:
        """One conversation is read and laid out at a time: each is held in memory.

        Raises `Busy` when too many wait.
        """
        if self._waiting >= MAX_WAITING:
            raise Busy("Too many exports are under way.", retry_after=RETRY_AFTER_S)
        self._waiting += 1
        try:
            async with self._turn:
                yield
        finally:
            self._waiting -= 1

    async def markdown(self, transcript: Transcript) -> bytes:
        return await self._laid_out(lambda _: to_markdown(transcript).encode())

    async def pdf(self, transcript: Transcript) -> bytes:
        return await self._laid_out(lambda stopped: to_pdf(transcript, stopped))

    async def rendered(self, render: Callable[[], bytes]) -> bytes:
        """What `render` makes, in the same thread and under the same limits."""
        return await self._laid_out(lambda _: render())

    async def _laid_out(self, work: Callable[[Callable[[], bool]], T]) -> T:
        """`work` is given what tells whether anybody still wants its result."""
        gone = threading.Event()
        try:
            return await asyncio.get_running_loop().run_in_executor(
                self._layout, work, lambda: gone.is_set() or self._closed.is_set()
            )
        finally:
            gone.set()
