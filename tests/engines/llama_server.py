"""llama.cpp's own server as a process on a loopback port, where it was compiled."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from appliance.engines.http_exchange import HttpRequest, exchange
from appliance.engines.lan_server import LanServer
from appliance.errors import Unavailable
from tests.benchmarks import llama_tools

START_S = 60.0


@asynccontextmanager
async def llama_server(model: Path, *options: str) -> AsyncIterator[str]:
    """Its URL, once the model is loaded. Raises LookupError where it is not compiled."""
    program = llama_tools.built("llama-server")
    if program is None:
        raise LookupError("llama-server is not compiled (make llama-tools)")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = str(free.getsockname()[1])
    process = await asyncio.create_subprocess_exec(
        program,
        *("--model", str(model), "--host", "127.0.0.1", "--port", port, "--offline", "--metrics"),
        *options,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
    )
    url = f"http://127.0.0.1:{port}"
    try:
        async with asyncio.timeout(START_S):
            while await _status(url) != 200:
                if process.returncode is not None:
                    raise RuntimeError(f"llama-server ended with {process.returncode}")
                await asyncio.sleep(0.05)
        yield url
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def figure(url: str, name: str) -> float:
    """One of the server's own metrics."""
    request = HttpRequest("GET", "/metrics")
    async with exchange(LanServer.parse(url), request, patience_s=10) as answer:
        for line in (await answer.body(1 << 20)).decode().splitlines():
            if line.startswith(f"llamacpp:{name} "):
                return float(line.split()[1])
    raise LookupError(name)


async def _status(url: str) -> int:
    try:
        request = HttpRequest("GET", "/health")
        async with exchange(LanServer.parse(url), request, patience_s=10) as answer:
            return answer.status
    except Unavailable:
        return 0
