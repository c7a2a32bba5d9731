"""The cache for administrators: how it does, and making it forget."""

from __future__ import annotations

from appliance.api.routing import Call, Route
from appliance.api.schemas.cache import (
    CacheStatsOut,
    Cleared,
    Invalidated,
    InvalidateIn,
    InvalidateQuery,
)
from appliance.services.authorization import Access


async def stats(call: Call) -> CacheStatsOut:
    return CacheStatsOut.of(await call.services.cache.stats())


async def clear(call: Call) -> Cleared:
    cleared = await call.services.cache.clear(actor=call.caller, origin=call.origin)
    return Cleared(message="The cache was cleared.", cleared=cleared)


async def invalidate(call: Call) -> Invalidated:
    named = call.body(InvalidateIn).pattern
    pattern = (call.query(InvalidateQuery).pattern or "") if named is None else named
    deleted = await call.services.cache.invalidate(pattern, actor=call.caller, origin=call.origin)
    return Invalidated(
        pattern=pattern, deleted_count=deleted, message="What matched was forgotten."
    )


_TAG = "Cache"

ROUTES: tuple[Route, ...] = (
    Route(
        "GET", "/api/admin/cache/stats", stats, Access.VIEWER, _TAG,
        "Size and hits of the two levels of the cache, since the start.",
        response=CacheStatsOut,
    ),
    Route(
        "POST", "/api/admin/cache/clear", clear, Access.ADMIN, _TAG, "Forget everything.",
        response=Cleared,
    ),
    Route(
        "POST", "/api/admin/cache/invalidate", invalidate, Access.ADMIN, _TAG,
        "Forget the keys that match a pattern, given in the body or in the query; the body wins.",
        response=Invalidated, body=InvalidateIn, query=InvalidateQuery, optional_body=True,
    ),
)  # fmt: skip
