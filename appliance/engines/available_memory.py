"""How much memory this process may still take."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import psutil  # type: ignore[import-untyped]

from appliance.control_groups import GROUPS, OWN_GROUP, control_groups


def available_memory(own: Path = OWN_GROUP, groups: Path = GROUPS) -> int:
    """Bytes: what the machine has, or less where a control group (version 2) of a service or a
    container allows less: past that the kernel ends the process. Files that are cached or mapped
    count as available, for the machine and for a group alike.
    """
    machine = int(psutil.virtual_memory().available)
    return max(0, min((machine, *_allowed(own, groups))))


def _allowed(own: Path, groups: Path) -> Iterator[int]:
    """What the process's group and the groups around it leave, each that has a limit."""
    for each in control_groups(own, groups):
        try:
            limit = int((each / "memory.max").read_text("utf-8"))
            used = int((each / "memory.current").read_text("utf-8"))
            stat = (each / "memory.stat").read_text("utf-8")
        except (OSError, ValueError):  # the root has no limit, and others may have "max"
            continue
        counts = dict(line.split(maxsplit=1) for line in stat.splitlines() if " " in line)
        files = sum(int(counts.get(kind, 0)) for kind in ("active_file", "inactive_file"))
        yield limit - used + files
