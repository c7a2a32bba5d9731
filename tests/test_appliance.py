from __future__ import annotations

import subprocess
import sys

# CPU time, in seconds, that the process uses in half a second of sleep after a product for which
# BLAS takes several threads.
PROGRAM = """
import appliance, time
import numpy as np
large = np.ones((2000, 2000), np.float32)
large @ large
began = time.process_time()
time.sleep(0.5)
print(time.process_time() - began)
"""


def test_threads_of_numpy_sleep_when_they_have_nothing_to_do() -> None:
    found = subprocess.run(
        [sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True, timeout=60
    )
    assert float(found.stdout) < 0.01
