"""SECURITY F3 and F4: whatever happens to an exported trail is found, at its first bad row."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import random
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from appliance.domain import AdminRole, Principal, RequestOrigin, User
from appliance.services.audit import AuditFilter, AuditTrail, Details
from appliance.services.audit_files import FileRow, NotAnExport, Signed, open_export
from appliance.services.audit_formats import CSV_COLUMNS, ExportFormat
from appliance.services.audit_signing import AuditSigner, checkpoint_statement, seal_statement
from appliance.services.audit_verification import Fault, Finding, Judge, verify
from appliance.storage import audit
from appliance.storage.audit import COLUMNS, AuditEntry, chain_hash
from appliance.storage.database import Connection, Database
from tests.conftest import SettableClock

SEED = bytes(range(32))
OTHER = AuditSigner(bytes(32))
ORIGIN = RequestOrigin("request-1", "10.0.0.9")
LENGTH = 300
MUTATIONS = 10_000
Lines = list[list[str]]


@dataclass(frozen=True)
class Exports:
    csv: Path
    json: Path
    csv_selection: Path
    json_selection: Path
    key: str

    @property
    def all(self) -> list[Path]:
        return [self.csv, self.json, self.csv_selection, self.json_selection]


@pytest.fixture
async def exports(
    database: Database, clock: SettableClock, tmp_path: Path
) -> AsyncIterator[Exports]:
    """A trail of a few hundred rows with checkpoints here and there, exported in every way."""
    trail = AuditTrail(database, AuditSigner(SEED), clock=clock)
    admin = Principal(User("admin-1", "a@b.c", "A", True, AdminRole.ADMIN, clock()), "session-1")

    async def export(name: str, form: ExportFormat, wanted: AuditFilter) -> Path:
        pieces = await trail.export(wanted, form, actor=admin, origin=ORIGIN)
        path = tmp_path / name
        content = b"".join([piece async for piece in pieces])
        path.write_bytes(content)
        return path

    for number in range(LENGTH // 20):

        def work(tx: Connection) -> None:
            for each in range(20):
                clock.advance(seconds=1)
                details: Details = {"number": each, "of": "ü", "share": 0.1}
                action = "thing.do" if each % 3 else "thing.undo"
                entry = AuditEntry(
                    clock(), action, each % 7 > 0, admin, None, ORIGIN, "thing", "=1", details
                )
                audit.append(tx, entry)

        await database.write(work)
        if number % 2:
            await trail.checkpoint()
    # Earlier exports stand in the later ones: to cut a file down to them must be found.
    everything, selection = AuditFilter(), AuditFilter(action="thing.do")
    await export("earlier", ExportFormat.CSV, everything)
    yield Exports(
        csv=await export("trail.csv", ExportFormat.CSV, everything),
        json=await export("trail.json", ExportFormat.JSON, everything),
        csv_selection=await export("selection.csv", ExportFormat.CSV, selection),
        json_selection=await export("selection.json", ExportFormat.JSON, selection),
        key=trail.public_key,
    )


async def test_untouched_exports_are_intact(exports: Exports) -> None:
    for path in exports.all:
        report = verify(path, public_key=exports.key)
        assert report.finding is None, path
        assert report.rows > LENGTH // 2
    assert (verify(exports.csv).first, verify(exports.csv).last) == (1, LENGTH + 2)


async def test_f3_ten_thousand_mutations_are_found_at_their_first_bad_row(
    exports: Exports,
) -> None:
    """Judged from the row before the first touched one on, by a judge that has seen all before."""
    rows = list(open_export(exports.csv).rows())
    judges = [Judge(filtered=False)]
    for row in rows:
        judge = judges[-1].copy()
        assert judge.take(row) is None
        judges.append(judge)
    assert judges[-1].end() is None

    def verdict(mutated: list[FileRow], start: int) -> Finding | None:
        judge = judges[start].copy()
        for row in mutated[start:]:
            finding = judge.take(row)
            if finding is not None:
                return finding
        return judge.end()

    chance = random.Random(20260101)
    for number in range(MUTATIONS):
        kind = ("field", "delete", "swap", "duplicate", "truncate", "rehash")[number % 6]
        at = chance.randrange(len(rows))
        mutated = list(rows)
        if kind == "field":
            mutated[at] = changed(rows[at], chance)
            expected = rows[at].seq
        elif kind == "delete":
            at = chance.randrange(len(rows) - 1)
            del mutated[at]
            expected = rows[at + 1].seq
        elif kind == "swap":
            at, other = sorted(chance.sample(range(len(rows)), 2))
            mutated[at], mutated[other] = rows[other], rows[at]
            expected = rows[other].seq
        elif kind == "duplicate":
            to = chance.randrange(len(rows) + 1)
            mutated.insert(to, rows[at])
            # Before its own place it stands where another belongs; after, it is there already.
            expected, at = rows[at].seq, (to if to != at else at)
        elif kind == "truncate":
            del mutated[at:]
            expected = rows[at].seq - 1
        else:
            # Somebody who knows the scheme: the row's own hash made anew.
            at = chance.randrange(len(rows) - 1)
            values = rows[at].values | {"user_id": "nobody"}
            mutated[at] = replace(
                rows[at], values=values, hash=chain_hash(rows[at].previous_hash, values)
            )
            expected = rows[at].seq
        finding = verdict(mutated, min(at, len(mutated)))
        assert finding is not None, (number, kind, at)
        assert (finding.row or 0) == expected, (number, kind, at, finding)


def changed(row: FileRow, chance: random.Random) -> FileRow:
    """`row` with one field that is not what it was."""
    name = chance.choice(
        [*COLUMNS, "previous_hash", "hash", "note", "seal", "signed_at", "signature", "key"]
    )
    text = chance.choice(["x", "0" * 64, "'", "ü", "{}", "9"])
    if name == "seq":
        return replace(row, values=row.values | {"seq": row.seq + 100_000}, seq=row.seq + 100_000)
    if name == "success":
        return replace(row, values=row.values | {"success": 1 - row.values["success"]})
    if name in COLUMNS:
        text = text if row.values[name] != text else text + "y"
        return replace(row, values=row.values | {name: text})
    if name in ("previous_hash", "hash"):
        of_another = f"{chance.getrandbits(256):064x}"
        other: dict[str, Any] = {name: of_another}
        return replace(row, **other)
    if name in ("note", "seal"):
        margin: dict[str, Any] = {name: text}
        return replace(row, **margin)
    signed = row.checkpoint or Signed(row.seq, row.hash, "", "", "")
    part: dict[str, Any] = {"public_key" if name == "key" else name: text}
    return replace(row, checkpoint=replace(signed, **part))


def read_csv(path: Path) -> Lines:
    return list(csv.reader(io.StringIO(path.read_bytes().decode(), newline="")))


def written(path: Path, lines: Lines) -> Path:
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator="\r\n").writerows(lines)
    target = path.with_name("mutated.csv")
    target.write_bytes(text.getvalue().encode())
    return target


def found(path: Path) -> tuple[int | None, Fault]:
    finding = verify(path).finding
    assert finding is not None
    return finding.row, finding.fault


async def test_f3_every_field_of_a_csv_row(exports: Exports) -> None:
    lines = read_csv(exports.csv)
    signed = next(number for number, line in enumerate(lines) if number and line[-3])
    for place in (1, 7, signed, len(lines) - 1):
        for column in range(len(lines[0])):
            for value in ("", "7", "x", "=x"):
                mutated = [list(line) for line in lines]
                if mutated[place][column] == value:
                    continue
                mutated[place][column] = value
                row, fault = found(written(exports.csv, mutated))
                assert row == place, (place, CSV_COLUMNS[False][column], value, fault)


@pytest.mark.parametrize(
    ("mutate", "row", "fault"),
    [
        (lambda lines: lines[:10] + lines[11:], 11, Fault.MISSING),
        (lambda lines: lines[:10] + lines[20:], 20, Fault.MISSING),
        (lambda lines: lines[:1] + lines[2:], 2, Fault.MISSING),
        (lambda lines: [*lines[:10], lines[11], lines[10], *lines[12:]], 11, Fault.REORDERED),
        (lambda lines: [*lines[:10], lines[9], *lines[10:]], 9, Fault.REPEATED),
        (lambda lines: [*lines, lines[-1]], LENGTH + 2, Fault.REPEATED),
        (lambda lines: lines[:-1], LENGTH + 1, Fault.TRUNCATED),
        (lambda lines: lines[:41], 40, Fault.TRUNCATED),
        (lambda lines: lines[:1], None, Fault.TRUNCATED),
    ],
)
@pytest.mark.parametrize("form", ["csv", "json"])
async def test_f3_rows_taken_out_moved_or_cut_off(
    exports: Exports,
    form: str,
    mutate: Callable[[list[Any]], list[Any]],
    row: int | None,
    fault: Fault,
) -> None:
    if form == "csv":
        assert found(written(exports.csv, mutate(read_csv(exports.csv)))) == (row, fault)
        return
    # The same with the lines of the JSON file; what follows its rows stays, but for a cut.
    lines = [line.removesuffix(",") for line in exports.json.read_text().splitlines()]
    number = LENGTH + 3
    head, body, tail = lines[0], lines[1 : number + 1], lines[number + 1 :]
    if fault is Fault.TRUNCATED:
        kept = mutate(["head", *body])[1:]
        tail = []
        # The JSON export is one row longer: it has the row of the CSV export before it.
        row = None if row is None else len(kept)
    else:
        kept = mutate(["head", *body])[1:]
        row = number if row == LENGTH + 2 else row
    path = exports.json.with_name("mutated.json")
    path.write_text("\n".join([head + ",", ",\n".join(kept), *tail]).replace("[,", "[") + "\n")
    assert found(path) == (row, fault)


async def test_f3_a_file_cut_anywhere(exports: Exports) -> None:
    chance = random.Random(7)
    for path in exports.all:
        content = path.read_bytes()
        head = content.index(b"\n") + 1
        target = path.with_name("cut")
        for _ in range(60):
            target.write_bytes(content[: chance.randrange(head, len(content) - 2)])
            row, fault = found(target)
            assert fault is Fault.TRUNCATED, (path, row)
        target.write_bytes(content[: head - 5])
        with pytest.raises(NotAnExport):
            verify(target)


async def test_f3_a_longer_trail_is_not_cut_down_to_an_older_export(exports: Exports) -> None:
    lines = read_csv(exports.csv)
    older = lines[: LENGTH + 2]  # ends with the signed row of the export before
    assert older[-1][2] == "audit.export" and older[-1][-3]
    assert found(written(exports.csv, older)) == (LENGTH + 1, Fault.TRUNCATED)
    older[-1][-2:] = lines[-1][-2:]
    assert found(written(exports.csv, older)) == (LENGTH + 1, Fault.SIGNATURE)


async def test_f3_who_makes_every_hash_anew_fails_at_the_next_signature(exports: Exports) -> None:
    lines = read_csv(exports.csv)
    signed = [number for number, line in enumerate(lines) if number and line[-3]]
    rewritten(lines, 50, "role", "viewer")
    assert found(written(exports.csv, lines)) == (
        next(number for number in signed if number >= 50),
        Fault.SIGNATURE,
    )


async def test_f3_another_signer_is_told_apart_by_a_pinned_key_only(exports: Exports) -> None:
    lines = read_csv(exports.csv)
    rewritten(lines, 50, "role", "viewer")
    rows, checkpoints = hashlib.sha256(), hashlib.sha256()
    for seq, line in enumerate(lines[1:], 1):
        rows.update(line[13].encode())
        if line[-3]:
            line[15] = OTHER.sign(checkpoint_statement(seq, line[13], line[14]))
            line[16] = OTHER.public_key
            checkpoints.update(line[15].encode())
    statement = seal_statement(len(lines) - 1, rows.hexdigest(), checkpoints.hexdigest())
    lines[-1][-1] = OTHER.sign(statement)
    forged = written(exports.csv, lines)
    report = verify(forged)
    assert (report.finding, report.public_key) == (None, OTHER.public_key)
    finding = verify(forged, public_key=exports.key).finding
    assert finding is not None and finding.fault is Fault.SIGNATURE


def rewritten(lines: Lines, start: int, name: str, value: str) -> None:
    """Change one field of row `start` and compute every later hash as the scheme has it."""
    lines[start][COLUMNS.index(name)] = value
    for number in range(start, len(lines)):
        values: dict[str, Any] = dict(zip(COLUMNS, lines[number], strict=False))
        values = {key: text.removeprefix("'") or None for key, text in values.items()}
        values |= {"seq": int(lines[number][0]), "success": int(values["success"])}
        lines[number][12] = lines[number - 1][13]
        lines[number][13] = chain_hash(lines[number][12], values)


async def test_f3_a_selection_is_as_it_was_exported(exports: Exports) -> None:
    """What its rows cannot show by themselves the seal shows."""
    lines = read_csv(exports.csv_selection)
    assert found(written(exports.csv_selection, lines[:10] + lines[11:]))[1] in (
        Fault.SIGNATURE,
        Fault.CHANGED,
    )
    assert found(written(exports.csv_selection, [*lines[:9], lines[10], lines[9], *lines[11:]]))
    assert found(written(exports.csv_selection, [*lines[:9], lines[9], *lines[9:]])) == (
        int(lines[9][0]),
        Fault.REPEATED,
    )
    for column in range(len(lines[0])):
        mutated = [list(line) for line in lines]
        mutated[9][column] = "5"
        assert found(written(exports.csv_selection, mutated))
    # A whole trail that calls itself a selection, to have rows taken out of it.
    whole = read_csv(exports.csv)
    whole[0] = list(CSV_COLUMNS[True])
    assert found(written(exports.csv, whole)) == (LENGTH + 2, Fault.CHANGED)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("public_key", "0" * 64),
        ("public_key", 7),
        ("exported_at", "2001-01-01T00:00:00.000000Z"),
        ("filters", {"action": "thing.do"}),
        ("filtered", True),
        ("filtered", 0),
        ("note", "x"),
    ],
)
async def test_f3_the_head_of_a_json_file(exports: Exports, name: str, value: object) -> None:
    head, _, rest = exports.json.read_text().partition("\n")
    document = json.loads(head + "]}")
    document[name] = value
    path = exports.json.with_name("mutated.json")
    path.write_text(json.dumps(document, separators=(",", ":"))[:-2] + "\n" + rest)
    assert found(path)


async def test_f3_the_checkpoints_of_a_json_file(exports: Exports) -> None:
    lines = exports.json.read_text().splitlines()
    start = lines.index('],"checkpoints":[') + 1
    path = exports.json.with_name("mutated.json")
    for place in (start, start + 1, len(lines) - 2):
        for change in ("drop", "twice", "seq", "hash", "signed_at", "signature", "rubbish"):
            mutated = list(lines)
            entry = json.loads(lines[place].removesuffix(","))
            if change == "drop":
                del mutated[place]
            elif change == "twice":
                mutated.insert(place, lines[place])
            elif change == "rubbish":
                mutated[place] = "x,"
            else:
                entry[change] = entry["seq"] + 1 if change == "seq" else "0" * 128
                mutated[place] = json.dumps(entry, separators=(",", ":")) + ","
            path.write_text("\n".join(mutated) + "\n")
            assert found(path), (place, change)


async def test_f3_a_field_that_stands_twice_in_a_json_row(exports: Exports) -> None:
    lines = exports.json.read_text().splitlines()
    lines[5] = lines[5].replace('{"seq"', '{"action":"nothing.done","seq"')
    path = exports.json.with_name("mutated.json")
    path.write_text("\n".join(lines) + "\n")
    assert found(path) == (5, Fault.CHANGED)


@pytest.mark.parametrize(
    "content", [b"", b"\n", b"seq,action\r\n1,x\r\n", b"{}", b"[" * 100_000, b"\x00\xff" * 99]
)
async def test_what_is_no_export_is_called_so(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "file"
    path.write_bytes(content)
    with pytest.raises(NotAnExport):
        verify(path)


async def test_rubbish_inside_is_a_finding(exports: Exports) -> None:
    chance = random.Random(3)
    for path in exports.all:
        content, whole = bytearray(path.read_bytes()), list(open_export(path).rows())
        head = content.index(b"\n") + 1
        for _ in range(20):
            mutated = bytearray(content)
            at = chance.randrange(head, len(content) - 200)
            mutated[at] ^= 1 << chance.randrange(8)
            target = path.with_name("rubbish")
            target.write_bytes(mutated)
            # Of a quotation mark or a line end, the reader may make the same row.
            if list(open_export(target).rows()) != whole:
                assert verify(target).finding is not None, (path, at)


@pytest.mark.parametrize(
    "forge",
    [
        # What other readers take for the rows, hidden behind what looks like the end of a list.
        lambda text: text.replace(
            '],"checkpoints":[', '],"rows":[\n{"seq":1}\n],"checkpoints":[', 1
        ),
        lambda text: text.replace('],"seal"', '],"rows":[\n{"forged":1}\n],"seal"', 1),
        lambda text: text.replace('],"seal"', ']\n],"seal"', 1),
        lambda text: text + '{"rows":[]}\n',
        lambda text: text + "\n",
    ],
)
@pytest.mark.parametrize("pinned", [True, False])
async def test_f3_nothing_can_be_added_around_the_rows(
    exports: Exports, tmp_path: Path, forge: Callable[[str], str], pinned: bool
) -> None:
    text = exports.json.read_text("utf-8")
    forged = tmp_path / "forged.json"
    forged.write_text(forge(text), "utf-8")
    assert forged.read_text("utf-8") != text
    report = verify(forged, public_key=exports.key if pinned else None)
    assert report.finding is not None


async def test_f3_the_guard_against_formulas_is_part_of_the_file(
    exports: Exports, tmp_path: Path
) -> None:
    text = exports.csv.read_bytes()
    forged = tmp_path / "forged.csv"
    forged.write_bytes(text.replace(b"'=1", b"=1", 1))
    assert forged.read_bytes() != text
    assert verify(forged, public_key=exports.key).finding is not None
