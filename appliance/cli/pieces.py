"""A file of this machine as the stream of bytes that an upload is."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

PIECE_BYTES = 1 << 16


async def pieces(path: Path) -> AsyncIterator[bytes]:
    # Read in place: a console command has nothing else to do meanwhile, and a sample is small.
    with path.open("rb") as source:
        while piece := source.read(PIECE_BYTES):
            yield piece
