"""The form of an upload, read as it arrives: its file goes to disk, its fields stay small."""

from __future__ import annotations

import asyncio
from typing import Any

from sanic.request import Request

from appliance.api.multipart import MultipartParser, Part, PartEnd, boundary_of
from appliance.errors import Invalid, PayloadTooLarge, UnsupportedMediaType
from appliance.services.knowledge import Knowledge
from appliance.services.uploads import IncomingFile

STALLED_S = 30.0  # longest wait for the next bytes of an upload
MAX_FIELD_BYTES = 1024
_FORM_BYTES = 64 << 10  # what a body may hold besides its file


class UploadForm:
    """The parts of an upload as they arrive, in any order. `discard` in any case."""

    def __init__(self, knowledge: Knowledge) -> None:
        self._knowledge = knowledge
        self._fields: dict[str, bytearray] = {}
        self._incoming: IncomingFile | None = None
        self._part: Part | None = None

    async def read(self, request: Request) -> None:
        """Take the whole body, refused by type and declared size before a byte of it is read."""
        content_type = request.headers.get("content-type", "")
        if content_type.partition(";")[0].strip().lower() != "multipart/form-data":
            raise UnsupportedMediaType("Send the file as multipart/form-data, in the field file.")
        parser = MultipartParser(boundary_of(content_type))
        most = self._knowledge.max_upload_bytes + _FORM_BYTES
        length = request.headers.get("content-length", "")
        if length.isdigit() and int(length) > most:
            raise self._too_large()
        total = 0
        while (piece := await _next_piece(request)) is not None:
            total += len(piece)
            if total > most:
                raise self._too_large()
            for event in parser.feed(piece):
                await self._take(event)
        if not parser.finished:
            raise Invalid("The form data is cut short.", field="file")

    def complete(self) -> tuple[IncomingFile, dict[str, str | None]]:
        """The file and the text fields; empty ones count as absent. Raises `Invalid`."""
        if self._incoming is None:
            raise Invalid("There is no file: send it in the field file.", field="file")
        try:
            fields = {name: value.decode().strip() or None for name, value in self._fields.items()}
        except UnicodeDecodeError:
            raise Invalid("The text fields must be UTF-8.", field="body") from None
        return self._incoming, fields

    async def discard(self) -> None:
        if self._incoming is not None:
            await self._incoming.discard()

    async def _take(self, event: Part | bytes | PartEnd) -> None:
        if isinstance(event, Part):
            self._part = event
            await self._begin(event)
        elif isinstance(event, bytes) and self._part is not None:
            if self._part.name == "file" and self._incoming is not None:
                await self._incoming.append(event)
                return
            field = self._fields[self._part.name]
            field += event
            if len(field) > MAX_FIELD_BYTES:
                raise Invalid(
                    f"This field is longer than {MAX_FIELD_BYTES} bytes.", field=self._part.name
                )

    async def _begin(self, part: Part) -> None:
        if part.name in self._fields or (part.name == "file" and self._incoming is not None):
            raise Invalid("This field is there twice.", field=part.name)
        if part.name != "file":
            self._fields[part.name] = bytearray()
        elif not part.filename:
            raise Invalid("The field file must be a file with a name.", field="file")
        else:
            self._incoming = await self._knowledge.begin_upload(part.filename)

    def _too_large(self) -> PayloadTooLarge:
        most = self._knowledge.max_upload_bytes >> 20
        return PayloadTooLarge(f"The file is larger than {most} MB.", field="file")


async def _next_piece(request: Request) -> bytes | None:
    stream: Any = request.stream  # Sanic types it by a base class that cannot read
    try:
        piece: bytes | None = await asyncio.wait_for(stream.read(), STALLED_S)
    except TimeoutError:
        raise Invalid("The upload stopped arriving.", field="file") from None
    return piece
