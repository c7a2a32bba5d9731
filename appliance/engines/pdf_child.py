"""The guarded child: reads one PDF from standard input and writes its pages, as text or image.

It runs in a process of its own because a PDF is a hostile format and its reader is native code:
what goes wrong here ends this process and nothing else. The first line of the input is a request,
the rest is the file. {"want": "text"} is answered by {"pages": n}; then one line per page, {"page",
"text", "width", "height", "words", "hidden"} (see `pdf_page.Read`; only page and text, null, when
it cannot be read), then {"done": true}. {"want": "image", "page", "words", "near", "boxes"} (see
`pdf_image.png`) is answered by {"bytes": n} and a PNG of that many bytes. {"failed": reason} may
stand in place of the rest.
"""

from __future__ import annotations

import ctypes
import json
import os
import resource
import signal
import sys
from typing import Any

MAX_FILE_BYTES = 500 << 20
MAX_PAGES = 5_000
MAX_PAGE_CHARACTERS = 1_000_000
MAX_CHARACTERS = 20_000_000
_MEMORY_BYTES = 1 << 30
_CPU_S = 240
_OPEN_FILES = 32
_PR_SET_PDEATHSIG = 1
_FPDF_ERR_PASSWORD = 4
_FPDF_ERR_SECURITY = 5


def main() -> int:
    _guard()
    request = json.loads(sys.stdin.buffer.readline())
    data = sys.stdin.buffer.read(MAX_FILE_BYTES + 1)
    if len(data) > MAX_FILE_BYTES:
        return _fail("too_large")
    try:
        if request["want"] == "image":
            marks = request["words"], request["near"], request["boxes"]
            return _render(data, request["page"], *marks)
        return _extract(data)
    except MemoryError:
        return _fail("too_large")


def _guard() -> None:
    """Limits that a runaway parser meets before the machine does."""
    for limit, value in (
        (resource.RLIMIT_AS, _MEMORY_BYTES),
        (resource.RLIMIT_CPU, _CPU_S),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_NOFILE, _OPEN_FILES),
    ):
        resource.setrlimit(limit, (value, value))
    os.nice(10)
    # When the appliance is killed there is nobody left to end this process.
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def _opened(data: bytes) -> Any:
    """The document, or the reason why it cannot be opened."""
    import pypdfium2

    try:
        document = pypdfium2.PdfDocument(data)
        len(document)
    except pypdfium2.PdfiumError as error:
        locked = error.err_code in (_FPDF_ERR_PASSWORD, _FPDF_ERR_SECURITY)
        return "password_needed" if locked else "damaged"
    return document


def _render(
    data: bytes, number: int, words: str | None, near: int | None, boxes: list[list[float]]
) -> int:
    import pypdfium2

    from appliance.engines.pdf_image import png

    document = _opened(data)
    if isinstance(document, str):
        return _fail(document)
    if not 1 <= number <= len(document):
        return _fail("no_page")
    try:
        image = png(document, number, words, near, boxes)
    except pypdfium2.PdfiumError:
        return _fail("damaged")
    _say({"bytes": len(image)})
    sys.stdout.buffer.write(image)
    sys.stdout.buffer.flush()
    return 0


def _extract(data: bytes) -> int:
    import pypdfium2

    from appliance.engines.pdf_page import read

    document = _opened(data)
    if isinstance(document, str):
        return _fail(document)
    count = len(document)
    if count == 0:
        return _fail("damaged")
    if count > MAX_PAGES:
        return _fail("too_large")
    _say({"pages": count})
    characters = unreadable = 0
    for number in range(count):
        line: dict[str, object] = {"page": number + 1, "text": None}
        try:
            page = document[number]
            found = read(page, MAX_PAGE_CHARACTERS)
            page.close()
            if found is None:
                return _fail("too_large")
            line.update(found._asdict())
            characters += len(found.text)
            if characters > MAX_CHARACTERS:
                return _fail("too_large")
        except pypdfium2.PdfiumError:
            unreadable += 1
        _say(line)
    if not characters:
        return _fail("damaged" if unreadable else "no_text")
    _say({"done": True})
    return 0


def _say(line: dict[str, object]) -> None:
    sys.stdout.buffer.write(json.dumps(line).encode() + b"\n")
    sys.stdout.buffer.flush()


def _fail(reason: str) -> int:
    _say({"failed": reason})
    return 1


if __name__ == "__main__":
    sys.exit(main())
