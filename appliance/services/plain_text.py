"""Text files: their encoding, and pages for citations to point to."""

from __future__ import annotations

import codecs
import re

from appliance.errors import Invalid
from appliance.sentences.invisible import HIDING, INVISIBLE

MAX_CHARACTERS = 20_000_000
# A page is what a person is shown around a cited passage.
_PAGE_CHARACTERS = 3_000
_PIECE_CHARACTERS = 1 << 16
_LINE_END = re.compile("\r\n?|[\u000b\u0085\u2028\u2029]")
_UNPRINTABLE = re.compile(
    f"[\u0000-\u0008\u000e-\u001f\u007f-\u009f\ud800-\udfff\uffff]|{INVISIBLE.pattern}"
)
_BINARY = re.compile(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f]")
# What a file of another kind, renamed to .txt, begins with.
_OTHER_KINDS = (
    b"%PDF-",
    b"PK\x03\x04",
    b"\x89PNG",
    b"\xff\xd8\xff",
    b"GIF8",
    b"\xd0\xcf\x11\xe0",
    b"{\\rtf",
)
_UTF16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


def looks_like_text(start: bytes) -> bool:
    """Whether a file that begins with `start` can be text."""
    if start.startswith(_OTHER_KINDS):
        return False
    return start.startswith(_UTF16) or _BINARY.search(start) is None


def pages_of(data: bytes) -> list[str]:
    """The file's text in pages: at form feeds, else every 3,000 characters or so.

    Raises `Invalid` for what is no text, for nothing but white space, and for more than 20 million
    characters.
    """
    text = _cleaned(_decoded(data))
    if not text.strip():
        raise Invalid("This file holds no text.", field="file", details={"reason": "no_text"})
    if len(text) > MAX_CHARACTERS:
        raise Invalid(
            "This file is too large to read: split it into parts.",
            field="file",
            details={"reason": "too_large"},
        )
    return [piece for page in text.split("\f") for piece in _split(page)]


def hides_text(data: bytes) -> bool:
    """Whether a file that `pages_of` can read holds characters that nobody sees, to some end."""
    return HIDING.search(_decoded(data)) is not None


def _cleaned(text: str) -> str:
    # In pieces that end with a line: one substitution over megabytes would hold up every other
    # thread.
    pieces = []
    start = 0
    while start < len(text):
        end = text.find("\n", start + _PIECE_CHARACTERS) + 1 or len(text)
        pieces.append(_UNPRINTABLE.sub("", _LINE_END.sub("\n", text[start:end])))
        start = end
    return "".join(pieces)


def _decoded(data: bytes) -> str:
    encoding = "utf-16" if data.startswith(_UTF16) else "utf-8-sig"
    try:
        return data.decode(encoding)
    except UnicodeDecodeError:
        if encoding == "utf-8-sig" and looks_like_text(data):
            # cp1252 leaves five bytes undefined; a text of them is none.
            try:
                return data.decode("cp1252")
            except UnicodeDecodeError:
                pass
    raise Invalid(
        "This file is not text: save it as UTF-8 text.", field="file", details={"reason": "damaged"}
    )


def _split(text: str) -> list[str]:
    pages = []
    start = 0
    while len(text) - start > _PAGE_CHARACTERS * 3 // 2:
        end = _cut(text, start + _PAGE_CHARACTERS // 2, start + _PAGE_CHARACTERS)
        pages.append(text[start:end])
        start = end
    return [*pages, text[start:]]


def _cut(text: str, first: int, last: int) -> int:
    """The best place in `first`..`last` to end a page: a paragraph, a line, a word."""
    for separator in ("\n\n", "\n", " "):
        found = text.rfind(separator, first, last)
        if found >= 0:
            return found + len(separator)
    return last
