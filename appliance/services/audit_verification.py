"""Whether an exported audit trail is what the appliance wrote: the first row that is not, and why.

The scheme, so that anybody can check it with other tools:

- A row's hash is SHA-256 over the text of the hash before it (64 zeros before row 1) followed by
  the row as JSON: the columns of `storage.audit.COLUMNS`, names sorted, no spaces, ASCII only.
- A checkpoint is an Ed25519 signature over `{"hash":…,"seq":…,"signed_at":…}` in the same form.
- The last row tells of the export itself and has a checkpoint. The seal is a signature over
  `{"checkpoints":…,"rows":…,"seq":…}`: the number of that row, and SHA-256 over the hashes of all
  rows and over the signatures of all checkpoints in the file, each in order. It is kept nowhere
  else, so a longer trail cannot be cut down to an older export.

In a whole trail every row follows from the one before, so what was changed, taken out, moved or
added is found at its place; whoever computes all later hashes anew fails at the next signature. In
a selection rows do not follow from each other: each proves itself, the seal proves that the file is
as it was exported, and nothing proves that the selection is complete.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import Any

from appliance.services.audit_files import ExportFile, FileRow, open_export
from appliance.services.audit_formats import Digests, note_of
from appliance.services.audit_signing import checkpoint_statement, is_signed
from appliance.storage.audit import GENESIS, chain_hash


class Fault(StrEnum):
    CHANGED = "changed"
    MISSING = "missing before"
    REORDERED = "reordered"
    REPEATED = "repeated"
    TRUNCATED = "truncated tail"
    SIGNATURE = "bad signature"


@dataclass(frozen=True, slots=True)
class Finding:
    """The first thing that is wrong. `row` is a seq; None where it is the file as a whole."""

    row: int | None
    fault: Fault
    text: str


@dataclass(frozen=True, slots=True)
class Report:
    rows: int  # that were found good
    first: int | None
    last: int | None
    filtered: bool
    public_key: str | None
    finding: Finding | None


class Judge:
    """Takes the rows of a file in their order; after a finding it is done."""

    def __init__(self, *, filtered: bool, public_key: str | None = None) -> None:
        """`public_key`: who must have signed; None takes the file's own word."""
        self.public_key = public_key
        self._filtered = filtered
        self.rows = 0
        self.first: int | None = None
        self.last: FileRow | None = None
        self._digests = Digests()

    def copy(self) -> Judge:
        """A judge that has seen the same rows."""
        twin = Judge(filtered=self._filtered, public_key=self.public_key)
        twin.rows, twin.first, twin.last = self.rows, self.first, self.last
        twin._digests = self._digests.copy()
        return twin

    @property
    def seq(self) -> int:
        """Of the last good row; 0 before the first."""
        return 0 if self.last is None else self.last.seq

    def take(self, row: FileRow) -> Finding | None:
        if row.problem is not None:
            unnamed = None if self._filtered else self.seq + 1
            return Finding(row.seq or unnamed, Fault.CHANGED, f"is not readable: {row.problem}")
        finding = (
            self._place(row) or self._content(row) or self._signature(row) or self._margins(row)
        )
        if finding is None:
            self.rows += 1
            self.first = row.seq if self.first is None else self.first
            self.last = row
            self._digests.row(row.hash)
            if row.checkpoint is not None:
                self._digests.checkpoint(row.checkpoint.signature)
        return finding

    def end(self) -> Finding | None:
        """No row follows."""
        last = self.last
        if last is None or last.seal is None or last.values["action"] != "audit.export":
            return Finding(
                self.seq or None, Fault.TRUNCATED, "is the last row, and an export does not end so"
            )
        if last.checkpoint is None:
            return Finding(last.seq, Fault.SIGNATURE, "is the last row and has no signature")
        if _details(last).get("filtered") is not self._filtered:
            return Finding(last.seq, Fault.CHANGED, "tells of another selection than the file")
        if last.note != note_of(filtered=self._filtered):
            return Finding(last.seq, Fault.CHANGED, "has another note than an export has")
        assert self.public_key is not None
        if not is_signed(self.public_key, self._digests.statement(last.seq), last.seal):
            return Finding(
                last.seq,
                Fault.SIGNATURE,
                "seals another file: rows or signatures were changed, added or taken out",
            )
        return None

    def _place(self, row: FileRow) -> Finding | None:
        expected = self.seq + 1
        in_order = row.seq > self.seq if self._filtered else row.seq == expected
        if in_order and self.last is not None and self.last.seal is not None:
            return Finding(row.seq, Fault.CHANGED, "stands after the end of the export")
        if in_order:
            return None
        if self._filtered:
            again = row.seq == self.seq
            return Finding(
                row.seq,
                Fault.REPEATED if again else Fault.REORDERED,
                f"stands after row {self.seq}",
            )
        if chain_hash(self._hash, row.values | {"seq": expected}) == row.hash:
            return Finding(expected, Fault.CHANGED, "was changed: its number")
        if row.seq < expected:
            return Finding(row.seq, Fault.REPEATED, "stands there again")
        return Finding(row.seq, Fault.MISSING, _missing(expected, row.seq))

    def _content(self, row: FileRow) -> Finding | None:
        if chain_hash(row.previous_hash, row.values) != row.hash:
            return Finding(row.seq, Fault.CHANGED, "was changed")
        if row.seq == self.seq + 1 and row.previous_hash != self._hash:
            if self.last is None:
                return Finding(row.seq, Fault.CHANGED, "was changed: it is chained to nothing")
            # This row still names what it was chained to: it is the one before that is not it.
            return Finding(self.seq, Fault.CHANGED, "was changed, and its hash made anew")
        return None

    def _signature(self, row: FileRow) -> Finding | None:
        if row.stray is not None:
            return Finding(
                row.stray if row.stray > 0 else None,
                Fault.SIGNATURE,
                "is signed, and is not there or is signed twice",
            )
        signed = row.checkpoint
        if signed is None:
            return None
        if self.public_key is None:
            self.public_key = signed.public_key
        statement = checkpoint_statement(row.seq, row.hash, signed.signed_at)
        if (
            signed.row_hash == row.hash
            and signed.public_key == self.public_key
            and is_signed(self.public_key, statement, signed.signature)
        ):
            return None
        return Finding(
            row.seq,
            Fault.SIGNATURE,
            "has a signature that does not fit, or that another key made",
        )

    def _margins(self, row: FileRow) -> Finding | None:
        if (row.seal is None) is not (row.note is None):
            return Finding(row.seq, Fault.CHANGED, "is the last row only in part")
        return None

    @property
    def _hash(self) -> str:
        return GENESIS if self.last is None else self.last.hash


