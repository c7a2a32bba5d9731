"""Small real PDFs, written by hand: pages of text, scans without text, locked and broken files."""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Sequence

_PADDING = bytes.fromhex("28BF4E5E4E758A4164004E56FFFA01082E2E00B6D0683E802F0CA9FE6453697A")
_FILE_ID = bytes(range(16))
_PERMISSIONS = -44


def pdf(pages: Sequence[Sequence[str]], *, password: str | None = None) -> bytes:
    """A PDF with the given lines on each page, in Helvetica; latin-1 only.

    With `password`, encrypted as PDF 1.3 has it (RC4, 40 bits): unreadable without it.
    """
    lock = None if password is None else _Lock(password)
    count = len(pages)
    font = 3 + 2 * count
    objects: list[bytes] = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Count %d /Kids [%s] >>"
        % (count, b" ".join(b"%d 0 R" % (3 + 2 * n) for n in range(count))),
    ]
    for number, lines in enumerate(pages):
        contents = 4 + 2 * number
        objects.append(
            b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents %d 0 R "
            b"/Resources << /Font << /F1 %d 0 R >> >> >>" % (contents, font)
        )
        stream = _text(lines)
        if lock is not None:
            stream = lock.encrypted(contents, stream)
        objects.append(b"<< /Length %d >>\nstream\n%s\nendstream" % (len(stream), stream))
    objects.append(
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>"
    )
    trailer = b""
    if lock is not None:
        objects.append(lock.dictionary())
        trailer = b"/Encrypt %d 0 R /ID [<%s> <%s>]" % (
            len(objects),
            _FILE_ID.hex().encode(),
            _FILE_ID.hex().encode(),
        )
    return _file(objects, trailer)


def drawn(*contents: bytes, page: bytes = b"/MediaBox [0 0 595 842]") -> bytes:
    """A PDF whose pages are drawn by content streams. /F1 is Helvetica, /I1 an image of stripes,
    /I0 a white one; `page` is what all pages have in their dictionaries.
    """
    count = len(contents)
    objects: list[bytes] = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Count %d /Kids [%s] >>"
        % (count, b" ".join(b"%d 0 R" % (6 + 2 * n) for n in range(count))),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>",
        _image(b"\x00\xff" * 2048),
        _image(b"\xff" * 4096),
    ]
    for number, content in enumerate(contents):
        objects.append(
            b"<< /Type /Page /Parent 2 0 R %s /Contents %d 0 R /Resources << /Font << /F1 3 0 R >> "
            b"/XObject << /I1 4 0 R /I0 5 0 R >> >> >>" % (page, 7 + 2 * number)
        )
        objects.append(b"<< /Length %d >>\nstream\n%s\nendstream" % (len(content), content))
    return _file(objects)


def at(x: float, y: float, text: str, size: float = 11, before: str = "") -> bytes:
    """Text at a place of a content stream; `before`: operators inside its text object."""
    escaped = text.replace("\\", "\\\\").replace("(", "\\(").replace(")", "\\)")
    code = f"BT /F1 {size} Tf {before} 1 0 0 1 {x} {y} Tm ({escaped}) Tj ET\n"
    return code.encode("cp1252")


def _image(grey: bytes) -> bytes:
    head = b"<< /Type /XObject /Subtype /Image /Width 64 /Height 64 /BitsPerComponent 8"
    return b"%s /ColorSpace /DeviceGray /Length %d >>\nstream\n%s\nendstream" % (
        head,
        len(grey),
        grey,
    )


def scan(pages: int = 1) -> bytes:
    """Pages that show a grey box and no text."""
    return _file(
        [
            b"<< /Type /Catalog /Pages 2 0 R >>",
            b"<< /Type /Pages /Count %d /Kids [%s] >>" % (pages, b"3 0 R " * pages),
            b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R >>",
            b"<< /Length 26 >>\nstream\n0.5 g 10 10 500 800 re f  \nendstream",
        ]
    )


def swelling(megabytes: int) -> bytes:
    """One page without text whose few kilobytes become that many megabytes of blanks."""
    blanks = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    # After a full flush deflate knows nothing of what came before: the block can be repeated.
    block = blanks.compress(b" " * (1 << 20)) + blanks.flush(zlib.Z_FULL_FLUSH)
    stream = b"\x78\xda" + block * megabytes + b"\x03\x00"
    return _file(
        [
            b"<< /Type /Catalog /Pages 2 0 R >>",
            b"<< /Type /Pages /Count 1 /Kids [3 0 R] >>",
            b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R >>",
            b"<< /Length %d /Filter /FlateDecode >>\nstream\n%s\nendstream" % (len(stream), stream),
        ]
    )


def malformed() -> bytes:
    """Begins like a PDF and holds nothing that a reader could repair."""
    return b"%PDF-1.4\n" + bytes(range(128, 256)) * 8 + b"\n%%EOF\n"


def with_unreadable_page(lines: Sequence[str]) -> bytes:
    """Two pages, of which the second is missing."""
    whole = pdf([lines, ["gone"]])
    return whole.replace(b"/Kids [3 0 R 5 0 R]", b"/Kids [3 0 R 9 0 R]")


def _text(lines: Sequence[str]) -> bytes:
    shown = []
    for line in lines:
        escaped = line.encode("cp1252").replace(b"\\", b"\\\\")
        escaped = escaped.replace(b"(", b"\\(").replace(b")", b"\\)")
        shown.append(b"(" + escaped + b") Tj T*")
    return b"BT /F1 11 Tf 14 TL 50 800 Td\n" + b"\n".join(shown) + b"\nET"


def _file(objects: Sequence[bytes], trailer: bytes = b"") -> bytes:
    out = bytearray(b"%PDF-1.4\n")
    offsets = []
    for number, content in enumerate(objects, start=1):
        offsets.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, content)
    start = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    out += b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    out += b"trailer\n<< /Size %d /Root 1 0 R %s >>\n" % (len(objects) + 1, trailer)
    out += b"startxref\n%d\n%%%%EOF\n" % start
    return bytes(out)


class _Lock:
    """Algorithms 1 to 4 of PDF 1.3, with one password for owner and user."""

    def __init__(self, password: str) -> None:
        padded = (password.encode("latin-1") + _PADDING)[:32]
        self._owner = _rc4(hashlib.md5(padded).digest()[:5], padded)
        permissions = _PERMISSIONS.to_bytes(4, "little", signed=True)
        self._key = hashlib.md5(padded + self._owner + permissions + _FILE_ID).digest()[:5]

    def encrypted(self, number: int, data: bytes) -> bytes:
        salted = self._key + number.to_bytes(3, "little") + b"\0\0"
        return _rc4(hashlib.md5(salted).digest()[:10], data)

    def dictionary(self) -> bytes:
        user = _rc4(self._key, _PADDING)
        return b"<< /Filter /Standard /V 1 /R 2 /P %d /O <%s> /U <%s> >>" % (
            _PERMISSIONS,
            self._owner.hex().encode(),
            user.hex().encode(),
        )


def _rc4(key: bytes, data: bytes) -> bytes:
    state = list(range(256))
    j = 0
    for i in range(256):
        j = (j + state[i] + key[i % len(key)]) % 256
        state[i], state[j] = state[j], state[i]
    i = j = 0
    out = bytearray()
    for byte in data:
        i = (i + 1) % 256
        j = (j + state[i]) % 256
        state[i], state[j] = state[j], state[i]
        out.append(byte ^ state[(state[i] + state[j]) % 256])
    return bytes(out)
