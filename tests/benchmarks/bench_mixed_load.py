"""Row 23: how the memory of the appliance grows while people do everything at once.

    python -m tests.benchmarks.bench_mixed_load [--minutes 60]

The appliance is a process of its own, with a small language model of random weights and all else as
in service. People ask and read, cancel, cut off, search, export and sign in; an administrator
exchanges documents. All is bounded: conversations and documents are deleted as new ones come.

Its caches are filled first, and the first third of the time is not counted. The slope over the rest
is that of Theil and Sen (Sen, "Estimates of the regression coefficient based on Kendall's tau",
JASA 1968) over medians of stretches, with Sen's interval of 95 %: a run of hours says more.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import statistics
import subprocess
import sys
import tempfile
from asyncio.subprocess import Process
from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt
from pathlib import Path
from time import perf_counter
from typing import Any

import psutil  # type: ignore[import-untyped]
import uvloop

from appliance.settings import Settings
from tests.benchmarks.mixed_people import Administrator, Person, Record, Ward
from tests.random_gguf import write_random_llama

PEOPLE = 5
PAUSE_S = 1.0  # of a person between two things, on average
SAMPLE_S = 5.0
WARM_UP = 1 / 3
STRETCHES = 40  # that the counted time is cut into
QUIET_S = 120.0  # for what was cut off to end
SHOWN_S = 60.0
MB = 1 << 20


@dataclass(frozen=True, slots=True)
class Sample:
    """`at` in seconds from the start, sizes in MB."""

    at: float
    resident: float
    anonymous: float
    threads: int
    descriptors: int
    tasks: int
    lag_p99: float
    lag_worst: float


@dataclass(frozen=True, slots=True)
class Slope:
    """MB per hour."""

    middle: float
    low: float
    high: float


def slope(times: Sequence[float], sizes: Sequence[float]) -> Slope:
    """Of at least two samples; times in seconds, sizes in MB."""
    step = max(1.0, (times[-1] - times[0]) / STRETCHES)
    stretches: dict[int, list[int]] = {}
    for place, time in enumerate(times):
        stretches.setdefault(int((time - times[0]) / step), []).append(place)
    points = [
        (
            statistics.median(times[place] for place in places),
            statistics.median(sizes[place] for place in places),
        )
        for places in stretches.values()
    ]
    count = len(points)
    slopes = sorted(
        (later[1] - earlier[1]) / (later[0] - earlier[0]) * 3600
        for number, earlier in enumerate(points)
        for later in points[number + 1 :]
    )
    margin = 1.96 * sqrt(count * (count - 1) * (2 * count + 5) / 18) / 2
    low = max(0, round(len(slopes) / 2 - margin))
    high = min(len(slopes) - 1, round(len(slopes) / 2 + margin))
    return Slope(statistics.median(slopes), slopes[low], slopes[high])


class Watch:
    """Samples of the appliance's process."""

    def __init__(self, process: Process) -> None:
        self._process = process
        self._seen = psutil.Process(process.pid)
        self._asking = asyncio.Lock()
        self.samples: list[Sample] = []

    async def now(self) -> dict[str, Any]:
        """What it tells of itself."""
        assert self._process.stdin is not None and self._process.stdout is not None
        async with self._asking:
            self._process.stdin.write(b"\n")
            found: dict[str, Any] = json.loads(await self._process.stdout.readline())
            return found

    async def sample(self, started: float) -> None:
        told = await self.now()
        self.samples.append(
            Sample(
                at=perf_counter() - started,
                resident=self._kilobytes("VmRSS") / 1024,
                anonymous=self._kilobytes("RssAnon") / 1024,
                threads=self._seen.num_threads(),
                descriptors=self._seen.num_fds(),
                tasks=told["tasks"],
                lag_p99=told["lag_p99"],
                lag_worst=told["lag_worst"],
            )
        )

    def _kilobytes(self, name: str) -> int:
        for line in Path(f"/proc/{self._process.pid}/status").read_text().splitlines():
            if line.startswith(name):
                return int(line.split()[1])
        raise LookupError(name)


