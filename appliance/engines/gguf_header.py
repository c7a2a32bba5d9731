"""What a GGUF file says of itself, read and bounded before any native code sees the file.

Format: the GGUF specification, versions 2 and 3, little-endian.
"""

from __future__ import annotations

import stat
import struct
from dataclasses import dataclass, field
from functools import lru_cache
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
_MAX_ALIGNMENT = 1 << 20
_PIECE = 1 << 20  # bytes
_LONGEST_KEPT = 4096  # items of a list of numbers: one per layer
# Type of weights: how many of them are one block, and its bytes (ggml.h, ggml-common.h).
BLOCKS = {
    0: (1, 4),  # F32
    1: (1, 2),  # F16
    2: (32, 18),  # Q4_0
    3: (32, 20),  # Q4_1
    6: (32, 22),  # Q5_0
    7: (32, 24),  # Q5_1
    8: (32, 34),  # Q8_0
    9: (32, 36),  # Q8_1
    10: (256, 84),  # Q2_K
    11: (256, 110),  # Q3_K
    12: (256, 144),  # Q4_K
    13: (256, 176),  # Q5_K
    14: (256, 210),  # Q6_K
    15: (256, 292),  # Q8_K
    16: (256, 66),  # IQ2_XXS
    17: (256, 74),  # IQ2_XS
    18: (256, 98),  # IQ3_XXS
    19: (256, 50),  # IQ1_S
    20: (32, 18),  # IQ4_NL
    21: (256, 110),  # IQ3_S
    22: (256, 82),  # IQ2_S
    23: (256, 136),  # IQ4_XS
    24: (1, 1),  # I8
    25: (1, 2),  # I16
    26: (1, 4),  # I32
    27: (1, 8),  # I64
    28: (1, 8),  # F64
    29: (256, 56),  # IQ1_M
    30: (1, 2),  # BF16
    34: (256, 54),  # TQ1_0
    35: (256, 66),  # TQ2_0
    39: (32, 17),  # MXFP4
    40: (64, 36),  # NVFP4
    41: (128, 18),  # Q1_0
    42: (64, 18),  # Q2_0
}

Scalar = str | int | float | bool
Numbers = tuple[int | float | bool, ...]


class _Damaged(Exception):
    pass


@dataclass(frozen=True, slots=True)
class GgufHeader:
    """`metadata` holds the scalars, `lists` the short lists of numbers, `lengths` how long any list
    is (the vocabulary's own words are skipped); `weights` is the bytes of all tensors.
    """

    architecture: str
    name: str
    metadata: dict[str, Scalar] = field(repr=False)
    lists: dict[str, Numbers] = field(repr=False)
    lengths: dict[str, int] = field(repr=False)
    weights: int

    def of_architecture(self, key: str) -> Scalar | None:
        return self.metadata.get(f"{self.architecture}.{key}")

    def number(self, key: str) -> int:
        """A whole number of the architecture, 0 when it is not given as one."""
        value = self.of_architecture(key)
        return value if isinstance(value, int) and value > 0 else 0

    @property
    def is_encoder(self) -> bool:
        """Made for vectors of whole texts, not for writing."""
        return self.of_architecture("attention.causal") is False


def read_header(path: Path, *, setting: str) -> GgufHeader:
    """Read the metadata and check that the file holds all tensors that it lists.

    Raises Unavailable with a message for whoever wrote `path` into `setting`.
    """
    try:
        # Opened before it is looked at, a pipe would keep us waiting.
        seen = path.stat()
        if not stat.S_ISREG(seen.st_mode):
            raise Unavailable(f"{path} is not a file (setting {setting}).")
        return _header(path, seen.st_size, seen.st_mtime_ns, seen.st_ctime_ns, seen.st_ino)
    except FileNotFoundError:
        raise Unavailable(f"{path} does not exist (setting {setting}).") from None
    except OSError as error:
        raise Unavailable(f"{path} cannot be read (setting {setting}): {error.strerror}") from error
    except _Damaged as error:
        raise Unavailable(
            f"{path.name} is not a usable GGUF file (setting {setting}): {error}"
        ) from None


