"""Downloading a conversation."""

from __future__ import annotations

import orjson
from sanic.response import HTTPResponse

from appliance.api.routing import Call, Route
from appliance.api.schemas.exports import ExportOut, ExportQuery
from appliance.services.authorization import Access
from appliance.services.exports import ExportFormat
from appliance.services.transcript import Transcript

_TYPES = {
    ExportFormat.MD: "text/markdown; charset=utf-8",
    ExportFormat.PDF: "application/pdf",
    ExportFormat.JSON: "application/json",
}


async def export(call: Call) -> HTTPResponse:
    query = call.query(ExportQuery)
    conversation_id, exports = call.path["conversation_id"], call.services.exports
    async with exports.place():
        transcript = await exports.transcript(
            call.caller, call.origin, conversation_id, query.format, branch_id=query.branch_id
        )
        match query.format:
            case ExportFormat.MD:
                body = await exports.markdown(transcript)
            case ExportFormat.PDF:
                body = await exports.pdf(transcript)
            case ExportFormat.JSON:
                body = await exports.rendered(lambda: _json(transcript))
    # Named by its id: titles are patients' words, and headers end up in logs.
    name = f"conversation-{conversation_id}.{query.format.value}"
    return HTTPResponse(
        body,
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
        content_type=_TYPES[query.format],
    )


def _json(transcript: Transcript) -> bytes:
    made = ExportOut.of(transcript)
    fields = made.model_dump(by_alias=True, exclude={"messages"})
    # One by one: a dump lets no other thread run, and the event loop is one.
    fields["messages"] = [message.model_dump(by_alias=True) for message in made.messages]
    return orjson.dumps(fields)


_PATH = "/conversations/<conversation_id>/export"

ROUTES: tuple[Route, ...] = (
    Route(
        "GET",
        f"/api{_PATH}",
        export,
        Access.USER,
        "Conversations",
        "Download a conversation as Markdown, PDF or JSON",
        aliases=(_PATH,),
        query=ExportQuery,
        description="JSON holds every branch unless one is named.",
        response=ExportOut,
        bare=True,
        produces=("text/markdown", "application/pdf"),
    ),
)
