from __future__ import annotations

from pathlib import Path

import pytest

from tests.random_gguf import write_random_llama


@pytest.fixture(scope="session")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Random weights, big enough for a step to take about a millisecond."""
    path = tmp_path_factory.mktemp("llm") / "random.gguf"
    return write_random_llama(path, layers=4, width=256, context=4096)


@pytest.fixture(scope="session")
def small_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Random weights, for what is asked of them a step at a time."""
    return write_random_llama(tmp_path_factory.mktemp("llm") / "small.gguf", context=512)
