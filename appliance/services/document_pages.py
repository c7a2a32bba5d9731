"""Opening documents: a cited passage, the image of a page, the file itself. Each is audited."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Sequence
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass
from datetime import datetime

from appliance.domain import Box, Document, Principal, RequestOrigin, utc_now
from appliance.errors import Busy, Invalid, NotFound
from appliance.services.citation_boxes import boxes
from appliance.services.document_rules import found, record
from appliance.storage import chunks, documents, file_rows, pages
from appliance.storage.database import Connection, Database
from appliance.storage.files import FileStore

MAX_RENDERING = 2  # images made at once; each is a process of its own
MAX_WAITING = 16
RETRY_AFTER_S = 3
OpenedPassage = chunks.Opened


# PNG of a page: the PDF's bytes, the page's number, the words to mark and what stands before them,
# or where they stand.
PageImage = Callable[
    [AsyncIterator[bytes], int, str | None, str | None, Sequence[Box]], Awaitable[bytes]
]


@dataclass(frozen=True, slots=True)
class Highlight:
    """What to mark on a page: `text` wherever it stands, or the characters `start`..`end`.

    Characters are those of the page's text, as citations and passages count them.
    """

    text: str | None = None
    start: int = 0
    end: int = 0


@dataclass(frozen=True, slots=True)
class OpenedFile:
    """A document with its content as it was uploaded, to be read once."""

    document: Document
    content: AsyncGenerator[bytes]


class DocumentPages:
    def __init__(
        self,
        db: Database,
        files: FileStore,
        image: PageImage,
        *,
        clock: Callable[[], datetime] = utc_now,
    ) -> None:
        self._db = db
        self._files = files
        self._image = image
        self._clock = clock
        self._turns = asyncio.Semaphore(MAX_RENDERING)
        self._asked = 0

    async def passage(
        self,
        document_id: str,
        chunk_id: str,
        *,
        actor: Principal | None,
        origin: RequestOrigin | None,
    ) -> OpenedPassage:
        """Open a cited passage in its page. Raises `NotFound`."""

        def read(tx: Connection) -> OpenedPassage:
            opened = chunks.opened(tx, document_id, chunk_id)
            if opened is None:
                raise NotFound("There is no such passage; its document may have been replaced.")
            at = self._clock()
            record(tx, at, "document.read", opened.document, actor, origin, part="passage")
            return opened

        return await self._db.write(read)

    async def image(
        self,
        document_id: str,
        number: int,
        highlight: Highlight | None,
        *,
        indexed_only: bool,
        actor: Principal | None,
        origin: RequestOrigin | None,
    ) -> bytes:
        """PNG of a page of a PDF, from 1.

        `indexed_only` hides a document that answers nothing yet; a superseded one opens, as the
        answers that cite it do. Raises `NotFound`, `Busy`, and `DamagedFile`.
        """

        def read(tx: Connection) -> tuple[str, bytes, str, tuple[Box, ...]]:
            document = found(tx, document_id)
            revision = documents.revision(tx, document_id)
            if revision is None and indexed_only:
                raise NotFound("There is no such document.")
            if document.file_type != "pdf":
                raise NotFound("A text document has no page images; open its passages.")
            if document.pages is not None and number > document.pages:
                raise NotFound("The document has no such page.")
            key = _key(tx, document)
            text = pages.text_of(tx, document_id, revision, number) if revision else ""
            marked: tuple[Box, ...] = ()
            if revision and highlight is not None and highlight.text is None:
                place = highlight.start, highlight.end
                marked = boxes(tx, document_id, revision, number, *place)
            at = self._clock()
            record(tx, at, "document.read", document, actor, origin, part="page", page=number)
            return document.sha256, key, text, marked

        async with self._turn():
            sha256, key, text, marked = await self._db.write(read)
            words, before = (None, None) if marked else _sought(text, highlight)
            async with aclosing(self._files.read(sha256, key)) as source:
                try:
                    return await self._image(source, number, words, before, marked)
                except Invalid as error:
                    # The reader refuses the file; of the request nothing is wrong but the place.
                    message = f"There is no image of this page. {error.message}"
                    raise NotFound(message) from error

    async def original(
        self, document_id: str, *, actor: Principal | None, origin: RequestOrigin | None
    ) -> OpenedFile:
        """The file as it was uploaded. Close `content` (`aclosing`). Raises `NotFound`; reading
        raises `DamagedFile`.
        """

        def read(tx: Connection) -> tuple[Document, bytes]:
            document = found(tx, document_id)
            key = _key(tx, document)
            record(tx, self._clock(), "document.read", document, actor, origin, part="file")
            return document, key

        document, key = await self._db.write(read)
        return OpenedFile(document, self._files.read(document.sha256, key))

    @asynccontextmanager
    async def _turn(self) -> AsyncIterator[None]:
        """One of the few places for making an image. Raises `Busy`."""
        if self._asked >= MAX_RENDERING + MAX_WAITING:
            raise Busy("Too many pages are being opened just now.", retry_after=RETRY_AFTER_S)
        self._asked += 1
        try:
            async with self._turns:
                yield
        finally:
            self._asked -= 1


def _key(tx: Connection, document: Document) -> bytes:
    key = file_rows.key_of(tx, document.sha256)
    if key is None:
        raise NotFound("The stored file is gone. Delete the document and upload it again.")
    return key


def _sought(text: str, highlight: Highlight | None) -> tuple[str | None, str | None]:
    """The words to mark on a page with this text, and what stands before them, if that is known."""
    if highlight is None:
        return None, None
    if highlight.text is not None:
        return highlight.text, None
    return text[highlight.start : highlight.end], text[: highlight.start]
