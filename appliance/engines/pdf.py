"""Text of PDFs, read in a guarded child process (`pdf_child`)."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import threading
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from pathlib import Path
from time import monotonic
from typing import Any

from appliance.errors import Invalid

WALL_S = 300.0
STALL_S = 20.0
_LINE_BYTES = 16 << 20
_REASONS = {
    "password_needed": "This PDF needs a password. Upload a copy without one.",
    "no_text": "This PDF holds no text, only images. Scan it with text recognition first.",
    "damaged": "This PDF is damaged and cannot be read.",
    "too_large": "This PDF is too large or too complex to read safely.",
}


class ExtractionFailed(Invalid):
    """The document cannot be read, and will not be readable when tried again."""

    def __init__(self, reason: str) -> None:
        """`reason`: password_needed, no_text, damaged or too_large."""
        super().__init__(_REASONS[reason], field="file", details={"reason": reason})
        self.reason = reason


class _Child:
    """The process and its pipes.

    Started by `subprocess` in a thread and not by the loop: uvloop forks with the interpreter's
    hooks, and LanceDB's threads do not outlive a fork.
    """

    def __init__(
        self,
        process: subprocess.Popen[bytes],
        output: asyncio.StreamReader,
        reading: asyncio.ReadTransport,
    ) -> None:
        """Use `start`."""
        self.output = output
        self._process = process
        self._reading = reading
        self._input = threading.Lock()

    @classmethod
    async def start(cls) -> _Child:
        process = await asyncio.to_thread(
            subprocess.Popen,
            command(),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=_environment(),
            cwd="/",
            bufsize=0,
            start_new_session=True,  # Ctrl-C in a terminal is for the appliance to act upon
        )
        output = asyncio.StreamReader(limit=_LINE_BYTES)
        reading, _ = await asyncio.get_running_loop().connect_read_pipe(
            lambda: asyncio.StreamReaderProtocol(output), process.stdout
        )
        return cls(process, output, reading)

    async def feed(self, source: AsyncIterator[bytes]) -> None:
        """Give it the file. Raises what `source` raises, after the child was killed."""
        try:
            async for piece in source:
                await asyncio.to_thread(self._write, piece)
            await asyncio.to_thread(self._close_input)
        except BrokenPipeError:
            pass  # the child has gone; what it said, or did not say, tells why
        except Exception:
            # Half a file must not be read as a whole one.
            self.kill()
            raise

    def kill(self) -> None:
        self._process.kill()

    async def end(self) -> None:
        """Wait for the end of a child that was killed or has nothing left to say."""
        self._reading.close()
        await asyncio.to_thread(self._process.wait)
        await asyncio.to_thread(self._close_input)

    def _write(self, piece: bytes) -> None:
        assert self._process.stdin is not None
        rest = memoryview(piece)
        with self._input:
            while rest:
                rest = rest[self._process.stdin.write(rest) :]

    def _close_input(self) -> None:
        """After a write that a cancelled `feed` left behind: its descriptor must stay its own."""
        assert self._process.stdin is not None
        with self._input:
            self._process.stdin.close()


class PdfExtractor:
    """Reads PDFs, each in a child of its own."""

    def __init__(self, *, wall_s: float = WALL_S, stall_s: float = STALL_S) -> None:
        """`wall_s`: longest time for a document; `stall_s`: longest wait for its next page."""
        self._wall_s = wall_s
        self._stall_s = stall_s

    async def pages(
        self, source: AsyncIterator[bytes]
    ) -> AsyncGenerator[tuple[int, int, str | None]]:
        """Yield (page number from 1, number of pages, text); text is None for an unreadable page.

        `source` gives the bytes of the file. A word broken over two lines has U+00AD at the break.
        Raises `ExtractionFailed`, and what `source` raises. Close the generator (`aclosing`) to end
        the child early.
        """
        child = await _Child.start()
        feeding = asyncio.create_task(child.feed(source))
        try:
            async with aclosing(self._lines(child, feeding)) as found:
                async for page in found:
                    yield page
        finally:
            feeding.cancel()
            child.kill()
            await asyncio.gather(feeding, child.end(), return_exceptions=True)

    async def _lines(
        self, child: _Child, feeding: asyncio.Task[None]
    ) -> AsyncGenerator[tuple[int, int, str | None]]:
        deadline = monotonic() + self._wall_s
        total = 0
        while True:
            try:
                line = await self._next_line(child, deadline)
            except ExtractionFailed:
                # A child that was given half a file is not to blame.
                if feeding.done() and (error := feeding.exception()) is not None:
                    raise error from None
                raise
            if "failed" in line:
                raise ExtractionFailed(line["failed"])
            if "done" in line:
                return
            if "pages" in line:
                total = line["pages"]
            else:
                yield line["page"], total, line["text"]

    async def _next_line(self, child: _Child, deadline: float) -> dict[str, Any]:
        patience = min(self._stall_s, deadline - monotonic())
        try:
            raw = await asyncio.wait_for(child.output.readline(), max(patience, 0))
            line: dict[str, Any] = json.loads(raw)
            return line
        except (TimeoutError, ValueError):
            # It stalled, or it met one of its limits and died in the middle of its output.
            raise ExtractionFailed("too_large") from None


def command() -> list[str]:
    if getattr(sys, "frozen", False):
        return [sys.executable, "extract-pdf"]
    return [sys.executable, "-s", "-X", "utf8", "-m", "appliance.engines.pdf_child"]


def _environment() -> dict[str, str]:
    """Nothing of ours but what a child needs to find its code: no settings, no secrets.

    With PyInstaller's own variables the frozen child uses the files that are unpacked already.
    """
    kept = {
        name: value
        for name, value in os.environ.items()
        if name.startswith(("_PYI_", "PYINSTALLER_")) or name == "LD_LIBRARY_PATH"
    }
    if not getattr(sys, "frozen", False):
        kept["PYTHONPATH"] = str(Path(__file__).parents[2])
    return kept
