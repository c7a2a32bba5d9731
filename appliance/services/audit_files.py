"""Reading an exported audit trail back, row by row: the memory that it takes does not grow.

A file that is no export at all raises `NotAnExport`; what is wrong inside one is handed on, for
`audit_verification` to judge.
"""

from __future__ import annotations

import csv
import json
import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Generator, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

from appliance.services.audit_formats import (
    CSV_COLUMNS,
    JSON_CHECKPOINTS,
    JSON_FORMAT,
    JSON_SEAL,
    escaped,
    unescaped,
)
from appliance.storage.audit import COLUMNS

_ROW_NAMES = {*COLUMNS, "previous_hash", "hash"}
_CHECKPOINT_NAMES = {"seq", "hash", "signed_at", "signature"}
_HEAD_NAMES = {"format", "public_key", "exported_at", "filters", "filtered", "note"}
_CSV_SIGNED = ("checkpoint_signed_at", "checkpoint_signature", "public_key")
_NUMBERS = ("seq", "success")
_HASH = re.compile("[0-9a-f]{64}")
_MAX_DIGITS = 18
MAX_LINE = 1 << 20


class NotAnExport(Exception):
    """The file cannot be read as an exported trail; the text says why."""


@dataclass(frozen=True, slots=True)
class Signed:
    """A checkpoint as the file has it; `row_hash` is what it says that it signs."""

    seq: int
    row_hash: str
    signed_at: str
    signature: str
    public_key: str


@dataclass(frozen=True, slots=True)
class FileRow:
    """A row as the file has it. `problem` says why it cannot be one; `seq` is then 0 if unknown.

    `stray`: the number of a checkpoint that belongs to no row around this one; -1 if unknown.
    """

    seq: int = 0
    values: dict[str, Any] = field(default_factory=dict)
    previous_hash: str = ""
    hash: str = ""
    checkpoint: Signed | None = None
    stray: int | None = None
    note: str | None = None
    seal: str | None = None
    problem: str | None = None


class ExportFile(ABC):
    """`filtered`: the file says that it is a selection. `head`: what JSON says at its top."""

    def __init__(self, path: Path, *, filtered: bool, head: dict[str, Any] | None = None) -> None:
        self.path = path
        self.filtered = filtered
        self.head = head

    @abstractmethod
    def rows(self) -> Generator[FileRow]: ...


def open_export(path: Path) -> ExportFile:
    """Raises `NotAnExport`, and `OSError` for what cannot be opened."""
    with path.open("rb") as file:
        first = file.readline(MAX_LINE)
    for filtered, columns in CSV_COLUMNS.items():
        if first.rstrip(b"\r\n") == ",".join(columns).encode():
            return CsvFile(path, filtered=filtered)
    head = _parsed(first.rstrip() + b"]}")
    if head is not None and head.get("format") == JSON_FORMAT and head.get("rows") == []:
        del head["rows"]
        if set(head) == _HEAD_NAMES:
            return JsonFile(path, filtered=bool(head["filtered"]), head=head)
    raise NotAnExport(f"{path} is no audit trail as this appliance exports it.")


class CsvFile(ExportFile):
    def rows(self) -> Generator[FileRow]:
        with self.path.open(newline="", encoding="utf-8", errors="surrogateescape") as text:
            is_whole = _ends_with(self.path, b"\r\n")
            reader = csv.reader(text)
            next(reader)
            fields = _next(reader)
            while fields is not None:
                following = _next(reader)
                if following is None and not is_whole:
                    return  # a row cut short is no row
                yield self._row(fields)
                fields = following

    @staticmethod
    def _row(fields: list[str]) -> FileRow:
        columns = CSV_COLUMNS[False]
        if len(fields) != len(columns):
            return FileRow(problem="its columns are not those of an audit row")
        found: dict[str, Any] = {
            name: unescaped(text) for name, text in zip(columns, fields, strict=True)
        }
        if [escaped(value) for value in found.values()] != fields:
            return FileRow(problem="a cell is not written as the export writes it")
        for name in _NUMBERS:
            found[name] = _number(found[name])
        signed = [found[name] or "" for name in _CSV_SIGNED]
        checkpoint = None
        if any(signed):
            checkpoint = Signed(found["seq"] or 0, found["hash"] or "", *signed)
        return _checked(
            found, checkpoint=checkpoint, stray=None, note=found["note"], seal=found["seal"]
        )


