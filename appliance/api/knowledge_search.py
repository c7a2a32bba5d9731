"""Looking at what retrieval sees."""

from __future__ import annotations

from appliance.api.routing import Call, Route
from appliance.api.schemas.knowledge_search import SearchBody, SearchOut
from appliance.services.authorization import Access


async def search(call: Call) -> SearchOut:
    body = call.body(SearchBody)
    found = await call.services.knowledge_search.search(
        body.query,
        limit=body.limit,
        category=body.category,
        actor=call.caller,
        origin=call.origin,
    )
    return SearchOut.of(body.query, found)


ROUTES: tuple[Route, ...] = (
    Route(
        method="POST",
        path="/api/admin/kb/search",
        handler=search,
        access=Access.VIEWER,
        tag="Knowledge base search",
        summary="The passages that a question would be answered from, and whether it would be.",
        body=SearchBody,
        response=SearchOut,
    ),
)
