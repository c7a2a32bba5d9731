"""Rows of feature flags."""

from __future__ import annotations

from sqlcipher3 import dbapi2

from appliance.domain import FeatureFlag
from appliance.errors import Conflict
from appliance.storage.database import Connection, Row
from appliance.storage.instants import from_text, to_text


def insert(tx: Connection, flag: FeatureFlag) -> None:
    """Raises `Conflict` naming the field when the name is taken."""
    try:
        tx.execute(
            """INSERT INTO feature_flags (name, enabled, description, rollout_percentage,
                                          created_at, updated_at)
               VALUES (?, ?, ?, ?, ?, ?)""",
            (
                flag.name,
                int(flag.enabled),
                flag.description,
                flag.rollout_percentage,
                to_text(flag.created_at),
                to_text(flag.updated_at),
            ),
        )
    except dbapi2.IntegrityError as error:
        if "feature_flags.name" not in str(error):
            raise
        raise Conflict("There is a flag with this name.", field="name") from None


def by_name(tx: Connection, name: str) -> FeatureFlag | None:
    row = tx.execute("SELECT * FROM feature_flags WHERE name = ?", (name,)).fetchone()
    return None if row is None else _of_row(row)


def listing(tx: Connection) -> list[FeatureFlag]:
    """By name."""
    return [_of_row(row) for row in tx.execute("SELECT * FROM feature_flags ORDER BY name")]


def update(tx: Connection, flag: FeatureFlag) -> None:
    tx.execute(
        """UPDATE feature_flags
              SET enabled = ?, description = ?, rollout_percentage = ?, updated_at = ?
            WHERE name = ?""",
        (
            int(flag.enabled),
            flag.description,
            flag.rollout_percentage,
            to_text(flag.updated_at),
            flag.name,
        ),
    )


def delete(tx: Connection, name: str) -> None:
    tx.execute("DELETE FROM feature_flags WHERE name = ?", (name,))


def _of_row(row: Row) -> FeatureFlag:
    return FeatureFlag(
        name=row["name"],
        enabled=bool(row["enabled"]),
        description=row["description"],
        rollout_percentage=row["rollout_percentage"],
        created_at=from_text(row["created_at"]),
        updated_at=from_text(row["updated_at"]),
    )
