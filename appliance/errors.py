"""What can go wrong, with the codes of the API reference and no HTTP in them.

`message` is shown to the caller: never document text, questions, passwords or tokens.
"""

from __future__ import annotations

from typing import Any


class ApplianceError(Exception):
    """A failure that the caller is told about."""

    code = "INTERNAL_ERROR"

    def __init__(
        self,
        message: str,
        *,
        field: str | None = None,
        details: dict[str, Any] | None = None,
        retry_after: int | None = None,
    ) -> None:
        """`retry_after` is in seconds."""
        super().__init__(message)
        self.message = message
        self.field = field
        self.details = details
        self.retry_after = retry_after


class BadRequest(ApplianceError):
    code = "BAD_REQUEST"


class Unauthorized(ApplianceError):
    code = "UNAUTHORIZED"


class Forbidden(ApplianceError):
    code = "FORBIDDEN"


class NotFound(ApplianceError):
    code = "NOT_FOUND"


class Conflict(ApplianceError):
    code = "CONFLICT"


class Invalid(ApplianceError):
    code = "VALIDATION_ERROR"


class PayloadTooLarge(ApplianceError):
    code = "PAYLOAD_TOO_LARGE"


class UnsupportedMediaType(ApplianceError):
    code = "UNSUPPORTED_MEDIA_TYPE"


class RateLimited(ApplianceError):
    code = "RATE_LIMITED"


class Busy(ApplianceError):
    code = "BUSY"


class Unavailable(ApplianceError):
    code = "UNAVAILABLE"


class StorageFull(ApplianceError):
    code = "STORAGE_FULL"
