"""A response whose body is made while it is sent, of any length."""

from __future__ import annotations

import logging
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from typing import Any, AnyStr

from sanic.exceptions import RequestCancelled
from sanic.response import HTTPResponse

logger = logging.getLogger(__name__)


class StreamedResponse(HTTPResponse):
    """Headers are added to it like to any other; Sanic asks for the body when they are complete.

    When the body cannot be finished the connection is cut, so that no client takes it for whole.
    """

    __slots__ = ("_begun", "_pieces")

    def __init__(
        self,
        pieces: AsyncGenerator[bytes],
        *,
        content_type: str,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(status=200, headers=dict(headers or {}), content_type=content_type)
        self._pieces = pieces
        self._begun = False

    async def send(self, data: AnyStr | None = None, end_stream: bool | None = None) -> None:
        if self._begun:
            await super().send(data, end_stream)
            return
        self._begun = True
        stream: Any = self.stream
        try:
            async with aclosing(self._pieces) as pieces:
                async for piece in pieces:
                    if piece:
                        await super().send(piece, False)
        except Exception as error:
            logger.error(
                "a download could not be finished",
                extra={"fields": {"error": type(error).__name__}},
            )
            stream.protocol.abort()
            raise RequestCancelled from error
        await super().send(end_stream=True)
