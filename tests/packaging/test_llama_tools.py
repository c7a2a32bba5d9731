"""The reference programs count only while they are of the version that the appliance runs."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.benchmarks import llama_tools


def test_programs_of_another_version_are_not_compared_with(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LLAMA_TOOLS", str(tmp_path))
    assert llama_tools.built("llama-server") is None
    kept = tmp_path / "bin"
    kept.mkdir()
    (kept / "llama-server").touch()
    assert llama_tools.built("llama-server") is None  # cut short before its stamp
    (kept / "version").write_text(llama_tools._version())
    assert llama_tools.built("llama-server") == kept / "llama-server"
    lock = tmp_path / "requirements.lock"
    lock.write_text("llama-cpp-python==0.3.37 \\\n    --hash=sha256:00\n")
    monkeypatch.setattr(llama_tools, "LOCK", lock)
    assert llama_tools.built("llama-server") is None
