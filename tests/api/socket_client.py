"""A client of the socket for tests: frames in, frames out, and the answers that they make up."""

from __future__ import annotations

import asyncio
import json
from types import TracebackType
from typing import Any

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

WAIT_S = 5.0

Frame = dict[str, Any]


class SocketClient:
    """`async with SocketClient(url, token)`: connected, with the `connected` frame read."""

    def __init__(self, url: str, token: str | None, **options: Any) -> None:
        self._url = url if token is None else f"{url}?token={token}"
        self._reads_greeting = token is not None
        self._options = options
        self.ws: ClientConnection

    async def __aenter__(self) -> SocketClient:
        self.ws = await connect(self._url, proxy=None, **self._options)
        if self._reads_greeting:
            greeting = await self.frame()
            assert greeting["type"] == "connected", greeting
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.ws.close()

    async def send(self, type: str, **fields: Any) -> None:
        await self.ws.send(json.dumps({"type": type, **fields}))

    async def frame(self, wait_s: float = WAIT_S) -> Frame:
        """The next frame."""
        parsed: Frame = json.loads(await asyncio.wait_for(self.ws.recv(), wait_s))
        return parsed

    async def until(self, *types: str, wait_s: float = WAIT_S) -> list[Frame]:
        """The frames up to the first of one of `types`, with at most `wait_s` before each."""
        frames = [await self.frame(wait_s)]
        while frames[-1]["type"] not in types:
            frames.append(await self.frame(wait_s))
        return frames

    async def ask(self, content: str, *, wait_s: float = WAIT_S, **fields: Any) -> list[Frame]:
        """All frames of the answer."""
        await self.send("message_send", content=content, **fields)
        return await self.until("message_done", "error", wait_s=wait_s)

    async def alive(self) -> bool:
        """Whether it still answers a ping."""
        await self.send("ping")
        return (await self.until("pong"))[-1] == {"type": "pong"}

    async def closed(self, wait_s: float = WAIT_S) -> int:
        """The code with which the server closes, whatever it says before."""
        try:
            while True:
                await asyncio.wait_for(self.ws.recv(), wait_s)
        except ConnectionClosed:
            code = self.ws.close_code
            assert code is not None
            return code

    def cut_off(self) -> None:
        """As when the network goes."""
        self.ws.transport.abort()


def text_of(frames: list[Frame]) -> str:
    return "".join(frame["content"] for frame in frames if frame["type"] == "chunk")
