"""A growing wait after wrong passwords, per account, whether the account exists or not.

Of an account that exists, each wait and its early end stand among the account's lock events.
"""

from __future__ import annotations

import asyncio
import hmac
import uuid
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from math import ceil
from weakref import WeakValueDictionary

from appliance.domain import LockEvent, LockStatus, Principal, RequestOrigin, utc_now
from appliance.errors import RateLimited
from appliance.storage import audit, lock_events
from appliance.storage import login_failures as store
from appliance.storage.audit import AuditEntry
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

    def failed(
        self,
        tx: Connection,
        account: str,
        *,
        user_id: str | None = None,
        origin: RequestOrigin | None = None,
    ) -> None:
        """Count a wrong password, in the caller's transaction; `user_id` where there is a user."""
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
        if blocked_until is not None and user_id is not None:
            reason = f"{failures} wrong passwords"
            self._record(tx, user_id, LockStatus.LOCKED, reason, failures, None, origin)

    def succeeded(
        self,
        tx: Connection,
        account: str,
        *,
        user_id: str | None = None,
        origin: RequestOrigin | None = None,
        reason: str = "right password",
    ) -> None:
        """Forget the failures, in the caller's transaction."""
        self._forget(tx, account, user_id, reason, None, origin)

    def unlock(
        self,
        tx: Connection,
        account: str,
        user_id: str,
        reason: str | None,
        actor: Principal,
        origin: RequestOrigin,
    ) -> bool:
        """An administrator ends the wait, in the caller's transaction; False if there was none."""
        return self._forget(tx, account, user_id, reason, actor, origin)

    def failures(self, tx: Connection, account: str) -> int:
        """Wrong passwords counted now."""
        entry = store.get(tx, account)
        return 0 if entry is None else entry.failures

    def waiting(self, tx: Connection, emails: Iterable[str]) -> set[str]:
        """Those of `emails` (in their normal form) that have to wait now."""
        accounts = {self.account(email): email for email in emails}
        found = store.blocked_among(tx, accounts)
        return {accounts[entry.account] for entry in found if self._wait(entry) > timedelta(0)}

    def _forget(
        self,
        tx: Connection,
        account: str,
        user_id: str | None,
        reason: str | None,
        actor: Principal | None,
        origin: RequestOrigin | None,
    ) -> bool:
        entry = store.get(tx, account)
        store.delete(tx, account)
        if entry is None or entry.blocked_until is None:
            return False
        if user_id is not None:
            status = LockStatus.UNLOCKED
            self._record(tx, user_id, status, reason, entry.failures, actor, origin)
        return True

    def _record(
        self,
        tx: Connection,
        user_id: str,
        status: LockStatus,
        reason: str | None,
        failures: int,
        actor: Principal | None,
        origin: RequestOrigin | None,
    ) -> None:
        now = self._clock()
        lock_events.insert(
            tx,
            LockEvent(
                id=str(uuid.uuid4()),
                user_id=user_id,
                timestamp=now,
                actor_id=None if actor is None else actor.user.id,
                status=status,
                reason=reason,
                request_id=None if origin is None else origin.request_id,
            ),
        )
        audit.append(
            tx,
            AuditEntry(
                at=now,
                action="account.lock" if status is LockStatus.LOCKED else "account.unlock",
                success=True,
                actor=actor,
                user_id=user_id,
                origin=origin,
                resource_type="user",
                resource_id=user_id,
                details={"failures": failures},
            ),
        )

    def _wait(self, entry: LoginFailures | None) -> timedelta:
        if entry is None or entry.blocked_until is None:
            return timedelta(0)
        wait = entry.blocked_until - self._clock()
        # A longer one was never set: the clock has been set back since.
        return wait if wait <= LONGEST_WAIT else timedelta(0)
