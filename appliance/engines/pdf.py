"""Text and images of PDFs, read in a guarded child process (`pdf_child`)."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import threading
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import asynccontextmanager
from time import monotonic
from typing import Any

from appliance.domain import Box, PlacedWord, ReadPage
from appliance.engines.child_environment import environment
from appliance.engines.pdf_marks import letters_before
from appliance.errors import Invalid

WALL_S = 300.0
STALL_S = 20.0
IMAGE_S = 30.0
_LINE_BYTES = 64 << 20
PARTS = 10  # of a point, in which the child gives places
_IMAGE_BYTES = 32 << 20
_REASONS = {
    "password_needed": "This PDF needs a password. Upload a copy without one.",
    "no_text": "This PDF holds no text, only images. Scan it with text recognition first.",
    "damaged": "This PDF is damaged and cannot be read.",
    "too_large": "This PDF is too large or too complex to read safely.",
    "no_page": "This PDF has no such page.",
}


class ExtractionFailed(Invalid):
    """The document cannot be read, and will not be readable when tried again."""

    def __init__(self, reason: str) -> None:
        """`reason`: password_needed, no_text, damaged, too_large or no_page."""
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
        loop = asyncio.get_running_loop()
        starting = loop.run_in_executor(None, _start_process)
        try:
            process = await asyncio.shield(starting)
        except asyncio.CancelledError:
            # The thread goes on, and starts a child that nobody would end.
            starting.add_done_callback(_discard)
            raise
        try:
            output = asyncio.StreamReader(limit=_LINE_BYTES)
            reading, _ = await loop.connect_read_pipe(
                lambda: asyncio.StreamReaderProtocol(output), process.stdout
            )
        except BaseException:
            _end_process(process)
            raise
        return cls(process, output, reading)

    async def feed(self, request: dict[str, Any], source: AsyncIterator[bytes]) -> None:
        """Give it the request and the file. Raises what `source` raises, the child killed."""
        try:
            await asyncio.to_thread(self._write, json.dumps(request).encode() + b"\n")
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
        # Not given up halfway: a child that is not waited for stays in the process table.
        await asyncio.shield(asyncio.get_running_loop().run_in_executor(None, self._wait))

    def _wait(self) -> None:
        self._process.wait()
        self._close_input()

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


class PdfReader:
    """Reads PDFs, each in a child of its own."""

    def __init__(
        self, *, wall_s: float = WALL_S, stall_s: float = STALL_S, image_s: float = IMAGE_S
    ) -> None:
        """`wall_s`: longest time for a document; `stall_s`: longest wait for its next page;
        `image_s`: longest time for the image of a page.
        """
        self._wall_s = wall_s
        self._stall_s = stall_s
        self._image_s = image_s

    async def pages(self, source: AsyncIterator[bytes]) -> AsyncGenerator[ReadPage]:
        """Yield the pages in order.

        `source` gives the bytes of the file. A word broken over two lines has U+00AD at the break.
        Raises `ExtractionFailed`, and what `source` raises. Close the generator (`aclosing`) to end
        the child early.
        """
        async with _child({"want": "text"}, source) as (child, feeding):
            deadline = monotonic() + self._wall_s
            total = 0
            while True:
                patience = min(self._stall_s, deadline - monotonic())
                line = await _answer(child, feeding, patience)
                if "done" in line:
                    return
                if "pages" in line:
                    total = line["pages"]
                else:
                    yield _page(line, total)

    async def image(
        self,
        source: AsyncIterator[bytes],
        page: int,
        words: str | None = None,
        before: str | None = None,
        boxes: Sequence[Box] = (),
    ) -> bytes:
        """PNG of a page, from 1, with `boxes` marked (of the page as it is shown), else `words`.

        `before` is the page's text (as `pages` gives it) up to those words, which are then marked
        there only; without it, wherever they stand. Raises as `pages` does.
        """
        near = None if before is None else await asyncio.to_thread(letters_before, before)
        request = {"want": "image", "page": page, "words": words, "near": near, "boxes": boxes}
        async with _child(request, source) as (child, feeding):
            deadline = monotonic() + self._image_s
            size = (await _answer(child, feeding, self._image_s))["bytes"]
            if size > _IMAGE_BYTES:
                raise ExtractionFailed("too_large")
            try:
                async with asyncio.timeout(max(deadline - monotonic(), 0)):
                    return await child.output.readexactly(size)
            except (TimeoutError, asyncio.IncompleteReadError):
                raise ExtractionFailed("too_large") from None


@asynccontextmanager
async def _child(
    request: dict[str, Any], source: AsyncIterator[bytes]
) -> AsyncIterator[tuple[_Child, asyncio.Task[None]]]:
    """A child that is being fed; it ends with the block."""
    child = await _Child.start()
    feeding = asyncio.create_task(child.feed(request, source))
    try:
        yield child, feeding
    finally:
        feeding.cancel()
        child.kill()
        try:
            await child.end()
        finally:
            await asyncio.gather(feeding, return_exceptions=True)


async def _answer(child: _Child, feeding: asyncio.Task[None], patience_s: float) -> dict[str, Any]:
    """The child's next line. Raises `ExtractionFailed`, and what feeding it raised."""
    try:
        raw = await asyncio.wait_for(child.output.readline(), max(patience_s, 0))
        line: dict[str, Any] = json.loads(raw)
        if "failed" in line:
            raise ExtractionFailed(line["failed"])
        return line
    except (TimeoutError, ValueError, ExtractionFailed) as error:
        # A child that was given half a file is not to blame.
        if feeding.done() and (cause := feeding.exception()) is not None:
            raise cause from None
        if isinstance(error, ExtractionFailed):
            raise
        # It stalled, or it met one of its limits and died in the middle of its output.
        raise ExtractionFailed("too_large") from None


def _page(line: dict[str, Any], total: int) -> ReadPage:
    numbers = iter(line.get("words", ()))
    words = [
        PlacedWord(start, end, (left / PARTS, bottom / PARTS, right / PARTS, top / PARTS))
        for start, end, left, bottom, right, top in zip(*[numbers] * 6, strict=True)
    ]
    size = line.get("width"), line.get("height")
    return ReadPage(line["page"], total, line["text"], *size, words, line.get("hidden", False))


def _start_process() -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        command(),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=environment(),
        cwd="/",
        bufsize=0,
        start_new_session=True,  # Ctrl-C in a terminal is for the appliance to act upon
    )


def _end_process(process: subprocess.Popen[bytes]) -> None:
    """Kill, wait and close the pipes of a child that nobody reads or writes yet."""
    process.kill()
    with process:
        pass


def _discard(starting: asyncio.Future[subprocess.Popen[bytes]]) -> None:
    if not starting.cancelled() and starting.exception() is None:
        _end_process(starting.result())


def command() -> list[str]:
    if getattr(sys, "frozen", False):
        return [sys.executable, "extract-pdf"]
    return [sys.executable, "-s", "-X", "utf8", "-m", "appliance.engines.pdf_child"]
