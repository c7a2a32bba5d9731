"""What a child process of ours finds in its environment."""

from __future__ import annotations

import os
import sys
from pathlib import Path


def environment() -> dict[str, str]:
    """Nothing of ours but what a child needs to find its code: no settings, no secrets.

    With PyInstaller's own variables the frozen child uses the files that are unpacked already.
    """
    kept = {
        name: value
        for name, value in os.environ.items()
        if name.startswith(("_PYI_", "PYINSTALLER_")) or name == "LD_LIBRARY_PATH"
    }
    if not getattr(sys, "frozen", False):
        kept["PYTHONPATH"] = str(Path(__file__).parents[2])
    return kept
