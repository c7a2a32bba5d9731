"""Rows of language models' files: which bytes were accepted, and which file was chosen."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from appliance.storage.database import Connection
from appliance.storage.instants import from_text, to_text


@dataclass(frozen=True, slots=True)
class Glance:
    """What the file system tells of a file unread: bytes, nanoseconds of its content's and of its
    inode's last change, inode.
    """

    size: int
    modified: int
    changed: int
    inode: int


@dataclass(frozen=True, slots=True)
class ModelFile:
    """`path` is absolute, `sha256` in hex."""

    path: Path
    sha256: str
    glance: Glance
    accepted_at: datetime


def by_path(tx: Connection, path: Path) -> ModelFile | None:
    row = tx.execute("SELECT * FROM model_files WHERE path = ?", (str(path),)).fetchone()
    if row is None:
        return None
    glance = Glance(row["size"], row["modified"], row["changed"], row["inode"])
    return ModelFile(path, row["sha256"], glance, from_text(row["accepted_at"]))


def put(tx: Connection, file: ModelFile) -> None:
    """Remember `file` in the place of what was known of its path."""
    look = file.glance
    tx.execute(
        """INSERT INTO model_files (path, sha256, size, modified, changed, inode, accepted_at)
           VALUES (?, ?, ?, ?, ?, ?, ?)
           ON CONFLICT (path) DO UPDATE SET
             sha256 = excluded.sha256, size = excluded.size, modified = excluded.modified,
             changed = excluded.changed, inode = excluded.inode,
             accepted_at = excluded.accepted_at""",
        (
            str(file.path),
            file.sha256,
            look.size,
            look.modified,
            look.changed,
            look.inode,
            to_text(file.accepted_at),
        ),
    )


def chosen(tx: Connection) -> Path | None:
    """The file that administrators chose."""
    row = tx.execute("SELECT path FROM model_files WHERE is_chosen = 1").fetchone()
    return None if row is None else Path(row["path"])


def choose(tx: Connection, path: Path | None) -> None:
    """From here on `path`, which has a row, is the choice; None leaves it to the settings."""
    tx.execute(
        "UPDATE model_files SET is_chosen = (path IS ?)", (None if path is None else str(path),)
    )
