"""In a process of its own: how the allocator works is for the whole process."""

from __future__ import annotations

import platform
import subprocess
import sys

import pytest

# Blocks that would share an arena, every second one freed in between; prints what came back, in MB.
HELD = """
import sys
from pathlib import Path
from appliance.allocator import return_freed_memory

def resident():
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("RssAnon")) / 1024

assert sys.argv[1] == "default" or return_freed_memory()
warm = bytearray(30 << 20)  # by default, this makes smaller blocks share from now on
del warm
blocks = [bytearray(b"x" * (1 << 20)) for _ in range(128)]
before = resident()
del blocks[::2]
print(before - resident())
"""


def came_back(how: str) -> float:
    done = subprocess.run(
        [sys.executable, "-c", HELD, how], capture_output=True, text=True, check=True, timeout=60
    )
    return float(done.stdout)


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="of this allocator alone")
def test_what_is_freed_between_other_blocks_goes_back() -> None:
    assert came_back("default") < 32  # else the settings would be of no use
    assert came_back("ours") > 56
