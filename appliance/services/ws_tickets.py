"""Tickets that open one WebSocket: for clients that can send no header with it.

An address may end in a proxy's log. A ticket found there is worth nothing: it has been used, or
has run out.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from appliance.domain import Principal, utc_now
from appliance.errors import Unauthorized
from appliance.services.sessions import Sessions

LIFETIME_S = 30
PER_SESSION = 16  # unused at a time; the oldest gives way


@dataclass(frozen=True, slots=True)
class _Issued:
    session_id: str
    at: datetime

    def holds(self, now: datetime) -> bool:
        # Not before its time either: a clock set back must not stretch it.
        return self.at <= now < self.at + timedelta(seconds=LIFETIME_S)


class WsTickets:
    """Kept in memory, as hashes: a restart ends them with the sockets that they were for."""

    def __init__(self, sessions: Sessions, *, clock: Callable[[], datetime] = utc_now) -> None:
        self._sessions = sessions
        self._clock = clock
        self._issued: dict[str, _Issued] = {}  # by hash, oldest first

    def issue(self, principal: Principal) -> str:
        """A ticket for one socket of the caller's session, within `LIFETIME_S`."""
        now = self._clock()
        self._issued = {name: each for name, each in self._issued.items() if each.holds(now)}
        mine = [
            name for name, each in self._issued.items() if each.session_id == principal.session_id
        ]
        for name in mine[: max(0, len(mine) - PER_SESSION + 1)]:
            del self._issued[name]
        ticket = secrets.token_urlsafe(32)
        self._issued[_hash(ticket)] = _Issued(principal.session_id, now)
        return ticket

    async def redeem(self, ticket: str) -> Principal:
        """Who may come in with it. Raises `Unauthorized`, also for the second who tries."""
        # Taken before anything is awaited: no two can have it.
        issued = self._issued.pop(_hash(ticket), None)
        if issued is None or not issued.holds(self._clock()):
            raise Unauthorized("The ticket is not valid. Ask for a new one.")
        return await self._sessions.principal(issued.session_id)


def _hash(ticket: str) -> str:
    return hashlib.sha256(ticket.encode("utf-8", "surrogatepass")).hexdigest()
