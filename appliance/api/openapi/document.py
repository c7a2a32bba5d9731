"""One operation per route; aliases and further verbs answer alike and are named in its text."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from http import HTTPStatus
from typing import Any

from pydantic import BaseModel
from pydantic.alias_generators import to_camel
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaMode, models_json_schema

from appliance import API_VERSION
from appliance.api.envelope import JSON_TYPE
from appliance.api.openapi import errors, socket
from appliance.api.openapi.examples import (
    DESCRIPTIONS,
    REQUEST_ID,
    TIME,
    example,
)
from appliance.api.openapi.headers import (
    COMPONENTS,
    LIMIT_HEADERS,
    PARAMETERS,
    headers,
    parameters,
)
from appliance.api.openapi.links import links, operation_id
from appliance.api.openapi.tags import INTRODUCTION, tags
from appliance.api.routing import Route
from appliance.services.authorization import Access

Schema = dict[str, Any]
References = dict[type[BaseModel], Schema]

_REF = "#/components/schemas/{model}"
_PARAMETER = re.compile(r"<(\w+)>")
# Bodies are shown in snake_case, as the reference writes them; so are queries, but for these two.
_QUERY_NAMES = {"page_size": "pageSize", "folder_id": "folderId"}
_TEXT = {"type": "string"}
_UUID = {"type": "string", "format": "uuid"}
_NEEDS = {
    Access.VIEWER: "For administrators and viewers.",
    Access.ADMIN: "For administrators.",
}
_META: Schema = {
    "type": "object",
    "required": ["request_id", "timestamp"],
    "properties": {
        "request_id": {"type": "string"},
        "timestamp": {"type": "string", "format": "date-time"},
    },
}
_META_EXAMPLE = {"request_id": REQUEST_ID, "timestamp": TIME}


class _Untitled(GenerateJsonSchema):
    """Without a title on every field that only repeats its name."""

    def field_title_should_be_set(self, schema: Any) -> bool:
        return False


def document(routes: Iterable[Route]) -> dict[str, Any]:
    """Raises `ValueError` when two models of different content have one name."""
    rows = list(routes)
    inputs, schemas = _schemas(
        {model for row in rows for model in (row.body, row.query) if model is not None}
        | set(socket.CLIENT_FRAMES),
        incoming=True,
    )
    outputs, more = _schemas(
        {row.response for row in rows if row.response is not None} | set(socket.SERVER_FRAMES),
        incoming=False,
    )
    if clashing := [name for name in more if schemas.get(name, more[name]) != more[name]]:
        raise ValueError(f"these names stand for two schemas each: {clashing}")
    schemas |= more | {"Error": errors.ERROR_SCHEMA, "Meta": _META}
    queries = {row.query.__name__ for row in rows if row.query is not None}
    paths: dict[str, dict[str, Any]] = {}
    for row in rows:
        operation = _Operation(row, rows, inputs, outputs, schemas).described()
        paths.setdefault(_PARAMETER.sub(r"{\1}", row.path), {})[row.method.lower()] = operation
    paths[socket.PATH] = {"get": socket.operation(inputs | outputs)}
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "VoiceAssist Appliance",
            "version": API_VERSION,
            "description": INTRODUCTION,
        },
        "servers": [{"url": "/", "description": "This appliance."}],
        "tags": tags(
            name for path in paths.values() for op in path.values() for name in op["tags"]
        ),
        "paths": paths,
        "components": {
            "schemas": {name: schemas[name] for name in sorted(schemas.keys() - queries)},
            "responses": errors.components(),
            "parameters": PARAMETERS,
            "headers": COMPONENTS,
            "securitySchemes": {
                "bearer": {
                    "type": "http",
                    "scheme": "bearer",
                    "bearerFormat": "JWT",
                    "description": "The `access_token` of `POST /api/auth/login`.",
                }
            },
        },
    }


def _schemas(models: set[type[BaseModel]], *, incoming: bool) -> tuple[References, Schema]:
    """Where the schema of each model is, and all that they need."""
    mode: JsonSchemaMode = "validation" if incoming else "serialization"
    ordered = sorted(models, key=lambda model: model.__name__)
    references, definitions = models_json_schema(
        [(model, mode) for model in ordered],
        by_alias=not incoming,
        ref_template=_REF,
        schema_generator=_Untitled,
    )
    return {model: references[model, mode] for model in ordered}, definitions.get("$defs", {})


class _Operation:
    """One route, in the words of OpenAPI."""

    def __init__(
        self,
        row: Route,
        rows: Sequence[Route],
        inputs: References,
        outputs: References,
        schemas: Mapping[str, Schema],
    ) -> None:
        self._row = row
        self._rows = rows
        self._schemas = schemas
        self._body = inputs[row.body] if row.body is not None else None
        self._data = outputs[row.response] if row.response is not None else None
        self._query = self._resolved(inputs[row.query]) if row.query is not None else {}
        self._ids = [*self._query.get("properties", {})]
        if self._body is not None:
            self._ids += self._resolved(self._body).get("properties", {})

    def described(self) -> Schema:
        row = self._row
        operation: Schema = {
            "operationId": operation_id(row),
            "summary": row.summary,
            "description": self._description(),
            "tags": [row.tag],
            "parameters": self._parameters(),
            "security": self._security(),
            "responses": self._responses(),
        }
        if self._body is not None:
            operation["requestBody"] = {
                "required": not row.optional_body,
                "content": {
                    "application/json": {
                        "schema": self._body,
                        "example": example(self._body, self._schemas),
                    }
                },
            }
        return _merged(operation, row.extra)

    def _resolved(self, schema: Schema) -> Schema:
        while "$ref" in schema:
            schema = self._schemas[schema["$ref"].rsplit("/", 1)[1]]
        return schema

    def _description(self) -> str:
        row = self._row
        sentences = [row.description] if row.description else []
        if row.access in _NEEDS:
            sentences.append(_NEEDS[row.access])
        if row.more_methods:
            sentences.append(f"`{'`, `'.join(row.more_methods)}` answers alike.")
        if row.aliases:
            shown = [_PARAMETER.sub(r"{\1}", alias) for alias in row.aliases]
            sentences.append(f"Also served as `{'`, `'.join(shown)}`.")
        sentences.append(
            f"At most {row.limit.requests} requests in {row.limit.seconds} s from one address."
        )
        return " ".join(sentences)

    def _parameters(self) -> list[Schema]:
        found: list[Schema] = []
        for name in _PARAMETER.findall(self._row.path):
            schema: Schema = dict(_UUID) if name.endswith("_id") else {"type": "string"}
            found.append(
                {
                    "name": name,
                    "in": "path",
                    "required": True,
                    "description": DESCRIPTIONS.get(name, f"The {name.replace('_', ' ')}."),
                    "schema": schema,
                    "example": example(schema, {}, name),
                }
            )
        for name, schema in self._query.get("properties", {}).items():
            shown = self._query_name(name)
            told = schema.get("description") or DESCRIPTIONS.get(
                shown, DESCRIPTIONS.get(name, f"The {name.replace('_', ' ')}.")
            )
            found.append(
                {
                    "name": shown,
                    "in": "query",
                    "required": name in self._query.get("required", []),
                    "description": told,
                    "schema": _not_null(schema),
                }
            )
        shared = ["RequestId"]
        if not self._row.bare and self._data is not None:
            shared.append("Envelope")
        return found + parameters(*shared)

    def _query_name(self, name: str) -> str:
        """How a query field is spelt: by an alias of its own, where it has one."""
        assert self._row.query is not None
        alias = self._row.query.model_fields[name].alias
        if alias is None or alias in (name, to_camel(name)):
            return _QUERY_NAMES.get(name, name)
        return alias

    def _security(self) -> list[Schema]:
        if self._row.optional_caller:
            return [{}, {"bearer": []}]
        return [] if self._row.access is Access.PUBLIC else [{"bearer": []}]

    def _responses(self) -> Schema:
        row = self._row
        fields = [] if self._data is None else [*self._resolved(self._data).get("properties", {})]
        found: Schema = {
            str(status): errors.reference(status) for status in errors.statuses(row, self._ids)
        }
        for status in (row.status, *row.other_statuses):
            found[str(status)] = {
                "description": HTTPStatus(status).phrase + ".",
                "headers": headers("X-Request-ID", *LIMIT_HEADERS),
                "content": self._content(),
            }
        if found_links := links(row, self._rows, fields):
            found[str(row.status)]["links"] = found_links
        return dict(sorted(found.items()))

    def _content(self) -> Schema:
        content: Schema = {}
        if self._data is not None:
            value = example(self._data, self._schemas)
            if self._row.bare:
                content["application/json"] = {"schema": self._data, "example": value}
            else:
                content["application/json"] = self._enveloped(value)
        for media_type in self._row.produces:
            # What the download is made of is said in words; only its kind is told here.
            content.setdefault(media_type, {} if media_type == JSON_TYPE else {"schema": _TEXT})
        return content

    def _enveloped(self, value: Any) -> Schema:
        envelope: Schema = {
            "type": "object",
            "required": ["success", "data", "error", "meta"],
            "properties": {
                "success": {"const": True},
                "data": self._data,
                "error": {"type": "null"},
                "meta": {"$ref": _REF.format(model="Meta")},
            },
        }
        shown = {"success": True, "data": value, "error": None, "meta": _META_EXAMPLE}
        if not self._row.flat:
            return {"schema": envelope, "example": shown}
        return {"schema": {"allOf": [envelope, self._data]}, "example": value | shown}


def _merged(base: Schema, more: Mapping[str, Any]) -> Schema:
    """`base` with what `more` says besides or otherwise, at every depth."""
    merged = dict(base)
    for key, value in more.items():
        both = isinstance(value, dict) and isinstance(merged.get(key), dict)
        merged[key] = _merged(merged[key], value) if both else value
    return merged


def _not_null(schema: Schema) -> Schema:
    """A parameter is there or it is not: a query string cannot say null."""
    rest = {key: value for key, value in schema.items() if key not in ("anyOf", "description")}
    options = [option for option in schema.get("anyOf", []) if option != {"type": "null"}]
    if schema.get("default", ...) is None:
        del rest["default"]
    if not options:
        return rest
    return rest | (options[0] if len(options) == 1 else {"anyOf": options})
