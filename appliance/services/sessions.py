"""Sign-ins: opening, renewing, checking and ending them."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from appliance.domain import Principal, RequestOrigin, Session, User, utc_now
from appliance.errors import Forbidden, NotFound, Unauthorized
from appliance.services.session_watches import SessionWatches
from appliance.services.tokens import AccessTokens, RefreshTokens
from appliance.storage import audit, users
from appliance.storage import sessions as store
from appliance.storage.audit import AuditEntry
from appliance.storage.database import Connection, Database

REUSE_GRACE = timedelta(seconds=10)  # in which a lost answer may be asked for again
KEEP_ENDED = timedelta(days=7)

_NO_SESSION = "The session has ended. Sign in again."
_NO_REFRESH = "The refresh token is not valid. Sign in again."


@dataclass(frozen=True, slots=True)
class TokenPair:
    """What a sign-in or a renewal gives; the two lifetimes are in seconds."""

    access_token: str
    refresh_token: str
    expires_in: int
    refresh_expires_in: int
    user: User


class Sessions:
    """One row per sign-in; each refresh token works once and stands for the whole sign-in."""

    def __init__(
        self,
        db: Database,
        access_tokens: AccessTokens,
        refresh_tokens: RefreshTokens,
        *,
        session_lifetime: timedelta = timedelta(hours=24),
        refresh_lifetime: timedelta = timedelta(hours=24),
        clock: Callable[[], datetime] = utc_now,
    ) -> None:
        """`session_lifetime` is the absolute limit, `refresh_lifetime` the longest pause in use."""
        self._db = db
        self._access = access_tokens
        self._refresh = refresh_tokens
        self._session_lifetime = session_lifetime
        self._refresh_lifetime = refresh_lifetime
        self._clock = clock
        self._watches = SessionWatches(db, clock)

    async def start(self, user: User, origin: RequestOrigin) -> TokenPair:
        """Sign `user` in. Raises `Forbidden` when the account is not active any more."""
        return await self._db.write(lambda tx: self.open(tx, user.id, origin))

    def open(self, tx: Connection, user_id: str, origin: RequestOrigin) -> TokenPair:
        """`start` as a part of the caller's transaction."""
        now = self._clock()
        user = users.by_id(tx, user_id)
        if user is None or not user.is_active:
            raise Forbidden("This account is not active.")
        store.forget_ended(tx, user.id, now - KEEP_ENDED)
        session = Session(
            id=str(uuid.uuid4()),
            user_id=user.id,
            created_at=now,
            expires_at=now + self._session_lifetime,
            ip=origin.ip,
            user_agent=origin.user_agent,
        )
        store.insert(tx, session)
        users.set_last_login(tx, user.id, now)
        user = replace(user, last_login=now)
        actor = Principal(user, session.id)
        audit.append(
            tx,
            _entry(now, "session.login", True, session.id, actor=actor, origin=origin),
        )
        return self._pair(tx, session, user, self._refresh.new(), now)

    async def refresh(self, token: str, origin: RequestOrigin) -> TokenPair:
        """Exchange a refresh token for its successor and a new access token.

        Raises `Unauthorized`. A token exchanged before ends its session: two people hold it.
        """
        outcome = await self._db.write(lambda tx: self._rotate(tx, token, origin))
        if isinstance(outcome, TokenPair):
            return outcome
        if outcome is not None:
            self.ended([outcome], "refresh_reuse")
        raise Unauthorized(_NO_REFRESH)

    async def authenticate(self, access_token: str) -> Principal:
        """Whose token this is. Raises `Unauthorized` unless token, session and account all hold."""
        claims = self._access.read(access_token)
        principal = await self.principal(claims.session_id)
        if principal.user.id != claims.user_id:
            raise Unauthorized(_NO_SESSION)
        return principal

    async def principal(self, session_id: str) -> Principal:
        """Who is signed in by it. Raises `Unauthorized` unless session and account hold."""
        found = await self._db.read(lambda tx: store.with_user(tx, session_id))
        if found is None or not _holds(*found, self._clock()):
            raise Unauthorized(_NO_SESSION)
        session, user = found
        return Principal(user, session.id)

    async def of(self, principal: Principal) -> list[Session]:
        """The caller's sessions that have not ended, newest first."""
        now = self._clock()
        return await self._db.read(lambda tx: store.live_of_user(tx, principal.user.id, now))

    async def revoke_own(
        self, principal: Principal, session_id: str, origin: RequestOrigin
    ) -> None:
        """End one of the caller's sessions, on every way in.

        Raises `NotFound` for somebody else's, one that has ended, and none at all.
        """
        now = self._clock()

        def work(tx: Connection) -> None:
            if not store.revoke_own(tx, principal.user.id, session_id, now):
                raise NotFound("There is no such session.")
            audit.append(
                tx,
                _entry(now, "session.revoke", True, session_id, "own", principal, origin),
            )

        await self._db.write(work)
        self.ended([session_id], "revoked")

    async def revoke(
        self,
        session_id: str,
        reason: str,
        *,
        actor: Principal | None = None,
        origin: RequestOrigin | None = None,
    ) -> bool:
        """End one session, on every way in. False when it had ended before."""
        now = self._clock()

        def work(tx: Connection) -> bool:
            revoked = store.revoke(tx, session_id, now)
            if revoked:
                audit.append(
                    tx, _entry(now, "session.revoke", True, session_id, reason, actor, origin)
                )
            return revoked

        revoked = await self._db.write(work)
        self.ended([session_id], reason)
        return revoked

    async def revoke_all(
        self,
        user_id: str,
        reason: str = "revoked",
        *,
        except_session: str | None = None,
        actor: Principal | None = None,
        origin: RequestOrigin | None = None,
    ) -> int:
        """End the user's sessions, on every way in; returns how many there were."""
        ended = await self._db.write(
            lambda tx: self.end_all(
                tx, user_id, reason, except_session=except_session, actor=actor, origin=origin
            )
        )
        self.ended(ended, reason)
        return len(ended)

    def end_all(
        self,
        tx: Connection,
        user_id: str,
        reason: str,
        *,
        except_session: str | None = None,
        actor: Principal | None = None,
        origin: RequestOrigin | None = None,
    ) -> list[str]:
        """`revoke_all` within the caller's transaction; give the ids to `ended` once committed."""
        now = self._clock()
        ended = store.revoke_of_user(tx, user_id, now, except_session=except_session)
        for session_id in ended:
            audit.append(tx, _entry(now, "session.revoke", True, session_id, reason, actor, origin))
        return ended

    async def sign_out(
        self, principal: Principal, refresh_token: str | None, origin: RequestOrigin
    ) -> None:
        """End the session, and that of `refresh_token` where it is another of the same user."""
        now = self._clock()

        def work(tx: Connection) -> list[str]:
            wanted = [principal.session_id]
            named = self._session_of(tx, refresh_token) if refresh_token else None
            if named is not None and named[1].id == principal.user.id:
                wanted.append(named[0].id)
            ended = [each for each in dict.fromkeys(wanted) if store.revoke(tx, each, now)]
            for session_id in ended:
                audit.append(
                    tx,
                    _entry(now, "session.logout", True, session_id, actor=principal, origin=origin),
                )
            return ended

        self.ended(await self._db.write(work), "logout")

    def watch(self, session_id: str, callback: Callable[[str], None]) -> Callable[[], None]:
        """Call `callback` once, with the reason, when the session ends; returns the un-register.

        At once for what this process ends, within a second for expiry and for changes from outside.
        """
        return self._watches.watch(session_id, callback)

    def ended(self, session_ids: list[str], reason: str) -> None:
        """Tell the open sockets of `session_ids`, once their end is committed."""
        self._watches.ended(session_ids, reason)

    def close(self) -> None:
        """Before the database is closed."""
        self._watches.close()

    def _rotate(self, tx: Connection, token: str, origin: RequestOrigin) -> TokenPair | str | None:
        """The new pair; the id of the session that reuse has just ended; None for no effect."""
        now = self._clock()
        presented = store.refresh_by_hash(tx, self._refresh.hash(token))
        found = None if presented is None else store.with_user(tx, presented.session_id)
        if presented is None or found is None:
            return None
        session, user = found
        if not _holds(session, user, now):
            return None
        child = self._refresh.child(token)
        if presented.used_at is None:
            if presented.expires_at <= now:
                return None
            store.use_refresh(tx, presented.hash, now)
            return self._pair(tx, session, user, child, now)
        successor = store.refresh_by_hash(tx, self._refresh.hash(child))
        # abs: a clock set back must not stretch the grace.
        in_grace = abs(now - presented.used_at) <= REUSE_GRACE
        if successor is not None and successor.used_at is None and in_grace:
            return self._issue(session, user, child, successor.expires_at, now)
        store.revoke(tx, session.id, now)
        entry = _entry(now, "session.refresh_reuse", False, session.id, origin=origin)
        audit.append(tx, replace(entry, user_id=user.id))
        return session.id

    def _session_of(self, tx: Connection, refresh_token: str) -> tuple[Session, User] | None:
        presented = store.refresh_by_hash(tx, self._refresh.hash(refresh_token))
        return None if presented is None else store.with_user(tx, presented.session_id)

    def _pair(
        self, tx: Connection, session: Session, user: User, refresh_token: str, now: datetime
    ) -> TokenPair:
        expires_at = min(now + self._refresh_lifetime, session.expires_at)
        hashed = self._refresh.hash(refresh_token)
        store.insert_refresh(tx, store.RefreshToken(hashed, session.id, now, expires_at))
        return self._issue(session, user, refresh_token, expires_at, now)

    def _issue(
        self, session: Session, user: User, refresh_token: str, until: datetime, now: datetime
    ) -> TokenPair:
        access, expires_in = self._access.issue(user.id, session.id, not_after=session.expires_at)
        lives = max(0, int((until - now).total_seconds()))
        return TokenPair(access, refresh_token, expires_in, lives, user)


def _holds(session: Session, user: User, now: datetime) -> bool:
    return session.revoked_at is None and now < session.expires_at and user.is_active


def _entry(
    at: datetime,
    action: str,
    success: bool,
    session_id: str,
    reason: str | None = None,
    actor: Principal | None = None,
    origin: RequestOrigin | None = None,
) -> AuditEntry:
    return AuditEntry(
        at=at,
        action=action,
        success=success,
        actor=actor,
        origin=origin,
        resource_type="session",
        resource_id=session_id,
        details={} if reason is None else {"reason": reason},
    )
