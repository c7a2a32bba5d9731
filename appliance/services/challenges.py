"""The token between a right password and the second factor: good for nothing but that step."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from appliance.domain import utc_now
from appliance.errors import Unauthorized
from appliance.services.signed_tokens import SignedTokens

LIFETIME_S = 300


@dataclass(frozen=True, slots=True)
class Challenge:
    """What a login gives an account with two factors; `expires_in` is in seconds."""

    token: str
    expires_in: int


@dataclass(frozen=True, slots=True)
class ChallengeClaims:
    id: str
    user_id: str
    password_mark: str
    expires_at: datetime


class Challenges:
    """Issues and reads the challenges of this installation, and of no other."""

    def __init__(
        self, key: bytes, install_id: str, *, clock: Callable[[], datetime] = utc_now
    ) -> None:
        """`key` has 32 bytes and signs nothing else."""
        self._tokens = SignedTokens(key, install_id, "challenge", ("pwd",), clock=clock)

    def issue(self, user_id: str, password_hash: str) -> Challenge:
        """`password_hash` is that of the password that was right: a new one ends the challenge."""
        return Challenge(*self._tokens.sign(user_id, {"pwd": mark(password_hash)}, LIFETIME_S))

    def read(self, token: str) -> ChallengeClaims:
        """Raises `Unauthorized`, with the same words whatever is wrong with `token`."""
        claims = self._tokens.read(token)
        if claims is None:
            raise refused()
        return ChallengeClaims(claims.id, claims.user_id, claims.more["pwd"], claims.expires_at)


def mark(password_hash: str) -> str:
    """Says which password it was, and nothing about it: the hash has a random salt."""
    return hashlib.sha256(password_hash.encode()).hexdigest()[:32]


def refused() -> Unauthorized:
    return Unauthorized(
        "This sign-in has expired. Start again with your password.", field="challenge"
    )
