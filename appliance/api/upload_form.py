"""The form of an upload, read as it arrives: its file goes to disk, its fields stay small."""

from __future__ import annotations

from contextlib import aclosing

from sanic.request import Request

from appliance.api.forms import form_events
from appliance.api.multipart import Part, PartEnd
from appliance.errors import Invalid
from appliance.services.knowledge import Knowledge
from appliance.services.uploads import IncomingFile

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
        most = self._knowledge.max_upload_bytes + _FORM_BYTES
        async with aclosing(form_events(request, field="file", max_bytes=most)) as events:
            async for event in events:
                await self._take(event)

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
