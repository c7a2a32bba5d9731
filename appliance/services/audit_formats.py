"""The audit trail as a file that proves itself: as CSV and as JSON.

Both hold the same: every row as it was hashed, the hash of the row before it, the checkpoints of
those rows with the public key, and a seal (`audit_signing.seal_statement`) over all of them. The
last row tells of the export itself and is always signed. CSV carries the signatures in the rows
that they sign, and the seal in the last; JSON lists them after the rows, one row per line.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Any, Protocol

from appliance.services.audit_signing import AuditSigner, seal_statement
from appliance.storage.audit import COLUMNS
from appliance.storage.audit_checkpoints import Checkpoint
from appliance.storage.audit_rows import ChainedRow

JSON_FORMAT = "voiceassist-audit-1"
JSON_CHECKPOINTS = '],"checkpoints":['
JSON_SEAL = '],"seal":'
_CSV_COLUMNS = (
    *COLUMNS, "previous_hash", "hash", "checkpoint_signed_at", "checkpoint_signature",
    "public_key", "note",
)  # fmt: skip
# By whether the file is a selection: its head says so, and its last row.
CSV_COLUMNS = {False: (*_CSV_COLUMNS, "seal"), True: (*_CSV_COLUMNS, "seal_of_selection")}
# What a spreadsheet takes for the beginning of a formula, full-width forms included.
_FORMULA = tuple("=+-@\t\r＝＋－＠")
_ESCAPED = (*_FORMULA, "'")

NOTE_WHOLE = "The whole trail up to its last row: each row is chained to the one before it."
NOTE_FILTERED = (
    "A selection: each row proves itself and the seal proves that this file is as it was exported, "
    "but not that the selection is complete."
)


class ExportFormat(StrEnum):
    CSV = "csv"
    JSON = "json"


class Writer(Protocol):
    lists_checkpoints: bool  # after the rows, rather than in them

    def begin(self) -> bytes: ...
    def rows(self, rows: Sequence[ChainedRow]) -> bytes: ...
    def closing_row(self, row: ChainedRow) -> bytes: ...
    def checkpoints(self, checkpoints: Sequence[Checkpoint]) -> bytes: ...
    def end(self) -> bytes: ...


class Digests:
    """What a seal is made over, row by row."""

    def __init__(self) -> None:
        self._rows = hashlib.sha256()
        self._checkpoints = hashlib.sha256()

    def row(self, row_hash: str) -> None:
        self._rows.update(row_hash.encode())

    def checkpoint(self, signature: str) -> None:
        self._checkpoints.update(signature.encode())

    def statement(self, seq: int) -> dict[str, str | int]:
        return seal_statement(seq, self._rows.hexdigest(), self._checkpoints.hexdigest())

    def copy(self) -> Digests:
        twin = Digests()
        twin._rows, twin._checkpoints = self._rows.copy(), self._checkpoints.copy()
        return twin


def note_of(*, filtered: bool) -> str:
    return NOTE_FILTERED if filtered else NOTE_WHOLE


def escaped(text: str | int | None) -> str:
    """A CSV value that no spreadsheet runs as a formula, and that `unescaped` takes back.

    None is empty, and so an empty text is not.
    """
    if text is None:
        return ""
    text = str(text)
    return "'" + text if not text or text.startswith(_ESCAPED) else text


def unescaped(text: str) -> str | None:
    if not text:
        return None
    return text[1:] if text == "'" or (text[0] == "'" and text[1:].startswith(_ESCAPED)) else text


def writer_of(
    export_format: ExportFormat,
    signer: AuditSigner,
    *,
    exported_at: str,
    filters: Mapping[str, Any],
    filtered: bool,
) -> Writer:
    if export_format is ExportFormat.CSV:
        return CsvWriter(signer, filtered=filtered)
    return JsonWriter(signer, exported_at=exported_at, filters=filters, filtered=filtered)


class CsvWriter:
    """RFC 4180, UTF-8."""

    lists_checkpoints = False

    def __init__(self, signer: AuditSigner, *, filtered: bool) -> None:
        self._signer = signer
        self._filtered = filtered
        self._digests = Digests()

    def begin(self) -> bytes:
        return _csv([CSV_COLUMNS[self._filtered]])

    def rows(self, rows: Sequence[ChainedRow]) -> bytes:
        return _csv([[*self._fields(row), "", ""] for row in rows])

    def closing_row(self, row: ChainedRow) -> bytes:
        fields = self._fields(row)
        seal = self._signer.sign(self._digests.statement(row.seq))
        return _csv([[*fields, note_of(filtered=self._filtered), seal]])

    def checkpoints(self, checkpoints: Sequence[Checkpoint]) -> bytes:
        return b""

    def end(self) -> bytes:
        return b""

    def _fields(self, row: ChainedRow) -> list[str]:
        self._digests.row(row.hash)
        if row.signature is not None:
            self._digests.checkpoint(row.signature)
        key = self._signer.public_key if row.signature is not None else None
        stored = (*row.values.values(), row.previous_hash, row.hash)
        return [escaped(value) for value in (*stored, row.signed_at, row.signature, key)]


class JsonWriter:
    """One document; each row on a line of its own, so that it can be read line by line."""

    lists_checkpoints = True

    def __init__(
        self,
        signer: AuditSigner,
        *,
        exported_at: str,
        filters: Mapping[str, Any],
        filtered: bool,
    ) -> None:
        self._signer = signer
        self._head = {
            "format": JSON_FORMAT,
            "public_key": signer.public_key,
            "exported_at": exported_at,
            "filters": dict(filters),
            "filtered": filtered,
            "note": note_of(filtered=filtered),
        }
        self._digests = Digests()
        self._last: ChainedRow | None = None
        self._is_first = True

    def begin(self) -> bytes:
        return (_json(self._head)[:-1] + ',"rows":[\n').encode()

    def rows(self, rows: Sequence[ChainedRow]) -> bytes:
        for row in rows:
            self._digests.row(row.hash)
        return self._lines(
            [row.values | {"previous_hash": row.previous_hash, "hash": row.hash} for row in rows]
        )

    def closing_row(self, row: ChainedRow) -> bytes:
        self._last = row
        lines = self.rows([row])
        self._is_first = True
        return lines + f"\n{JSON_CHECKPOINTS}\n".encode()

    def checkpoints(self, checkpoints: Sequence[Checkpoint]) -> bytes:
        for checkpoint in checkpoints:
            self._digests.checkpoint(checkpoint.signature)
        return self._lines(
            [
                {"seq": c.seq, "hash": c.hash, "signed_at": c.signed_at, "signature": c.signature}
                for c in checkpoints
            ]
        )

    def end(self) -> bytes:
        last = self._last
        assert last is not None and last.signed_at is not None and last.signature is not None
        lines = self.checkpoints([Checkpoint(last.seq, last.hash, last.signed_at, last.signature)])
        seal = self._signer.sign(self._digests.statement(last.seq))
        return lines + f'\n{JSON_SEAL}"{seal}"}}\n'.encode()

    def _lines(self, objects: Sequence[Mapping[str, Any]]) -> bytes:
        if not objects:
            return b""
        begin = "" if self._is_first else ",\n"
        self._is_first = False
        return (begin + ",\n".join(map(_json, objects))).encode()


def _csv(rows: Sequence[Sequence[str]]) -> bytes:
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator="\r\n").writerows(rows)
    return text.getvalue().encode()


def _json(value: Mapping[str, Any]) -> str:
    return json.dumps(value, separators=(",", ":"))
