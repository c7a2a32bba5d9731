"""The files of language models: which there are, and whether one holds the bytes that it should.

What a file should hold is its entry in the catalogue of models; without one, what was accepted
when it was first loaded. The whole file is read for that only when it looks other than it did then:
size, inode and the times of its last change. Who can write to the disk past the file system, or
turn the machine's clock back, can deceive that look.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
import stat
import tomllib
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from threading import Event

from appliance.domain import utc_now
from appliance.errors import NotFound, Unavailable
from appliance.storage import model_files
from appliance.storage.database import Connection, Database
from appliance.storage.model_files import Glance, ModelFile

SUFFIX = ".gguf"
MAX_LISTED = 200
_PIECE = 4 << 20  # bytes read between two looks at whether to go on
_SETTING = "setting llm_model"


@dataclass(frozen=True, slots=True)
class Proof:
    """`file` holds the bytes of this SHA-256, as long as it looks as `glance` says."""

    path: Path
    sha256: str
    glance: Glance
    accepted_at: datetime | None  # None for bytes that never were before


class ModelFiles:
    def __init__(
        self,
        db: Database,
        directory: Path,
        catalogue: Mapping[str, str],
        *,
        clock: Callable[[], datetime] = utc_now,
    ) -> None:
        """`directory` is where administrators choose from; `catalogue` gives SHA-256 sums by file
        name.
        """
        self._db = db
        self._directory = directory
        self._catalogue = catalogue
        self._clock = clock
        self._closing = Event()
        self._executor = ThreadPoolExecutor(1, thread_name_prefix="model-files")

    def close(self) -> None:
        """A file that is being read is left at the next piece."""
        self._closing.set()
        self._executor.shutdown()

    async def listing(self) -> list[tuple[Path, int]]:
        """The files to choose from and their bytes, by name; the first of very many."""
        return await asyncio.get_running_loop().run_in_executor(self._executor, self._list)

    async def find(self, name: str) -> Path:
        """The file `name` of the directory. Raises `NotFound` for any other, wherever it lies."""
        for path, _ in await self.listing():
            if path.name == name:
                return path
        raise NotFound(f"There is no such {SUFFIX} file in the directory of models.")

    async def prove(
        self,
        path: Path,
        *,
        expected: str | None = None,
        on_progress: Callable[[float], None] = lambda share: None,
    ) -> Proof:
        """Find out what bytes `path` holds, off the event loop and reading them only if needed.

        `expected`: the SHA-256 that takes the place of what was accepted before. `on_progress`
        hears the share that is read, on another thread. Raises Unavailable when the file is not
        what it should be or cannot be read.
        """
        seen = glance(path)
        known = await self._db.read(lambda tx: model_files.by_path(tx, path))
        if known is not None and known.glance == seen:
            sha256 = known.sha256
        else:
            loop = asyncio.get_running_loop()
            sha256 = await loop.run_in_executor(
                self._executor, self._sum, path, seen.size, on_progress
            )
        same = known is not None and known.sha256 == sha256
        proof = Proof(path, sha256, seen, known.accepted_at if known and same else None)
        self.check_unchanged(proof)
        self._refuse_other_bytes(path.name, sha256, known, expected)
        return proof

    def check_unchanged(self, proof: Proof) -> None:
        """Raises Unavailable when the file no longer is the one that was looked at."""
        if glance(proof.path) != proof.glance:
            raise _changed(proof.path)

    def accept(self, tx: Connection, proof: Proof) -> None:
        """From here on the file at this path must hold these bytes."""
        at = proof.accepted_at or self._clock()
        model_files.put(tx, ModelFile(proof.path, proof.sha256, proof.glance, at))

    def is_listed(self, path: Path) -> bool:
        """Whether the catalogue says what the file must hold."""
        return path.name in self._catalogue

    def _refuse_other_bytes(
        self, name: str, sha256: str, known: ModelFile | None, expected: str | None
    ) -> None:
        listed = self._catalogue.get(name)
        if listed is not None and sha256 != listed:
            raise Unavailable(
                f"{name} ({_SETTING}) is not the file of that name in the catalogue of models: its "
                f"SHA-256 is {sha256}, not {listed}. Get it again."
            )
        if expected is not None and sha256 != expected:
            raise Unavailable(
                f"{name} ({_SETTING}) does not have the SHA-256 that was given: it is {sha256}."
            )
        if listed is None and expected is None and known is not None and sha256 != known.sha256:
            raise Unavailable(
                f"{name} ({_SETTING}) is not the file that was accepted on "
                f"{known.accepted_at:%Y-%m-%d}: its SHA-256 is {sha256}, not {known.sha256}. Put "
                "that file back, or, if this one is meant, choose it under its SHA-256."
            )

    def _list(self) -> list[tuple[Path, int]]:
        try:
            directory = self._directory.resolve(strict=True)
            names = sorted(name for name in os.listdir(directory) if name.endswith(SUFFIX))
        except OSError:
            return []
        found = []
        for path in (directory / name for name in names if name.isprintable() and name[0] != "."):
            try:
                seen = path.resolve(strict=True)
                if seen.is_relative_to(directory) and seen.is_file():  # no link leads out of it
                    found.append((path, seen.stat().st_size))
            except (OSError, RuntimeError):  # a link that leads nowhere, or to itself
                continue
        return found[:MAX_LISTED]

    def _sum(self, path: Path, size: int, on_progress: Callable[[float], None]) -> str:
        digest, done = hashlib.sha256(), 0
        try:
            with path.open("rb", buffering=0) as file:
                while piece := file.read(_PIECE):
                    if self._closing.is_set():
                        raise Unavailable("The appliance is shutting down.")
                    digest.update(piece)
                    done += len(piece)
                    if done > size:
                        raise _changed(path)  # by more than is read: there would be no end
                    on_progress(min(done / size, 1.0))
        except OSError as error:
            raise _unreadable(path, error) from None
        return digest.hexdigest()


def glance(path: Path) -> Glance:
    """Raises Unavailable unless `path` is a regular file."""
    try:
        seen = path.stat()
    except FileNotFoundError:
        raise Unavailable(f"{path.name} does not exist ({_SETTING}).") from None
    except OSError as error:
        raise _unreadable(path, error) from None
    if not stat.S_ISREG(seen.st_mode):
        raise Unavailable(f"{path.name} is not a file ({_SETTING}).")
    inode = seen.st_ino & (1 << 63) - 1  # SQLite's integers have a sign
    return Glance(seen.st_size, seen.st_mtime_ns, seen.st_ctime_ns, inode)


def read_catalogue(path: Path) -> dict[str, str]:
    """SHA-256 sums by file name, of the models that the catalogue gives one for.

    Raises Unavailable when it cannot be read; a catalogue that is not there lists nothing.
    """
    try:
        entries = tomllib.loads(path.read_text("utf-8")).get("model", [])
        return {
            str(entry["file"]): str(entry["sha256"]).lower()
            for entry in map(dict, entries)
            if "sha256" in entry
        }
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, TypeError, KeyError) as why:
        raise Unavailable(f"The catalogue of models {path} cannot be read: {why}") from None


def _changed(path: Path) -> Unavailable:
    return Unavailable(
        f"{path.name} ({_SETTING}) changed while it was read; try again when it is whole."
    )


def _unreadable(path: Path, error: OSError) -> Unavailable:
    return Unavailable(f"{path.name} cannot be read ({_SETTING}): {error.strerror}.")
