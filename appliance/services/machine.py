"""What the machine has and how much of it is in use. Sizes are bytes, shares percent."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from pathlib import Path

import psutil  # type: ignore[import-untyped]

SAMPLE_S = 0.1  # over which the processors are watched


@dataclass(frozen=True, slots=True)
class Memory:
    total: int
    used: int
    percent: float
    process: int  # resident, of the appliance alone


@dataclass(frozen=True, slots=True)
class Disk:
    """The one that holds the data."""

    total: int
    used: int
    free: int
    percent: float


@dataclass(frozen=True, slots=True)
class MachineLoad:
    cpu_percent: float
    memory: Memory
    disk: Disk


class Machine:
    def __init__(self, data_dir: Path) -> None:
        self._data_dir = data_dir

    async def load(self) -> MachineLoad:
        return await asyncio.to_thread(self._load)

    def _load(self) -> MachineLoad:
        memory = psutil.virtual_memory()
        disk = psutil.disk_usage(str(self._data_dir))
        return MachineLoad(
            cpu_percent=psutil.cpu_percent(SAMPLE_S),
            memory=Memory(
                total=memory.total,
                used=memory.used,
                percent=memory.percent,
                process=psutil.Process().memory_info().rss,
            ),
            disk=Disk(
                total=disk.total,
                used=disk.used,
                free=disk.free,
                percent=disk.percent,
            ),
        )
