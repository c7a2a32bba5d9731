"""`python -m tests.benchmarks [NAME ...]`: the benchmarks, each in a process of its own.

Each prints its rows with the reference measured in the same run. Machines differ and are noisy:
the ratios count, not the times.
"""

from __future__ import annotations

import subprocess
import sys

BENCHMARKS = (
    "loop_lag",
    "writes",
    "search",
    "search_ingest",
    "retrieval",
    "embedding",
    "arbiter",
    "ingest",
    "first_token",
    "answer",
    "paging",
    "revocation",
)


def main(names: list[str]) -> int:
    unknown = set(names) - set(BENCHMARKS)
    if unknown:
        print(f"unknown: {', '.join(sorted(unknown))}; there are {', '.join(BENCHMARKS)}")
        return 2
    failed = []
    for name in names or BENCHMARKS:
        print(f"\n== {name}", flush=True)
        if subprocess.call([sys.executable, "-m", f"tests.benchmarks.bench_{name}"]) != 0:
            failed.append(name)
    if failed:
        print(f"\nfailed: {', '.join(failed)}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
