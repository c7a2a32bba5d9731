"""Bad values for every field of every operation, made from the schemas that validate."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jsonschema_rs

from appliance.api.openapi.examples import example as example_value
from appliance.api.routing import Route
from tests.openapi_document import operation, resolved, validator

NAUGHTY = Path(__file__).parents[3] / "shared" / "data" / "payloads" / "blns.json"
UNKNOWN = "no_such_field"
# Of every JSON type, and numbers that are out of any range.
TYPES: tuple[Any, ...] = (7, -1, 10**30, 0.5, True, None, "text", [], ["text"], {}, {"a": 1})
CONTROL = ("a\x00b", "\x1b[31m", "a\u202eb", "\x7f", "\x85")


@dataclass(frozen=True)
class Bad:
    """One request that must be refused, and which field it must name."""

    what: str
    field: str
    values: dict[str, Any]
    certain: bool = True  # the schema itself refuses it


def body_of(row: Route) -> tuple[dict[str, Any], dict[str, Any]]:
    """Schema and example of a JSON body."""
    content = operation(row)["requestBody"]["content"]["application/json"]
    return resolved(content["schema"]), content["example"]


def form_of(row: Route) -> dict[str, Any]:
    """Schema of a multipart body."""
    content = operation(row)["requestBody"]["content"]["multipart/form-data"]
    return resolved(content["schema"])


def queries_of(row: Route) -> Iterator[tuple[str, dict[str, Any], bool]]:
    for parameter in map(resolved, operation(row)["parameters"]):
        if parameter["in"] == "query":
            yield parameter["name"], parameter["schema"], parameter["required"]


def bad_bodies(row: Route) -> Iterator[Bad]:
    schema, example = body_of(row)
    fields: Mapping[str, Any] = schema.get("properties", {})
    yield Bad("unknown field", UNKNOWN, example | {UNKNOWN: "x"})
    for name in schema.get("required", ()):
        rest = {key: value for key, value in example.items() if key != name}
        yield Bad("missing", name, rest)
    for name, inner in fields.items():
        checks = validator(inner)
        for value in TYPES:
            if not checks.is_valid(value):
                yield Bad(f"wrong type {json.dumps(value)}", name, example | {name: value})
        if not is_text(inner):
            continue
        longest = max(option.get("maxLength", 0) for option in options(inner))
        if longest:
            yield Bad("too long", name, example | {name: "x" * (longest + 1)})
        yield Bad("very long", name, example | {name: "x" * 500_000}, certain=bool(longest))
        for text in CONTROL:
            certain = not checks.is_valid(text)
            yield Bad(f"control {text!r}", name, example | {name: text}, certain)


def bad_queries(row: Route) -> Iterator[Bad]:
    """Values as they stand in the address; unknown names are ignored there, as links need."""
    needed = {
        name: str(example_value(schema, {}, name))
        for name, schema, required in queries_of(row)
        if required
    }
    for name, schema, required in queries_of(row):
        texts = ["text", "-1", "1e99", str(10**30), "x" * 5000, *CONTROL]
        for text in texts:
            certain = not _readable(schema, text)
            yield Bad(f"query {text[:12]!r}", name, needed | {name: text}, certain)
        if required:
            rest = {key: value for key, value in needed.items() if key != name}
            yield Bad("missing query", name, rest)


def bad_forms(row: Route) -> Iterator[tuple[Bad, dict[str, Any], dict[str, str]]]:
    """With the parts of the form: files, and fields."""
    schema = form_of(row)
    file = {next(iter(schema["properties"])): ("ward.txt", b"Potassium every four hours.")}
    (name,) = file
    yield Bad("unknown field", UNKNOWN, {}), file, {UNKNOWN: "x"}
    yield Bad("missing", name, {}), {UNKNOWN: ("a.txt", b"x")}, {}
    yield Bad("empty", name, {}), {name: ("ward.txt", b"")}, {}
    yield Bad("no name", name, {}, certain=False), {name: ("", b"x")}, {}
    yield Bad("of another kind", name, {}, certain=False), {name: ("ward.exe", b"MZ\x90\x00")}, {}
    for field, inner in schema["properties"].items():
        if not is_text(inner) or inner.get("format") == "binary":
            continue
        checks = validator(inner)
        for text in ("x" * 900, "x" * 2000, *CONTROL):
            # White space alone is taken for no answer.
            certain = bool(text.strip()) and not checks.is_valid(text)
            bad = Bad(f"form {text[:12]!r}", field, {}, certain)
            yield bad, file, {field: text}


def text_fields(rows: Iterable[Route]) -> Iterator[tuple[Route, str, dict[str, Any]]]:
    """Every text of a body, with an example of the body."""
    for row in rows:
        schema, example = body_of(row)
        for name, inner in schema.get("properties", {}).items():
            if is_text(inner):
                yield row, name, example


def text_queries(rows: Iterable[Route]) -> Iterator[tuple[Route, str]]:
    for row in rows:
        for name, schema, _ in queries_of(row):
            if is_text(schema):
                yield row, name


def naughty() -> list[str]:
    strings: list[str] = json.loads(NAUGHTY.read_text("utf-8"))
    return strings


def options(schema: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The alternatives of a field, references followed."""
    found = resolved(dict(schema))
    inner = found.get("anyOf") or found.get("oneOf")
    if inner:
        return [option for part in inner for option in options(part)]
    return [found]


def is_text(schema: Mapping[str, Any]) -> bool:
    return any(option.get("type") == "string" for option in options(schema))


def _readable(schema: Mapping[str, Any], text: str) -> bool:
    """Whether some type that the parameter may have could be read from `text`."""
    values: list[Any] = [text]
    for read in (int, float):
        try:
            values.append(read(text))
        except (ValueError, OverflowError):
            pass
    if text.lower() in {"true", "false", "1", "0", "t", "f", "y", "n", "yes", "no", "on", "off"}:
        values.append(True)
    checks = validator(dict(schema))
    return any(_valid(checks, value) for value in values)


def _valid(checks: jsonschema_rs.Draft202012Validator, value: Any) -> bool:
    try:
        return checks.is_valid(value)
    except ValueError:  # a number that JSON cannot hold
        return False
