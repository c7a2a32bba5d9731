"""The smoke test of the executable, passed by the source tree."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
MODEL = ROOT / "models" / "all-MiniLM-L6-v2-f16.gguf"


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_the_source_tree_passes_the_smoke_test() -> None:
    if not MODEL.is_file():
        pytest.skip("the embedding model is not built: python3 packaging/bootstrap.py dev")
    done = subprocess.run(
        [sys.executable, "packaging/smoke.py", "--", sys.executable, "-m", "appliance"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=280,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "smoke test passed" in done.stdout
