"""One appliance per data directory: a second one would break the single-writer design."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path

from appliance.errors import Unavailable

LOCK_NAME = "appliance.lock"


class DataLock:
    """Held until `close`; the kernel lets it go when the process dies, however it dies."""

    def __init__(self, data_dir: Path) -> None:
        """Raises `Unavailable` when another process holds it."""
        self._descriptor = os.open(data_dir / LOCK_NAME, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(self._descriptor)
            raise Unavailable(
                f"Another appliance is already using the data directory {data_dir}."
            ) from None

    def close(self) -> None:
        os.close(self._descriptor)
