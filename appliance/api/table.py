"""The whole route table: every path that the appliance answers, apart from the WebSocket."""

from __future__ import annotations

from appliance.api import (
    auth,
    conversations,
    health,
    kb,
    one_time_links,
    panel_users,
    passages,
    users,
)
from appliance.api.pages import page_routes
from appliance.api.routing import Route

API_ROUTES: tuple[Route, ...] = (
    *auth.ROUTES,
    *one_time_links.ROUTES,
    *users.ROUTES,
    *panel_users.ROUTES,
    *conversations.ROUTES,
    *kb.ROUTES,
    *passages.ROUTES,
    *health.ROUTES,
)


def all_routes() -> tuple[Route, ...]:
    return API_ROUTES + page_routes(API_ROUTES)