@lru_cache(maxsize=4)
def _header(path: Path, size: int, *_looks: int) -> GgufHeader:
    """Read once for as long as the file looks the same: loading asks for it several times."""
    with path.open("rb") as file:
        return _read(file, size)


def _read(file: BufferedReader, size: int) -> GgufHeader:
    if file.read(4) != _MAGIC:
        raise _Damaged("it does not begin as a GGUF file does")
    version = _number(file, "I")
    if version not in (2, 3):
        raise _Damaged(f"version {version} of the format is not supported, only 2 and 3")
    tensors, pairs = int(_number(file, "Q")), int(_number(file, "Q"))
    if tensors > _MAX_TENSORS or pairs > _MAX_PAIRS:
        raise _Damaged("its header is damaged")
    metadata: dict[str, Scalar] = {}
    lists: dict[str, Numbers] = {}
    lengths: dict[str, int] = {}
    for _ in range(pairs):
        key = _string(file, size)
        kind = int(_number(file, "I"))
        if kind == _ARRAY:
            lengths[key], lists[key] = _list(file, size)
        else:
            metadata[key] = _value(file, kind, size)
    if tensors == 0:
        raise _Damaged("it holds a vocabulary only, no weights")
    furthest, weights = _tensors(file, tensors, size)
    alignment = metadata.get("general.alignment", 32)
    if not isinstance(alignment, int) or not 0 < alignment <= _MAX_ALIGNMENT:
        raise _Damaged("its header is damaged")
    if -(-file.tell() // alignment) * alignment + furthest > size:
        raise _Damaged("it is incomplete; copy or build it again")
    architecture = metadata.get("general.architecture")
    if not isinstance(architecture, str) or not architecture:
        raise _Damaged("it names no architecture")
    name = str(metadata.get("general.name", ""))
    return GgufHeader(architecture, name, metadata, lists, lengths, weights)


def _tensors(file: BufferedReader, count: int, size: int) -> tuple[int, int]:
    """Where the last tensor's data end, counted from where the first's begin; the bytes of all."""
    furthest = total = 0
    for _ in range(count):
        _string(file, size)
        dimensions = int(_number(file, "I"))
        if dimensions > _MAX_DIMENSIONS:
            raise _Damaged("its list of tensors is damaged")
        elements = 1
        for _ in range(dimensions):
            elements *= int(_number(file, "Q"))
        kind = int(_number(file, "I"))
        if kind not in BLOCKS:
            raise _Damaged(f"it has weights of a type ({kind}) that is not supported")
        block, block_bytes = BLOCKS[kind]
        length = -(-elements // block) * block_bytes
        furthest = max(furthest, int(_number(file, "Q")) + length)
        total += length
    return furthest, total


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


def _value(file: BufferedReader, kind: int, size: int) -> Scalar:
    if kind == _STRING:
        return _string(file, size)
    if kind in _SCALARS:
        return _number(file, _SCALARS[kind])
    raise _Damaged("its metadata is damaged")


def _skip_strings(file: BufferedReader, count: int, size: int) -> None:
    """There are hundreds of thousands: too many to ask the file twice for each."""
    length_at = struct.Struct("<Q").unpack_from
    place = file.tell()
    while count:
        file.seek(place)
        data = file.read(_PIECE)
        at, last = 0, len(data) - 8
        while count and at <= last:
            at += 8 + length_at(data, at)[0]
            count -= 1
        place += at
        if last < 0 or place > size:
            raise _Damaged("it is incomplete; copy or build it again")
    file.seek(place)


def _list(file: BufferedReader, size: int) -> tuple[int, Numbers]:
    """How long it is, and its numbers if they are few. Lists of lists are not in use."""
    item = int(_number(file, "I"))
    count = _length(file, size)
    if item == _STRING:
        _skip_strings(file, count, size)
        return count, ()
    if item not in _SCALARS:
        raise _Damaged("its metadata is damaged")
    width = struct.calcsize(_SCALARS[item])
    if count > _LONGEST_KEPT:
        file.seek(count * width, 1)
        return count, ()
    return count, struct.unpack(f"<{count}{_SCALARS[item]}", _bytes(file, count * width))