async def run(options: argparse.Namespace, model: Path, folder: Path) -> int:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.benchmarks.mixed_appliance", str(folder)),
        *("--model", str(model), "--embedding", str(options.embedding)),
        *("--threads", str(options.threads)),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert process.stdin is not None and process.stdout is not None
    try:
        address = f"127.0.0.1:{json.loads(await process.stdout.readline())['port']}"
        record, watch, chooser = Record(), Watch(process), random.Random(17)
        ward = Ward(address, record, chooser)
        administrator = Administrator(ward)
        emails = [f"person{number}@hospital.example" for number in range(PEOPLE)]
        people = [administrator, *(Person(ward, email) for email in emails)]
        for person in people:
            await person.open()
        await administrator.fill()
        began = perf_counter()
        end = began + options.minutes * 60

        async def busy(person: Person) -> None:
            while perf_counter() < end:
                await person.act()
                await asyncio.sleep(chooser.expovariate(1 / PAUSE_S))

        async def watching() -> None:
            shown = -SHOWN_S
            while perf_counter() < end:
                await watch.sample(began)
                if (last := watch.samples[-1]).at - shown >= SHOWN_S:
                    shown = last.at
                    _show(last)
                await asyncio.sleep(SAMPLE_S)

        await asyncio.gather(watching(), *map(busy, people))
        for person in people:
            await person.close()
        left = await _quiet(watch)
        return _tell(record, watch.samples, left, options.minutes * 60)
    finally:
        process.stdin.close()
        await process.wait()


async def _quiet(watch: Watch) -> dict[str, Any]:
    """What is under way when everybody has gone; waits for it to end."""
    deadline = perf_counter() + QUIET_S
    while True:
        now = await watch.now()
        if not (now["slots"] or now["waiting"] or now["answers"]) or perf_counter() > deadline:
            return now
        await asyncio.sleep(0.5)


def _show(sample: Sample) -> None:
    print(
        f"{sample.at / 60:5.0f} min  resident {sample.resident:7.1f} MB  "
        f"anonymous {sample.anonymous:7.1f} MB  threads {sample.threads}  "
        f"descriptors {sample.descriptors}  tasks {sample.tasks}",
        flush=True,
    )


def _tell(record: Record, samples: Sequence[Sample], left: dict[str, Any], seconds: float) -> int:
    """Prints the tables; the exit code."""
    print(f"\n{'':18}{'count':>8}{'p50 ms':>9}{'p95 ms':>9}  outcomes")
    for name in sorted(record.outcomes):
        counts, seconds_taken = record.outcomes[name], sorted(record.seconds[name])
        outcomes = ", ".join(f"{outcome} {count}" for outcome, count in sorted(counts.items()))
        print(
            f"{name:18}{counts.total():8}{statistics.median(seconds_taken) * 1000:9.0f}"
            f"{seconds_taken[int(len(seconds_taken) * 0.95)] * 1000:9.0f}  {outcomes}"
        )
    for failure, count in record.failures.items():
        print(f"failed: {failure} ({count})")
    counted = [sample for sample in samples if sample.at >= seconds * WARM_UP]
    first, last = counted[0], counted[-1]
    times = [sample.at for sample in counted]
    print(f"\ncounted: {(last.at - first.at) / 60:.1f} min, {len(counted)} samples")
    for name in ("resident", "anonymous"):
        sizes = [getattr(sample, name) for sample in counted]
        found = slope(times, sizes)
        print(
            f"{name:10} MB {sizes[0]:7.1f} to {sizes[-1]:7.1f}, at most {max(sizes):7.1f}   "
            f"slope {found.middle:+.1f} MB/h ({found.low:+.1f} to {found.high:+.1f})"
        )
    for name in ("threads", "descriptors", "tasks"):
        print(f"{name:11} {getattr(first, name)} to {getattr(last, name)}")
    print(
        f"event loop lag ms: p99 of {SAMPLE_S:.0f} s, median "
        f"{statistics.median(sample.lag_p99 for sample in counted):.1f}; "
        f"worst {max(sample.lag_worst for sample in counted):.1f}"
    )
    print(f"under way at the end: slots {left['slots']}, answers {left['answers']}")
    print("reach: resident slope <= 5 MB/h, no failure, nothing under way at the end")
    return 1 if record.failures or left["slots"] or left["waiting"] or left["answers"] else 0


async def main(options: argparse.Namespace) -> int:
    with tempfile.TemporaryDirectory() as folder:
        model = options.model or write_random_llama(
            Path(folder) / "random.gguf", layers=4, width=256, context=4096, eight_bit=True
        )
        return await run(options, model, Path(folder) / "data")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=60)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--model", type=Path, help="instead of the one of random weights")
    parser.add_argument("--embedding", type=Path, default=Settings().embedding_model)
    sys.exit(uvloop.run(main(parser.parse_args())))
