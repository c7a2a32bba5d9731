"""Codes on paper that stand in for a lost authenticator, each of them once."""

from __future__ import annotations

import hmac
import secrets

from appliance.services.accounts import UNMISTAKABLE

COUNT = 10
_GROUPS, _GROUP_LENGTH = 2, 5


class RecoveryCodes:
    """Kept under a keyed hash: 49 random bits are too few for a hash that anyone can compute."""

    def __init__(self, key: bytes) -> None:
        """`key` has 32 bytes."""
        self._key = key

    @staticmethod
    def new() -> list[str]:
        """Ten different ones, such as `abcde-fgh23`."""
        codes: set[str] = set()
        while len(codes) < COUNT:
            codes.add("-".join(_group() for _ in range(_GROUPS)))
        return list(codes)

    def hash(self, code: str) -> str:
        """The same however it is typed: capitals, spaces and dashes do not count."""
        text = "".join(code.lower().replace("-", "").split())
        return hmac.digest(self._key, text.encode("utf-8", "surrogatepass"), "sha256").hex()


def _group() -> str:
    return "".join(secrets.choice(UNMISTAKABLE) for _ in range(_GROUP_LENGTH))
