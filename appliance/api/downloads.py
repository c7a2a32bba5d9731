"""Files on their way out: as attachments, in pieces, never to be shown as a page of ours."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Any
from urllib.parse import quote

from sanic.response import ResponseStream


async def download(
    content: AsyncGenerator[bytes], filename: str, media_type: str, size: int
) -> ResponseStream:
    """A response of `size` bytes that sends `content` as it comes.

    What fails at the first piece is raised here, in time for a proper answer; what fails later
    ends the connection before all bytes have come, which a client can tell by their number.
    """
    try:
        first = await anext(content, b"")
    except BaseException:
        await content.aclose()
        raise

    async def send(response: Any) -> None:  # Sanic types it for text alone
        async with aclosing(content):
            await response.write(first)
            async for piece in content:
                await response.write(piece)

    headers = {
        "Content-Disposition": attachment(filename),
        "Content-Length": str(size),
        "X-Content-Type-Options": "nosniff",
    }
    return ResponseStream(send, headers=headers, content_type=media_type)


def attachment(filename: str) -> str:
    """Content-Disposition (RFC 6266), with a plain name for those who read no other."""
    plain = "".join(c if c.isascii() and (c.isalnum() or c in " ._-()") else "_" for c in filename)
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(filename, safe='')}"
