"""The OpenAPI document of the appliance, taken apart."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import jsonschema_rs

from appliance.api.openapi import document
from appliance.api.routing import Route
from appliance.api.table import API_ROUTES

DOCUMENT = document(API_ROUTES)
OPERATIONS: dict[str, dict[str, Any]] = {
    f"{method.upper()} {path}": found
    for path, methods in DOCUMENT["paths"].items()
    for method, found in methods.items()
}


def operation(row: Route) -> dict[str, Any]:
    path = re.sub(r"<(\w+)>", r"{\1}", row.path)
    return OPERATIONS[f"{row.method} {path}"]


def nodes(value: Any) -> Iterator[dict[str, Any]]:
    """Every object within."""
    if isinstance(value, dict):
        yield value
        for inner in value.values():
            yield from nodes(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from nodes(inner)


def resolved(node: dict[str, Any]) -> dict[str, Any]:
    while "$ref" in node:
        assert node["$ref"].startswith("#/"), node
        found: Any = DOCUMENT
        for part in node["$ref"][2:].split("/"):
            found = found[part]
        node = found
    return node


def validator(schema: dict[str, Any]) -> jsonschema_rs.Draft202012Validator:
    """Of a schema that may refer to the components, which go along."""
    return jsonschema_rs.Draft202012Validator(
        {**schema, "components": DOCUMENT["components"]}, validate_formats=True
    )
