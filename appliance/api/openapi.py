"""The OpenAPI 3.1 document, made from the route table and the schemas that validate."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from appliance import API_VERSION
from appliance.api.routing import Route
from appliance.services.authorization import Access

_REF = "#/components/schemas/{model}"
_PARAMETER = re.compile(r"<(\w+)>")
_META = {
    "type": "object",
    "required": ["request_id", "timestamp"],
    "properties": {
        "request_id": {"type": "string"},
        "timestamp": {"type": "string", "format": "date-time"},
    },
}
_ERROR = {
    "type": "object",
    "required": ["success", "data", "error", "meta"],
    "properties": {
        "success": {"const": False},
        "data": {"type": "null"},
        "error": {
            "type": "object",
            "required": ["code", "message"],
            "properties": {
                "code": {"type": "string"},
                "message": {"type": "string"},
                "field": {"type": "string"},
                "details": {"type": "object"},
            },
        },
        "meta": _META,
    },
}


def document(routes: Iterable[Route]) -> dict[str, Any]:
    """One operation per route; aliases and further verbs answer alike, unlisted."""
    rows = list(routes)
    inputs = {model for row in rows for model in (row.body, row.query) if model is not None}
    outputs = {row.response for row in rows if row.response is not None}
    references, definitions = models_json_schema(
        [(model, "validation") for model in sorted(inputs, key=_name)]
        + [(model, "serialization") for model in sorted(outputs, key=_name)],
        ref_template=_REF,
    )
    schemas = definitions.get("$defs", {}) | {"Error": _ERROR}
    paths: dict[str, dict[str, Any]] = {}
    for row in rows:
        query = None
        if row.query is not None:
            query = schemas[references[(row.query, "validation")]["$ref"].rsplit("/", 1)[1]]
        body = references[(row.body, "validation")] if row.body is not None else None
        data = references[(row.response, "serialization")] if row.response is not None else None
        operation = _operation(row, query, body, data)
        paths.setdefault(_PARAMETER.sub(r"{\1}", row.path), {})[row.method.lower()] = operation
    return {
        "openapi": "3.1.0",
        "info": {"title": "VoiceAssist Appliance", "version": API_VERSION},
        "paths": paths,
        "components": {
            "schemas": schemas,
            "securitySchemes": {
                "bearer": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}
            },
        },
    }


def _operation(
    row: Route,
    query: dict[str, Any] | None,
    body: dict[str, Any] | None,
    data: dict[str, Any] | None,
) -> dict[str, Any]:
    operation: dict[str, Any] = {
        "operationId": row.handler.__name__ + "_" + row.tag.lower().replace(" ", "_"),
        "summary": row.summary,
        "tags": [row.tag],
        "parameters": [_path_parameter(name) for name in _PARAMETER.findall(row.path)],
        "responses": {
            str(row.status): {"description": "Success.", **_content(row, data)},
            "default": {
                "description": "An error, with one of the codes of the reference.",
                "content": {"application/json": {"schema": {"$ref": _REF.format(model="Error")}}},
            },
        },
    }
    if query is not None:
        required = query.get("required", [])
        operation["parameters"] += [
            {"name": name, "in": "query", "required": name in required, "schema": schema}
            for name, schema in query["properties"].items()
        ]
    if body is not None:
        operation["requestBody"] = {
            "required": not row.optional_body,
            "content": {"application/json": {"schema": body}},
        }
    if row.access is not Access.PUBLIC:
        operation["security"] = [{"bearer": []}]
    return operation | row.extra


def _path_parameter(name: str) -> dict[str, Any]:
    schema = {"type": "string"} | ({"format": "uuid"} if name.endswith("_id") else {})
    return {"name": name, "in": "path", "required": True, "schema": schema}


def _content(row: Route, data: dict[str, Any] | None) -> dict[str, Any]:
    if data is None:
        return {}
    schema = data
    if not row.bare:
        envelope = {
            "type": "object",
            "required": ["success", "data", "error", "meta"],
            "properties": {
                "success": {"const": True},
                "data": data,
                "error": {"type": "null"},
                "meta": _META,
            },
        }
        schema = {"allOf": [envelope, data]} if row.flat else envelope
    return {"content": {"application/json": {"schema": schema}}}


def _name(model: type[BaseModel]) -> str:
    return model.__name__
