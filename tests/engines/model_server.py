"""A loopback server that answers chat completions exactly as a test says, well or badly."""

from __future__ import annotations

import asyncio
import json
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n"
DONE = b"data: [DONE]\n\n"


def event(told: dict[str, Any]) -> bytes:
    return b"data: " + json.dumps(told).encode() + b"\n\n"


def said(text: str | None, end: str | None = None) -> bytes:
    """One event of a stream, as vLLM and llama-server send them."""
    return event({"choices": [{"index": 0, "delta": {"content": text}, "finish_reason": end}]})


def spoken(*pieces: str) -> bytes:
    """A whole answer with nothing wrong in it."""
    return HEAD + b"".join(map(said, pieces)) + said(None, "stop") + DONE


def status(code: int, body: bytes = b"{}", *headers: str) -> bytes:
    lines = [f"HTTP/1.1 {code} Whatever", f"Content-Length: {len(body)}", *headers, "", ""]
    return "\r\n".join(lines).encode() + body


MODELS: dict[str, Any] = {"object": "list", "data": [{"id": "ward-7b", "owned_by": "vllm"}]}
SERVED = status(200, json.dumps(MODELS).encode())

Script = bytes | Callable[[asyncio.StreamWriter], Awaitable[None]]


@dataclass(eq=False)
class ModelServer:
    """`scripts` answer the questions in turn, the last one all that follow.

    A script is the bytes to send before closing, or writes by itself.
    """

    scripts: list[Script] = field(default_factory=lambda: [spoken("Ten mg [1].")])
    models: Script = SERVED
    port: int = 0
    asked: list[dict[str, Any]] = field(default_factory=list)  # bodies of the questions
    heads: list[str] = field(default_factory=list)  # of all requests
    open: int = 0
    most_open: int = 0
    left: asyncio.Event = field(default_factory=asyncio.Event)  # a question's connection ended

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def handle(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asks = False
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
            self.heads.append(head)
            asks = head.startswith("POST /v1/chat/completions HTTP/1.1\r\n")
            if not asks:
                await self._send(self.models, writer)
                return
            self.open += 1
            self.most_open = max(self.most_open, self.open)
            length = int(head.lower().split("content-length: ")[1].split("\r\n")[0])
            self.asked.append(json.loads(await reader.readexactly(length)))
            script = self.scripts[0] if len(self.scripts) == 1 else self.scripts.pop(0)
            sending = asyncio.ensure_future(self._send(script, writer))
            leaving = asyncio.ensure_future(reader.read(1))
            await asyncio.wait({sending, leaving}, return_when=asyncio.FIRST_COMPLETED)
            for task in (sending, leaving):
                task.cancel()
            await asyncio.gather(sending, leaving, return_exceptions=True)
        except (OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass  # the client, or the test, has gone
        finally:
            if asks:
                self.open -= 1
                self.left.set()
            writer.close()

    @staticmethod
    async def _send(script: Script, writer: asyncio.StreamWriter) -> None:
        if callable(script):
            await script(writer)
        else:
            writer.write(script)
            await writer.drain()


@asynccontextmanager
async def model_server(
    *scripts: Script, models: Script | None = None, tls: ssl.SSLContext | None = None
) -> AsyncIterator[ModelServer]:
    server = ModelServer()
    if scripts:
        server.scripts = list(scripts)
    if models is not None:
        server.models = models
    listening = await asyncio.start_server(server.handle, "127.0.0.1", 0, ssl=tls)
    server.port = listening.sockets[0].getsockname()[1]
    try:
        yield server
    finally:
        listening.close()
