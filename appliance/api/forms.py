"""Reads multipart/form-data as it arrives, within a size and without waiting for ever."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from typing import Any

from sanic.request import Request

from appliance.api.multipart import Event, MultipartParser, boundary_of
from appliance.errors import Invalid, PayloadTooLarge, UnsupportedMediaType

STALLED_S = 30.0  # longest wait for the next bytes


async def form_events(request: Request, *, field: str, max_bytes: int) -> AsyncGenerator[Event]:
    """The parts of the body; `field` is what its file is called in errors.

    Refused by type and declared size before a byte of it is read. Raises `UnsupportedMediaType`,
    `PayloadTooLarge`, and `Invalid` for broken framing, for an end that comes too early, and for a
    sender that stops sending.
    """
    content_type = request.headers.get("content-type", "")
    if content_type.partition(";")[0].strip().lower() != "multipart/form-data":
        raise UnsupportedMediaType(f"Send multipart/form-data, with a file as {field}.")
    parser = MultipartParser(boundary_of(content_type))
    length = request.headers.get("content-length", "")
    if length.isdigit() and int(length) > max_bytes:
        raise _too_large(field, max_bytes)
    total = 0
    while (piece := await _next_piece(request, field)) is not None:
        total += len(piece)
        if total > max_bytes:
            raise _too_large(field, max_bytes)
        for event in parser.feed(piece):
            yield event
    if not parser.finished:
        raise Invalid("The form data is cut short.", field=field)


async def _next_piece(request: Request, field: str) -> bytes | None:
    stream: Any = request.stream  # Sanic types it by a base class that cannot read
    try:
        piece: bytes | None = await asyncio.wait_for(stream.read(), STALLED_S)
    except TimeoutError:
        raise Invalid("The upload stopped arriving.", field=field) from None
    return piece


def _too_large(field: str, max_bytes: int) -> PayloadTooLarge:
    return PayloadTooLarge(f"The file is larger than {max_bytes >> 20} MB.", field=field)
