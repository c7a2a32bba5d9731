"""Documents on their way in: counted, judged by content, encrypted while they stream to disk."""

from __future__ import annotations

import unicodedata

from appliance.errors import Invalid, PayloadTooLarge, UnsupportedMediaType
from appliance.services.plain_text import looks_like_text
from appliance.storage.files import FileWriter, SealedFile

# Readers of PDF accept its mark anywhere in the first 1,024 bytes.
_PDF_MARK, _PDF_MARK_WITHIN = b"%PDF-", 1024
_JUDGED_BYTES = 4096
_LONGEST_NAME = 255
_OVERRIDES = "\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"


class IncomingFile:
    """One upload under way: `append` until it is whole, then `finish`; `discard` in any case."""

    def __init__(self, writer: FileWriter, filename: str, *, max_bytes: int) -> None:
        """`filename` is what the sender calls the file. Raises `UnsupportedMediaType`."""
        self.filename = safe_name(filename)
        self.file_type = self.filename.rpartition(".")[2].lower()
        self._writer = writer
        self._max_bytes = max_bytes
        self._start = b""
        self._judged = False
        self.sealed: SealedFile | None = None

    async def append(self, data: bytes) -> None:
        """Raises `PayloadTooLarge`, `UnsupportedMediaType` and `StorageFull`."""
        if self._writer.size + len(data) > self._max_bytes:
            raise PayloadTooLarge(
                f"The file is larger than {self._max_bytes >> 20} MB.", field="file"
            )
        if not self._judged:
            self._start += data[: _JUDGED_BYTES - len(self._start)]
            if len(self._start) == _JUDGED_BYTES:
                self._judge()
        await self._writer.append(data)

    async def finish(self) -> SealedFile:
        """Raises `Invalid` for an empty file, and what `append` raises."""
        if self._writer.size == 0:
            raise Invalid("The file is empty.", field="file")
        if not self._judged:
            self._judge()
        self.sealed = await self._writer.finish()
        return self.sealed

    async def discard(self) -> None:
        await self._writer.discard()

    def _judge(self) -> None:
        self._judged = True
        if self.file_type == "pdf":
            fits = _PDF_MARK in self._start[: _PDF_MARK_WITHIN + len(_PDF_MARK)]
        else:
            fits = looks_like_text(self._start)
        if not fits:
            raise UnsupportedMediaType(
                f"The content of this file is not what its name says (.{self.file_type}).",
                field="file",
            )


def check_type(filename: str) -> None:
    """Raises `UnsupportedMediaType` unless the name ends in .pdf or .txt."""
    if not safe_name(filename).lower().endswith((".pdf", ".txt")):
        raise UnsupportedMediaType(
            "Only PDF (.pdf) and text (.txt) files can be added.", field="file"
        )


def safe_name(filename: str) -> str:
    """The last part of a path, on one line, of at most 255 characters with its extension kept.

    For people to read; files are stored under names of our own.
    """
    name = unicodedata.normalize("NFC", filename).replace("\\", "/").rpartition("/")[2]
    shown = "".join(
        c for c in name if unicodedata.category(c) not in {"Cc", "Cs"} and c not in _OVERRIDES
    ).strip(" .")
    stem, dot, extension = shown.rpartition(".")
    if not dot:
        return shown[:_LONGEST_NAME] or "document"
    return f"{stem[: _LONGEST_NAME - len(extension) - 1] or 'document'}.{extension}"[
        -_LONGEST_NAME:
    ]


def title_of(filename: str) -> str:
    """A title for a document that was given none."""
    return " ".join(safe_name(filename).rpartition(".")[0].replace("_", " ").split()) or "document"
