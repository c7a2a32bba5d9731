"""What people do with their own account: name, address, password, the end of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from appliance.domain import Principal, RequestOrigin, User, utc_now
from appliance.errors import Conflict, Invalid, Unauthorized
from appliance.services.accounts import checked_name, normalise_email
from appliance.services.erasure import AccountErasure
from appliance.services.passwords import PasswordHasher, normalise
from appliance.services.reauthentication import Reauthentication
from appliance.services.sessions import Sessions
from appliance.storage import audit, one_time_links, users
from appliance.storage.audit import AuditEntry
from appliance.storage.database import Connection, Database


class Profile:
    def __init__(
        self,
        db: Database,
        sessions: Sessions,
        passwords: PasswordHasher,
        reauthentication: Reauthentication,
        erasure: AccountErasure,
        *,
        clock: Callable[[], datetime] = utc_now,
    ) -> None:
        self._db = db
        self._sessions = sessions
        self._passwords = passwords
        self._reauthentication = reauthentication
        self._erasure = erasure
        self._clock = clock

    async def update(
        self,
        principal: Principal,
        origin: RequestOrigin,
        *,
        full_name: str | None = None,
        email: str | None = None,
        password: str | None = None,
    ) -> User:
        """Change what is given. Another address needs `password`, which is checked wherever given.

        Raises `Invalid` and `Conflict` naming the field, `RateLimited`.
        """
        name = None if full_name is None else checked_name(full_name)
        address = None if email is None else normalise_email(email)

        def work(tx: Connection) -> User:
            current = users.by_id(tx, principal.user.id)
            if current is None:
                raise _gone()
            user = replace(
                current, full_name=name or current.full_name, email=address or current.email
            )
            moves = user.email != current.email
            if moves and password is None:
                raise Invalid("Another e-mail address needs your password.", field="password")
            if user != current:
                users.update(tx, user)
                details = {"email": moves, "full_name": user.full_name != current.full_name}
                self._audit(tx, "account.update", principal, origin, details)
            return user

        if password is None:
            return await self._db.write(work)
        return await self._reauthentication.act(principal, password, origin, work)

    async def change_password(
        self, principal: Principal, old: str, new: str, origin: RequestOrigin
    ) -> None:
        """All other sessions of the account end at once.

        Raises `Invalid` (field `old_password` or `new_password`), `RateLimited`.
        """
        user = principal.user
        self._passwords.check(new, email=user.email, field="new_password")
        if normalise(new) == normalise(old):
            raise Invalid("The new password is the old one.", field="new_password")
        password_hash = await self._passwords.hash(new)
        reason = "password_changed"

        def work(tx: Connection) -> list[str]:
            users.set_password(tx, user.id, password_hash)
            one_time_links.forget(tx, user.id)
            self._audit(tx, "account.change_password", principal, origin)
            return self._sessions.end_all(
                tx,
                user.id,
                reason,
                except_session=principal.session_id,
                actor=principal,
                origin=origin,
            )

        ended = await self._reauthentication.act(principal, old, origin, work, field="old_password")
        self._sessions.ended(ended, reason)

    async def delete(self, principal: Principal, origin: RequestOrigin) -> None:
        """Erase the account and all that is its own; audit rows keep its id, which names nobody.

        Raises `Conflict` for the last active administrator.
        """
        user = principal.user

        def permit(tx: Connection) -> User:
            current = users.by_id(tx, user.id)
            if current is None or not current.is_active:
                raise _gone()
            if users.is_last_admin(tx, user.id):
                raise Conflict(
                    "You are the last administrator. Make somebody else one before you leave."
                )
            return current

        def record(tx: Connection) -> None:
            self._audit(tx, "account.delete", principal, origin)

        await self._erasure.erase(
            user.id, permit, record, "account_deleted", actor=principal, origin=origin
        )

    def _audit(
        self,
        tx: Connection,
        action: str,
        principal: Principal,
        origin: RequestOrigin,
        details: dict[str, bool] | None = None,
    ) -> None:
        audit.append(
            tx,
            AuditEntry(
                at=self._clock(),
                action=action,
                success=True,
                actor=principal,
                origin=origin,
                resource_type="user",
                resource_id=principal.user.id,
                details={**(details or {})},
            ),
        )


def _gone() -> Unauthorized:
    return Unauthorized("This account does not exist any more.")
