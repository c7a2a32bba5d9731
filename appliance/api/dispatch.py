"""From a request to its handler and back: the same steps, in the same order, for every route.

Authentication, rights, rate limit, media type and declared size are settled before a body is read.
"""

from __future__ import annotations

import asyncio
import errno
import logging
import re
import uuid
from collections.abc import Callable, Coroutine
from contextlib import aclosing
from ipaddress import ip_address
from time import perf_counter
from typing import Any

from pydantic import BaseModel
from sanic.exceptions import SanicException
from sanic.request import Request
from sanic.response import HTTPResponse

from appliance.api import envelope
from appliance.api.routing import Call, Reply, Route, Stream
from appliance.api.validation import check_path, parse_body, parse_query
from appliance.domain import Principal, RequestOrigin
from appliance.errors import (
    ApplianceError,
    BadRequest,
    Forbidden,
    Invalid,
    NotFound,
    PayloadTooLarge,
    RateLimited,
    Unauthorized,
    Unavailable,
    UnsupportedMediaType,
)
from appliance.services.authorization import Access, authorize
from appliance.services.registry import Services

MAX_JSON_BYTES = 1 << 20
BODY_TIMEOUT_S = 30.0  # for a whole JSON body
CUT_OFF_S = 0.5
SEND_S = 10.0  # how long one piece of a stream may wait for a client to read
_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")

logger = logging.getLogger(__name__)


class MethodNotAllowed(ApplianceError):
    code = "METHOD_NOT_ALLOWED"


class UpgradeRequired(ApplianceError):
    code = "UPGRADE_REQUIRED"


class InternalError(ApplianceError):
    code = "INTERNAL_ERROR"


class Dispatcher:
    """Builds Sanic handlers out of routes."""

    def __init__(self, services: Callable[[], Services], trusted_proxies: frozenset[str]) -> None:
        self._services_of = services
        self._trusted_proxies = trusted_proxies

    @property
    def _services(self) -> Services:
        return self._services_of()

    def handler(self, route: Route) -> Callable[..., Coroutine[Any, Any, HTTPResponse | None]]:
        async def handle(request: Request, **path: str) -> HTTPResponse | None:
            started = perf_counter()
            origin = self.origin(request)
            limited, rate = self._services.rate_limits.take(route.limit, origin.ip)
            stream = None
            try:
                if not limited:
                    raise RateLimited(
                        "Too many requests from this address.", retry_after=rate.retry_after
                    )
                answer = await self._serve(route, request, origin, path)
                if isinstance(answer, Stream):
                    stream = answer
                    response = HTTPResponse(
                        status=stream.status,
                        headers=dict(stream.headers),
                        content_type=stream.content_type,
                    )
                else:
                    response = answer
            except Exception as error:
                response = self.failed(error, origin.request_id)
            for name, value in rate.headers.items():
                response.headers[name] = value
            if stream is not None:
                await self._send(request, response, stream, origin)
            self._services.metrics.request(
                route.method, route.path, response.status, perf_counter() - started
            )
            log = logger.debug if route.path in {"/health", "/ready", "/metrics"} else logger.info
            log(
                "request",
                extra={
                    "fields": {
                        "request_id": origin.request_id,
                        "method": request.method,
                        "route": route.path,
                        "status": response.status,
                        "ms": round((perf_counter() - started) * 1000, 1),
                    }
                },
            )
            return response if stream is None else None

        return handle

    async def _send(
        self, request: Request, response: HTTPResponse, stream: Stream, origin: RequestOrigin
    ) -> None:
        """Send a stream to its end; a client that does not read is cut off, and so is one whose
        session ends.
        """
        transport: Any = request.transport
        cut_off: asyncio.TimerHandle | None = None

        def revoked(_: str) -> None:
            nonlocal cut_off
            # A moment, in which a stream of events can say why.
            cut_off = asyncio.get_running_loop().call_later(CUT_OFF_S, transport.abort)

        principal: Principal | None = request.ctx.principal
        unwatch = (
            None
            if principal is None
            else self._services.sessions.watch(principal.session_id, revoked)
        )
        try:
            async with aclosing(stream.pieces) as pieces:
                await request.respond(response)
                await response.send(b"", end_stream=False)  # the headers, without waiting for words
                async for piece in pieces:
                    async with asyncio.timeout(SEND_S):
                        await response.send(piece, end_stream=False)
                await response.send(b"", end_stream=True)
        except TimeoutError:
            transport.abort()
        except Exception as error:
            self.explain(error, origin.request_id)
            transport.abort()
        finally:
            if unwatch is not None:
                unwatch()
            if cut_off is not None:
                cut_off.cancel()
                transport.abort()

    def origin(self, request: Request) -> RequestOrigin:
        """Id and address of a request; made once, so that every answer to it names the same id."""
        if not hasattr(request.ctx, "origin"):
            given = request.headers.get("x-request-id", "")
            request_id = given if _REQUEST_ID.fullmatch(given) else str(uuid.uuid4())
            agent = request.headers.get("user-agent", "")[:200]
            request.ctx.origin = RequestOrigin(request_id, self._address(request), agent)
        origin: RequestOrigin = request.ctx.origin
        return origin

    def failed(self, error: BaseException, request_id: str) -> HTTPResponse:
        return envelope.failure(self.explain(error, request_id), request_id)

    def explain(self, error: BaseException, request_id: str) -> ApplianceError:
        """The error as its caller may see it; what nobody foresaw is logged and hidden."""
        if isinstance(error, ApplianceError):
            return error
        if isinstance(error, SanicException):
            return _of_sanic(error)
        if isinstance(error, OSError) and error.errno in {errno.EMFILE, errno.ENFILE}:
            return Unavailable("Too many connections are open just now.", retry_after=10)
        logger.error(
            "unexpected error",
            exc_info=error,
            extra={"fields": {"request_id": request_id}},
        )
        return InternalError("Something went wrong here. The log names it by the request id.")

    async def authenticate(self, request: Request) -> Principal | None:
        """The bearer of the request's token, None without one. Raises `Unauthorized`."""
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if not scheme:
            return None
        if scheme.lower() != "bearer" or not token:
            raise Unauthorized("The Authorization header must be: Bearer <access token>.")
        return await self._services.sessions.authenticate(token.strip())

    async def _serve(
        self, route: Route, request: Request, origin: RequestOrigin, path: dict[str, str]
    ) -> HTTPResponse | Stream:
        principal = None
        if route.access is not Access.PUBLIC or route.optional_caller:
            principal = await self.authenticate(request)
        request.ctx.principal = principal
        try:
            return await self._answered(route, request, origin, principal, path)
        except Forbidden:
            if principal is not None:
                await self._services.audit.denied(
                    principal, origin, method=request.method, route=route.path
                )
            raise

    async def _answered(
        self,
        route: Route,
        request: Request,
        origin: RequestOrigin,
        principal: Principal | None,
        path: dict[str, str],
    ) -> HTTPResponse | Stream:
        authorize(route.access, principal)
        call = Call(self._services, request, origin, principal, check_path(path))
        if route.query is not None:
            call._query = parse_query(route.query, request.args)
        if route.body is not None:
            raw = await read_body(request, optional=route.optional_body)
            await call.still_allowed(route.access)
            call._body = parse_body(route.body, raw, optional=route.optional_body)
        answer = await route.handler(call)
        if isinstance(answer, HTTPResponse | Stream):
            return answer
        data, status = (
            (answer.data, answer.status) if isinstance(answer, Reply) else (answer, route.status)
        )
        return _rendered(route, data, status, request, origin)

    def _address(self, request: Request) -> str:
        peer = request.ip or "unknown"
        if peer not in self._trusted_proxies:
            return peer
        # The nearest address that is not one of our own proxies; what stands left of it is hearsay.
        forwarded = request.headers.get("x-forwarded-for", "")
        for part in reversed([part.strip() for part in forwarded.split(",") if part.strip()]):
            if part in self._trusted_proxies:
                continue
            try:
                return str(ip_address(part))
            except ValueError:
                break
        return peer


