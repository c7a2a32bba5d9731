"""Liveness, readiness, metrics: bare answers for machines."""

from __future__ import annotations

import time
from ipaddress import ip_address

from sanic.response import HTTPResponse

from appliance import API_VERSION, __version__
from appliance.api.routing import Call, Reply, Route
from appliance.api.schemas.health import ComponentOut, HealthOut, ReadyOut
from appliance.services.authorization import Access, authorize
from appliance.services.health import ComponentState, roles
from appliance.services.rate_limits import RateLimit

# Each its own: a readiness probe must not fail because liveness was asked.
_HEALTH = RateLimit("health", 100, 60)
_READY = RateLimit("ready", 100, 60)
_PROXY_HEADERS = ("x-forwarded-for", "x-real-ip", "forwarded", "via")
PROMETHEUS_TYPE = "text/plain; version=0.0.4; charset=utf-8"


async def health(call: Call) -> HealthOut:
    return HealthOut(
        status="healthy",
        version=API_VERSION,
        appliance_version=__version__,
        timestamp=time.time(),
    )


async def ready(call: Call) -> Reply:
    states = await call.services.health.states()
    if call.services.health.stopping:
        states.append(ComponentState("appliance", None, ok=False))  # it takes nothing new
    is_ready = all(state.ok for state in states)
    data = ReadyOut(
        status="ready" if is_ready else "not_ready",
        checks=dict(roles(states)),
        components=[ComponentOut.of(state) for state in states],
        timestamp=time.time(),
    )
    return Reply(data, 200 if is_ready else 503)


async def metrics(call: Call) -> HTTPResponse:
    if not (call.services.metrics.is_open or _from_this_machine(call)):
        authorize(Access.ADMIN, call.principal)
    return HTTPResponse(call.services.metrics.text(), content_type=PROMETHEUS_TYPE)


def _from_this_machine(call: Call) -> bool:
    # Behind a proxy on this machine every client seems local; the proxy's header gives it away.
    if any(name in call.request.headers for name in _PROXY_HEADERS):
        return False
    try:
        return ip_address(call.request.ip).is_loopback
    except ValueError:
        return False


ROUTES = (
    Route(
        "GET", "/health", health, Access.PUBLIC, "Health", "Liveness: the process serves.",
        response=HealthOut, bare=True, limit=_HEALTH,
    ),
    Route(
        "GET", "/ready", ready, Access.PUBLIC, "Health", "Readiness: every part works.",
        response=ReadyOut, bare=True, limit=_READY, other_statuses=(503,),
    ),
    Route(
        "GET", "/metrics", metrics, Access.PUBLIC, "Health", "Prometheus metrics.", bare=True,
        optional_caller=True, produces=(PROMETHEUS_TYPE.partition(";")[0],),
    ),
)  # fmt: skip
