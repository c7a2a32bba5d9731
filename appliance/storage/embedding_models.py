"""Rows of embedding models: which one is served, and from which file each was loaded."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from appliance.storage.database import Connection


@dataclass(frozen=True, slots=True)
class KnownModel:
    """`name` is the embedder's; `path` is None where it was never told."""

    name: str
    path: Path | None


def id_of(tx: Connection, name: str) -> int:
    """The number of the model of that name, which gets one when it is new."""
    tx.execute("INSERT OR IGNORE INTO embedding_models (name) VALUES (?)", (name,))
    row = tx.execute("SELECT id FROM embedding_models WHERE name = ?", (name,)).fetchone()
    number: int = row["id"]
    return number


def set_path(tx: Connection, name: str, path: Path) -> None:
    """Remember where the model was loaded from. `path` is absolute."""
    tx.execute("UPDATE embedding_models SET path = ? WHERE id = ?", (str(path), id_of(tx, name)))


def served(tx: Connection) -> KnownModel | None:
    """The model whose vectors the search index is made of, if there has been an index."""
    row = tx.execute("SELECT name, path FROM embedding_models WHERE is_served = 1").fetchone()
    if row is None:
        return None
    return KnownModel(row["name"], None if row["path"] is None else Path(row["path"]))


def serve(tx: Connection, name: str) -> None:
    """From here on the search index is made of this model's vectors."""
    tx.execute("UPDATE embedding_models SET is_served = (id = ?)", (id_of(tx, name),))
