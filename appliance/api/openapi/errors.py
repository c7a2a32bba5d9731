"""Which errors an operation can give, and how each of them is described."""

from __future__ import annotations

from typing import Any

from appliance.api.envelope import STATUS
from appliance.api.openapi.examples import REQUEST_ID, TIME
from appliance.api.openapi.headers import LIMIT_HEADERS, headers
from appliance.api.routing import Route
from appliance.services.authorization import Access

_READS = {"GET", "HEAD"}

ERROR_SCHEMA: dict[str, Any] = {
    "type": "object",
    "description": "The envelope of every error; `X-Envelope` does not take it off.",
    "required": ["success", "data", "error", "meta"],
    "properties": {
        "success": {"const": False},
        "data": {"type": "null"},
        "error": {
            "type": "object",
            "required": ["code", "message"],
            "properties": {
                "code": {"type": "string", "enum": sorted(STATUS)},
                "message": {"type": "string", "description": "For a person to read."},
                "field": {
                    "type": "string",
                    "description": "The field at fault, as the request spelt it.",
                },
                "details": {"type": "object"},
            },
        },
        "meta": {"$ref": "#/components/schemas/Meta"},
    },
}

# Status -> name of the response, what it means, and the error of the example.
_RESPONSES: dict[int, tuple[str, str, dict[str, Any]]] = {
    400: (
        "BadRequest",
        "The request is malformed, or asks for what the rules of the appliance forbid.",
        {"code": "BAD_REQUEST", "message": "The request is malformed."},
    ),
    401: (
        "Unauthorized",
        "Missing or invalid authentication.",
        {"code": "UNAUTHORIZED", "message": "Sign in first: a valid access token is needed."},
    ),
    403: (
        "Forbidden",
        "Insufficient permissions.",
        {"code": "FORBIDDEN", "message": "Your account does not have the right to do this."},
    ),
    404: (
        "NotFound",
        "There is nothing with this id, or it belongs to somebody else: the answer is the same.",
        {"code": "NOT_FOUND", "message": "There is nothing with this id."},
    ),
    409: (
        "Conflict",
        "The state of the resource does not allow it, or the name is taken.",
        {"code": "CONFLICT", "message": "There is an account with this e-mail address already."},
    ),
    413: (
        "PayloadTooLarge",
        "The body is larger than allowed, and is refused before it is read; or the head is.",
        {
            "code": "PAYLOAD_TOO_LARGE",
            "message": "The body must not be longer than 1048576 bytes.",
        },
    ),
    415: (
        "UnsupportedMediaType",
        "The body is of another type than the operation takes.",
        {
            "code": "UNSUPPORTED_MEDIA_TYPE",
            "message": "The body must be sent as application/json.",
        },
    ),
    422: (
        "ValidationError",
        "A field is missing, unknown or out of range. Nothing was changed.",
        {
            "code": "VALIDATION_ERROR",
            "message": "title: Input should be a valid string",
            "details": {
                "errors": [{"field": "title", "problem": "Input should be a valid string"}]
            },
            "field": "title",
        },
    ),
    426: (
        "UpgradeRequired",
        "This address speaks WebSocket only.",
        {"code": "UPGRADE_REQUIRED", "message": "This address speaks WebSocket only."},
    ),
    429: (
        "TooManyRequests",
        "Too many requests from this address (`RATE_LIMITED`), or too much under way at once "
        "(`BUSY`). Try again after `Retry-After` seconds.",
        {"code": "RATE_LIMITED", "message": "Too many requests from this address."},
    ),
    500: (
        "InternalError",
        "Something went wrong here. The log names it by the request id.",
        {
            "code": "INTERNAL_ERROR",
            "message": "Something went wrong here. The log names it by the request id.",
        },
    ),
    503: (
        "Unavailable",
        "A part that this needs is missing or not ready, or the appliance is shutting down.",
        {"code": "UNAVAILABLE", "message": "The appliance is shutting down."},
    ),
    507: (
        "StorageFull",
        "The disk is full. Nothing was changed.",
        {"code": "STORAGE_FULL", "message": "There is no room left to store this."},
    ),
}
_HEADERS = {401: ("WWW-Authenticate",), 429: ("Retry-After",), 503: ("Retry-After",)}


def statuses(row: Route, inputs: list[str]) -> list[int]:
    """The statuses of the errors of a route; `inputs` are the names of its fields.

    What any request may meet, what follows from the access, the body and the path, and what the
    row declares besides.
    """
    reads = row.method in _READS
    found = {400, 413, 429, 500, 503}
    if row.access is not Access.PUBLIC or row.optional_caller or not reads:
        found.add(401)
    if row.access not in (Access.PUBLIC, Access.USER) or row.optional_caller or not reads:
        found.add(403)
    if "<" in row.path or any(name.endswith(("_id", "Id")) for name in inputs):
        found.add(404)
    if inputs or row.upload:
        found.add(422)
    if row.body is not None or row.upload:
        found |= {415, 422}
    if not reads:
        found.add(409)
    if not (reads and row.access is Access.PUBLIC):
        found.add(507)  # reads too: what cannot be audited is denied
    return sorted(found | {STATUS[code] for code in row.errors})


def reference(status: int) -> dict[str, str]:
    return {"$ref": f"#/components/responses/{_RESPONSES[status][0]}"}


def components() -> dict[str, Any]:
    """`components/responses`, one for each status."""
    return {
        name: {
            "description": description,
            "headers": headers("X-Request-ID", *LIMIT_HEADERS, *_HEADERS.get(status, ())),
            "content": {
                "application/json": {
                    "schema": {"$ref": "#/components/schemas/Error"},
                    "examples": {error["code"]: {"value": _enveloped(error)} for error in errors},
                }
            },
        }
        for status, (name, description, error) in _RESPONSES.items()
        for errors in [[error] if status != 429 else [error, _BUSY]]
    }


_BUSY = {"code": "BUSY", "message": "All places are taken just now. Try again in a moment."}


def _enveloped(error: dict[str, Any]) -> dict[str, Any]:
    return {
        "success": False,
        "data": None,
        "error": error,
        "meta": {"request_id": REQUEST_ID, "timestamp": TIME},
    }
