"""Headers that all operations share, documented once."""

from __future__ import annotations

from typing import Any

LIMIT_HEADERS = ("X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-Reset")

_NUMBER = {"type": "integer", "minimum": 0}

COMPONENTS: dict[str, Any] = {
    "X-Request-ID": {
        "description": "Names this request in answers, in the log and in the audit trail.",
        "schema": {"type": "string"},
        "example": "7f3e1c52-9a44-4a0e-8f0b-2d6f0f4f9b11",
    },
    "X-RateLimit-Limit": {
        "description": "Requests allowed in a window.",
        "schema": _NUMBER,
        "example": 1200,
    },
    "X-RateLimit-Remaining": {
        "description": "Requests left in this window.",
        "schema": _NUMBER,
        "example": 1199,
    },
    "X-RateLimit-Reset": {
        "description": "When the window ends, in Unix seconds.",
        "schema": _NUMBER,
        "example": 1764237660,
    },
    "Retry-After": {
        "description": "Seconds to wait before trying again.",
        "schema": {"type": "integer", "minimum": 1},
        "example": 30,
    },
    "WWW-Authenticate": {
        "description": "How to authenticate.",
        "schema": {"type": "string"},
        "example": "Bearer",
    },
}

PARAMETERS: dict[str, Any] = {
    "RequestId": {
        "name": "X-Request-ID",
        "in": "header",
        "description": "An id of your own for this request: 1 to 64 letters, digits, `.`, `_` or "
        "`-`. It comes back in the answer; anything else is replaced.",
        "schema": {"type": "string"},
        "example": "ward-7.42",
    },
    "Envelope": {
        "name": "X-Envelope",
        "in": "header",
        "description": "`off` sends `data` alone on success. Errors stay enveloped.",
        "schema": {"type": "string", "enum": ["on", "off"], "default": "on"},
    },
}


def headers(*names: str) -> dict[str, Any]:
    return {name: {"$ref": f"#/components/headers/{name}"} for name in names}


def parameters(*names: str) -> list[dict[str, str]]:
    return [{"$ref": f"#/components/parameters/{name}"} for name in names]