async def read_body(request: Request, *, optional: bool = False) -> bytes:
    """The JSON body, refused by type and declared size before a byte of it is read."""
    length = request.headers.get("content-length")
    has_body = bool(request.headers.get("transfer-encoding")) or length not in (None, "0")
    if not has_body:
        if optional:
            return b""
        raise Invalid("A JSON body is needed.", field="body")
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type != envelope.JSON_TYPE:
        raise UnsupportedMediaType("The body must be sent as application/json.")
    if length is not None and length.isdigit() and int(length) > MAX_JSON_BYTES:
        raise PayloadTooLarge(f"The body must not be longer than {MAX_JSON_BYTES} bytes.")
    stream: Any = request.stream
    pieces: list[bytes] = []
    total = 0
    try:
        async with asyncio.timeout(BODY_TIMEOUT_S):
            while (piece := await stream.read()) is not None:
                total += len(piece)
                if total > MAX_JSON_BYTES:
                    raise PayloadTooLarge(
                        f"The body must not be longer than {MAX_JSON_BYTES} bytes."
                    )
                pieces.append(piece)
    except TimeoutError:
        raise Invalid("The body did not arrive in time.", field="body") from None
    return b"".join(pieces)


def _rendered(
    route: Route, data: BaseModel, status: int, request: Request, origin: RequestOrigin
) -> HTTPResponse:
    if route.bare:
        return envelope.bare(data, status=status)
    off = request.headers.get("x-envelope", "").lower() == "off"
    return envelope.success(data, origin.request_id, status=status, flat=route.flat, off=off)


def _of_sanic(error: SanicException) -> ApplianceError:
    """What Sanic itself refuses (routing, framing), in the contract's words."""
    status = error.status_code
    if status == 404:
        return NotFound("There is no such page or operation.")
    if status == 405:
        return MethodNotAllowed("This method is not allowed here.")
    if status == 413:
        return PayloadTooLarge("The request is too large.")
    if status == 426:
        return UpgradeRequired("This address speaks WebSocket only.")
    if status == 503:
        return Unavailable("The appliance could not take the request in time.")
    if 400 <= status < 500:
        return BadRequest("The request is malformed.")
    return InternalError("Something went wrong here.")
