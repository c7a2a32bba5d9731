"""Signed tokens (JWT, RFC 7519 with the checks of RFC 8725), each kind good for one purpose."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

import jwt

from appliance.domain import utc_now

ALGORITHM = "HS256"
MAX_TOKEN_CHARS = 4096
CLOCK_STEP_S = 60  # how far back a clock may be set without ending the tokens of the last minutes
_REQUIRED = ("iss", "aud", "sub", "jti", "typ", "iat", "exp")
_HEADERS = {"alg", "typ"}
_COMPACT = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+")  # RFC 7515, 7.1


@dataclass(frozen=True, slots=True)
class Claims:
    """What a token says: `id` is its own, `more` holds the claims of its kind."""

    id: str
    user_id: str
    expires_at: datetime
    more: Mapping[str, str]


class SignedTokens:
    """Signs and reads one kind of token of this installation, and of no other."""

    def __init__(
        self,
        key: bytes,
        install_id: str,
        kind: str,
        more: tuple[str, ...],
        *,
        clock: Callable[[], datetime] = utc_now,
    ) -> None:
        """`key` has 32 bytes; `install_id` is issuer and audience; `more` names further claims."""
        self._key = key
        self._install_id = install_id
        self._kind = kind
        self._more = more
        self._clock = clock

    def sign(
        self,
        user_id: str,
        more: Mapping[str, str],
        lifetime_s: int,
        *,
        not_after: datetime | None = None,
    ) -> tuple[str, int]:
        """A token and the seconds it lives: its lifetime, or less when `not_after` comes first."""
        now = int(self._clock().timestamp())
        expires = now + lifetime_s
        if not_after is not None:
            expires = min(expires, int(not_after.timestamp()))
        claims = {
            "iss": self._install_id,
            "aud": self._install_id,
            "sub": user_id,
            "jti": str(uuid.uuid4()),
            "typ": self._kind,
            "iat": now,
            "exp": expires,
            **more,
        }
        return jwt.encode(claims, self._key, algorithm=ALGORITHM), max(0, expires - now)

    def read(self, token: str) -> Claims | None:
        """None, whatever is wrong with `token`."""
        if len(token) > MAX_TOKEN_CHARS or not _COMPACT.fullmatch(token):
            return None
        try:
            # A parameter that we do not write (crit, kid, jku, x5u, b64, ...) can only do harm.
            if set(jwt.get_unverified_header(token)) - _HEADERS:
                return None
            claims = jwt.decode(
                token,
                self._key,
                algorithms=[ALGORITHM],
                audience=self._install_id,
                issuer=self._install_id,
                # The times are checked below, by the clock of this process.
                options={
                    "require": [*_REQUIRED, *self._more],
                    "verify_exp": False,
                    "verify_iat": False,
                    "verify_nbf": False,
                },
            )
        except (jwt.PyJWTError, ValueError, RecursionError):
            return None
        issued, expires = claims["iat"], claims["exp"]
        if type(issued) is not int or type(expires) is not int:
            return None
        if any(type(claims[name]) is not str for name in ("sub", "jti", *self._more)):
            return None
        now = self._clock().timestamp()
        if claims["typ"] != self._kind or not issued - CLOCK_STEP_S <= now < expires:
            return None
        return Claims(
            claims["jti"],
            claims["sub"],
            datetime.fromtimestamp(expires, UTC),
            {name: claims[name] for name in self._more},
        )
