"""The audit trail on the wire."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta
from typing import Annotated, Any, Literal

from pydantic import AliasChoices, BeforeValidator, ConfigDict, Field

from appliance.api.fields import Instant, Output, Query
from appliance.services.audit import AuditFilter, Record
from appliance.services.audit_formats import ExportFormat

_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
_YEARS = range(1970, 9999)


def _since(text: object) -> datetime:
    """The instant, or the beginning of the day, in UTC."""
    return _instant(text, day_ends=False)


def _until(text: object) -> datetime:
    """The first instant after it, or after the end of the day, in UTC."""
    return _instant(text, day_ends=True)


def _instant(text: object, *, day_ends: bool) -> datetime:
    problem = ValueError("must be a date or an ISO 8601 instant of the years 1970 to 9998")
    if not isinstance(text, str):
        raise problem
    try:
        if _DAY.fullmatch(text):
            found = datetime.combine(date.fromisoformat(text), time(), UTC)
            length = timedelta(days=1)
        else:
            found = datetime.fromisoformat(text)
            found = found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
            length = timedelta(microseconds=1)
        if found.year not in _YEARS:
            raise problem
        return found + length if day_ends else found
    except (ValueError, OverflowError):
        raise problem from None


class AuditQuery(Query):
    # Errors name the fields as they are sent: `from` is no name in Python.
    model_config = ConfigDict(loc_by_alias=True, alias_generator=None, populate_by_name=False)

    action: Annotated[str | None, Field(pattern=r"^[a-z_]{1,40}(\.[a-z_]{1,40})*$")] = None
    user_id: Annotated[
        str | None,
        Field(
            validation_alias=AliasChoices("user_id", "userId"),
            pattern=r"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$",
        ),
    ] = None
    since: Annotated[datetime | None, BeforeValidator(_since), Field(alias="from")] = None
    before: Annotated[datetime | None, BeforeValidator(_until), Field(alias="to")] = None

    def wanted(self) -> AuditFilter:
        return AuditFilter(self.action, self.user_id, self.since, self.before)


class AuditPageQuery(AuditQuery):
    page: Annotated[int, Field(ge=1, le=100_000_000)] = 1
    limit: Annotated[int, Field(ge=1, le=200)] = 50


class AuditExportQuery(AuditQuery):
    format: ExportFormat = ExportFormat.CSV


class AuditRow(Output):
    seq: int
    timestamp: Instant
    level: Literal["info", "warning"] = Field(description="`warning`: it did not succeed.")
    action: str
    user_id: str | None
    user_email: str | None = Field(description="As it is now; null when the account has gone.")
    role: str | None
    ip: str | None
    resource_type: str | None
    resource_id: str | None
    success: bool
    details: dict[str, Any]
    request_id: str | None
    hash: str

    @classmethod
    def of(cls, record: Record) -> AuditRow:
        return cls(
            seq=record.seq,
            timestamp=record.timestamp,
            level="info" if record.success else "warning",
            action=record.action,
            user_id=record.user_id,
            user_email=record.user_email,
            role=record.role,
            ip=record.ip,
            resource_type=record.resource_type,
            resource_id=record.resource_id,
            success=record.success,
            details=record.details,
            request_id=record.request_id,
            hash=record.hash,
        )


class AuditPage(Output):
    logs: list[AuditRow]
    total: int
    page: int
    limit: int
