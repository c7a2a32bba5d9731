"""The OpenAPI document: complete, true to the routes, and usable by a machine."""

from __future__ import annotations

import json
import re
from http import HTTPStatus

import jsonschema_rs
import pytest

from appliance.api.envelope import STATUS
from appliance.api.openapi.socket import CLIENT_FRAMES, SERVER_FRAMES, types_of
from appliance.api.openapi.tags import TAGS
from appliance.api.routing import Route
from appliance.api.table import API_ROUTES
from appliance.services.authorization import Access
from tests.openapi_document import DOCUMENT, OPERATIONS, nodes, operation, resolved, validator

METHODS = {"get", "put", "post", "delete", "patch"}
LIMITS = {"X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-Reset"}

each = pytest.mark.parametrize("name", OPERATIONS)
each_route = pytest.mark.parametrize("row", API_ROUTES, ids=lambda row: f"{row.method} {row.path}")


def test_it_is_openapi_3_1() -> None:
    assert DOCUMENT["openapi"].startswith("3.1.")
    assert set(DOCUMENT) == {"openapi", "info", "servers", "tags", "paths", "components"}
    assert DOCUMENT["info"]["title"] and DOCUMENT["info"]["version"]
    assert all(path.startswith("/") for path in DOCUMENT["paths"])
    assert all(set(path) <= METHODS for path in DOCUMENT["paths"].values())


def test_every_reference_leads_somewhere() -> None:
    references = [node for node in nodes(DOCUMENT) if isinstance(node.get("$ref"), str)]
    assert references
    for node in references:
        resolved(node)


def test_every_schema_is_a_schema() -> None:
    for name, schema in DOCUMENT["components"]["schemas"].items():
        assert re.fullmatch(r"[\w.-]+", name)
        assert jsonschema_rs.meta.is_valid(
            {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}
        ), name
        validator(schema)
    for node in nodes(DOCUMENT["paths"]):
        if isinstance(node.get("schema"), dict):
            validator(node["schema"])


def test_a_broken_schema_would_be_found() -> None:
    with pytest.raises(jsonschema_rs.ValidationError):
        validator({"type": "strong"})


def test_operation_ids_are_unique() -> None:
    ids = [found["operationId"] for found in OPERATIONS.values()]
    assert len(set(ids)) == len(ids)
    assert all(re.fullmatch(r"[a-z][a-z0-9_]*", name) for name in ids)


def test_every_route_is_there_once_and_nothing_else() -> None:
    declared = {f"{row.method} " + re.sub(r"<(\w+)>", r"{\1}", row.path) for row in API_ROUTES}
    assert len(declared) == len(API_ROUTES)
    assert set(OPERATIONS) == declared | {"GET /ws"}


@each
def test_every_operation_says_what_it_is(name: str) -> None:
    found = OPERATIONS[name]
    assert found["summary"] and found["description"]
    assert isinstance(found["security"], list)
    (tag,) = found["tags"]
    assert tag in TAGS, "openapi/tags.py has no words for this tag"
    assert {"name": tag, "description": TAGS[tag]} in DOCUMENT["tags"]


@each
def test_every_parameter_is_described(name: str) -> None:
    parameters = [resolved(parameter) for parameter in OPERATIONS[name]["parameters"]]
    found = {(parameter["in"], parameter["name"]) for parameter in parameters}
    assert len(found) == len(parameters)
    for parameter in parameters:
        assert parameter["description"] and parameter["schema"], parameter
    in_path = set(re.findall(r"{(\w+)}", name))
    assert {told for place, told in found if place == "path"} == in_path
    assert ("header", "X-Request-ID") in found


@each
def test_every_response_is_described(name: str) -> None:
    responses = OPERATIONS[name]["responses"]
    for status, response in responses.items():
        told = resolved(response)
        assert HTTPStatus(int(status)) and told["description"]
        assert "X-Request-ID" in told["headers"]
        if status == "101":
            continue
        assert set(told["headers"]) >= LIMITS
        assert told["content"], (status, "declare `response` or `produces`")
    assert set(responses) >= {"429", "500", "503"}
    assert "Retry-After" in resolved(responses["429"])["headers"]
    assert any(status.startswith(("1", "2")) for status in responses)


@each_route
def test_errors_follow_from_the_row(row: Route) -> None:
    told = set(operation(row)["responses"])
    owed = {"400", "413", "429", "500", "503"} | {str(STATUS[code]) for code in row.errors}
    if row.access is not Access.PUBLIC:
        owed |= {"401", "507"}
    if row.access in (Access.VIEWER, Access.ADMIN):
        owed.add("403")
    if "<" in row.path:
        owed.add("404")
    if row.body is not None or row.upload:
        owed |= {"415", "422"}
    if row.query is not None:
        owed.add("422")
    assert owed <= told
    asks = row.access is not Access.PUBLIC or row.optional_caller
    assert [need for need in operation(row)["security"] if need] == [{"bearer": []}] * asks


@each_route
def test_bodies_and_queries_are_the_models(row: Route) -> None:
    found = operation(row)
    if row.body is not None:
        content = found["requestBody"]["content"]["application/json"]
        schema = resolved(content["schema"])
        assert set(schema.get("properties", {})) == set(row.body.model_fields)
        row.body.model_validate_json(json.dumps(content["example"]))
    elif row.upload:
        (schema,) = (
            resolved(part["schema"])
            for kind, part in found["requestBody"]["content"].items()
            if kind == "multipart/form-data"
        )
        assert schema["properties"]
    else:
        assert "requestBody" not in found
    if row.query is not None:
        names = {parameter.get("name") for parameter in found["parameters"]}
        for name, field in row.query.model_fields.items():
            assert {name, field.alias} & names, name


@each
def test_every_example_fits_its_schema(name: str) -> None:
    seen = 0
    for node in nodes(OPERATIONS[name]):
        if "schema" not in node:
            continue
        shown = [node["example"]] if "example" in node else []
        shown += [given["value"] for given in node.get("examples", {}).values()]
        for value in shown:
            seen += 1
            validator(node["schema"]).validate(value)
    produced = [
        kind
        for status, response in OPERATIONS[name]["responses"].items()
        for kind, part in response.get("content", {}).items()
        if status.startswith("2") and "schema" in part
    ]
    assert seen or "application/json" not in produced


def test_the_examples_of_errors_fit() -> None:
    for response in DOCUMENT["components"]["responses"].values():
        content = response["content"]["application/json"]
        assert content["examples"]
        for code, given in content["examples"].items():
            validator(content["schema"]).validate(given["value"])
            assert given["value"]["error"]["code"] == code in STATUS


def test_links_lead_to_operations() -> None:
    ids = {found["operationId"]: found for found in OPERATIONS.values()}
    links = [link for node in nodes(DOCUMENT["paths"]) for link in node.get("links", {}).values()]
    assert links
    for link in links:
        wanted = {
            parameter["name"]
            for parameter in map(resolved, ids[link["operationId"]]["parameters"])
            if parameter["in"] == "path"
        }
        assert set(link["parameters"]) == wanted


def test_the_socket_has_its_frames() -> None:
    frames = OPERATIONS["GET /ws"]["x-frames"]
    for direction, models in (("client", CLIENT_FRAMES), ("server", SERVER_FRAMES)):
        names = {name for model in models for name in types_of(model)}
        assert set(frames[direction]) == names
        for name, schema in frames[direction].items():
            told = resolved(schema)["properties"]["type"]
            assert name in (told.get("const"), *told.get("enum", []))
