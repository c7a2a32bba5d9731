"""The key of the language model's server, in a file that its owner alone may read."""

from __future__ import annotations

import stat
from pathlib import Path

from appliance.errors import Unavailable

_MOST_BYTES = 4096


def read_api_key(path: Path) -> str:
    """Raises Unavailable, naming the file and never what is in it, when it holds no key."""
    try:
        with path.open("rb") as file:
            mode = path.stat().st_mode
            text = file.read(_MOST_BYTES + 1)
    except OSError:
        raise _unusable(path, "cannot be read") from None
    if stat.S_IMODE(mode) & 0o077:
        raise _unusable(path, "can be read by others; make it yours alone (chmod 600)")
    key = text.strip()
    if not key or len(text) > _MOST_BYTES or any(not 0x21 <= byte <= 0x7E for byte in key):
        raise _unusable(path, "holds no key: one line of letters, digits and signs")
    return key.decode("ascii")


def _unusable(path: Path, why: str) -> Unavailable:
    return Unavailable(f"The file {path} (setting llm_api_key_file) {why}.")
