from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from appliance.errors import Unavailable
from appliance.storage.lock import DataLock

HOLDER = """
import sys, pathlib
from appliance.storage.lock import DataLock
DataLock(pathlib.Path(sys.argv[1]))
print("held", flush=True)
sys.stdin.read()
"""


def test_a_second_holder_is_refused_until_the_first_lets_go(tmp_path: Path) -> None:
    first = DataLock(tmp_path)
    with pytest.raises(Unavailable, match="already using"):
        DataLock(tmp_path)
    first.close()
    DataLock(tmp_path).close()


def test_a_killed_process_holds_nothing(tmp_path: Path) -> None:
    command = [sys.executable, "-c", HOLDER, str(tmp_path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"held\n"
        with pytest.raises(Unavailable):
            DataLock(tmp_path)
        holder.kill()
        holder.wait()
        DataLock(tmp_path).close()
