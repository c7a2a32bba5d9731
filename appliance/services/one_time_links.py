"""Links with which somebody chooses a password once: invitations, and resets without e-mail."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from appliance.domain import Principal, RequestOrigin, User, utc_now
from appliance.errors import Invalid
from appliance.services.accounts import checked_name
from appliance.services.login_throttle import LoginThrottle
from appliance.services.passwords import PasswordHasher
from appliance.services.sessions import Sessions
from appliance.storage import audit, users
from appliance.storage import one_time_links as store
from appliance.storage.audit import AuditEntry
from appliance.storage.database import Connection, Database

Purpose = store.Purpose

LIFETIMES = {
    Purpose.INVITATION: timedelta(hours=72),
    Purpose.PASSWORD_RESET: timedelta(minutes=30),
}


@dataclass(frozen=True, slots=True)
class Link:
    """`token` is told once; only its hash is kept."""

    token: str
    user_id: str
    expires_at: datetime


class OneTimeLinks:
    def __init__(
        self,
        db: Database,
        sessions: Sessions,
        passwords: PasswordHasher,
        throttle: LoginThrottle,
        *,
        clock: Callable[[], datetime] = utc_now,
    ) -> None:
        self._db = db
        self._sessions = sessions
        self._passwords = passwords
        self._throttle = throttle
        self._clock = clock

    @staticmethod
    def new_token() -> str:
        """256 random bits."""
        return secrets.token_urlsafe(32)

    def issue(
        self, tx: Connection, token: str, user_id: str, purpose: Purpose, actor: Principal
    ) -> Link:
        """Make `token` the user's only link, in the caller's transaction."""
        now = self._clock()
        expires_at = now + LIFETIMES[purpose]
        store.replace_of_user(
            tx,
            store.OneTimeLink(_hash(token), user_id, purpose, actor.user.id, now, expires_at),
        )
        return Link(token, user_id, expires_at)

    async def redeem(
        self, token: str, password: str, full_name: str | None, origin: RequestOrigin
    ) -> str:
        """Set the password of the account that `token` is for; returns its e-mail address.

        All its sessions end. Raises `Invalid`: for `token` with the same words whether it was never
        given out, was used or has expired, or its account is not active.
        """
        name = None if full_name is None else checked_name(full_name)
        user = await self._db.write(lambda tx: self._holder(tx, token, origin))
        if user is None:
            raise _refused()
        self._passwords.check(password, email=user.email)
        password_hash = await self._passwords.hash(password)

        def work(tx: Connection) -> tuple[User, list[str]] | None:
            # Read again: somebody else may have used it while the password was hashed.
            holder = self._holder(tx, token, origin)
            if holder is None:
                return None
            store.use(tx, _hash(token), self._clock())
            return holder, self._take_up(tx, holder, password_hash, name, origin)

        outcome = await self._db.write(work)
        # Returned rather than raised inside: a failure leaves its trace.
        if outcome is None:
            raise _refused()
        holder, ended = outcome
        self._sessions.ended(ended, "password_set")
        return holder.email

    def _holder(self, tx: Connection, token: str, origin: RequestOrigin) -> User | None:
        """Whom the token lets in now; a refusal is audited."""
        link = store.by_hash(tx, _hash(token))
        user = None if link is None else users.by_id(tx, link.user_id)
        if (
            link is not None
            and user is not None
            and user.is_active
            and link.used_at is None
            and self._clock() < link.expires_at
        ):
            return user
        _record(tx, self._clock(), False, None if link is None else link.user_id, origin)
        return None

    def _take_up(
        self,
        tx: Connection,
        user: User,
        password_hash: str,
        name: str | None,
        origin: RequestOrigin,
    ) -> list[str]:
        """Returns the sessions that this ended."""
        users.set_password(tx, user.id, password_hash)
        if name is not None:
            users.update(tx, replace(user, full_name=name))
        _record(tx, self._clock(), True, user.id, origin)
        account = self._throttle.account(user.email)
        self._throttle.succeeded(
            tx, account, user_id=user.id, origin=origin, reason="password set by link"
        )
        return self._sessions.end_all(tx, user.id, "password_set", origin=origin)


def _refused() -> Invalid:
    return Invalid("This link is not valid any more. Ask for a new one.", field="token")


def _record(
    tx: Connection, at: datetime, success: bool, user_id: str | None, origin: RequestOrigin
) -> None:
    audit.append(
        tx,
        AuditEntry(
            at=at,
            action="user.password_set",
            success=success,
            user_id=user_id,
            origin=origin,
            resource_type="user",
            resource_id=user_id,
            details={"by": "link"},
        ),
    )


def _hash(token: str) -> str:
    """The token has 256 random bits, so a fast hash is enough."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()
