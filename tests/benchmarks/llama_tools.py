"""llama.cpp's own programs, of the very version that the appliance runs, to measure against.

    python -m tests.benchmarks.llama_tools [FOLDER]

llama-cpp-python publishes llama.cpp's whole source and installs its libraries alone. This fetches
that source again, checks it against the project's lock file and compiles llama-server, llama-bench
and llama-batched-bench: some 10 minutes on 2 cores. Both sides compute with the same compiled code,
since the programs use the ggml libraries that .venv has, and not another build of them.

They are kept in build/llama-tools or where LLAMA_TOOLS says; a second call finds them there.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path

import llama_cpp

ROOT = Path(__file__).parents[2]
sys.path.append(str(ROOT / "packaging"))  # whose modules belong to no package

from llama_wheel import requirement  # noqa: E402
from steps import digest  # noqa: E402

LOCK = ROOT / "packaging" / "requirements.lock"
PROGRAMS = ("llama-server", "llama-bench", "llama-batched-bench")
LIBRARIES = Path(llama_cpp.__file__).parent / "lib"
# LLAMA_USE_PREBUILT_UI fetches web pages while it compiles.
FLAGS = (
    "-DCMAKE_BUILD_TYPE=Release",
    "-DCMAKE_BUILD_RPATH_USE_ORIGIN=ON",
    "-DGGML_NATIVE=OFF",
    "-DLLAMA_USE_SYSTEM_GGML=ON",
    f"-Dggml_DIR={LIBRARIES / 'cmake' / 'ggml'}",
    "-DLLAMA_CURL=OFF",
    "-DLLAMA_OPENSSL=OFF",
    "-DLLAMA_BUILD_UI=OFF",
    "-DLLAMA_USE_PREBUILT_UI=OFF",
    "-DLLAMA_BUILD_TESTS=OFF",
    "-DLLAMA_BUILD_EXAMPLES=OFF",
    "-DLLAMA_BUILD_APP=OFF",
    "-DLLAMA_BUILD_COMMON=ON",
    "-DLLAMA_BUILD_TOOLS=ON",
    "-DLLAMA_BUILD_SERVER=ON",
)


def folder() -> Path:
    return Path(os.environ.get("LLAMA_TOOLS") or ROOT / "build" / "llama-tools").absolute()


def built(name: str) -> Path | None:
    """One of PROGRAMS; None where it was not compiled, or not from this version."""
    program = folder() / "bin" / name
    stamp = folder() / "bin" / "version"
    if not program.is_file() or not stamp.is_file() or stamp.read_text("utf-8") != _version():
        return None
    return program


def _version() -> str:
    return digest(requirement(LOCK.read_text("utf-8"), "llama-cpp-python"), *FLAGS)


def build(into: Path) -> None:
    """Fetch, compile and keep PROGRAMS in `into`/bin; goes on where an earlier call stopped."""
    into.mkdir(parents=True, exist_ok=True)
    source = into / "source"
    if not source.exists():
        _fetch(into, source)
    work = into / "build"
    tools = {**os.environ, "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
    arguments = ["-S", str(source / "vendor" / "llama.cpp"), "-B", str(work), "-G", "Ninja"]
    subprocess.run(["cmake", *arguments, *FLAGS], check=True, env=tools)
    cores = str(os.cpu_count() or 1)
    subprocess.run(
        ["cmake", "--build", str(work), "-j", cores, "--target", *PROGRAMS], check=True, env=tools
    )
    _keep(work / "bin", into / "bin")
    shutil.rmtree(work)
    shutil.rmtree(source)


def _fetch(into: Path, source: Path) -> None:
    wanted = into / "llama.lock"
    wanted.write_text(requirement(LOCK.read_text("utf-8"), "llama-cpp-python"), "utf-8")
    arguments = ["--no-deps", "--no-build-isolation", "--no-binary", ":all:"]
    arguments += ["--require-hashes", "-r", str(wanted), "-d", str(into)]
    subprocess.run([sys.executable, "-m", "pip", "download", *arguments], check=True)
    unpacked = into / "unpacked"
    shutil.rmtree(unpacked, ignore_errors=True)
    archive = next(into.glob("llama_cpp_python-*.tar.gz"))
    with tarfile.open(archive) as packed:
        # The first Python 3.11s have no filters; the hash of the archive has been checked.
        packed.extraction_filter = getattr(tarfile, "data_filter", lambda member, path: member)
        packed.extractall(unpacked)
    next(unpacked.iterdir()).rename(source)
    unpacked.rmdir()
    archive.unlink()


def _keep(made: Path, kept: Path) -> None:
    shutil.rmtree(kept, ignore_errors=True)
    kept.mkdir()
    for file in made.iterdir():
        shutil.copy2(file, kept / file.name, follow_symlinks=False)
    # ggml looks for the code of this kind of processor beside the program that runs.
    for library in LIBRARIES.glob("libggml-cpu-*.so"):
        (kept / library.name).symlink_to(library)
    (kept / "version").write_text(_version(), "utf-8")


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path, nargs="?", default=folder())
    chosen = parser.parse_args().folder.absolute()
    os.environ["LLAMA_TOOLS"] = str(chosen)
    if all(built(name) for name in PROGRAMS):
        print(f"They are there: {chosen / 'bin'}")
    else:
        build(chosen)
        print(f"Compiled: {chosen / 'bin'}")
