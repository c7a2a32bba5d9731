"""Access tokens (JWT, RFC 7519 with the checks of RFC 8725) and refresh tokens (RFC 9700, 4.14)."""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import secrets
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

import jwt

from appliance.domain import utc_now
from appliance.errors import Unauthorized

ALGORITHM = "HS256"
MAX_TOKEN_CHARS = 4096
CLOCK_STEP_S = 60  # how far back a clock may be set without ending the tokens of the last minutes
_REQUIRED = ["iss", "aud", "sub", "sid", "jti", "typ", "iat", "exp"]
_HEADERS = {"alg", "typ"}
_COMPACT = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+")  # RFC 7515, 7.1


@dataclass(frozen=True, slots=True)
class AccessClaims:
    user_id: str
    session_id: str


class AccessTokens:
    """Issues and reads the signed tokens of this installation, and of no other."""

    def __init__(
        self,
        key: bytes,
        install_id: str,
        *,
        lifetime_s: int = 300,
        clock: Callable[[], datetime] = utc_now,
    ) -> None:
        """`key` has 32 bytes; `install_id` is issuer and audience."""
        self._key = key
        self._install_id = install_id
        self._lifetime_s = lifetime_s
        self._clock = clock

    def issue(self, user_id: str, session_id: str, *, not_after: datetime) -> tuple[str, int]:
        """A token and the seconds it lives: its lifetime, or less when `not_after` comes first."""
        now = int(self._clock().timestamp())
        expires = min(now + self._lifetime_s, int(not_after.timestamp()))
        claims = {
            "iss": self._install_id,
            "aud": self._install_id,
            "sub": user_id,
            "sid": session_id,
            "jti": str(uuid.uuid4()),
            "typ": "access",
            "iat": now,
            "exp": expires,
        }
        return jwt.encode(claims, self._key, algorithm=ALGORITHM), max(0, expires - now)

    def read(self, token: str) -> AccessClaims:
        """Raises `Unauthorized`, with the same words whatever is wrong with `token`."""
        refused = Unauthorized("The access token is not valid. Sign in again.")
        if len(token) > MAX_TOKEN_CHARS or not _COMPACT.fullmatch(token):
            raise refused
        try:
            # A parameter that we do not write (crit, kid, jku, x5u, b64, ...) can only do harm.
            if set(jwt.get_unverified_header(token)) - _HEADERS:
                raise refused
            claims = jwt.decode(
                token,
                self._key,
                algorithms=[ALGORITHM],
                audience=self._install_id,
                issuer=self._install_id,
                # The times are checked below, by the clock of this process.
                options={
                    "require": _REQUIRED,
                    "verify_exp": False,
                    "verify_iat": False,
                    "verify_nbf": False,
                },
            )
        except (jwt.PyJWTError, ValueError, RecursionError):
            raise refused from None
        issued, expires, session_id = claims["iat"], claims["exp"], claims["sid"]
        if type(issued) is not int or type(expires) is not int or type(session_id) is not str:
            raise refused
        now = self._clock().timestamp()
        if claims["typ"] != "access" or not issued - CLOCK_STEP_S <= now < expires:
            raise refused
        return AccessClaims(user_id=claims["sub"], session_id=session_id)


class RefreshTokens:
    """Opaque tokens; a token's successor is a keyed function of it.

    So a lost answer can be given again, and calls at the same time get one successor, though the
    database knows only hashes.
    """

    def __init__(self, key: bytes) -> None:
        """`key` has 32 bytes."""
        self._key = key

    def new(self) -> str:
        return secrets.token_urlsafe(32)

    def child(self, parent: str) -> str:
        """The one token that `parent` is exchanged for."""
        digest = hmac.digest(self._key, _octets(parent), "sha256")
        return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()

    @staticmethod
    def hash(token: str) -> str:
        """As the database keeps it. The token has 256 random bits, so a fast hash is enough."""
        return hashlib.sha256(_octets(token)).hexdigest()


def _octets(token: str) -> bytes:
    return token.encode("utf-8", "surrogatepass")
