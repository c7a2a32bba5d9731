"""llama-cpp-python opens its libraries by path from llama_cpp/lib, so nothing else finds them.

The wheel holds each library under up to three names, copies of each other, and two copies are two
loaded libraries with a registry of backends each. Taken once: libllama.so, which Python opens by
that name, the libraries it needs under the names it asks for (lib*.so.0), and the backends, one per
kind of processor, of which the best is chosen at start.
"""

from pathlib import Path

from PyInstaller.utils.hooks import get_package_paths

_libraries = Path(get_package_paths("llama_cpp")[1]) / "lib"
_names = ["libllama.so", "libggml.so.0", "libggml-base.so.0"]
_names += sorted(path.name for path in _libraries.glob("libggml-cpu-*.so"))
binaries = [(str(_libraries / name), "llama_cpp/lib") for name in _names]

# The example server, and what only it needs.
excludedimports = ["llama_cpp.server", "fastapi", "uvicorn"]
