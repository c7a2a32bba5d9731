"""What the operating system must provide before the first set-up, and how Debian gets it."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence


class NeedsMissing(Exception):
    """Something that only the operating system's package manager can provide is not there."""


def _has_program(variable: str, *names: str) -> bool:
    chosen = os.environ.get(variable, "").split()
    return any(shutil.which(name) for name in (chosen[:1] or names))


def missing_packages(*, venv: bool, compiler: bool) -> list[str]:
    """Debian packages that are absent and needed to make a `venv`, or to compile llama.cpp."""
    missing = []
    importlib.invalidate_caches()
    if venv and not (importlib.util.find_spec("ensurepip") and importlib.util.find_spec("venv")):
        # Debian splits the part of `python3 -m venv` that installs pip into a package per version.
        missing.append(f"python{sys.version_info[0]}.{sys.version_info[1]}-venv")
    if compiler and not (
        _has_program("CC", "cc", "gcc", "clang") and _has_program("CXX", "c++", "g++", "clang++")
    ):
        missing.append("build-essential")
    return missing


def _apt_get(arguments: Sequence[str]) -> bool:
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    done = subprocess.run(
        ["apt-get", *arguments],
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        print("\n".join(done.stdout.splitlines()[-10:]), flush=True)
    return done.returncode == 0


def ensure(*, venv: bool, compiler: bool) -> None:
    """Installs what is missing when run as root on Debian or Ubuntu; else NeedsMissing says how."""
    missing = missing_packages(venv=venv, compiler=compiler)
    if not missing:
        return
    if os.geteuid() == 0 and shutil.which("apt-get"):
        print(f"Installing {' '.join(missing)} with apt-get (needed once).", flush=True)
        install = ["install", "-y", "--no-install-recommends", *missing]
        # A fresh machine's package lists are often empty or old: then the second try finds them.
        if not _apt_get(install):
            _apt_get(["update"])
            _apt_get(install)
        missing = missing_packages(venv=venv, compiler=compiler)
    if missing:
        raise NeedsMissing(
            f"{sys.executable} cannot set this up yet: {' and '.join(missing)} missing.\n"
            "On Debian or Ubuntu this command installs what is needed:\n\n"
            f"    sudo apt-get install -y {' '.join(missing)}\n\n"
            "Then run the same make command again."
        )
