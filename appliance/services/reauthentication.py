"""Asking people who are signed in for their password again."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import TypeVar

from appliance.domain import Principal, RequestOrigin, utc_now
from appliance.errors import ApplianceError, Invalid, RateLimited
from appliance.services.login_throttle import LoginThrottle
from appliance.services.passwords import PasswordHasher
from appliance.storage import audit, users
from appliance.storage.audit import AuditEntry
from appliance.storage.database import Connection, Database

T = TypeVar("T")


class Reauthentication:
    """For what a session left open, or stolen, must not be enough to do."""

    def __init__(
        self,
        db: Database,
        passwords: PasswordHasher,
        throttle: LoginThrottle,
        *,
        clock: Callable[[], datetime] = utc_now,
    ) -> None:
        self._db = db
        self._passwords = passwords
        self._throttle = throttle
        self._clock = clock

    async def act(
        self,
        principal: Principal,
        password: str,
        origin: RequestOrigin,
        work: Callable[[Connection], T | ApplianceError],
        *,
        field: str = "password",
    ) -> T:
        """Run `work` in a transaction in which `password` is the caller's.

        An error that `work` returns is raised once its changes are committed. Raises `Invalid`
        naming `field` for a wrong password, which counts like a failed login; `RateLimited` after
        too many. A right one forgives nothing: only a whole sign-in does.
        """
        user = principal.user
        account = self._throttle.account(user.email)

        def checked(tx: Connection) -> T | ApplianceError:
            # Read again: it may have been changed while it was checked.
            if not right or users.password_hash(tx, user.id) != stored:
                self._throttle.failed(tx, account, user_id=user.id, origin=origin)
                self._audit_failure(tx, principal, "credentials", origin)
                return Invalid("The password is wrong.", field=field)
            return work(tx)

        try:
            async with self._throttle.attempt(account):
                stored = await self._db.read(lambda tx: users.password_hash(tx, user.id))
                right = await self._passwords.verify(password, stored)
                outcome = await self._db.write(checked)
        except RateLimited:
            await self._db.write(lambda tx: self._audit_failure(tx, principal, "throttled", origin))
            raise
        if isinstance(outcome, ApplianceError):
            raise outcome
        return outcome

    def _audit_failure(
        self, tx: Connection, principal: Principal, reason: str, origin: RequestOrigin
    ) -> None:
        audit.append(
            tx,
            AuditEntry(
                at=self._clock(),
                action="account.reauthenticate",
                success=False,
                actor=principal,
                origin=origin,
                details={"reason": reason},
            ),
        )
