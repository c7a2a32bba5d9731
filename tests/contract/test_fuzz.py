"""SECURITY C4: any request gives a documented answer, never a 5xx, and the appliance lives on."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.contract.fuzz import until
from tests.embedding_model import embedding_model

CASES = 10_000


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_c4_ten_thousand_cases(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    embedding_model()  # skips where it is not built
    outcome = until(CASES, tmp_path, seed=20251127, examples=20)
    with capsys.disabled():
        print(f"\nfuzz: {outcome.line()}")
    assert not outcome.failures, "\n".join(outcome.failures)
    assert outcome.cases >= CASES
    assert outcome.accepted > CASES // 50, "hardly anything got past validation"
