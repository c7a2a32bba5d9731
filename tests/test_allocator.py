"""In a process of its own: how the allocator works is for the whole process."""

from __future__ import annotations

import platform
import subprocess
import sys
from pathlib import Path

import pytest

# Blocks that would share an arena, every second one freed in between; prints what came back, in MB.
HELD = """
from pathlib import Path

def resident():
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("RssAnon")) / 1024

warm = bytearray(30 << 20)  # by default, this makes smaller blocks share from now on
del warm
blocks = [bytearray(b"x" * (1 << 20)) for _ in range(128)]
before = resident()
del blocks[::2]
print(before - resident())
"""


OURS = """
from appliance.allocator import return_freed_memory
assert return_freed_memory()
"""

# The verb, as far as the port that it cannot have.
SERVE = """
import socket, sys
from click.testing import CliRunner
from appliance.cli.serve import serve
with socket.create_server(("127.0.0.1", 0)) as taken:
    port = str(taken.getsockname()[1])
    done = CliRunner().invoke(serve, ["--data-dir", sys.argv[1], "--port", port])
assert done.exit_code == 1 and f"port {port}" in done.output, done.output
"""

of_this_allocator = pytest.mark.skipif(
    platform.libc_ver()[0] != "glibc", reason="of this allocator alone"
)


def came_back(before: str, *arguments: str) -> float:
    done = subprocess.run(
        [sys.executable, "-c", before + HELD, *arguments],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    return float(done.stdout)


@of_this_allocator
def test_what_is_freed_between_other_blocks_goes_back() -> None:
    assert came_back("") < 32  # else the settings would be of no use
    assert came_back(OURS) > 56


@of_this_allocator
def test_the_verb_that_serves_gives_it_back(tmp_path: Path) -> None:
    assert came_back(SERVE, str(tmp_path / "data")) > 56
