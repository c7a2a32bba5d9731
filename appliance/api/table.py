"""The whole route table: every path that the appliance answers, apart from the WebSocket."""

from __future__ import annotations

from functools import cache

from appliance.api import (
    audit_logs,
    auth,
    conversations,
    document_pages,
    exports,
    flags,
    folders,
    health,
    ingest_jobs,
    kb,
    knowledge_search,
    language_models,
    messages,
    one_time_links,
    panel,
    panel_users,
    passages,
    profile,
    sessions,
    two_factor,
    users,
    voice,
)
from appliance.api import (
    cache as cache_routes,
)
from appliance.api.pages import page_routes
from appliance.api.routing import Route

API_ROUTES: tuple[Route, ...] = (
    *auth.ROUTES,
    *two_factor.ROUTES,
    *sessions.ROUTES,
    *profile.ROUTES,
    *one_time_links.ROUTES,
    *users.ROUTES,
    *panel_users.ROUTES,
    *conversations.ROUTES,
    *folders.ROUTES,
    *messages.ROUTES,
    *exports.ROUTES,
    *kb.ROUTES,
    *ingest_jobs.ROUTES,
    *knowledge_search.ROUTES,
    *passages.ROUTES,
    *document_pages.ROUTES,
    *cache_routes.ROUTES,
    *flags.ROUTES,
    *language_models.ROUTES,
    *voice.ROUTES,
    *panel.ROUTES,
    *audit_logs.ROUTES,
    *health.ROUTES,
)


@cache
def all_routes() -> tuple[Route, ...]:
    return API_ROUTES + page_routes(API_ROUTES)
