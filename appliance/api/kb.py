"""The knowledge base for administrators: list, upload, inspect, edit, reindex, delete documents."""

from __future__ import annotations

from typing import Any

from appliance.api.routing import Call, Reply, Route
from appliance.api.schemas.kb import (
    DocumentDeleted,
    DocumentForm,
    DocumentList,
    DocumentOut,
    DocumentQuery,
    DocumentUpdate,
)
from appliance.api.upload_form import UploadForm
from appliance.api.validation import validate
from appliance.errors import ApplianceError
from appliance.services.authorization import Access


async def find(call: Call) -> DocumentList:
    query = call.query(DocumentQuery)
    found, total = await call.services.catalogue.listing(
        actor=call.caller,
        origin=call.origin,
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
        await call.still_allowed(Access.ADMIN)
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
    return DocumentOut.of(
        await call.services.catalogue.details(
            call.path["document_id"], actor=call.caller, origin=call.origin
        )
    )


async def update(call: Call) -> DocumentOut:
    changes = call.body(DocumentUpdate).changes()
    return DocumentOut.of(
        await call.services.catalogue.update(
            call.path["document_id"], changes, actor=call.caller, origin=call.origin
        )
    )


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
        method="PATCH",
        path=f"{_DOCUMENTS}/<document_id>",
        more_methods=("PUT",),
        handler=update,
        access=Access.ADMIN,
        tag=_TAG,
        summary="Change what is said of a document; a new title also reads it anew.",
        body=DocumentUpdate,
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
