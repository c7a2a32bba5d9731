"""A strict parser of multipart/form-data (RFC 7578, RFC 2046) that never holds a file in memory."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import unquote_to_bytes

from appliance.errors import Invalid

MAX_HEADER_BYTES = 4096
MAX_PARTS = 32
_BOUNDARY = re.compile(r"[0-9A-Za-z'()+_,\-./:=? ]{0,69}[0-9A-Za-z'()+_,\-./:=?]")
_PARAMETER = re.compile(r';\s*([A-Za-z0-9_-]+\*?)\s*=\s*(?:"((?:\\.|[^"\\])*)"|([^\s;"]+))\s*')


@dataclass(frozen=True, slots=True)
class Part:
    """The beginning of a part; `filename` is None for a plain field."""

    name: str
    filename: str | None


@dataclass(frozen=True, slots=True)
class PartEnd:
    pass


Event = Part | bytes | PartEnd


class MultipartParser:
    """Push bytes in with `feed`, in pieces of any size; the events do not depend on their sizes."""

    def __init__(self, boundary: str) -> None:
        self._delimiter = b"\r\n--" + boundary.encode("latin-1")
        # The first delimiter need not follow a line end; with one in front all are alike.
        self._buffer = bytearray(b"\r\n")
        self._state = "preamble"
        self._parts = 0

    @property
    def finished(self) -> bool:
        """Whether the closing delimiter was seen: without it the body is cut short."""
        return self._state == "end"

    def feed(self, data: bytes) -> Iterator[Event]:
        """Yield what `data` completes: `Part`, then `bytes` of its content, then `PartEnd`.

        Raises `Invalid` for broken framing.
        """
        self._buffer += data
        while True:
            if self._state == "headers":
                end = self._buffer.find(b"\r\n\r\n")
                if end < 0:
                    if len(self._buffer) > MAX_HEADER_BYTES:
                        raise _broken("the header of a part is too long")
                    return
                head = bytes(self._buffer[:end])
                del self._buffer[: end + 4]
                if len(head) > MAX_HEADER_BYTES:
                    raise _broken("the header of a part is too long")
                # Before the yield: whoever asks meanwhile must not see the header again.
                self._state = "content"
                yield self._part(head)
            elif self._state in {"preamble", "content"}:
                content, complete = self._up_to_delimiter()
                if self._state == "preamble":
                    if content.strip():
                        raise _broken("something stands before the first part")
                elif content:
                    yield content
                if not complete:
                    return
                if self._state == "content":
                    yield PartEnd()
                self._state = "delimiter"
            elif self._state == "delimiter":
                if not self._after_delimiter():
                    return
            else:
                self._buffer.clear()  # an epilogue means nothing
                return

    def _up_to_delimiter(self) -> tuple[bytes, bool]:
        """Take what surely stands before the next delimiter, and the delimiter if it is there."""
        found = self._buffer.find(self._delimiter)
        if found < 0:
            # The end of the buffer may be the beginning of a delimiter.
            sure = max(len(self._buffer) - len(self._delimiter) + 1, 0)
            content = bytes(self._buffer[:sure])
            del self._buffer[:sure]
            return content, False
        content = bytes(self._buffer[:found])
        del self._buffer[: found + len(self._delimiter)]
        return content, True

    def _after_delimiter(self) -> bool:
        """Take what follows a delimiter; False when more bytes are needed to tell."""
        if len(self._buffer) < 2:
            return False
        if self._buffer.startswith(b"--"):
            self._state = "end"
            return True
        end = self._buffer.find(b"\r\n")
        padding = bytes(self._buffer) if end < 0 else bytes(self._buffer[:end])
        if padding.removesuffix(b"\r").strip(b" \t") or len(padding) > MAX_HEADER_BYTES:
            raise _broken("a boundary is followed by something else")
        if end < 0:
            return False
        del self._buffer[: end + 2]
        self._state = "headers"
        return True

    def _part(self, head: bytes) -> Part:
        self._parts += 1
        if self._parts > MAX_PARTS:
            raise _broken("there are too many parts")
        for line in _text(head).split("\r\n"):
            header, _, value = line.partition(":")
            if header.strip().lower() == "content-disposition":
                return _disposition(value.strip())
        raise _broken("a part has no Content-Disposition")


def boundary_of(content_type: str) -> str:
    """The boundary that a Content-Type names. Raises `Invalid`."""
    _, found, parameters = content_type.partition(";")
    boundary = _parameters(found + parameters).get("boundary", "")
    if not _BOUNDARY.fullmatch(boundary):
        raise _broken("the Content-Type names no boundary")
    return boundary


def _disposition(value: str) -> Part:
    kind, found, rest = value.partition(";")
    if kind.strip().lower() != "form-data":
        raise _broken("a part is no form-data")
    parameters = _parameters(found + rest)
    if "name" not in parameters:
        raise _broken("a part has no name")
    filename = parameters.get("filename")
    if (extended := parameters.get("filename*")) is not None:
        charset, _, encoded = extended.partition("''")
        if charset.lower() != "utf-8":
            raise _broken("a file name is in an unknown character set")
        filename = _text(unquote_to_bytes(encoded))
    return Part(parameters["name"], filename)


def _parameters(text: str) -> dict[str, str]:
    parameters: dict[str, str] = {}
    position = 0
    while position < len(text.rstrip()):
        match = _PARAMETER.match(text, position)
        if match is None or match[1].lower() in parameters:
            raise _broken("a parameter of a header is malformed")
        quoted, token = match[2], match[3]
        # Browsers send a quote as %22 and leave backslashes alone; others escape quotes only.
        value = token if quoted is None else quoted.replace('\\"', '"').replace("%22", '"')
        parameters[match[1].lower()] = value
        position = match.end()
    return parameters


def _text(raw: bytes) -> str:
    try:
        return raw.decode()
    except UnicodeDecodeError:
        raise _broken("the header of a part is not UTF-8") from None


def _broken(reason: str) -> Invalid:
    return Invalid(f"The form data cannot be read: {reason}.", field="file")