class JsonFile(ExportFile):
    def rows(self) -> Generator[FileRow]:
        """Rows and checkpoints are read side by side: both are in order."""
        checkpoints_at, seal = self._sections()
        signed = self._checkpoints(checkpoints_at, is_whole=seal is not None)
        with closing(signed), self.path.open("rb") as file:
            file.readline(MAX_LINE)
            waiting = next(signed, None)
            line = _entry(file, _is_checkpoints)
            while line is not None:
                following = _entry(file, _is_checkpoints)
                row = _object(line, _ROW_NAMES)
                if row is None:
                    if following is None and checkpoints_at is None:
                        return  # a row cut short is no row
                    yield FileRow(problem="it is not written as an audit row")
                    line = following
                    continue
                seq = row["seq"]
                stray = None
                while waiting is not None and type(seq) is int and waiting.seq < seq:
                    stray = waiting.seq if stray is None else stray
                    waiting = next(signed, None)
                checkpoint = None
                if waiting is not None and waiting.seq == seq:
                    checkpoint, waiting = waiting, next(signed, None)
                if following is not None:
                    yield _checked(row, checkpoint=checkpoint, stray=stray, note=None, seal=None)
                else:
                    note = None if seal is None else str(self._head["note"])
                    stray = waiting.seq if waiting is not None and stray is None else stray
                    yield _checked(row, checkpoint=checkpoint, stray=stray, note=note, seal=seal)
                line = following

    @property
    def _head(self) -> dict[str, Any]:
        assert self.head is not None
        return self.head

    def _sections(self) -> tuple[int | None, str | None]:
        """Where the checkpoints begin, and the seal; None for what the file does not reach.

        A seal with anything behind it is none: other readers would read that, too.
        """
        at = seal = None
        with self.path.open("rb") as file:
            while line := file.readline(MAX_LINE):
                seal = None
                if at is None and _is_checkpoints(line):
                    at = file.tell()
                elif at is not None and _is_seal(line):
                    end = _parsed(b"{" + line.rstrip()[2:])
                    whole = line.endswith(b"}\n") and end is not None and set(end) == {"seal"}
                    seal = str(end["seal"]) if whole and end is not None else None
        return at, seal

    def _checkpoints(self, at: int | None, *, is_whole: bool) -> Generator[Signed]:
        if at is None:
            return
        with self.path.open("rb") as file:
            file.seek(at)
            line = _entry(file, _is_seal)
            while line is not None:
                found = _object(line, _CHECKPOINT_NAMES)
                line = _entry(file, _is_seal)
                if found is None and line is None and not is_whole:
                    return  # cut short
                if found is None or type(found["seq"]) is not int:
                    # Belongs to no row, and so is told of at the next one.
                    yield Signed(-1, "", "", "", "")
                    continue
                yield Signed(
                    found["seq"],
                    str(found["hash"]),
                    str(found["signed_at"]),
                    str(found["signature"]),
                    str(self._head["public_key"]),
                )


def _checked(
    found: dict[str, Any],
    *,
    checkpoint: Signed | None,
    stray: int | None,
    note: str | None,
    seal: str | None,
) -> FileRow:
    seq = found["seq"]
    if type(seq) is not int or seq < 1:
        return FileRow(problem="its number is none")
    if type(found["success"]) is not int:
        return FileRow(seq=seq, problem="its success is no number")
    hashes = [found[name] for name in ("previous_hash", "hash")]
    if not all(isinstance(each, str) and _HASH.fullmatch(each) for each in hashes):
        return FileRow(seq=seq, problem="its hash is none")
    return FileRow(
        seq=seq,
        values={name: found[name] for name in COLUMNS},
        previous_hash=hashes[0],
        hash=hashes[1],
        checkpoint=checkpoint,
        stray=stray,
        note=note,
        seal=seal,
    )


def _number(text: str | None) -> int | None:
    """None for what is not written as the number that it is."""
    if text is None or not text.isdecimal() or len(text) > _MAX_DIGITS:
        return None
    return int(text) if str(int(text)) == text else None


def _next(reader: Iterator[list[str]]) -> list[str] | None:
    """None at the end; a row that is no CSV is a row without fields."""
    try:
        return next(reader, None)
    except csv.Error:
        return []


def _entry(file: BinaryIO, is_end: Callable[[bytes], bool]) -> bytes | None:
    """The next line of a list, without its comma; None where the list, or the file, ends.

    Nothing but the line that belongs there ends a list: what looks like it would hide entries.
    """
    line = file.readline(MAX_LINE)
    if not line or is_end(line):
        return None
    return line.rstrip().removesuffix(b",")


def _is_checkpoints(line: bytes) -> bool:
    return line.rstrip(b"\r\n") == JSON_CHECKPOINTS.encode()


def _is_seal(line: bytes) -> bool:
    return line.startswith(JSON_SEAL.encode())


def _object(line: bytes, names: set[str]) -> dict[str, Any] | None:
    found = _parsed(line)
    return found if found is not None and set(found) == names else None


def _parsed(text: bytes) -> dict[str, Any] | None:
    """A JSON object that names nothing twice."""
    try:
        found = json.loads(text, object_pairs_hook=_named_once)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def _named_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name stands twice")
    return found


def _ends_with(path: Path, end: bytes) -> bool:
    with path.open("rb") as file:
        file.seek(0, 2)
        file.seek(max(0, file.tell() - len(end)))
        return file.read() == end
