"""The embedding model that `make run` builds."""

from __future__ import annotations

from pathlib import Path

import pytest

PATH = Path(__file__).parents[1] / "models" / "all-MiniLM-L6-v2-f16.gguf"


def embedding_model() -> Path:
    """Its path; skips the calling test where it has not been built."""
    if not PATH.is_file():
        pytest.skip("models/all-MiniLM-L6-v2-f16.gguf is not built (models/build_embedding.py)")
    return PATH
