"""Accounts: who may have one, and signing in to it."""

from __future__ import annotations

import secrets
import unicodedata
import uuid
from collections.abc import Callable
from datetime import datetime
from typing import Literal

from appliance.domain import AdminRole, Principal, RequestOrigin, User, utc_now
from appliance.errors import ApplianceError, Forbidden, Invalid, RateLimited, Unauthorized
from appliance.services.challenges import Challenge, Challenges
from appliance.services.flags import REGISTRATION_OPEN, Flags
from appliance.services.login_throttle import LoginThrottle
from appliance.services.passwords import PasswordHasher
from appliance.services.sessions import Sessions, TokenPair
from appliance.storage import audit, two_factor, users
from appliance.storage.audit import AuditEntry
from appliance.storage.database import Connection, Database

Registration = Literal["open", "approval", "closed"]

MAX_EMAIL = 254  # RFC 5321, 4.5.3.1.3
MAX_LOCAL_PART = 64
MAX_LABEL = 63
MAX_FULL_NAME = 200
NOT_ACTIVE = "This account is not active. Ask an administrator."
# Without 0, 1, i, l, o, u: read over the telephone, none is taken for another.
UNMISTAKABLE = "abcdefghjkmnpqrstvwxyz23456789"
_GROUPS, _GROUP_LENGTH = 4, 5


class Accounts:
    """`registration` says who gets an account by asking: anyone, anyone after approval, nobody."""

    def __init__(
        self,
        db: Database,
        sessions: Sessions,
        passwords: PasswordHasher,
        throttle: LoginThrottle,
        challenges: Challenges,
        *,
        registration: Registration = "open",
        flags: Flags | None = None,
        clock: Callable[[], datetime] = utc_now,
    ) -> None:
        """`flags` may close registration too; the console, where nobody registers, has none."""
        self._db = db
        self._sessions = sessions
        self._passwords = passwords
        self._throttle = throttle
        self._challenges = challenges
        self._registration = registration
        self._flags = flags
        self._clock = clock

    async def register(
        self, email: str, full_name: str, password: str, origin: RequestOrigin
    ) -> User:
        """A new ordinary account, inactive where an administrator has to approve it.

        Raises `Forbidden` where registration is closed, `Invalid` and `Conflict` naming the field.
        """
        if self._registration == "closed" or not await self._admits(email):
            raise Forbidden("Accounts are given by the administrators of this appliance.")
        return await self._create(
            email,
            full_name,
            password,
            AdminRole.USER,
            is_active=self._registration == "open",
            action="account.register",
            origin=origin,
        )

    async def create_admin(self, email: str, full_name: str, password: str) -> User:
        """An administrator, for the console. Raises `Invalid` and `Conflict` naming the field."""
        return await self._create(
            email,
            full_name,
            password,
            AdminRole.ADMIN,
            is_active=True,
            action="account.create_admin",
            origin=None,
        )

    async def login(
        self, email: str, password: str, origin: RequestOrigin
    ) -> TokenPair | Challenge:
        """Sign in. An unknown address and a wrong password differ in nothing, time included.

        An account with two factors gets a challenge, for `TwoFactor.verify`.
        Raises `Unauthorized`, `Forbidden` (right password, account not active), `RateLimited`.
        """
        email = normalise_email(email)
        account = self._throttle.account(email)
        try:
            async with self._throttle.attempt(account):
                return await self._login(email, account, password, origin)
        except RateLimited:
            await self._db.write(lambda tx: self._audit_failure(tx, email, "throttled", origin))
            raise

    async def logout(
        self, principal: Principal, refresh_token: str | None, origin: RequestOrigin
    ) -> None:
        """End the session, and that of `refresh_token` where it is another of the same user."""
        await self._sessions.sign_out(principal, refresh_token, origin)

    async def has_admin(self) -> bool:
        """Is there an active administrator?"""
        return await self._db.read(users.has_active_admin)

    @staticmethod
    def generate_password() -> str:
        """Random, about 98 bits, in groups that can be typed off a screen."""
        groups = (
            "".join(secrets.choice(UNMISTAKABLE) for _ in range(_GROUP_LENGTH))
            for _ in range(_GROUPS)
        )
        return "-".join(groups)

    async def _admits(self, email: str) -> bool:
        """An address stands for somebody who has no account yet."""
        address = normalise_email(email)
        return self._flags is None or await self._flags.holds(REGISTRATION_OPEN, address)

    async def _login(
        self, email: str, account: str, password: str, origin: RequestOrigin
    ) -> TokenPair | Challenge:
        found = await self._db.read(lambda tx: users.credentials(tx, email))
        stored = None if found is None else found[1]
        right = await self._passwords.verify(password, stored)

        def work(tx: Connection) -> TokenPair | Challenge | ApplianceError:
            # Read again: the account may have changed while the password was checked.
            current = users.credentials(tx, email)
            if not right or current is None or stored is None or current[1] != stored:
                known = None if current is None else current[0].id
                self._throttle.failed(tx, account, user_id=known, origin=origin)
                self._audit_failure(tx, email, "credentials", origin)
                return Unauthorized("The e-mail address or the password is wrong.")
            user = current[0]
            if user.is_active and two_factor.enabled(tx, user.id):
                # Failures stay counted until the code is right too: whoever knows the password
                # must not win new guesses at the code with it.
                audit.append(tx, login_entry(self._clock(), user.id, "challenged", origin))
                return self._challenges.issue(user.id, stored)
            self._throttle.succeeded(tx, account, user_id=user.id, origin=origin)
            if not user.is_active:
                self._audit_failure(tx, email, "inactive", origin)
                return Forbidden(NOT_ACTIVE)
            return self._sessions.open(tx, user.id, origin)

        # Returned rather than raised inside: a failed login leaves its trace.
        outcome = await self._db.write(work)
        if isinstance(outcome, ApplianceError):
            raise outcome
        return outcome

    async def _create(
        self,
        email: str,
        full_name: str,
        password: str,
        role: AdminRole,
        *,
        is_active: bool,
        action: str,
        origin: RequestOrigin | None,
    ) -> User:
        email = normalise_email(email)
        full_name = checked_name(full_name)
        self._passwords.check(password, email=email)
        password_hash = await self._passwords.hash(password)
        now = self._clock()
        user = User(str(uuid.uuid4()), email, full_name, is_active, role, now)

        def work(tx: Connection) -> None:
            users.insert(tx, user, password_hash)
            audit.append(
                tx,
                AuditEntry(
                    at=now,
                    action=action,
                    success=True,
                    user_id=user.id,
                    origin=origin,
                    resource_type="user",
                    resource_id=user.id,
                    details={"admin_role": role.value, "is_active": is_active},
                ),
            )

        await self._db.write(work)
        return user

    def _audit_failure(
        self, tx: Connection, email: str, reason: str, origin: RequestOrigin
    ) -> None:
        """Names an existing account by its id; of any other address nothing is kept."""
        user = users.by_email(tx, email)
        user_id = None if user is None else user.id
        audit.append(tx, login_entry(self._clock(), user_id, reason, origin))


