"""Who is connected now: the open sockets of each user."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from appliance.domain import Principal, RequestOrigin, utc_now

Tell = Callable[[Mapping[str, Any]], None]


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

    def __len__(self) -> int:
        return len(self._open)

    def add(
        self, principal: Principal, origin: RequestOrigin, socket_id: str, tell: Tell
    ) -> Callable[[], None]:
        """`tell` sends a frame without waiting. Returns what takes the socket out again."""
        user_id = principal.user.id
        self._by_user.setdefault(user_id, {})[socket_id] = tell
        self._open[socket_id] = OpenSocket(
            principal.session_id, user_id, SocketType.CHAT, self._clock(), origin.ip
        )

        def remove() -> None:
            self._open.pop(socket_id, None)
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

    def newest(self, limit: int) -> list[OpenSocket]:
        return list(reversed(self._open.values()))[:limit]

    def by_type(self) -> dict[SocketType, int]:
        """How many of each; a type that nobody uses now is there with 0."""
        counts = dict.fromkeys(SocketType, 0)
        for socket in self._open.values():
            counts[socket.type] += 1
        return counts
