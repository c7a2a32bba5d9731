"""The knowledge base for administrators: list, upload, inspect, reindex and delete documents."""

from __future__ import annotations

import asyncio
from typing import Any

from sanic.request import Request

from appliance.api.multipart import MultipartParser, Part, PartEnd, boundary_of
from appliance.api.routing import Call, Reply, Route
from appliance.api.schemas.kb import (
    DocumentDeleted,
    DocumentForm,
    DocumentList,
    DocumentOut,
    DocumentQuery,
)
from appliance.api.validation import validate
from appliance.errors import (
    ApplianceError,
    Invalid,
    PayloadTooLarge,
    UnsupportedMediaType,
)
from appliance.services.authorization import Access
from appliance.services.knowledge import Knowledge
from appliance.services.uploads import IncomingFile

STALLED_S = 30.0  # longest wait for the next bytes of an upload
MAX_FIELD_BYTES = 1024
_FORM_BYTES = 64 << 10  # what a body may hold besides its file


async def find(call: Call) -> DocumentList:
    query = call.query(DocumentQuery)
    found, total = await call.services.knowledge.listing(
        status=query.status,
        category=query.category,
        search=query.search,
        offset=query.offset,
        limit=query.limit,
    )
    return DocumentList(
        documents=[DocumentOut.of(document) for document in found],
        total=total,
        offset=query.offset,
        limit=query.limit,
    )


async def upload(call: Call) -> Reply:
    knowledge = call.services.knowledge
    form = UploadForm(knowledge)
    try:
        try:
            with knowledge.receiving():
                await form.read(call.request)
        except ApplianceError:
            # The rest of the body is still on its way: no other request can follow on this
            # connection.
            stream: Any = call.request.stream
            stream.keep_alive = False
            raise
        incoming, fields = form.complete()
        document, is_new = await knowledge.accept(
            incoming,
            validate(DocumentForm, fields).metadata(),
            actor=call.caller,
            origin=call.origin,
        )
    finally:
        await form.discard()
    return Reply(DocumentOut.of(document), 202 if is_new else 200)


async def get(call: Call) -> DocumentOut:
    return DocumentOut.of(await call.services.knowledge.get(call.path["document_id"]))


async def delete(call: Call) -> DocumentDeleted:
    document_id = call.path["document_id"]
    await call.services.knowledge.delete(document_id, actor=call.caller, origin=call.origin)
    return DocumentDeleted(message="The document was deleted.", document_id=document_id)


async def reindex(call: Call) -> DocumentOut:
    return DocumentOut.of(
        await call.services.knowledge.reindex(
            call.path["document_id"], actor=call.caller, origin=call.origin
        )
    )


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


_FORM_SCHEMA = DocumentForm.model_json_schema(by_alias=False)
_UPLOAD_BODY = {
    "required": True,
    "content": {
        "multipart/form-data": {
            "schema": {
                "type": "object",
                "required": ["file"],
                "properties": {
                    "file": {"type": "string", "format": "binary"},
                    **_FORM_SCHEMA["properties"],
                },
            }
        }
    },
}

_DOCUMENTS = "/api/admin/kb/documents"
_TAG = "Knowledge base"

ROUTES: tuple[Route, ...] = (
    Route(
        method="GET",
        path=_DOCUMENTS,
        handler=find,
        access=Access.VIEWER,
        tag=_TAG,
        summary="List documents, newest first.",
        query=DocumentQuery,
        response=DocumentList,
    ),
    Route(
        method="POST",
        path=_DOCUMENTS,
        handler=upload,
        access=Access.ADMIN,
        tag=_TAG,
        summary="Upload a PDF or text file to be indexed; the same file again gives 200.",
        upload=True,
        status=202,
        other_statuses=(200,),
        response=DocumentOut,
        extra={"requestBody": _UPLOAD_BODY},
    ),
    Route(
        method="GET",
        path=f"{_DOCUMENTS}/<document_id>",
        handler=get,
        access=Access.VIEWER,
        tag=_TAG,
        summary="One document, with its status and progress.",
        response=DocumentOut,
    ),
    Route(
        method="DELETE",
        path=f"{_DOCUMENTS}/<document_id>",
        handler=delete,
        access=Access.ADMIN,
        tag=_TAG,
        summary="Delete a document, its file and everything indexed of it.",
        response=DocumentDeleted,
    ),
    Route(
        method="POST",
        path=f"{_DOCUMENTS}/<document_id>/reindex",
        handler=reindex,
        access=Access.ADMIN,
        tag=_TAG,
        summary="Read a document anew; answers use what was read before until that is done.",
        status=202,
        response=DocumentOut,
    ),
)
