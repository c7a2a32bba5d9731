"""llama-cpp-python publishes source alone: this compiles it once and keeps the wheel."""

from __future__ import annotations

import os
import platform
import re
import shutil
import tarfile
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from steps import Progress, digest

PACKAGING = Path(__file__).resolve().parent
INCLUDED = PACKAGING / "llama.cmake"

# Bound to no one machine (every x86-64 variant is built, the best is chosen at start), and without
# OpenMP, whose idle threads spin and take the cores from the other native pools.
FLAGS = (
    "-DLLAVA_BUILD=OFF",
    "-DGGML_OPENMP=OFF",
    "-DGGML_NATIVE=OFF",
    "-DGGML_BACKEND_DL=ON",
    "-DGGML_CPU_ALL_VARIANTS=ON",
    "-DLLAMA_BUILD_TOOLS=OFF",
    "-DLLAMA_BUILD_EXAMPLES=OFF",
    "-DLLAMA_BUILD_TESTS=OFF",
    "-DLLAMA_BUILD_SERVER=OFF",
    "-DCMAKE_INSTALL_BINDIR=llama_cpp/lib",
    "-DCMAKE_INSTALL_LIBDIR=llama_cpp/lib",
    "-DCMAKE_INSTALL_INCLUDEDIR=llama_cpp/include",
)


class Pip(Protocol):
    """Runs `pip verb arguments` in .venv, its output into the log of that name."""

    def __call__(
        self,
        log: str,
        verb: str,
        *arguments: str,
        on_line: Callable[[str], None] = ...,
        **environment: str,
    ) -> None: ...


def requirement(lock_text: str, name: str) -> str:
    """The lines of one package in a lock file, hashes included; LookupError if it is not there."""
    found = re.search(rf"^{re.escape(name)}==(?:.*\\\n)*.*\n?", lock_text, re.MULTILINE)
    if found is None:
        raise LookupError(f"{name} is not in the lock file")
    return found.group(0)


class LlamaWheel:
    """The wheel of one locked version, compiled with FLAGS for this kind of machine.

    It is kept in the user's cache and not in .venv: compiling takes minutes, and a .venv made anew
    or another checkout wants the same one. `work` holds the half-done build, so that a compilation
    that was interrupted goes on where it stopped.
    """

    def __init__(self, lock_file: Path, work: Path) -> None:
        self._requirement = requirement(lock_file.read_text("utf-8"), "llama-cpp-python")
        machine = (platform.machine(), *platform.libc_ver())
        self.key = digest(self._requirement, *FLAGS, INCLUDED.read_bytes(), *machine)
        cache = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
        self._kept = Path(cache) / "voiceassist" / "llama-cpp" / self.key[:32]
        self._work = work / self.key[:32]

    def built(self) -> Path | None:
        """The compiled wheel, if there is one."""
        return next(iter(self._kept.glob("llama_cpp_python-*.whl")), None)

    def compile(self, pip: Pip) -> None:
        """Fetches the source, checks its hash, compiles it and keeps the wheel."""
        source = self._source(pip)
        progress = Progress("Compiling llama.cpp", "this happens once")

        def show(line: str) -> None:
            found = re.match(r"\s*\[(\d+)/(\d+)\] ", line)
            if found is not None:
                progress.update(int(found[1]), int(found[2]))

        out = self._work / "out"
        arguments = ["--no-deps", "--no-build-isolation", "-v", "-w", str(out)]
        # Without pip's own cache, which would hand out a wheel compiled with other flags.
        arguments += ["--no-cache-dir", "-C", f"build-dir={self._work / 'build'}", str(source)]
        flags = " ".join((*FLAGS, f"-DCMAKE_PROJECT_INCLUDE={INCLUDED}"))
        try:
            pip("llama", "wheel", *arguments, on_line=show, CMAKE_ARGS=flags)
        finally:
            progress.leave()
        progress.finish()
        self._kept.mkdir(parents=True, exist_ok=True)
        for made in out.glob("*.whl"):
            part = self._kept / f"{made.name}.{os.getpid()}.part"
            shutil.copyfile(made, part)
            part.replace(self._kept / made.name)
        shutil.rmtree(self._work)

    def _source(self, pip: Pip) -> Path:
        source = self._work / "source"
        if source.exists():
            return source
        shutil.rmtree(self._work, ignore_errors=True)
        self._work.mkdir(parents=True)
        wanted = self._work / "llama.lock"
        wanted.write_text(self._requirement, "utf-8")
        print("Fetching the source of llama.cpp.", flush=True)
        arguments = ["--no-deps", "--no-build-isolation", "--no-binary", ":all:"]
        arguments += ["--require-hashes", "-r", str(wanted), "-d", str(self._work)]
        pip("llama-download", "download", *arguments)
        unpacked = self._work / "unpacked"
        with tarfile.open(next(self._work.glob("llama_cpp_python-*.tar.gz"))) as archive:
            # The first Python 3.11s have no filters; the hash of the archive has been checked.
            archive.extraction_filter = getattr(tarfile, "data_filter", lambda member, path: member)
            archive.extractall(unpacked)
        next(unpacked.iterdir()).rename(source)
        return source
