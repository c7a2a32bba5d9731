"""The format of an encrypted file: 64 KiB segments under AES-256-GCM, in the STREAM construction.

Hoang, Reyhanitabar, Rogaway and Vizar, "Online authenticated-encryption and its nonce-reuse
misuse-resistance", CRYPTO 2015: each segment is bound to its place by a counter in the nonce, and
the last one is marked, so that segments cannot be reordered, dropped or cut off unnoticed. Every
file has a key of its own.
"""

from __future__ import annotations

import secrets
from typing import BinaryIO

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from appliance.errors import Unavailable

MAGIC = b"VAFILE\x01\x00"  # name and version of the format
PREFIX_BYTES = 8
SEGMENT_BYTES = 1 << 16
TAG_BYTES = 16
_SEALED_BYTES = SEGMENT_BYTES + TAG_BYTES
_READ_SEGMENTS = 8
UPLOAD_AGAIN = "Delete the document and upload it again."


class DamagedFile(Unavailable):
    """The stored bytes are missing, cut short or not what was written."""


class SegmentSealer:
    """Encrypts one file: `header`, then every segment in turn."""

    def __init__(self, key: bytes) -> None:
        self._cipher = AESGCM(key)
        self._prefix = secrets.token_bytes(PREFIX_BYTES)
        self._number = 0
        self.header = MAGIC + self._prefix

    def sealed(self, plain: bytes, *, last: bool) -> bytes:
        """`plain` has SEGMENT_BYTES, the last one at most as many."""
        nonce = _nonce(self._prefix, self._number)
        self._number += 1
        return self._cipher.encrypt(nonce, plain, _associated(last))


class SegmentReader:
    """Reads and checks the segments of one stored file. Blocking."""

    def __init__(self, file: BinaryIO, key: bytes) -> None:
        self._file = file
        self._cipher = AESGCM(key)
        self._prefix: bytes | None = None
        self._number = 0
        self._ahead = b""

    def read_some(self) -> bytes | None:
        """The next few segments' plain text, None after the last one. Raises `DamagedFile`."""
        if self._prefix is None:
            header = self._file.read(len(MAGIC) + PREFIX_BYTES)
            if header[: len(MAGIC)] != MAGIC or len(header) != len(MAGIC) + PREFIX_BYTES:
                raise DamagedFile(f"The stored file is damaged. {UPLOAD_AGAIN}")
            self._prefix = header[len(MAGIC) :]
            self._ahead = self._file.read(_SEALED_BYTES)
        elif not self._ahead:
            return None
        plain = []
        for _ in range(_READ_SEGMENTS):
            current, self._ahead = self._ahead, self._file.read(_SEALED_BYTES)
            nonce, associated = _nonce(self._prefix, self._number), _associated(not self._ahead)
            try:
                plain.append(self._cipher.decrypt(nonce, current, associated))
            except (InvalidTag, ValueError):
                raise DamagedFile(
                    f"The stored file is damaged or was changed. {UPLOAD_AGAIN}"
                ) from None
            self._number += 1
            if not self._ahead:
                break
        return b"".join(plain)


def _nonce(prefix: bytes, number: int) -> bytes:
    return prefix + number.to_bytes(4, "big")


def _associated(last: bool) -> bytes:
    return MAGIC + (b"\x01" if last else b"\x00")
