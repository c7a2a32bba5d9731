"""The appliance's own secrets: one random master key on disk, one derived key per purpose."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from appliance.errors import Unavailable

KEY_BYTES = 32
MASTER_NAME = "master.key"


class Keyring:
    """Derives independent 32-byte keys from the master key by HKDF-SHA-256 (RFC 5869)."""

    def __init__(self, master: bytes) -> None:
        if len(master) != KEY_BYTES:
            raise Unavailable(f"The master key must be {KEY_BYTES} bytes long.")
        self._master = master

    @classmethod
    def open(cls, directory: Path, *, may_create: bool) -> Keyring:
        """Read `directory`/master.key, or make it when `may_create`.

        Raises `Unavailable` when the key is missing and must not be made (data exists that only the
        old key opens), or is damaged.
        """
        path = directory / MASTER_NAME
        if path.exists():
            return cls(path.read_bytes())
        if not may_create:
            raise Unavailable(
                f"The key {path} is missing, but there is data that only this key can open. "
                "Put the key back from your backup."
            )
        directory.mkdir(parents=True, exist_ok=True)
        directory.chmod(0o700)
        master = secrets.token_bytes(KEY_BYTES)
        # Written beside and renamed: a crash leaves either no key or a whole one.
        partial = directory / f".{MASTER_NAME}.{os.getpid()}"
        descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(master)
            file.flush()
            os.fsync(file.fileno())
        try:
            # Not a rename: of two processes that start at once, the first one's key stays.
            os.link(partial, path)
        except FileExistsError:
            return cls(path.read_bytes())
        finally:
            os.unlink(partial)
        _fsync_directory(directory)
        _fsync_directory(directory.parent)
        return cls(master)

    def derive(self, purpose: str) -> bytes:
        """A 32-byte key for `purpose`; the same purpose gives the same key for ever."""
        kdf = HKDF(algorithm=SHA256(), length=KEY_BYTES, salt=None, info=purpose.encode())
        return kdf.derive(self._master)


def _fsync_directory(directory: Path) -> None:
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
