"""Times as SQLite keeps them: ISO 8601 UTC text of fixed width: text order is time order."""

from __future__ import annotations

from datetime import UTC, datetime


def to_text(instant: datetime) -> str:
    """`2026-11-23T09:30:00.000000Z`. Raises ValueError for a datetime without a time zone."""
    if instant.tzinfo is None:
        raise ValueError("an instant needs a time zone")
    return instant.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def from_text(text: str) -> datetime:
    return datetime.strptime(text, "%Y-%m-%dT%H:%M:%S.%fZ").replace(tzinfo=UTC)


def optional_from_text(text: str | None) -> datetime | None:
    return None if text is None else from_text(text)
