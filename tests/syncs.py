"""Which files and directories are synced to disk."""

from __future__ import annotations

import os
from pathlib import Path

import pytest


def recorded(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Path, list[str]]]:
    """Each path that is synced from now on; of a directory with the names in it at that time."""
    seen: list[tuple[Path, list[str]]] = []
    fsync = os.fsync

    def watched(descriptor: int) -> None:
        path = Path(os.readlink(f"/proc/self/fd/{descriptor}"))
        fsync(descriptor)
        seen.append((path, sorted(os.listdir(path)) if path.is_dir() else []))

    monkeypatch.setattr(os, "fsync", watched)
    return seen
