from __future__ import annotations

from collections.abc import Iterable

from appliance.api.fields import Instant, Output
from appliance.domain import Session
from appliance.services.ws_tickets import LIFETIME_S


class SessionOut(Output):
    """One sign-in on one device; `last_used_at` is when its tokens were last renewed."""

    id: str
    created_at: Instant
    last_used_at: Instant | None
    expires_at: Instant
    ip: str
    user_agent: str
    current: bool


class SessionsOut(Output):
    items: list[SessionOut]

    @classmethod
    def of(cls, sessions: Iterable[Session], current: str) -> SessionsOut:
        """`current` is the id of the session that asks."""
        return cls(
            items=[
                SessionOut(
                    id=session.id,
                    created_at=session.created_at,
                    last_used_at=session.last_used_at,
                    expires_at=session.expires_at,
                    ip=session.ip,
                    user_agent=session.user_agent,
                    current=session.id == current,
                )
                for session in sessions
            ]
        )


class SessionEnded(Output):
    message: str = "The session has ended."


class TicketOut(Output):
    """`ticket` opens one WebSocket, as `/ws?ticket=`, within `expires_in` seconds."""

    ticket: str
    expires_in: int = LIFETIME_S