def login_entry(
    at: datetime, user_id: str | None, reason: str, origin: RequestOrigin
) -> AuditEntry:
    """The audit row of a sign-in that has opened no session, with the reason why."""
    return AuditEntry(
        at=at,
        action="session.login",
        success=False,
        user_id=user_id,
        origin=origin,
        details={"reason": reason},
    )


def normalise_email(text: str) -> str:
    """The one form in which an address is stored, compared and counted.

    Raises `Invalid` (field `email`) for what is no address. Hospital networks have names without a
    dot, so one label is a domain.
    """
    email = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).strip().lower())
    local_part, at, domain = email.rpartition("@")
    if not (
        at
        and len(email) <= MAX_EMAIL
        and _is_local_part(local_part)
        and all(_is_label(label) for label in domain.split("."))
    ):
        raise Invalid("This is not an e-mail address.", field="email")
    return email


def checked_name(text: str) -> str:
    """`text` as the name of a person. Raises `Invalid` (field `full_name`)."""
    name = text.strip()
    if not 1 <= len(name) <= MAX_FULL_NAME:
        raise Invalid(f"The name must have 1 to {MAX_FULL_NAME} characters.", field="full_name")
    return name


def _is_local_part(text: str) -> bool:
    return (
        0 < len(text) <= MAX_LOCAL_PART
        and not any(c in '"(),:;<>[\\]@' or unicodedata.category(c)[0] in "CZ" for c in text)
        and all(text.split("."))
    )


def _is_label(text: str) -> bool:
    return (
        0 < len(text) <= MAX_LABEL
        and not (text.startswith("-") or text.endswith("-"))
        and all(c == "-" or c.isalnum() or unicodedata.category(c)[0] == "M" for c in text)
    )
