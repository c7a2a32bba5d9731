"""Every endpoint of the reference, called by everybody: status, envelope, fields and types."""

from __future__ import annotations

import re
from typing import Any

import pytest

from appliance.api.table import API_ROUTES
from appliance.api.ws import WS_PATHS
from tests.api.conftest import Api
from tests.api.socket_client import SocketClient, text_of
from tests.contract.calls import CALLS, request
from tests.contract.reference import TEXT, Row, parse, read
from tests.contract.shapes import CITATION_FIELDS, MESSAGE, differences
from tests.contract.world import IDENTITIES, World
from tests.openapi_document import OPERATIONS, validator

ROWS = read()
REST = [row for row in ROWS if row.method != "WS"]
LIMITS = {"5/hour per IP": ("5",), "10/minute per IP": ("10",), "100/minute": ("100",)}
HEADERS = ("x-ratelimit-limit", "x-ratelimit-remaining", "x-ratelimit-reset", "x-request-id")


def test_the_table_is_what_the_text_says() -> None:
    if not TEXT.is_file():
        pytest.skip("the text of the reference is not here")
    assert parse(TEXT.read_text("utf-8")) == ROWS


def test_the_reference_has_54_endpoints_and_a_socket() -> None:
    assert (len(REST), [row.path for row in ROWS if row.method == "WS"]) == (54, ["/ws"])
    assert len({row.name for row in ROWS}) == len(ROWS)


def test_every_endpoint_of_the_reference_is_called() -> None:
    assert set(CALLS) == {row.name for row in REST}


def test_an_endpoint_without_a_row_would_be_found() -> None:
    text = "New Thing\nGET /api/new\nHeaders: Authorization: Bearer <admin_token>\nError Codes\n"
    (row,) = parse(text)
    assert (row.name, row.token, row.title) == ("GET /api/new", "admin", "New Thing")
    assert row.name not in CALLS


@pytest.mark.parametrize("row", REST, ids=lambda row: row.name)
def test_every_endpoint_is_a_route_with_its_parameters(row: Row) -> None:
    served = {
        f"{method} {re.sub(r'<[a-z_]+>', '{}', path)}": route
        for route in API_ROUTES
        for method in (route.method, *route.more_methods)
        for path in (route.path, *route.aliases)
    }
    route = served[f"{row.method} {re.sub(r'{[a-z_]+}', '{}', row.path)}"]
    fields = {} if route.query is None else route.query.model_fields
    known = {*fields, *(field.alias for field in fields.values())}
    assert {*row.parameters, *row.query} <= known
    if row.request is not None:
        assert route.body is not None
        assert set(row.request) <= set(route.body.model_fields)


@pytest.mark.parametrize("row", REST, ids=lambda row: row.name)
async def test_everybody_calls_it(api: Api, row: Row) -> None:
    expected = CALLS[row.name]
    world = World(api)
    for identity in IDENTITIES:
        path, arguments = await request(row, expected, world, identity)
        response = await api.client.request(
            row.method, path, headers=world.headers(identity), **arguments
        )
        context = (identity, row.method, path, response.text[:500])
        wanted = expected.statuses[identity]
        assert response.status_code == wanted, context
        assert all(name in response.headers for name in HEADERS), context
        if row.rate_limit is not None:
            assert response.headers["x-ratelimit-limit"] in LIMITS[row.rate_limit]
        if wanted >= 400:
            assert_refused(response.json(), wanted)
        elif expected.file is not None:
            assert response.headers["content-type"].startswith(expected.file)
        else:
            assert row.status in (None, wanted)
            data = response.json() if expected.bare else opened(response.json(), path)
            assert differences(row.response, data) == [], context
            assert differences(expected.shape, data) == [], context


def assert_refused(body: dict[str, Any], status: int) -> None:
    assert (body["success"], body["data"]) == (False, None)
    assert body["error"]["message"]
    assert (
        body["error"]["code"]
        == {
            401: "UNAUTHORIZED",
            403: "FORBIDDEN",
            404: "NOT_FOUND",
            503: "UNAVAILABLE",
        }[status]
    )


def opened(body: dict[str, Any], path: str) -> Any:
    """The data of an envelope; under some addresses its fields stand beside it too."""
    assert (body["success"], body["error"]) == (True, None)
    assert set(body["meta"]) >= {"request_id", "timestamp"}
    flat = path.startswith(("/api/auth/", "/api/users"))
    extra = set(body) - {"success", "data", "error", "meta"}
    if flat:
        assert {name: body[name] for name in body["data"]} == body["data"]
    assert extra == (set(body["data"]) - {"success", "data", "error", "meta"} if flat else set())
    return body["data"]


@pytest.mark.parametrize("identity", IDENTITIES)
async def test_everybody_connects_to_the_socket(api: Api, identity: str) -> None:
    assert "/ws" in WS_PATHS
    if identity == "anonymous":
        async with SocketClient(api.ws_url + "?token=nonsense", None) as client:
            refusal = await client.frame()
            assert refusal["error"]["code"] == "UNAUTHORIZED"
            assert await client.closed() == 1008
        return
    await World(api).document()
    async with SocketClient(api.ws_url, api.accounts[identity].access_token) as client:
        await client.send("typing_start", conversation_id="nothing")
        assert (await client.frame())["error"]["code"] == "NOT_FOUND"
        frames = await client.ask("Check the potassium level?", client_message_id="1")
    kinds = [frame["type"] for frame in frames]
    assert kinds[-1] == "message_done" and "chunk" in kinds and "sources" in kinds
    documented = OPERATIONS["GET /ws"]["x-frames"]["server"]
    for frame in frames:
        validator(documented[frame["type"]]).validate(frame)
    done = frames[-1]
    assert differences(MESSAGE, done["message"]) == []
    assert done["client_message_id"] == "1"
    assert text_of(frames) == done["message"]["content"]
    assert done["message"]["citations"]
    for citation in done["message"]["citations"]:
        assert set(citation) >= CITATION_FIELDS
