"""VoiceAssist Appliance: an offline medical assistant over a hospital's own documents."""

import os

__version__ = "0.3.0"
API_VERSION = "2.0.0"

# NumPy's BLAS reads it when it is loaded. Its threads would spin for some 60 ms after each product,
# a search's for one, on cores that something else needs; asleep, they are no slower to begin.
os.environ.setdefault("OPENBLAS_THREAD_TIMEOUT", "4")
