"""Tells open sockets at once when their session has ended."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable
from datetime import datetime

from appliance.storage import sessions as store
from appliance.storage.database import Database

SWEEP_S = 0.5

logger = logging.getLogger(__name__)


class SessionWatches:
    """What this process ends is told at once; expiry and other processes' acts within a sweep."""

    def __init__(self, db: Database, clock: Callable[[], datetime]) -> None:
        self._db = db
        self._clock = clock
        self._watchers: dict[str, dict[object, Callable[[str], None]]] = {}
        self._sweeper: asyncio.Task[None] | None = None

    def watch(self, session_id: str, callback: Callable[[str], None]) -> Callable[[], None]:
        """Call `callback` once, with the reason, when the session ends; returns the un-register."""
        handle = object()
        self._watchers.setdefault(session_id, {})[handle] = callback
        if self._sweeper is None or self._sweeper.done():
            self._sweeper = asyncio.create_task(self._sweep_for_ever())

        def unwatch() -> None:
            watchers = self._watchers.get(session_id)
            if watchers is not None:
                watchers.pop(handle, None)
                if not watchers:
                    del self._watchers[session_id]
            self._rest()

        return unwatch

    def ended(self, session_ids: Iterable[str], reason: str) -> None:
        """Tell the watchers of `session_ids`, once their end is committed."""
        for session_id in session_ids:
            for callback in self._watchers.pop(session_id, {}).values():
                try:
                    callback(reason)
                except Exception:
                    # One socket's trouble must not keep the others open.
                    logger.exception("a session watcher failed")
        self._rest()

    async def sweep(self) -> None:
        """Tell the watchers of sessions that no longer hold, by whatever hand."""
        watched = list(self._watchers)
        now = self._clock()
        holding = await self._db.read(lambda tx: store.holding(tx, watched, now))
        self.ended([each for each in watched if each not in holding], "ended")

    def close(self) -> None:
        self._watchers.clear()
        self._rest()

    def _rest(self) -> None:
        if self._watchers or self._sweeper is None:
            return
        # The sweeper itself ends by its own condition.
        if self._sweeper is not _current_task():
            self._sweeper.cancel()
            self._sweeper = None

    async def _sweep_for_ever(self) -> None:
        while self._watchers:
            await asyncio.sleep(SWEEP_S)
            try:
                await self.sweep()
            except Exception:
                logger.exception("sessions could not be checked")


def _current_task() -> asyncio.Task[None] | None:
    try:
        return asyncio.current_task()
    except RuntimeError:
        return None
