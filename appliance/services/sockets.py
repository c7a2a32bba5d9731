"""Who is connected now: the open sockets of each user."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from appliance.domain import Principal, RequestOrigin, utc_now

Tell = Callable[[Mapping[str, Any]], None]

CLOSE_S = 2.0


class SocketType(StrEnum):
    CHAT = "chat"
    VOICE = "voice"  # dictating


@dataclass(frozen=True, slots=True)
class OpenSocket:
    session_id: str
    user_id: str
    type: SocketType
    connected_at: datetime
    ip: str


class OpenSockets:
    def __init__(self, *, clock: Callable[[], datetime] = utc_now) -> None:
        self._clock = clock
        self._by_user: dict[str, dict[str, Tell]] = {}  # user id -> socket id -> tell
        self._open: dict[str, OpenSocket] = {}  # socket id -> what it is, oldest first
        self._close: dict[str, Callable[[], None]] = {}  # socket id -> close
        self._changed = asyncio.Event()

    def __len__(self) -> int:
        return len(self._open)

    def add(
        self,
        principal: Principal,
        origin: RequestOrigin,
        socket_id: str,
        tell: Tell,
        close: Callable[[], None],
    ) -> Callable[[], None]:
        """`tell` sends a frame without waiting, `close` begins a closing for good.

        Returns what takes the socket out again.
        """
        user_id = principal.user.id
        self._close[socket_id] = close
        self._by_user.setdefault(user_id, {})[socket_id] = tell
        self._open[socket_id] = OpenSocket(
            principal.session_id, user_id, SocketType.CHAT, self._clock(), origin.ip
        )

        def remove() -> None:
            self._open.pop(socket_id, None)
            self._close.pop(socket_id, None)
            self._changed.set()
            mine = self._by_user.get(user_id, {})
            mine.pop(socket_id, None)
            if not mine:
                self._by_user.pop(user_id, None)

        return remove

    def tell_others(self, user_id: str, socket_id: str, frame: Mapping[str, Any]) -> None:
        """Send `frame` to the user's sockets but this one."""
        for other, tell in tuple(self._by_user.get(user_id, {}).items()):
            if other != socket_id:
                tell(frame)

    async def close_all(self) -> None:
        """Close every socket, as the appliance goes away; returns after `CLOSE_S` at the latest."""
        for close in tuple(self._close.values()):
            close()
        try:
            async with asyncio.timeout(CLOSE_S):
                while self._open:
                    self._changed.clear()
                    await self._changed.wait()
        except TimeoutError:
            return  # whoever does not read is cut off with the process

    def newest(self, limit: int) -> list[OpenSocket]:
        return list(reversed(self._open.values()))[:limit]

    def by_type(self) -> dict[SocketType, int]:
        """How many of each; a type that nobody uses now is there with 0."""
        counts = dict.fromkeys(SocketType, 0)
        for socket in self._open.values():
            counts[socket.type] += 1
        return counts
