"""How many threads compute, where the settings do not say.

No trial at the first start finds it out: that would time a machine that does nothing else, where
all processors win. Beside other work on two, a model of 190 M parameters read 120 tokens/s with one
thread and 45 with two, and wrote 30 and 5.
"""

from __future__ import annotations

import math
import os
from pathlib import Path

from appliance.control_groups import GROUPS, OWN_GROUP, control_groups

_PROCESSORS = Path("/sys/devices/system/cpu")


def compute_threads(
    allowed: frozenset[int] | None = None,
    *,
    processors: Path = _PROCESSORS,
    own: Path = OWN_GROUP,
    groups: Path = GROUPS,
) -> int:
    """One for each core that this process may use, and one processor left free; at least one.

    `allowed` are the numbers of the processors that it may run on, by default as the system says.
    Of a core with two processors (hyper-threads) one computes: they share its arithmetic units.
    Where a control group allows less time than the processors have, that counts: past it the kernel
    stops all threads, the event loop's among them, until its next period (100 ms).

    One stays free for everything else: llama.cpp's threads spin while they wait for each other, and
    two of them on two processors that something else needs too run many times slower than one.
    """
    usable = _allowed() if allowed is None else allowed
    cores = {_siblings(processors, number) for number in usable}
    quotas = [
        *map(_quota, control_groups(own, groups)),
        *map(_old_quota, control_groups(own, groups, controller="cpu")),
    ]
    free = min((len(usable), *quotas)) - 1
    return max(1, int(min(len(cores), free)))


def _allowed() -> frozenset[int]:
    try:
        return frozenset(os.sched_getaffinity(0))
    except AttributeError:  # no Linux
        return frozenset(range(os.cpu_count() or 1))


def _siblings(processors: Path, number: int) -> str:
    """The same for all processors of one core."""
    try:
        topology = processors / f"cpu{number}" / "topology"
        return (topology / "thread_siblings_list").read_text("ascii").strip()
    except OSError:
        return str(number)


def _quota(group: Path) -> float:
    """Processors' time that a control group gives its processes, in processors."""
    try:
        quota, period = (group / "cpu.max").read_text("ascii").split()
        return int(quota) / int(period)
    except (OSError, ValueError, ZeroDivisionError):  # the root has none, and others may have "max"
        return math.inf


def _old_quota(group: Path) -> float:
    """The same of a group of version 1, as older hosts of containers have."""
    try:
        quota = int((group / "cpu.cfs_quota_us").read_text("ascii"))
        period = int((group / "cpu.cfs_period_us").read_text("ascii"))
    except (OSError, ValueError):
        return math.inf
    return quota / period if quota > 0 and period > 0 else math.inf
