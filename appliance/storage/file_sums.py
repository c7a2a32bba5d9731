"""SHA-256 of every file of a directory, kept beside them: what is flipped on the disk is noticed.

For directories whose files are written once and never changed in place.
"""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path

SUMS = "sums.json"
_TEMPORARY = "sums.tmp"
_HINTS = ".json"  # LanceDB's note about its newest version is rewritten in place, and only a hint


class SumsDiffer(Exception):
    """A file is not what was written, or its sum cannot be read."""


class FileSums:
    """The sums of one directory, by relative path. Blocking."""

    def __init__(self, directory: Path, sums: dict[str, str] | None = None) -> None:
        """Of a new directory; of one that was synced before, use `checked`."""
        self._directory = directory
        self._sums = sums or {}

    @classmethod
    def checked(cls, directory: Path) -> FileSums:
        """Read the sums and every file that they name. Raises `SumsDiffer`.

        A file that has gone is for its user to miss: cleaning up removes some between two syncs.
        """
        try:
            stored = json.loads((directory / SUMS).read_bytes())
            sums: dict[str, str] = stored["files"]
            if stored["sum"] != _sum_of(sums):
                raise SumsDiffer("the list of sums is not what was written")
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise SumsDiffer("the list of sums cannot be read") from error
        present = {}
        for name, expected in sums.items():
            try:
                found = _hash(directory / name)
            except FileNotFoundError:
                continue
            except OSError as error:
                raise SumsDiffer("a file cannot be read") from error
            if found != expected:
                raise SumsDiffer("a file is not what was written")
            present[name] = found
        return cls(directory, present)

    def sync(self) -> None:
        """fsync what is new since the last time and write down its sum, durably."""
        sums: dict[str, str] = {}
        for folder, _, names in os.walk(self._directory, topdown=False):
            for path in (Path(folder) / name for name in names):
                name = str(path.relative_to(self._directory))
                if name not in self._sums:
                    _fsync(path)
                if path.suffix != _HINTS:
                    sums[name] = self._sums.get(name) or _hash(path)
            _fsync(Path(folder))
        self._write(sums)
        self._sums = sums

    def _write(self, sums: dict[str, str]) -> None:
        temporary = self._directory / _TEMPORARY
        with temporary.open("wb") as file:
            file.write(json.dumps({"files": sums, "sum": _sum_of(sums)}).encode())
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(self._directory / SUMS)
        _fsync(self._directory)


def _sum_of(sums: dict[str, str]) -> str:
    return hashlib.sha256(json.dumps(sums, sort_keys=True).encode()).hexdigest()


def _hash(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _fsync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
