"""Links from what creates a thing to what can be done with it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from appliance.api.routing import Route

_NEXT = re.compile(r"/<(\w+_id)>")


def operation_id(row: Route) -> str:
    """From method and path, so that it is unique and does not change with the code behind it."""
    path = re.sub(r"\W+", "_", row.path.removeprefix("/api")).strip("_")
    return f"{row.method.lower()}_{path}"


def links(row: Route, rows: Sequence[Route], fields: Sequence[str]) -> dict[str, Any]:
    """Of a POST whose answer has the id that longer paths ask for; `fields` are the answer's."""
    if row.method != "POST":
        return {}
    found: dict[str, Any] = {}
    for other in rows:
        rest = other.path.removeprefix(row.path)
        if rest == other.path or (match := _NEXT.match(rest)) is None or "<" in rest[match.end() :]:
            continue
        source = _field(match[1], fields)
        if source is None:
            continue
        around = re.findall(r"<(\w+)>", row.path)
        found[operation_id(other)] = {
            "operationId": operation_id(other),
            "description": f"`{match[1]}` is the `{source}` of this answer.",
            "parameters": {name: f"$request.path.{name}" for name in around}
            | {match[1]: f"$response.body#/data/{source}"},
        }
    return found


def _field(parameter: str, fields: Sequence[str]) -> str | None:
    words = parameter.split("_")
    camel = words[0] + "".join(word.title() for word in words[1:])
    return next((name for name in (parameter, camel, "id") if name in fields), None)
