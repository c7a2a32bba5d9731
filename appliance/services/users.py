"""The administration of accounts: finding, changing, inviting and removing people."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from appliance.domain import (
    AdminRole,
    LockEvent,
    Principal,
    RequestOrigin,
    RoleChange,
    User,
    utc_now,
)
from appliance.errors import BadRequest, Conflict, NotFound
from appliance.services import user_changes
from appliance.services.accounts import checked_name, normalise_email
from appliance.services.erasure import AccountErasure
from appliance.services.login_throttle import LoginThrottle
from appliance.services.one_time_links import Link, OneTimeLinks, Purpose
from appliance.services.sessions import Sessions
from appliance.services.user_changes import Act, UserChanges
from appliance.storage import lock_events, role_changes, two_factor, user_overviews, users
from appliance.storage.cache import Cache
from appliance.storage.database import Connection, Database
from appliance.storage.user_overviews import UserOverview

Wanted = users.Wanted

USER = "user"  # the namespace in the cache
FIGURES_S = 3600.0


@dataclass(frozen=True, slots=True)
class Overview:
    """An account, what it has done, and whether it has to wait after wrong passwords."""

    account: UserOverview
    locked: bool
    messages: int


@dataclass(frozen=True, slots=True)
class _Seen:
    """What one transaction saw of an account."""

    account: UserOverview
    locked: bool


class Users:
    """Every method is an act of an administrator (the listings: of a viewer too), and is audited.

    All raise `NotFound` for an id that does not exist.
    """

    def __init__(
        self,
        db: Database,
        sessions: Sessions,
        throttle: LoginThrottle,
        links: OneTimeLinks,
        cache: Cache,
        erasure: AccountErasure,
        *,
        clock: Callable[[], datetime] = utc_now,
    ) -> None:
        self._db = db
        self._sessions = sessions
        self._throttle = throttle
        self._links = links
        self._cache = cache
        self._erasure = erasure
        self._clock = clock

    async def find(
        self, actor: Principal, origin: RequestOrigin, wanted: Wanted, *, offset: int, limit: int
    ) -> tuple[list[User], int]:
        """Newest first, and how many there are in all."""
        act = self._act(actor, origin)

        def work(tx: Connection) -> tuple[list[User], int]:
            found, total = users.listing(tx, wanted, offset=offset, limit=limit)
            act.record(tx, "user.list", None, count=len(found))
            return found, total

        return await self._db.write(work)

    async def get(self, actor: Principal, origin: RequestOrigin, user_id: str) -> User:
        act = self._act(actor, origin)

        def work(tx: Connection) -> User:
            user = _found(tx, user_id)
            act.record(tx, "user.read", user_id)
            return user

        return await self._db.write(work)

    async def overviews(
        self, actor: Principal, origin: RequestOrigin, wanted: Wanted, *, offset: int, limit: int
    ) -> tuple[list[Overview], int]:
        """As `find`, with what the accounts have done."""
        act = self._act(actor, origin)

        def work(tx: Connection) -> tuple[list[_Seen], int]:
            found, total = user_overviews.page(tx, wanted, act.at, offset=offset, limit=limit)
            waiting = self._throttle.waiting(tx, [each.user.email for each in found])
            act.record(tx, "user.list", None, count=len(found))
            return [_Seen(each, each.user.email in waiting) for each in found], total

        seen, total = await self._db.write(work)
        return [await self._shown(each) for each in seen], total

    async def overview(self, actor: Principal, origin: RequestOrigin, user_id: str) -> Overview:
        act = self._act(actor, origin)

        def work(tx: Connection) -> _Seen:
            seen = self._seen(tx, user_id, act.at)
            act.record(tx, "user.read", user_id)
            return seen

        return await self._shown(await self._db.write(work))

    async def role_history(
        self, actor: Principal, origin: RequestOrigin, user_id: str, *, offset: int, limit: int
    ) -> list[RoleChange]:
        """Newest first."""
        act = self._act(actor, origin)

        def work(tx: Connection) -> list[RoleChange]:
            _found(tx, user_id)
            act.record(tx, "user.read", user_id, part="role_history")
            return role_changes.of_user(tx, user_id, offset=offset, limit=limit)

        return await self._db.write(work)

    async def lock_events(
        self, actor: Principal, origin: RequestOrigin, user_id: str, *, offset: int, limit: int
    ) -> list[LockEvent]:
        """Newest first."""
        act = self._act(actor, origin)

        def work(tx: Connection) -> list[LockEvent]:
            _found(tx, user_id)
            act.record(tx, "user.read", user_id, part="lock_events")
            return lock_events.of_user(tx, user_id, offset=offset, limit=limit)

        return await self._db.write(work)

    async def change(
        self,
        actor: Principal,
        origin: RequestOrigin,
        user_id: str,
        changes: UserChanges,
        *,
        reason: str | None = None,
    ) -> Overview:
        """Whoever loses a right by it is signed out everywhere.

        Raises `Invalid` and `Conflict` naming the field, `BadRequest` for one's own deactivation,
        demotion or e-mail address, `Conflict` for the last administrator's.
        """
        changes = changes.checked()
        act = self._act(actor, origin, reason)

        def work(tx: Connection) -> tuple[_Seen, list[str]]:
            before = _found(tx, user_id)
            after = changes.applied_to(before)
            ended: list[str] = []
            if after != before:
                user_changes.check(tx, act, before, after)
                user_changes.write(tx, act, before, after)
            if user_changes.loses_rights(before, after):
                ended = self._sessions.end_all(
                    tx, user_id, "rights_lost", actor=actor, origin=origin
                )
            return self._seen(tx, user_id, act.at), ended

        seen, ended = await self._db.write(work)
        self._sessions.ended(ended, "rights_lost")
        return await self._shown(seen)

    async def delete(self, actor: Principal, origin: RequestOrigin, user_id: str) -> None:
        """Erase the account and all that is its own; the audit trail keeps its id.

        Raises `BadRequest` for one's own, `Conflict` for the last administrator's.
        """
        act = self._act(actor, origin)

        def permit(tx: Connection) -> User:
            user = _found(tx, user_id)
            if act.is_on_self(user):
                raise BadRequest("Delete your own account in your profile.")
            user_changes.keep_an_admin(tx, user)
            return user

        def record(tx: Connection) -> None:
            act.record(tx, "user.delete", user_id)

        await self._erasure.erase(user_id, permit, record, "deleted", actor=actor, origin=origin)

    async def invite(
        self,
        actor: Principal,
        origin: RequestOrigin,
        email: str,
        full_name: str,
        role: AdminRole = AdminRole.USER,
    ) -> tuple[User, Link]:
        """An account that nobody can sign in to until its link is used.

        Raises `Invalid` and `Conflict` naming the field.
        """
        act = self._act(actor, origin)
        email, full_name = normalise_email(email), checked_name(full_name)
        user = User(str(uuid.uuid4()), email, full_name, True, role, act.at)
        token = self._links.new_token()

        def work(tx: Connection) -> Link:
            users.insert(tx, user, users.NO_PASSWORD)
            link = self._links.issue(tx, token, user.id, Purpose.INVITATION, actor)
            act.record(tx, "user.invite", user.id, admin_role=role.value)
            return link

        return user, await self._db.write(work)

    async def new_link(self, actor: Principal, origin: RequestOrigin, user_id: str) -> Link:
        """A link to choose a new password; who has none yet gets a new invitation.

        The present password and sessions hold until the link is used. Raises `BadRequest` for one's
        own account, `Conflict` for one that is not active.
        """
        act = self._act(actor, origin)
        token = self._links.new_token()

        def work(tx: Connection) -> Link:
            user = _found(tx, user_id)
            if act.is_on_self(user):
                raise BadRequest("Change your own password in your profile.")
            if not user.is_active:
                raise Conflict("This account is not active. Activate it first.")
            chosen = users.has_password(tx, user_id)
            purpose = Purpose.PASSWORD_RESET if chosen else Purpose.INVITATION
            act.record(tx, "user.password_link", user_id, purpose=purpose.value)
            return self._links.issue(tx, token, user_id, purpose, actor)

        return await self._db.write(work)

    async def unlock(
        self,
        actor: Principal,
        origin: RequestOrigin,
        user_id: str,
        *,
        reason: str | None = None,
    ) -> Overview:
        """Forget the account's wrong passwords. It may be done to an account that need not wait."""
        act = self._act(actor, origin, reason)

        def work(tx: Connection) -> _Seen:
            user = _found(tx, user_id)
            account = self._throttle.account(user.email)
            failures = self._throttle.failures(tx, account)
            if not self._throttle.unlock(tx, account, user_id, reason, actor, origin):
                act.record(tx, "account.unlock", user_id, failures=failures)
            return self._seen(tx, user_id, act.at)

        return await self._shown(await self._db.write(work))

    async def reset_two_factor(
        self,
        actor: Principal,
        origin: RequestOrigin,
        user_id: str,
        *,
        reason: str | None = None,
    ) -> Overview:
        """For who has lost both the authenticator and the recovery codes.

        Raises `BadRequest` for one's own account, `Conflict` where no second factor is on.
        """
        act = self._act(actor, origin, reason)

        def work(tx: Connection) -> _Seen:
            user = _found(tx, user_id)
            if act.is_on_self(user):
                raise BadRequest("Turn your own second factor off in your profile.")
            if two_factor.enabled(tx, user_id) is None:
                raise Conflict("No second factor is on for this account.")
            two_factor.delete(tx, user_id)
            act.record(tx, "two_factor.reset", user_id)
            return self._seen(tx, user_id, act.at)

        return await self._shown(await self._db.write(work))

    def _act(self, actor: Principal, origin: RequestOrigin, reason: str | None = None) -> Act:
        return Act(actor, origin, self._clock(), reason)

    async def _shown(self, seen: _Seen) -> Overview:
        """Messages are added up over all conversations: anew only once one of them has changed."""
        account = seen.account
        user_id = account.user.id
        stamp = (str(account.conversations), account.changed)
        key = self._cache.key(f"{USER}:{user_id}", "messages", *stamp)

        async def add_up() -> int:
            return await self._db.read(lambda tx: user_overviews.messages(tx, user_id))

        return Overview(account, seen.locked, await self._cache.through(key, FIGURES_S, add_up))

    def _seen(self, tx: Connection, user_id: str, now: datetime) -> _Seen:
        account = user_overviews.by_id(tx, user_id, now)
        if account is None:
            raise _not_found()
        return _Seen(account, bool(self._throttle.waiting(tx, [account.user.email])))


def _found(tx: Connection, user_id: str) -> User:
    user = users.by_id(tx, user_id)
    if user is None:
        raise _not_found()
    return user


def _not_found() -> NotFound:
    return NotFound("There is no such user.")
