"""The appliance in this process, on a loopback port."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from sanic import Sanic

from appliance.container import Container
from appliance.server import App, create_app


@asynccontextmanager
async def serving(container: Container) -> AsyncIterator[tuple[App, int]]:
    """Opens `container`, serves it, closes it; the application and its port."""
    app = create_app(container)
    listener = socket.create_server(("127.0.0.1", 0))
    server = await app.create_server(sock=listener, return_asyncio_server=True)
    assert server is not None
    await server.startup()  # type: ignore[no-untyped-call]
    await server.before_start()  # type: ignore[no-untyped-call]
    accepting = asyncio.create_task(server.serve_forever())  # type: ignore[no-untyped-call]
    try:
        yield app, listener.getsockname()[1]
    finally:
        await container.drain(1.0)
        accepting.cancel()
        await asyncio.gather(accepting, return_exceptions=True)
        await container.close()
        Sanic.unregister_app(app)
