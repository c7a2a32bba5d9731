"""The audit trail for administrators: page by page, and as a file that proves itself."""

from __future__ import annotations

from appliance.api.routing import Call, Route, Stream
from appliance.api.schemas.audit_logs import (
    AuditExportQuery,
    AuditPage,
    AuditPageQuery,
    AuditRow,
)
from appliance.services.audit_formats import ExportFormat
from appliance.services.authorization import Access

_TYPES = {
    ExportFormat.CSV: "text/csv; charset=utf-8; header=present",
    ExportFormat.JSON: "application/json",
}


async def audit_logs(call: Call) -> AuditPage:
    query = call.query(AuditPageQuery)
    records, total = await call.services.audit.page(
        query.wanted(),
        page=query.page,
        limit=query.limit,
        actor=call.caller,
        origin=call.origin,
    )
    return AuditPage(
        logs=[AuditRow.of(record) for record in records],
        total=total,
        page=query.page,
        limit=query.limit,
    )


async def export_audit_logs(call: Call) -> Stream:
    query = call.query(AuditExportQuery)
    pieces = await call.services.audit.export(
        query.wanted(), query.format, actor=call.caller, origin=call.origin
    )
    return Stream(
        pieces,
        content_type=_TYPES[query.format],
        headers={"Content-Disposition": f'attachment; filename="audit-trail.{query.format}"'},
    )


_LOGS = "/api/admin/panel/audit-logs"

ROUTES = (
    Route(
        "GET", _LOGS, audit_logs, Access.VIEWER, "Admin panel", "The audit trail, newest first.",
        query=AuditPageQuery, response=AuditPage,
    ),
    Route(
        "GET", f"{_LOGS}/export", export_audit_logs, Access.ADMIN, "Admin panel",
        "The audit trail as a file that `voiceassist audit verify` checks.",
        query=AuditExportQuery, produces=("text/csv", "application/json"),
    ),
)  # fmt: skip
