"""The admin panel's overview: what there is, who is connected, how it went of late."""

from __future__ import annotations

from appliance.api.routing import Call, Route
from appliance.api.schemas.panel import (
    MAX_RECENT,
    MetricsOut,
    MetricsQuery,
    SummaryOut,
    WebSocketStatusOut,
)
from appliance.domain import utc_now
from appliance.services.authorization import Access


async def summary(call: Call) -> SummaryOut:
    return SummaryOut.of(await call.services.panel.summary())


async def websocket_status(call: Call) -> WebSocketStatusOut:
    sockets = call.services.sockets
    return WebSocketStatusOut.of(
        sockets.by_type(), sockets.newest(MAX_RECENT), call.services.answering.load, utc_now()
    )


async def metrics(call: Call) -> MetricsOut:
    return MetricsOut.of(await call.services.panel.metrics(call.query(MetricsQuery).days))


_PANEL = "/api/admin/panel"

ROUTES = (
    Route(
        "GET", f"{_PANEL}/summary", summary, Access.VIEWER, "Admin panel",
        "Counts of what there is.", response=SummaryOut,
    ),
    Route(
        "GET", f"{_PANEL}/websocket-status", websocket_status, Access.VIEWER, "Admin panel",
        "Open sockets, and answers under way.", response=WebSocketStatusOut,
    ),
    Route(
        "GET", f"{_PANEL}/metrics", metrics, Access.VIEWER, "Admin panel",
        "Use per day, and how answers went.", query=MetricsQuery, response=MetricsOut,
    ),
)  # fmt: skip
