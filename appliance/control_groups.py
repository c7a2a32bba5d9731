"""The control groups that this process is in, as a service or a container is."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

OWN_GROUP = Path("/proc/self/cgroup")
GROUPS = Path("/sys/fs/cgroup")


def control_groups(
    own: Path = OWN_GROUP, groups: Path = GROUPS, *, controller: str = ""
) -> Iterator[Path]:
    """The folders of the process's group and of the groups around it; each may set limits.

    Those of version 2, or of version 1's tree for a `controller`, e.g. "cpu". `own` names the
    process's groups, and `groups` is the root of all; there are none without Linux.
    """
    try:
        lines = own.read_text("utf-8").splitlines()
    except OSError:  # no Linux
        return
    for line in lines:
        _, _, rest = line.partition(":")
        controllers, _, name = rest.partition(":")
        root = groups / controller
        if controller not in controllers.split(",") or ".." in Path(name).parts:
            continue
        group = root / name.strip("/")
        for each in (group, *group.parents):
            if not each.is_relative_to(root):
                break
            yield each
