"""Measurements against a reference in the same run."""

import os

# As the appliance does, before numpy is loaded.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
