"""The caller's sign-ins on all devices, and tickets for the WebSocket."""

from __future__ import annotations

from appliance.api.routing import Call, Route
from appliance.api.schemas.sessions import SessionEnded, SessionsOut, TicketOut
from appliance.services.authorization import Access

_TAG = "Authentication"


async def list_sessions(call: Call) -> SessionsOut:
    found = await call.services.sessions.of(call.caller)
    return SessionsOut.of(found, call.caller.session_id)


async def end_session(call: Call) -> SessionEnded:
    await call.services.sessions.revoke_own(call.caller, call.path["session_id"], call.origin)
    return SessionEnded()


async def ws_ticket(call: Call) -> TicketOut:
    return TicketOut(ticket=call.services.ws_tickets.issue(call.caller))


ROUTES = (
    Route(
        "GET", "/api/auth/sessions", list_sessions, Access.USER, _TAG,
        "Where the caller is signed in.", response=SessionsOut, flat=True,
    ),
    Route(
        "DELETE", "/api/auth/sessions/<session_id>", end_session, Access.USER, _TAG,
        "Sign out one device.", response=SessionEnded, flat=True,
    ),
    Route(
        "POST", "/api/auth/ws-ticket", ws_ticket, Access.USER, _TAG,
        "A ticket that opens one WebSocket.", response=TicketOut, flat=True,
    ),
)  # fmt: skip
