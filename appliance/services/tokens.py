"""Access tokens (signed) and refresh tokens (opaque; RFC 9700, 4.14)."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from appliance.domain import utc_now
from appliance.errors import Unauthorized
from appliance.services.signed_tokens import SignedTokens


@dataclass(frozen=True, slots=True)
class AccessClaims:
    user_id: str
    session_id: str


class AccessTokens:
    """Issues and reads the access tokens of this installation, and of no other."""

    def __init__(
        self,
        key: bytes,
        install_id: str,
        *,
        lifetime_s: int = 300,
        clock: Callable[[], datetime] = utc_now,
    ) -> None:
        """`key` has 32 bytes; `install_id` is issuer and audience."""
        self._tokens = SignedTokens(key, install_id, "access", ("sid",), clock=clock)
        self._lifetime_s = lifetime_s

    def issue(self, user_id: str, session_id: str, *, not_after: datetime) -> tuple[str, int]:
        """A token and the seconds it lives: its lifetime, or less when `not_after` comes first."""
        return self._tokens.sign(
            user_id, {"sid": session_id}, self._lifetime_s, not_after=not_after
        )

    def read(self, token: str) -> AccessClaims:
        """Raises `Unauthorized`, with the same words whatever is wrong with `token`."""
        claims = self._tokens.read(token)
        if claims is None:
            raise Unauthorized("The access token is not valid. Sign in again.")
        return AccessClaims(claims.user_id, claims.more["sid"])


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
