"""What llama.cpp computes with: the variant for this processor, and graphics cards.

Libraries of graphics cards come with their driver's version, so they are no part of the appliance:
one that lies in the folder of backends is loaded when the first language model is.
"""

from __future__ import annotations

import ctypes
import logging
import os
import re
import stat
import threading
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import llama_cpp

from appliance.engines import llama_runtime

_log = logging.getLogger(__name__)
_CPU, _GPU, _INTEGRATED = 0, 1, 2  # enum ggml_backend_dev_type
_LIBRARY = re.compile(r"(?:lib)?ggml-(?:cuda|hip|metal|musa|sycl|vulkan)[\w.-]*\.(?:so|dll|dylib)")
_CPU_LIBRARY = re.compile(r"(?:lib)?ggml-cpu-(\w+)\.")
_lock = threading.Lock()
_tried: set[Path] = set()


@dataclass(frozen=True, slots=True)
class Device:
    """`free` is bytes of its own memory."""

    name: str
    description: str
    free: int


class _Place(ctypes.Structure):
    """Dl_info of dladdr(3)."""

    _fields_ = [
        ("file", ctypes.c_char_p),
        ("base", ctypes.c_void_p),
        ("symbol", ctypes.c_char_p),
        ("address", ctypes.c_void_p),
    ]


def load(folder: Path | None) -> None:
    """Load the graphics cards' libraries of `folder`, each tried once in a process. Blocks.

    One that cannot be used is told of in the log, and the processor serves. A library is code that
    runs with the appliance's rights: it is refused where others than its owner may change it.
    """
    llama_runtime.start()
    if folder is None:
        return
    try:
        libraries = sorted(p for p in folder.iterdir() if _LIBRARY.fullmatch(p.name))
    except OSError as error:
        _warn(folder.name, f"the folder of backends cannot be read: {error.strerror}")
        return
    with _lock:
        for path in libraries:
            if path not in _tried:
                _tried.add(path)
                _load(path)


def graphics_cards() -> list[Device]:
    """Those that llama.cpp would use: integrated ones only where there are no others."""
    own = _devices(_GPU)
    return own or _devices(_INTEGRATED)


def processor() -> str:
    """Which of the processor's variants was chosen, e.g. "CPU (zen4)"."""
    for device in _handles(_CPU):
        found = _CPU_LIBRARY.search(_file_of(_native().ggml_backend_dev_backend_reg(device)))
        if found:
            return f"CPU ({found[1]})"
    return "CPU"


def _load(path: Path) -> None:
    try:
        unsafe = any(_others_may_write(each) for each in (path.resolve(), path.resolve().parent))
    except OSError as error:
        _warn(path.name, f"it cannot be read: {error.strerror}")
        return
    if unsafe:
        _warn(path.name, "others than its owner may change it or its folder")
        return
    with llama_runtime.native_errors() as reasons:
        backend = _native().ggml_backend_load(os.fsencode(path))
    if not backend:
        reason = reasons[0] if reasons else "it does not support this machine"
        _warn(path.name, reason.replace(str(path), path.name))
        return
    cards = [f"{card.name} {card.description}" for card in graphics_cards()]
    _log.info("a backend was loaded", extra={"fields": {"file": path.name, "cards": cards}})


def _warn(name: str, reason: str) -> None:
    fields = {"file": name, "reason": reason}
    _log.warning("a backend cannot be used; the processor serves", extra={"fields": fields})


def _others_may_write(path: Path) -> bool:
    seen = path.stat()
    foreign = seen.st_uid not in (0, os.geteuid())
    return foreign or bool(seen.st_mode & (stat.S_IWGRP | stat.S_IWOTH))


def _devices(kind: int) -> list[Device]:
    native, found = _native(), []
    for handle in _handles(kind):
        free, total = ctypes.c_size_t(), ctypes.c_size_t()
        native.ggml_backend_dev_memory(handle, ctypes.byref(free), ctypes.byref(total))
        name, description = (
            text(handle).decode("utf-8", "replace")
            for text in (native.ggml_backend_dev_name, native.ggml_backend_dev_description)
        )
        found.append(Device(name, description, free.value))
    return found


def _handles(kind: int) -> list[int]:
    llama_runtime.start()
    native = _native()
    handles = [native.ggml_backend_dev_get(i) for i in range(native.ggml_backend_dev_count())]
    return [handle for handle in handles if native.ggml_backend_dev_type(handle) == kind]


def _file_of(address: int) -> str:
    """The name of the library that `address` lies in."""
    place = _Place()
    if not ctypes.CDLL(None).dladdr(ctypes.c_void_p(address), ctypes.byref(place)):
        return ""
    return Path(os.fsdecode(place.file or b"")).name


@cache
def _native() -> Any:
    library = llama_cpp.llama_cpp._lib
    for name, result, arguments in (
        ("ggml_backend_load", ctypes.c_void_p, [ctypes.c_char_p]),
        ("ggml_backend_dev_count", ctypes.c_size_t, []),
        ("ggml_backend_dev_get", ctypes.c_void_p, [ctypes.c_size_t]),
        ("ggml_backend_dev_type", ctypes.c_int, [ctypes.c_void_p]),
        ("ggml_backend_dev_name", ctypes.c_char_p, [ctypes.c_void_p]),
        ("ggml_backend_dev_description", ctypes.c_char_p, [ctypes.c_void_p]),
        ("ggml_backend_dev_backend_reg", ctypes.c_void_p, [ctypes.c_void_p]),
        (
            "ggml_backend_dev_memory",
            None,
            [ctypes.c_void_p, ctypes.POINTER(ctypes.c_size_t), ctypes.POINTER(ctypes.c_size_t)],
        ),
    ):
        function = getattr(library, name)
        function.restype, function.argtypes = result, arguments
    return library
