"""One HTTP/1.1 request on a connection of its own, its answer read as it comes.

A small reader instead of a library: none of the appliance's own dependencies has a client, and of
HTTP only what a model's server needs is understood. All else is refused: redirects are answers like
any other, nothing is compressed, and every length has a limit.
"""

from __future__ import annotations

import asyncio
import re
import ssl
from collections.abc import AsyncIterator, Awaitable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TypeVar

from appliance.engines.lan_server import LINE_BYTES, LanServer
from appliance.errors import Unavailable

BODY_BYTES = 16 << 20  # of a whole answer; a token takes some 300 bytes
GARBAGE = "The language model's server answered with something that is no answer."
BROKEN_OFF = "The language model's server broke off its answer."
_BLOCK = 16 << 10
_MOST_HEADERS = 100
_STATUS = re.compile(rb"HTTP/1\.[01] ([1-5][0-9]{2})( [^\r\n]*)?\r\n")
_HEADER = re.compile(rb"([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*([^\r\n]*?)[ \t]*\r\n")
_CHUNK = re.compile(rb"([0-9A-Fa-f]{1,8})[ \t]*(;[^\r\n]*)?\r\n")
_LENGTH = re.compile(r"[0-9]{1,15}")

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class HttpRequest:
    """`path` goes behind the server's own; a `body` is JSON; `key` is sent as a bearer token."""

    method: str
    path: str
    body: bytes | None = field(default=None, repr=False)
    key: str | None = field(default=None, repr=False)

    def encoded(self, server: LanServer) -> bytes:
        lines = [
            f"{self.method} {server.path}{self.path} HTTP/1.1",
            f"Host: {server.authority}",
            "Connection: close",
            "Accept-Encoding: identity",
        ]
        if self.key is not None:
            lines.append(f"Authorization: Bearer {self.key}")
        if self.body is not None:
            lines += ["Content-Type: application/json", f"Content-Length: {len(self.body)}"]
        return "\r\n".join([*lines, "", ""]).encode("ascii") + (self.body or b"")


class HttpAnswer:
    """Status, headers (names in lower case) and a body that is read once, in blocks or lines."""

    def __init__(
        self,
        status: int,
        headers: Mapping[str, str],
        reader: asyncio.StreamReader,
        patience_s: float,
    ) -> None:
        self.status = status
        self.headers = headers
        self._reader = reader
        self._patience_s = patience_s
        self._chunked = "transfer-encoding" in headers
        self._left = 0 if self._chunked else _length(headers)  # None: until it is closed
        self._total = 0
        self._held = b""

    async def body(self, most: int) -> bytes:
        """All of it. Raises Unavailable when it is longer than `most` bytes."""
        found = b""
        while block := await self.block():
            found += block
            if len(found) > most:
                raise Unavailable(GARBAGE)
        return found

    async def line(self) -> bytes | None:
        """The next line without its end, None behind the last.

        Raises Unavailable for one longer than LINE_BYTES.
        """
        while b"\n" not in self._held:
            if len(self._held) > LINE_BYTES:
                raise Unavailable(GARBAGE)
            block = await self.block()
            if not block:
                rest, self._held = self._held, b""
                return rest or None
            self._held += block
        line, _, self._held = self._held.partition(b"\n")
        return line.removesuffix(b"\r")

    async def block(self) -> bytes:
        """Some more of the body, b"" at its end.

        Raises Unavailable when it breaks off, stalls or passes BODY_BYTES.
        """
        if self._chunked and self._left == 0:
            self._left = await self._chunk_size()
        if self._left == 0:
            return b""
        most = _BLOCK if self._left is None else min(self._left, _BLOCK)
        block = await _patient(self._reader.read(most), self._patience_s)
        if self._left is not None:
            if not block:
                raise Unavailable(BROKEN_OFF)
            self._left -= len(block)
            if self._chunked and self._left == 0 and await self._until_line() != b"\r\n":
                raise Unavailable(GARBAGE)
        self._total += len(block)
        if self._total > BODY_BYTES:
            raise Unavailable(GARBAGE)
        return block

    async def _chunk_size(self) -> int:
        found = _CHUNK.fullmatch(await self._until_line())
        if found is None:
            raise Unavailable(GARBAGE)
        return int(found[1], 16)  # what follows the last one, of size 0, says nothing of the text

    async def _until_line(self) -> bytes:
        return await _patient(self._reader.readuntil(b"\r\n"), self._patience_s)


def _length(headers: Mapping[str, str]) -> int | None:
    length = headers.get("content-length")
    if length is None:
        return None
    if not _LENGTH.fullmatch(length):
        raise Unavailable(GARBAGE)
    return int(length)


@asynccontextmanager
async def exchange(
    server: LanServer, request: HttpRequest, *, patience_s: float
) -> AsyncIterator[HttpAnswer]:
    """Connect, ask and read up to the end of the headers; leaving the block ends the connection.

    `patience_s`: for how long the server may say nothing. Raises Unavailable.
    """
    reader, writer = await server.connect()
    try:
        writer.write(request.encoded(server))
        await _patient(writer.drain(), patience_s)
        status, headers = await _head(reader, patience_s)
        yield HttpAnswer(status, headers, reader, patience_s)
    finally:
        # Not `close`, which waits for what is unsent and for the other side's farewell.
        writer.transport.abort()


async def _head(reader: asyncio.StreamReader, patience_s: float) -> tuple[int, dict[str, str]]:
    head = await _patient(reader.readuntil(b"\r\n\r\n"), patience_s)
    status = _STATUS.match(head)
    if status is None or status[1][:1] == b"1":  # nothing was asked that has an interim answer
        raise Unavailable(GARBAGE)
    headers: dict[str, str] = {}
    at, end = status.end(), len(head) - 2
    while at < end:
        found = _HEADER.match(head, at)
        if found is None or len(headers) == _MOST_HEADERS:
            raise Unavailable(GARBAGE)
        name = found[1].decode("ascii").lower()
        if name in ("transfer-encoding", "content-length") and name in headers:
            raise Unavailable(GARBAGE)
        headers[name] = found[2].decode("latin-1")
        at = found.end()
    if (
        headers.get("transfer-encoding", "chunked").lower() != "chunked"
        or headers.get("content-encoding", "identity").lower() != "identity"
    ):
        raise Unavailable(GARBAGE)
    return int(status[1]), headers


async def _patient(work: Awaitable[T], patience_s: float) -> T:
    """What `work` gives, or Unavailable with what went wrong on the way."""
    try:
        async with asyncio.timeout(patience_s):
            return await work
    except TimeoutError:
        raise Unavailable("The language model's server says nothing any more.") from None
    except asyncio.LimitOverrunError:
        raise Unavailable(GARBAGE) from None
    except (asyncio.IncompleteReadError, ssl.SSLError, OSError):
        raise Unavailable(BROKEN_OFF) from None
