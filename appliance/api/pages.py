"""The web client's files and the API's documentation: read once, served from memory."""

from __future__ import annotations

import asyncio
import gzip
import hashlib
from dataclasses import dataclass, field
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
    "json": "application/json",
    "svg": "image/svg+xml",
    "png": "image/png",
    "ico": "image/x-icon",
}
_COMPRESSED = {"css", "html", "js", "json", "svg"}
_FOLDERS = ("docs", "vendor")  # besides the files at the top

# ReDoc puts its rules into a style element that is empty in the page, and those of its scroll bars
# into one of a fixed text. These are the two hashes, of nothing and of that text: any other inline
# style stays forbidden there, and inline scripts everywhere.
_REDOC_STYLES = (
    "'sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=' "
    "'sha256-QMIg+bpjm3JdElJ388KYke01izlUW0UoNOeKjpMxdgc='"
)
_REDOC_POLICY = (
    f"default-src 'self'; style-src 'self' {_REDOC_STYLES}; img-src 'self' data:; "
    "object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)


@dataclass(slots=True)
class StaticFile:
    """Some bytes with their tag; compressed when they are first asked for that way."""

    name: str
    data: bytes
    tag: str = field(init=False)
    _compressed: bytes | None = None

    def __post_init__(self) -> None:
        self.tag = f'"{hashlib.sha256(self.data).hexdigest()[:32]}"'

    async def response(self, call: Call) -> HTTPResponse:
        """Raises nothing: 304 for whoever has it already."""
        suffix = self.name.rpartition(".")[2]
        headers = {"ETag": self.tag, "Cache-Control": "no-cache", "Vary": "Accept-Encoding"}
        if call.request.headers.get("if-none-match") == self.tag:
            return HTTPResponse(status=304, headers=headers)
        data = self.data
        if suffix in _COMPRESSED and "gzip" in call.request.headers.get("accept-encoding", ""):
            if self._compressed is None:
                self._compressed = await asyncio.to_thread(gzip.compress, self.data, mtime=0)
            data = self._compressed
            headers["Content-Encoding"] = "gzip"
        return HTTPResponse(data, headers=headers, content_type=_TYPES[suffix])


class StaticFiles:
    """The files of `appliance.web` by path: nothing else can be asked for."""

    def __init__(self) -> None:
        top = files("appliance.web")
        found = {"": top} | {f"{folder}/": top / folder for folder in _FOLDERS}
        self._files = {
            prefix + entry.name: StaticFile(entry.name, entry.read_bytes())
            for prefix, directory in found.items()
            for entry in directory.iterdir()
            if entry.name.rpartition(".")[2] in _TYPES
        }

    async def response(self, path: str, call: Call) -> HTTPResponse:
        if path not in self._files:
            raise NotFound("There is no such page or operation.")
        return await self._files[path].response(call)


def page_routes(others: tuple[Route, ...]) -> tuple[Route, ...]:
    """The routes of the client and of the document that describes `others`."""
    static = StaticFiles()
    described: StaticFile | None = None

    async def index(call: Call) -> HTTPResponse:
        return await static.response("index.html", call)

    async def static_file(call: Call) -> HTTPResponse:
        return await static.response(call.path["name"], call)

    async def file_in_folder(call: Call) -> HTTPResponse:
        return await static.response(f"{call.path['folder']}/{call.path['name']}", call)

    async def openapi(call: Call) -> HTTPResponse:
        nonlocal described
        if described is None:  # it takes half a second to make, and most days nobody asks
            data = await asyncio.to_thread(lambda: orjson.dumps(document(others)))
            described = StaticFile("openapi.json", data)
        return await described.response(call)

    async def swagger(call: Call) -> HTTPResponse:
        return await static.response("docs/swagger.html", call)

    async def redoc(call: Call) -> HTTPResponse:
        response = await static.response("docs/redoc.html", call)
        response.headers["Content-Security-Policy"] = _REDOC_POLICY
        return response

    def public(path: str, handler: Handler, summary: str) -> Route:
        return Route("GET", path, handler, Access.PUBLIC, "Pages", summary)

    return (
        public("/", index, "The web client."),
        public("/static/<name>", static_file, "A file of the web client."),
        public("/static/<folder>/<name>", file_in_folder, "A file of the documentation pages."),
        public("/openapi.json", openapi, "This API as an OpenAPI document."),
        public("/docs", swagger, "This API to read and to try, in Swagger UI."),
        public("/redoc", redoc, "This API to read, in ReDoc."),
    )
