"""Fixed-window counters per client address, as the reference states its limits."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from math import ceil

MAX_TRACKED = 50_000


@dataclass(frozen=True, slots=True)
class RateLimit:
    """At most `requests` in each window of `seconds`, counted per address under `name`."""

    name: str
    requests: int
    seconds: int


DEFAULT = RateLimit("default", 1200, 60)


@dataclass(frozen=True, slots=True)
class RateState:
    limit: int
    remaining: int
    reset_at: int  # Unix seconds
    retry_after: int  # seconds; 0 while requests remain

    @property
    def headers(self) -> dict[str, str]:
        return {
            "X-RateLimit-Limit": str(self.limit),
            "X-RateLimit-Remaining": str(self.remaining),
            "X-RateLimit-Reset": str(self.reset_at),
        }


class RateLimiter:
    """Counts in memory: a restart forgets them, while failed logins are counted in the database."""

    def __init__(self, clock: Callable[[], datetime], *, enabled: bool = True) -> None:
        self._clock = clock
        self._enabled = enabled
        # (limit, address) -> (end of the window in Unix seconds, requests seen in it)
        self._windows: dict[tuple[str, str], tuple[int, int]] = {}

    def take(self, limit: RateLimit, address: str) -> tuple[bool, RateState]:
        """Count one request; the first value says whether it may go on."""
        now = self._clock().timestamp()
        key = (limit.name, address)
        reset_at, used = self._windows.get(key, (0, 0))
        if reset_at <= now:
            if len(self._windows) >= MAX_TRACKED:
                self._forget_past(now)
            reset_at, used = (int(now // limit.seconds) + 1) * limit.seconds, 0
        used += 1
        self._windows[key] = (reset_at, used)
        allowed = not self._enabled or used <= limit.requests
        retry_after = 0 if allowed else max(1, ceil(reset_at - now))
        remaining = max(0, limit.requests - used)
        return allowed, RateState(limit.requests, remaining, reset_at, retry_after)

    def _forget_past(self, now: float) -> None:
        self._windows = {key: entry for key, entry in self._windows.items() if entry[0] > now}
