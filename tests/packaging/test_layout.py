"""The top level, and the commands a person meets first."""

from __future__ import annotations

import os
import re
import subprocess
import tomllib
from pathlib import Path

import pytest

import appliance

ROOT = Path(__file__).resolve().parents[2]
ALLOWED = {
    ".ci",
    ".gitignore",
    "CHANGELOG.md",
    "Makefile",
    "README.md",
    "appliance",
    "build.spec",
    "data",
    "models",
    "packaging",
    "pyproject.toml",
    "tests",
}


def tracked() -> list[str]:
    """Files of the project: known to git, or new and not ignored."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    if listed.returncode != 0:
        pytest.skip("not a git checkout")
    return [name for name in listed.stdout.splitlines() if (ROOT / name).exists()]


def test_the_top_level_has_only_what_the_design_allows() -> None:
    assert {name.split("/")[0] for name in tracked()} <= ALLOWED


def test_no_weights_and_no_data_are_tracked() -> None:
    files = tracked()
    assert [name for name in files if name.startswith("data/")] == ["data/sample_ward_handbook.txt"]
    assert not [name for name in files if name.endswith((".gguf", ".safetensors", ".bin", ".whl"))]


def test_packaging_hides_no_library() -> None:
    # The folder has the name of a library that pip, lancedb and others import. As long as it is no
    # package itself, the library is the one found.
    assert not (ROOT / "packaging" / "__init__.py").exists()
    import packaging.version

    assert packaging.version.Version("1.0") < packaging.version.Version("1.1")


@pytest.mark.parametrize(
    "target", ["run", "test", "lint", "bench", "fuzz", "binary", "lock", "clean"]
)
def test_make_knows_the_target(target: str) -> None:
    done = subprocess.run(
        ["make", "--no-print-directory", "-n", target],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip()


def test_make_run_serves_the_sample_for_the_first_time() -> None:
    shown = subprocess.run(
        ["make", "--no-print-directory", "-n", "run"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    last = shown.stdout.strip().splitlines()[-1]
    assert last.endswith("voiceassist serve --first-run --sample data/sample_ward_handbook.txt")
    assert (ROOT / "data" / "sample_ward_handbook.txt").is_file()


def test_ci_runs_make_test() -> None:
    script = ROOT / ".ci" / "run"
    assert os.access(script, os.X_OK)
    lines = script.read_text("utf-8").splitlines()
    assert lines[0].startswith("#!") and "bash" in lines[0]
    assert "set -eu" in lines
    assert "make test" in lines


def test_the_version_has_one_source() -> None:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    assert settings["project"]["dynamic"] == ["version"]
    assert settings["tool"]["setuptools"]["dynamic"]["version"] == {"attr": "appliance.__version__"}
    assert re.fullmatch(r"\d+\.\d+\.\d+", appliance.__version__)


def test_the_sample_says_on_every_page_and_heading_that_it_is_one() -> None:
    label = "SAMPLE DOCUMENT - NOT FOR CLINICAL USE"
    text = (ROOT / "data" / "sample_ward_handbook.txt").read_text("ascii")
    pages = text.split("\f")
    assert len(pages) == 2
    for page in pages:
        lines = page.strip().splitlines()
        assert lines[0].endswith(label)
        assert lines[-1].endswith(label)
        headings = [line for line in lines if re.match(r"\d+ [A-Z]", line)]
        assert len(headings) == 3
        assert all(label in heading for heading in headings)
