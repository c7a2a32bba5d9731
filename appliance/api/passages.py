"""Opening the passage that an answer cites."""

from __future__ import annotations

from appliance.api.routing import Call, Route
from appliance.api.schemas.passages import PassageOut
from appliance.services.authorization import Access


async def get(call: Call) -> PassageOut:
    opened = await call.services.document_pages.passage(
        call.path["document_id"], call.path["chunk_id"], actor=call.caller, origin=call.origin
    )
    return PassageOut.of(opened)


ROUTES: tuple[Route, ...] = (
    Route(
        method="GET",
        path="/api/documents/<document_id>/passages/<chunk_id>",
        aliases=("/documents/<document_id>/passages/<chunk_id>",),
        handler=get,
        access=Access.USER,
        tag="Documents",
        summary="Open a cited passage in its page.",
        response=PassageOut,
    ),
)
