"""What a GGUF file says of itself, read and bounded before any native code sees the file.

Format: the GGUF specification, versions 2 and 3, little-endian.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, field
from io import BufferedReader
from pathlib import Path

from appliance.errors import Unavailable

_MAGIC = b"GGUF"
_STRING, _ARRAY = 8, 9
_SCALARS = {
    0: "B",
    1: "b",
    2: "H",
    3: "h",
    4: "I",
    5: "i",
    6: "f",
    7: "?",
    10: "Q",
    11: "q",
    12: "d",
}
_MAX_PAIRS = 65_536
_MAX_TENSORS = 65_536
_MAX_DIMENSIONS = 4

Scalar = str | int | float | bool


class _Damaged(Exception):
    pass


@dataclass(frozen=True, slots=True)
class GgufHeader:
    """`metadata` holds the scalars only; lists (the vocabulary) are skipped."""

    architecture: str
    name: str
    metadata: dict[str, Scalar] = field(repr=False)

    def of_architecture(self, key: str) -> Scalar | None:
        return self.metadata.get(f"{self.architecture}.{key}")

    @property
    def is_encoder(self) -> bool:
        """Made for vectors of whole texts, not for writing."""
        return self.of_architecture("attention.causal") is False


def read_header(path: Path, *, setting: str) -> GgufHeader:
    """Read the metadata and check that the file reaches to its last tensor.

    Raises Unavailable with a message for whoever wrote `path` into `setting`.
    """
    try:
        with path.open("rb") as file:
            return _read(file, path.stat().st_size)
    except FileNotFoundError:
        raise Unavailable(f"{path} does not exist (setting {setting}).") from None
    except OSError as error:
        raise Unavailable(f"{path} cannot be read (setting {setting}): {error.strerror}") from error
    except _Damaged as error:
        raise Unavailable(
            f"{path.name} is not a usable GGUF file (setting {setting}): {error}"
        ) from None


def _read(file: BufferedReader, size: int) -> GgufHeader:
    if file.read(4) != _MAGIC:
        raise _Damaged("it does not begin as a GGUF file does")
    version = _number(file, "I")
    if version not in (2, 3):
        raise _Damaged(f"version {version} of the format is not supported, only 2 and 3")
    tensors, pairs = _number(file, "Q"), _number(file, "Q")
    if not 0 < tensors <= _MAX_TENSORS or pairs > _MAX_PAIRS:
        raise _Damaged("its header is damaged")
    metadata: dict[str, Scalar] = {}
    for _ in range(int(pairs)):
        key = _string(file, size)
        value = _value(file, int(_number(file, "I")), size)
        if value is not None:
            metadata[key] = value
    furthest = 0
    for _ in range(int(tensors)):
        _string(file, size)
        dimensions = int(_number(file, "I"))
        if dimensions > _MAX_DIMENSIONS:
            raise _Damaged("its list of tensors is damaged")
        _bytes(file, 8 * dimensions)
        _bytes(file, 4)
        furthest = max(furthest, int(_number(file, "Q")))
    if file.tell() + furthest >= size:
        raise _Damaged("it is incomplete; copy or build it again")
    architecture = metadata.get("general.architecture")
    if not isinstance(architecture, str) or not architecture:
        raise _Damaged("it names no architecture")
    return GgufHeader(architecture, str(metadata.get("general.name", "")), metadata)


def _bytes(file: BufferedReader, count: int) -> bytes:
    data = file.read(count)
    if len(data) != count:
        raise _Damaged("it is incomplete; copy or build it again")
    return data


def _number(file: BufferedReader, kind: str) -> int | float | bool:
    value: int | float | bool = struct.unpack(f"<{kind}", _bytes(file, struct.calcsize(kind)))[0]
    return value


def _string(file: BufferedReader, size: int) -> str:
    return _bytes(file, _length(file, size)).decode("utf-8", "replace")


def _length(file: BufferedReader, size: int) -> int:
    length = int(_number(file, "Q"))
    if length > size:
        raise _Damaged("it is incomplete; copy or build it again")
    return length


def _value(file: BufferedReader, kind: int, size: int) -> Scalar | None:
    """A scalar, or None for a list, which is skipped. Lists of lists are not in use."""
    if kind == _STRING:
        return _string(file, size)
    if kind in _SCALARS:
        return _number(file, _SCALARS[kind])
    if kind != _ARRAY:
        raise _Damaged("its metadata is damaged")
    item = int(_number(file, "I"))
    count = _length(file, size)
    if item == _STRING:
        for _ in range(count):
            file.seek(_length(file, size), 1)
    elif item in _SCALARS:
        file.seek(count * struct.calcsize(_SCALARS[item]), 1)
    else:
        raise _Damaged("its metadata is damaged")
    return None
