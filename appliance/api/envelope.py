"""The one shape of every JSON response, and the HTTP status of every error code."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import orjson
from pydantic import BaseModel
from sanic.response import HTTPResponse

from appliance.errors import ApplianceError

STATUS = {
    "BAD_REQUEST": 400,
    "UNAUTHORIZED": 401,
    "FORBIDDEN": 403,
    "NOT_FOUND": 404,
    "METHOD_NOT_ALLOWED": 405,
    "CONFLICT": 409,
    "PAYLOAD_TOO_LARGE": 413,
    "UNSUPPORTED_MEDIA_TYPE": 415,
    "VALIDATION_ERROR": 422,
    "UPGRADE_REQUIRED": 426,
    "RATE_LIMITED": 429,
    "BUSY": 429,
    "INTERNAL_ERROR": 500,
    "UNAVAILABLE": 503,
    "STORAGE_FULL": 507,
}
JSON_TYPE = "application/json"


def success(
    data: BaseModel, request_id: str, *, status: int, flat: bool, off: bool
) -> HTTPResponse:
    """`flat` repeats the fields of `data` at the top level; `off` sends `data` alone."""
    fields = data.model_dump(by_alias=True)
    if off:
        return _json(fields, status)
    body: dict[str, Any] = {}
    if flat:
        body.update(fields)
    body.update(success=True, data=fields, error=None, meta=_meta(request_id))
    return _json(body, status)


def bare(data: BaseModel, *, status: int) -> HTTPResponse:
    return _json(data.model_dump(by_alias=True), status)


def failure(error: ApplianceError, request_id: str) -> HTTPResponse:
    body = {
        "success": False,
        "data": None,
        "error": error_fields(error),
        "meta": _meta(request_id),
    }
    response = _json(body, STATUS[error.code])
    if error.retry_after is not None:
        response.headers["Retry-After"] = str(error.retry_after)
    if error.code == "UNAUTHORIZED":
        response.headers["WWW-Authenticate"] = "Bearer"
    return response


def error_fields(error: ApplianceError) -> dict[str, Any]:
    fields: dict[str, Any] = {"code": error.code, "message": error.message}
    if error.details is not None:
        fields["details"] = error.details
    if error.field is not None:
        fields["field"] = error.field
    return fields


def _meta(request_id: str) -> dict[str, str]:
    now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"
    return {"request_id": request_id, "timestamp": now}


def _json(body: Any, status: int) -> HTTPResponse:
    return HTTPResponse(orjson.dumps(body), status=status, content_type=JSON_TYPE)