def verify(path: Path, *, public_key: str | None = None) -> Report:
    """Read the export at `path`. Raises `NotAnExport` and `OSError`."""
    export = open_export(path)
    judge = Judge(filtered=export.filtered, public_key=public_key)
    with closing(export.rows()) as rows:
        finding = _judged(export, judge, rows)
    return Report(
        rows=judge.rows,
        first=judge.first,
        last=judge.seq or None,
        filtered=export.filtered,
        public_key=judge.public_key,
        finding=finding,
    )


def _judged(export: ExportFile, judge: Judge, rows: Iterator[FileRow]) -> Finding | None:
    for row in rows:
        finding = judge.take(row)
        if finding is None:
            continue
        expected = judge.seq + 1
        if finding.fault is Fault.MISSING and any(row.seq == expected for row in rows):
            text = f"stands where row {expected} belongs, which comes later"
            return replace(finding, fault=Fault.REORDERED, text=text)
        return finding
    return judge.end() or _head(export, judge)


def _head(export: ExportFile, judge: Judge) -> Finding | None:
    """What a JSON file says of itself at its top must be what its last row says."""
    if export.head is None or judge.last is None:
        return None
    told = _details(judge.last)
    filters = {name: told[name] for name in told if name not in ("format", "filtered")}
    head = (export.head["exported_at"], export.head["filters"])
    if (
        head == (judge.last.values["timestamp"], filters)
        and export.head["filtered"] is told["filtered"]
    ):
        return None
    return Finding(None, Fault.CHANGED, "the head of the file was changed")


def _details(row: FileRow) -> dict[str, Any]:
    try:
        details = json.loads(str(row.values["details"]))
    except (ValueError, RecursionError):
        return {}
    return details if isinstance(details, dict) else {}


def _missing(expected: int, found: int) -> str:
    if expected == found - 1:
        return f"row {expected} is missing before it"
    return f"rows {expected} to {found - 1} are missing before it"
