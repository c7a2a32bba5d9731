"""The Sanic application around a container: routes, socket, security headers, life cycle."""

from __future__ import annotations

import asyncio
import logging
from typing import Any
from urllib.parse import urlsplit

import orjson
from sanic import Request, Sanic, Websocket
from sanic.exceptions import SanicException
from sanic.response import BaseHTTPResponse, HTTPResponse

from appliance.api.dispatch import Dispatcher
from appliance.api.routing import Route
from appliance.api.table import all_routes
from appliance.api.ws import WS_PATHS, serve_socket
from appliance.container import Container
from appliance.errors import ApplianceError, Forbidden, RateLimited, Unavailable
from appliance.services.rate_limits import DEFAULT
from appliance.services.registry import Services

DRAIN_S = 15.0
SOCKET_MESSAGE_BYTES = 1 << 20
# Our own readers of bodies have their own time-outs; Sanic's would cut a slow but honest upload.
REQUEST_TIMEOUT_S = 60
RESPONSE_TIMEOUT_S = 3600

SECURITY_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; "
        "form-action 'self'; frame-ancestors 'none'"
    ),
    "Strict-Transport-Security": "max-age=31536000",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Permissions-Policy": "microphone=(self), camera=(), geolocation=()",
    "Cross-Origin-Opener-Policy": "same-origin",
}

App = Sanic[Any, Any]

logger = logging.getLogger(__name__)


def create_app(container: Container) -> App:
    """The application; it opens `container` when it starts and closes it when it has stopped."""
    app: App = Sanic("voiceassist", dumps=orjson.dumps, configure_logging=False)
    app.config.TOUCHUP = False
    app.config.FALLBACK_ERROR_FORMAT = "json"
    app.config.ACCESS_LOG = False
    app.config.MOTD = False
    # Bodies are counted by their readers; this bounds what is drained after a refusal, so that a
    # client that is still sending gets to read it.
    app.config.REQUEST_MAX_SIZE = (container.settings.upload_max_mb + 1) << 20
    app.config.REQUEST_TIMEOUT = REQUEST_TIMEOUT_S
    app.config.RESPONSE_TIMEOUT = RESPONSE_TIMEOUT_S
    app.config.KEEP_ALIVE_TIMEOUT = 75
    app.config.GRACEFUL_SHUTDOWN_TIMEOUT = 3.0
    app.config.WEBSOCKET_MAX_SIZE = SOCKET_MESSAGE_BYTES

    def services() -> Services:
        return container.services

    dispatcher = Dispatcher(services, frozenset(container.settings.trusted_proxies))
    for route in all_routes():
        _add(app, dispatcher, route)
    _add_socket(app, dispatcher, container)

    @app.on_response  # type: ignore[untyped-decorator]
    async def secure(request: Request, response: BaseHTTPResponse) -> None:
        for name, value in SECURITY_HEADERS.items():
            response.headers.setdefault(name, value)
        response.headers.setdefault("Cache-Control", "no-store")
        if request is not None:
            response.headers.setdefault("X-Request-ID", dispatcher.origin(request).request_id)

    @app.exception(Exception)
    async def failed(request: Request, error: Exception) -> HTTPResponse:
        origin = dispatcher.origin(request)
        _, rate = services().rate_limits.take(DEFAULT, origin.ip)
        response = dispatcher.failed(error, origin.request_id)
        response.headers.update(rate.headers)
        if isinstance(error, SanicException) and error.headers and "Allow" in error.headers:
            response.headers["Allow"] = error.headers["Allow"]  # RFC 9110, 15.5.6
        return response

    @app.before_server_start
    async def start(_: App) -> None:
        await container.open()

    @app.before_server_stop
    async def drain(_: App) -> None:
        await container.drain(DRAIN_S)

    @app.after_server_stop
    async def stop(_: App) -> None:
        await container.close()

    return app


def _add(app: App, dispatcher: Dispatcher, route: Route) -> None:
    handler: Any = dispatcher.handler(route)
    methods = [route.method, *route.more_methods]
    for number, path in enumerate((route.path, *route.aliases)):
        name = f"{route.tag}-{route.method}-{route.path}-{number}".replace("/", "_")
        # stream: the body stays on the wire until the dispatcher has let the caller in.
        # error_format: else Sanic reads the handler's source to find it out.
        app.add_route(handler, path, methods=methods, name=name, stream=True, error_format="json")


def _add_socket(app: App, dispatcher: Dispatcher, container: Container) -> None:
    @app.on_request
    async def before_upgrade(request: Request) -> HTTPResponse | None:
        if request.path.rstrip("/") not in WS_PATHS:
            return None
        origin = dispatcher.origin(request)
        allowed, rate = container.services.rate_limits.take(DEFAULT, origin.ip)
        try:
            if not allowed:
                raise RateLimited("Too many requests.", retry_after=rate.retry_after)
            if container.services.health.stopping:
                raise Unavailable("The appliance is shutting down.")
            _check_page_origin(request, container.settings.allowed_origins)
        except ApplianceError as error:
            return dispatcher.failed(error, origin.request_id)
        request.ctx.principal = request.ctx.failure = None
        token, ticket = request.args.get("token"), request.args.get("ticket")
        try:
            if ticket:
                request.ctx.principal = await container.services.ws_tickets.redeem(ticket)
            elif token:
                request.ctx.principal = await container.services.sessions.authenticate(token)
            else:
                request.ctx.principal = await dispatcher.authenticate(request)
        except ApplianceError as error:
            # Told as a frame after the upgrade: a browser never sees the body of a refused one.
            request.ctx.failure = error
        return None

    async def socket(request: Request, ws: Websocket) -> None:
        services = container.services
        services.metrics.socket_opened()
        try:
            await serve_socket(
                services,
                request,
                ws,
                request.ctx.principal,
                dispatcher.origin(request),
                failure=request.ctx.failure,
            )
        except (asyncio.CancelledError, ConnectionError):
            raise
        except Exception as error:
            dispatcher.explain(error, dispatcher.origin(request).request_id)
            await ws.close(1011)
        finally:
            services.metrics.socket_closed()

    for path in WS_PATHS:
        app.add_websocket_route(socket, path, name="ws" + path.replace("/", "_"))


def _check_page_origin(request: Request, allowed: tuple[str, ...]) -> None:
    """Browsers let any page open a socket to anywhere; only our own pages may."""
    page = request.headers.get("origin")
    if page is None or page in allowed:
        return
    try:
        host = urlsplit(page).netloc.lower()
    except ValueError:
        host = None
    if host != request.headers.get("host", "").lower():
        raise Forbidden("This page may not open a connection here.")
