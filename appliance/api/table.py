"""The whole route table: every path that the appliance answers, apart from the WebSocket."""

from __future__ import annotations

from appliance.api import auth, conversations, exports, health, kb, messages, passages
from appliance.api.pages import page_routes
from appliance.api.routing import Route

API_ROUTES: tuple[Route, ...] = (
    *auth.ROUTES,
    *conversations.ROUTES,
    *messages.ROUTES,
    *exports.ROUTES,
    *kb.ROUTES,
    *passages.ROUTES,
    *health.ROUTES,
)


def all_routes() -> tuple[Route, ...]:
    return API_ROUTES + page_routes(API_ROUTES)
