"""What answers cite, as snapshots: the evidence is still shown when its document has gone."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from appliance.domain import Citation
from appliance.storage.database import Connection


def insert(tx: Connection, message_id: str, citations: Sequence[Citation]) -> None:
    tx.executemany(
        "INSERT INTO citations (id, message_id, position, snapshot) VALUES (?, ?, ?, ?)",
        [
            (citation.id, message_id, position, _to_json(citation))
            for position, citation in enumerate(citations)
        ],
    )


def of_messages(tx: Connection, message_ids: Sequence[str]) -> dict[str, tuple[Citation, ...]]:
    """By message id, in the order of the answer; messages without citations are left out."""
    marks = ",".join("?" * len(message_ids))
    rows = tx.execute(
        f"""SELECT id, message_id, snapshot FROM citations WHERE message_id IN ({marks})
            ORDER BY message_id, position""",
        tuple(message_ids),
    )
    found: dict[str, list[Citation]] = {}
    for row in rows:
        found.setdefault(row["message_id"], []).append(_from_json(row["id"], row["snapshot"]))
    return {message_id: tuple(citations) for message_id, citations in found.items()}


def _to_json(citation: Citation) -> str:
    fields = {name: getattr(citation, name) for name in Citation.__slots__ if name != "id"}
    return json.dumps(fields, ensure_ascii=False, separators=(",", ":"))


def _from_json(citation_id: str, snapshot: str) -> Citation:
    fields: dict[str, Any] = json.loads(snapshot)
    fields["supports"] = tuple(fields["supports"])
    fields["boxes"] = tuple((x0, y0, x1, y1) for x0, y0, x1, y1 in fields.get("boxes", ()))
    return Citation(id=citation_id, **fields)
