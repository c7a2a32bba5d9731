"""The control groups (version 2) that this process is in, as a service or a container is."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

OWN_GROUP = Path("/proc/self/cgroup")
GROUPS = Path("/sys/fs/cgroup")


def control_groups(own: Path = OWN_GROUP, groups: Path = GROUPS) -> Iterator[Path]:
    """The folders of the process's group and of the groups around it; each may set limits.

    `own` names the process's group, and `groups` is the root of all; there are none without Linux.
    """
    try:
        lines = own.read_text("utf-8").splitlines()
    except OSError:  # no Linux
        return
    name = next((line[3:].strip("/") for line in lines if line.startswith("0::")), None)
    if name is None or ".." in Path(name).parts:
        return
    group = groups / name
    for each in (group, *group.parents):
        if not each.is_relative_to(groups):
            return
        yield each
