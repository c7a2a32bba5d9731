"""Who is connected now: the open sockets of each user."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

Tell = Callable[[Mapping[str, Any]], None]


class OpenSockets:
    def __init__(self) -> None:
        self._by_user: dict[str, dict[str, Tell]] = {}  # user id -> socket id -> tell

    def __len__(self) -> int:
        return sum(map(len, self._by_user.values()))

    def add(self, user_id: str, socket_id: str, tell: Tell) -> Callable[[], None]:
        """`tell` sends a frame without waiting. Returns what takes the socket out again."""
        self._by_user.setdefault(user_id, {})[socket_id] = tell

        def remove() -> None:
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
