"""Files on their way out: as attachments, in pieces, never to be shown as a page of ours."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing
from urllib.parse import quote

from appliance.api.routing import Stream


async def download(
    content: AsyncGenerator[bytes], filename: str, media_type: str, size: int
) -> Stream:
    """A response of `size` bytes that sends `content` as it comes.

    What fails at the first piece is raised here, in time for a proper answer.
    """
    try:
        first = await anext(content, b"")
    except BaseException:
        await content.aclose()
        raise

    async def pieces() -> AsyncGenerator[bytes]:
        async with aclosing(content):
            yield first
            async for piece in content:
                yield piece

    headers = {"Content-Disposition": attachment(filename), "Content-Length": str(size)}
    return Stream(pieces(), media_type, headers=headers)


def attachment(filename: str) -> str:
    """Content-Disposition (RFC 6266), with a plain name for those who read no other."""
    plain = "".join(c if c.isascii() and (c.isalnum() or c in " ._-()") else "_" for c in filename)
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(filename, safe='')}"
