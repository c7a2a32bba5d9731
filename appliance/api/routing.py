"""What a route is: one row that declares path, access, schemas and handler.

Serving, validation, the access check and the OpenAPI document all read the same rows.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from pydantic import BaseModel
from sanic.request import Request
from sanic.response import HTTPResponse

from appliance.domain import Principal, RequestOrigin
from appliance.services.authorization import Access, authorize
from appliance.services.rate_limits import DEFAULT, RateLimit
from appliance.services.registry import Services

ModelT = TypeVar("ModelT", bound=BaseModel)


@dataclass(slots=True)
class Call:
    """One request, authenticated and validated as its route declares."""

    services: Services
    request: Request
    origin: RequestOrigin
    principal: Principal | None
    path: Mapping[str, str]
    _query: BaseModel | None = None
    _body: BaseModel | None = None

    @property
    def caller(self) -> Principal:
        """The authenticated caller of a route that is not public."""
        assert self.principal is not None
        return self.principal

    async def still_allowed(self, access: Access) -> None:
        """Ask again once the body is there: it may have taken its time, and the right be lost.

        Raises `Unauthorized` and `Forbidden`.
        """
        if self.principal is not None:
            self.principal = await self.services.sessions.principal(self.principal.session_id)
            authorize(access, self.principal)

    def query(self, model: type[ModelT]) -> ModelT:
        assert isinstance(self._query, model)
        return self._query

    def body(self, model: type[ModelT]) -> ModelT:
        assert isinstance(self._body, model)
        return self._body


@dataclass(frozen=True, slots=True)
class Reply:
    """Data with another status than the route's own."""

    data: BaseModel
    status: int


@dataclass(frozen=True, slots=True)
class Stream:
    """A response that is sent piece by piece, as `pieces` gives them.

    What `pieces` raises comes too late to be told: it cuts the connection.
    """

    pieces: AsyncGenerator[bytes]
    content_type: str
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)


Handler = Callable[[Call], Awaitable[BaseModel | Reply | Stream | HTTPResponse]]


@dataclass(frozen=True, slots=True)
class Route:
    """A row of the route table.

    `path` has the form `/api/conversations/<conversation_id>`: names ending in `_id` must be UUIDs,
    any other value is answered like an absent id. `aliases` are served alike, and so
    are `more_methods`. `flat` repeats the fields of `data` at the top level, `bare` sends `data`
    alone. `upload` leaves the body to the handler, which streams it.

    For the OpenAPI document alone: `description`; `errors`, codes beyond those that follow from the
    rest of the row (`openapi/errors.py`); `produces`, the media types of what is not JSON;
    `other_statuses` that carry the same data.
    """

    method: str
    path: str
    handler: Handler
    access: Access
    tag: str
    summary: str
    response: type[BaseModel] | None = None
    status: int = 200
    body: type[BaseModel] | None = None
    query: type[BaseModel] | None = None
    limit: RateLimit = DEFAULT
    aliases: tuple[str, ...] = ()
    more_methods: tuple[str, ...] = ()
    flat: bool = False
    bare: bool = False
    upload: bool = False
    optional_body: bool = False
    optional_caller: bool = False  # public, but a token, where sent, is checked
    description: str = ""
    errors: tuple[str, ...] = ()
    produces: tuple[str, ...] = ()
    other_statuses: tuple[int, ...] = ()
    extra: dict[str, Any] = field(default_factory=dict)  # merged deeply into the operation
