"""Opening documents as they look: images of their pages, and the file itself."""

from __future__ import annotations

import re

from sanic.response import HTTPResponse

from appliance.api.downloads import download
from appliance.api.routing import Call, Route, Stream
from appliance.api.schemas.document_pages import PageQuery
from appliance.errors import NotFound
from appliance.services.authorization import Access

_PAGE = re.compile(r"([1-9]\d{0,5})\.png", re.ASCII)
_TYPES = {"pdf": "application/pdf", "txt": "text/plain"}


async def cited_page(call: Call) -> HTTPResponse:
    return await _page(call, indexed_only=True)


async def page(call: Call) -> HTTPResponse:
    return await _page(call, indexed_only=False)


async def original(call: Call) -> Stream:
    opened = await call.services.document_pages.original(
        call.path["document_id"], actor=call.caller, origin=call.origin
    )
    document = opened.document
    return await download(
        opened.content, document.filename, _TYPES[document.file_type], document.size
    )


async def _page(call: Call, *, indexed_only: bool) -> HTTPResponse:
    number = _PAGE.fullmatch(call.path["image"])
    if number is None:
        raise NotFound("The document has no such page.")
    image = await call.services.document_pages.image(
        call.path["document_id"],
        int(number[1]),
        call.query(PageQuery).wanted(),
        indexed_only=indexed_only,
        actor=call.caller,
        origin=call.origin,
    )
    return HTTPResponse(image, content_type="image/png")


ROUTES: tuple[Route, ...] = (
    Route(
        method="GET",
        path="/api/documents/<document_id>/pages/<image>",
        aliases=("/documents/<document_id>/pages/<image>",),
        handler=cited_page,
        access=Access.USER,
        tag="Documents",
        summary="The image of a page (3.png), with words marked: where a citation opens.",
        query=PageQuery,
        produces=("image/png",),
    ),
    Route(
        method="GET",
        path="/api/admin/kb/documents/<document_id>/pages/<image>",
        handler=page,
        access=Access.VIEWER,
        tag="Knowledge base",
        summary="The image of a page (3.png), with words marked, indexed or not.",
        query=PageQuery,
        produces=("image/png",),
    ),
    Route(
        method="GET",
        path="/api/admin/kb/documents/<document_id>/file",
        handler=original,
        access=Access.ADMIN,
        tag="Knowledge base",
        summary="Download a document as it was uploaded.",
        produces=tuple(media_type.partition(";")[0] for media_type in _TYPES.values()),
    ),
)
