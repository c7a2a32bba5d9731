"""The web client's files and the OpenAPI document: read once, served from memory."""

from __future__ import annotations

import hashlib
from importlib.resources import files

import orjson
from sanic.response import HTTPResponse

from appliance.api.openapi import document
from appliance.api.routing import Call, Handler, Route
from appliance.errors import NotFound
from appliance.services.authorization import Access

_TYPES = {
    "css": "text/css; charset=utf-8",
    "html": "text/html; charset=utf-8",
    "js": "text/javascript; charset=utf-8",
    "svg": "image/svg+xml",
    "png": "image/png",
    "ico": "image/x-icon",
}


class StaticFiles:
    """The files of `appliance.web` by name: nothing else can be asked for."""

    def __init__(self) -> None:
        self._files = {
            entry.name: entry.read_bytes()
            for entry in files("appliance.web").iterdir()
            if entry.name.rpartition(".")[2] in _TYPES
        }
        self._tags = {
            name: f'"{hashlib.sha256(data).hexdigest()[:32]}"' for name, data in self._files.items()
        }

    def response(self, name: str, call: Call) -> HTTPResponse:
        if name not in self._files:
            raise NotFound("There is no such page or operation.")
        headers = {"ETag": self._tags[name], "Cache-Control": "no-cache"}
        if call.request.headers.get("if-none-match") == self._tags[name]:
            return HTTPResponse(status=304, headers=headers)
        media_type = _TYPES[name.rpartition(".")[2]]
        return HTTPResponse(self._files[name], headers=headers, content_type=media_type)


def page_routes(others: tuple[Route, ...]) -> tuple[Route, ...]:
    """The routes of the client and of the document that describes `others`."""
    static = StaticFiles()
    described = orjson.dumps(document(others))

    async def index(call: Call) -> HTTPResponse:
        return static.response("index.html", call)

    async def static_file(call: Call) -> HTTPResponse:
        return static.response(call.path["name"], call)

    async def openapi(call: Call) -> HTTPResponse:
        return HTTPResponse(described, content_type="application/json")

    def public(path: str, handler: Handler, summary: str) -> Route:
        return Route("GET", path, handler, Access.PUBLIC, "Pages", summary)

    return (
        public("/", index, "The web client."),
        public("/static/<name>", static_file, "A file of the web client."),
        public("/openapi.json", openapi, "This API as an OpenAPI document."),
    )
