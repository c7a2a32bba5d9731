"""A loader of language models that takes the files' own words for what they are."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

from appliance.engines.protocols import ModelLoader
from appliance.errors import Unavailable
from tests.fake_engine import FakeEngine


class FakeLoader:
    """A file that begins with "no" is no model, one with "broken" cannot be loaded, and
    one with "harmful" must not be.

    `holds_both`: whether memory holds two. `hold` stops loading until it is set.
    """

    def __init__(self, *, holds_both: bool = True) -> None:
        self.holds_both = holds_both
        self.hold = asyncio.Event()
        self.hold.set()
        self.engines: list[FakeEngine] = []
        self.tried: list[str] = []
        self.on_open: Callable[[Path], None] = lambda path: None

    @property
    def open_engines(self) -> list[str]:
        return [engine.name for engine in self.engines if not engine.closed]

    def inspect(self, path: Path, beside: Path | None) -> bool:
        if path.read_bytes().startswith(b"no"):
            raise Unavailable(f"{path.name} is no model.")
        return beside is None or self.holds_both

    async def try_out(self, path: Path) -> None:
        self.tried.append(path.name)
        if (await asyncio.to_thread(path.read_bytes)).startswith(b"harmful"):
            raise Unavailable(f"{path.name} makes it fail.")

    async def open(self, path: Path, on_progress: Callable[[float], None]) -> FakeEngine:
        on_progress(0.5)
        await self.hold.wait()
        self.on_open(path)
        if (await asyncio.to_thread(path.read_bytes)).startswith(b"broken"):
            raise Unavailable(f"{path.name} cannot be loaded.")
        engine = FakeEngine(path.stem)
        self.engines.append(engine)
        return engine


_: type[ModelLoader] = FakeLoader
