"""A growing wait after wrong passwords, per account, whether the account exists or not."""

from __future__ import annotations

import asyncio
import hmac
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from math import ceil
from weakref import WeakValueDictionary

from appliance.domain import utc_now
from appliance.errors import RateLimited
from appliance.storage import login_failures as store
from appliance.storage.database import Connection, Database
from appliance.storage.login_failures import LoginFailures

FREE_FAILURES = 5
FIRST_WAIT = timedelta(seconds=30)
LONGEST_WAIT = timedelta(minutes=15)
FORGET_AFTER = timedelta(hours=24)


class LoginThrottle:
    """Counts in the database, so a restart forgives nothing."""

    def __init__(
        self, db: Database, key: bytes, *, clock: Callable[[], datetime] = utc_now
    ) -> None:
        """`key` has 32 bytes: addresses are counted under a keyed hash."""
        self._db = db
        self._key = key
        self._clock = clock
        self._turns: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    def account(self, email: str) -> str:
        """The name under which failures of `email` (in its normal form) are counted."""
        return hmac.new(self._key, email.encode("utf-8", "surrogatepass"), "sha256").hexdigest()

    @asynccontextmanager
    async def attempt(self, account: str) -> AsyncIterator[None]:
        """Hold the account's turn while its password is checked.

        One attempt at a time, so that guesses sent together are counted before the next is tried.
        Raises `RateLimited` while the account has to wait.
        """
        turn = self._turns.get(account)
        if turn is None:
            turn = self._turns[account] = asyncio.Lock()
        async with turn:
            entry = await self._db.read(lambda tx: store.get(tx, account))
            wait = self._wait(entry)
            if wait > timedelta(0):
                raise RateLimited(
                    "Too many failed attempts for this account. Wait before you try again.",
                    retry_after=max(1, ceil(wait.total_seconds())),
                )
            yield

    def failed(self, tx: Connection, account: str) -> None:
        """Count a wrong password, in the caller's transaction."""
        now = self._clock()
        entry = store.get(tx, account)
        failures = 1
        if entry is not None and now - entry.last_failure < FORGET_AFTER:
            failures = entry.failures + 1
        if entry is None:
            store.delete_before(tx, now - FORGET_AFTER)
        blocked_until = None
        if failures >= FREE_FAILURES:
            # The exponent is bounded: a count may grow for ever, a wait may not.
            doubled = FIRST_WAIT * 2 ** min(failures - FREE_FAILURES, 10)
            blocked_until = now + min(doubled, LONGEST_WAIT)
        store.put(tx, LoginFailures(account, failures, blocked_until, now))

    def succeeded(self, tx: Connection, account: str) -> None:
        """Forget the failures, in the caller's transaction."""
        store.delete(tx, account)

    def _wait(self, entry: LoginFailures | None) -> timedelta:
        if entry is None or entry.blocked_until is None:
            return timedelta(0)
        wait = entry.blocked_until - self._clock()
        # A longer one was never set: the clock has been set back since.
        return wait if wait <= LONGEST_WAIT else timedelta(0)
