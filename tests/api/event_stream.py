"""Server-sent events for tests: bytes in, frames out."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import httpx2

    from tests.api.conftest import Api

Frame = dict[str, Any]


class EventStream:
    """The response to a request that accepts server-sent events."""

    def __init__(self, response: httpx2.Response) -> None:
        self.response = response
        self.comments = 0
        self._bytes = response.aiter_bytes()
        self._held = b""

    async def frame(self) -> Frame | None:
        """The next one, None at the end."""
        while (block := await self._block()) is not None:
            if block.startswith(b":"):
                self.comments += 1
                continue
            name, data = block.split(b"\n")
            frame: Frame = json.loads(data.removeprefix(b"data: "))
            assert name == f"event: {frame['type']}".encode()
            return frame
        return None

    async def _block(self) -> bytes | None:
        """What stands before the next empty line."""
        while b"\n\n" not in self._held:
            try:
                self._held += await anext(self._bytes)
            except StopAsyncIteration:
                assert not self._held
                return None
        block, _, self._held = self._held.partition(b"\n\n")
        return block

    async def rest(self) -> list[Frame]:
        frames = []
        while (frame := await self.frame()) is not None:
            frames.append(frame)
        return frames


@asynccontextmanager
async def streaming(
    api: Api, path: str, body: Any = None, who: str = "user", status: int = 201
) -> AsyncIterator[EventStream]:
    headers = api.accounts[who].headers | {"Accept": "text/event-stream"}
    async with api.client.stream("POST", path, headers=headers, json=body) as response:
        assert response.status_code == status
        assert response.headers["content-type"].startswith("text/event-stream")
        yield EventStream(response)
