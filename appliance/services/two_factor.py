"""The second factor: an authenticator (TOTP), with recovery codes for when it is lost."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

from appliance.domain import Principal, RequestOrigin, utc_now
from appliance.errors import (
    ApplianceError,
    Conflict,
    Forbidden,
    Invalid,
    RateLimited,
    Unauthorized,
)
from appliance.services import totp
from appliance.services.accounts import NOT_ACTIVE, login_entry
from appliance.services.challenges import ChallengeClaims, Challenges, mark, refused
from appliance.services.login_throttle import LoginThrottle
from appliance.services.reauthentication import Reauthentication
from appliance.services.recovery_codes import RecoveryCodes
from appliance.services.sessions import Sessions, TokenPair
from appliance.storage import audit, users
from appliance.storage import two_factor as store
from appliance.storage.audit import AuditEntry
from appliance.storage.database import Connection, Database
from appliance.storage.two_factor import Enrolment

_WRONG = "The code is wrong, or it has been used before."
_IS_ON = "Two-factor sign-in is on already."
_IS_OFF = "Two-factor sign-in is not on."


@dataclass(frozen=True, slots=True)
class Status:
    enabled_at: datetime | None  # None: not on
    recovery_codes_left: int


@dataclass(frozen=True, slots=True)
class Setup:
    """What the authenticator has to be given, in base32 and as an address for a QR code."""

    secret: str
    uri: str


class TwoFactor:
    def __init__(
        self,
        db: Database,
        sessions: Sessions,
        reauthentication: Reauthentication,
        throttle: LoginThrottle,
        challenges: Challenges,
        recovery_codes: RecoveryCodes,
        *,
        clock: Callable[[], datetime] = utc_now,
    ) -> None:
        self._db = db
        self._sessions = sessions
        self._reauthentication = reauthentication
        self._throttle = throttle
        self._challenges = challenges
        self._recovery_codes = recovery_codes
        self._clock = clock

    async def status(self, principal: Principal) -> Status:
        def work(tx: Connection) -> Status:
            enrolment = store.enabled(tx, principal.user.id)
            if enrolment is None:
                return Status(None, 0)
            left = store.recovery_codes_left(tx, principal.user.id)
            return Status(enrolment.enabled_at, left)

        return await self._db.read(work)

    async def setup(self, principal: Principal, password: str, origin: RequestOrigin) -> Setup:
        """A new secret, in place of one that was not enabled yet.

        Raises `Invalid` (field `password`), `RateLimited`, `Conflict` when it is on already.
        """
        user = principal.user
        secret = totp.new_secret()

        def work(tx: Connection) -> Setup | ApplianceError:
            if store.enabled(tx, user.id):
                return Conflict(_IS_ON)
            store.put(tx, Enrolment(user.id, secret))
            self._audit(tx, "two_factor.setup", principal, origin)
            return Setup(secret, totp.uri(secret, user.email))

        return await self._reauthentication.act(principal, password, origin, work)

    async def enable(self, principal: Principal, code: str, origin: RequestOrigin) -> list[str]:
        """Turn it on; returns the recovery codes, which are nowhere to be had again.

        Raises `Invalid` (field `code`), `Conflict` when it is on already or was not set up,
        `RateLimited`: wrong codes count like wrong passwords.
        """
        user, now = principal.user, self._clock()
        account = self._throttle.account(user.email)
        codes = self._recovery_codes.new()
        hashes = [self._recovery_codes.hash(each) for each in codes]

        def work(tx: Connection) -> ApplianceError | None:
            enrolment = store.get(tx, user.id)
            if enrolment is None:
                return Conflict("Set the authenticator up first.")
            if enrolment.enabled_at is not None:
                return Conflict(_IS_ON)
            step = totp.accepted_step(
                enrolment.secret, _typed(code), now, last_step=enrolment.last_step
            )
            if step is None:
                self._throttle.failed(tx, account, user_id=user.id, origin=origin)
                self._audit(tx, "two_factor.enable", principal, origin, success=False)
                return Invalid("The code is wrong. Is the telephone's clock right?", field="code")
            store.put(tx, replace(enrolment, enabled_at=now, last_step=step))
            store.put_recovery_codes(tx, user.id, hashes)
            self._audit(tx, "two_factor.enable", principal, origin)
            return None

        async with self._throttle.attempt(account):
            refusal = await self._db.write(work)
        if refusal is not None:
            raise refusal
        return codes

    async def disable(
        self, principal: Principal, password: str, code: str, origin: RequestOrigin
    ) -> None:
        """Turn it off. Raises `Invalid` (field `password` or `code`), `RateLimited`, `Conflict`."""
        user = principal.user

        def work(tx: Connection) -> bool | ApplianceError:
            enrolment = store.enabled(tx, user.id)
            if enrolment is None:
                return Conflict(_IS_OFF)
            if not self._accepts(tx, enrolment, code, origin):
                account = self._throttle.account(user.email)
                self._throttle.failed(tx, account, user_id=user.id, origin=origin)
                self._audit(tx, "two_factor.disable", principal, origin, success=False)
                return Invalid(_WRONG, field="code")
            store.delete(tx, user.id)
            self._audit(tx, "two_factor.disable", principal, origin)
            return True

        await self._reauthentication.act(principal, password, origin, work)

    async def verify(self, challenge: str, code: str, origin: RequestOrigin) -> TokenPair:
        """Finish the sign-in that gave `challenge`, by the authenticator or a recovery code.

        Raises `Unauthorized` (field `challenge` or `code`), `Forbidden` (account not active),
        `RateLimited`: wrong codes count like wrong passwords.
        """
        claims = self._challenges.read(challenge)
        user = await self._db.read(lambda tx: users.by_id(tx, claims.user_id))
        if user is None:
            raise refused()
        account = self._throttle.account(user.email)
        try:
            async with self._throttle.attempt(account):
                outcome = await self._db.write(
                    lambda tx: self._verify(tx, claims, account, code, origin)
                )
        except RateLimited:
            entry = login_entry(self._clock(), claims.user_id, "throttled", origin)
            await self._db.write(lambda tx: audit.append(tx, entry))
            raise
        if isinstance(outcome, ApplianceError):
            raise outcome
        return outcome

    def _verify(
        self,
        tx: Connection,
        claims: ChallengeClaims,
        account: str,
        code: str,
        origin: RequestOrigin,
    ) -> TokenPair | ApplianceError:
        now = self._clock()
        user = users.by_id(tx, claims.user_id)
        enrolment = store.enabled(tx, claims.user_id)
        password_hash = users.password_hash(tx, claims.user_id)
        if (
            user is None
            or enrolment is None
            or password_hash is None
            or mark(password_hash) != claims.password_mark
            or store.challenge_is_used(tx, claims.id)
        ):
            audit.append(tx, login_entry(now, claims.user_id, "challenge", origin))
            return refused()
        if not self._accepts(tx, enrolment, code, origin):
            self._throttle.failed(tx, account, user_id=user.id, origin=origin)
            audit.append(tx, login_entry(now, user.id, "two_factor", origin))
            return Unauthorized(_WRONG, field="code")
        store.use_challenge(tx, claims.id, claims.expires_at, now)
        self._throttle.succeeded(tx, account, user_id=user.id, origin=origin)
        if not user.is_active:
            audit.append(tx, login_entry(now, user.id, "inactive", origin))
            return Forbidden(NOT_ACTIVE)
        return self._sessions.open(tx, user.id, origin)

    def _accepts(
        self, tx: Connection, enrolment: Enrolment, code: str, origin: RequestOrigin
    ) -> bool:
        """Whether `code` is right; it is used up by that."""
        now, user_id, typed = self._clock(), enrolment.user_id, _typed(code)
        if len(typed) == totp.DIGITS:
            step = totp.accepted_step(enrolment.secret, typed, now, last_step=enrolment.last_step)
            if step is not None:
                store.put(tx, replace(enrolment, last_step=step))
            return step is not None
        if not store.use_recovery_code(tx, user_id, self._recovery_codes.hash(code), now):
            return False
        left = store.recovery_codes_left(tx, user_id)
        audit.append(
            tx,
            AuditEntry(
                at=now,
                action="two_factor.recovery_code",
                success=True,
                user_id=user_id,
                origin=origin,
                resource_type="user",
                resource_id=user_id,
                details={"left": left},
            ),
        )
        return True

    def _audit(
        self,
        tx: Connection,
        action: str,
        principal: Principal,
        origin: RequestOrigin,
        *,
        success: bool = True,
    ) -> None:
        audit.append(
            tx,
            AuditEntry(
                at=self._clock(),
                action=action,
                success=success,
                actor=principal,
                origin=origin,
                resource_type="user",
                resource_id=principal.user.id,
            ),
        )


def _typed(code: str) -> str:
    """Without the spaces that authenticators show between the digits."""
    return "".join(code.split())
