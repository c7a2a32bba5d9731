"""`voiceassist audit`: SECURITY F4, an export is checked with nothing but the file."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest

from appliance.domain import AdminRole, Principal, RequestOrigin, User, utc_now
from appliance.services.audit import AuditFilter, AuditTrail
from appliance.services.audit_formats import ExportFormat
from appliance.services.audit_signing import AuditSigner
from appliance.storage import audit
from appliance.storage.audit import AuditEntry
from appliance.storage.database import Connection, Database
from appliance.storage.keys import Keyring
from tests.cli.test_verbs import voiceassist
from tests.conftest import KEY

ACTOR = Principal(User("admin-1", "a@b.c", "A", True, AdminRole.ADMIN, utc_now()), "session-1")


async def made(directory: Path, key: Keyring, wanted: AuditFilter) -> dict[str, Path]:
    database = await Database.open(directory / "test.db", KEY)
    trail = AuditTrail(database, AuditSigner(key.derive("audit-signing")))

    def work(tx: Connection) -> None:
        for _ in range(20):
            audit.append(tx, AuditEntry(utc_now(), "thing.do", True))

    await database.write(work)
    paths = {}
    for form in ExportFormat:
        origin = RequestOrigin("request-1", "10.0.0.9")
        pieces = await trail.export(wanted, form, actor=ACTOR, origin=origin)
        content = b"".join([piece async for piece in pieces])
        paths[form.value] = directory / f"trail.{form}"
        await asyncio.to_thread(paths[form.value].write_bytes, content)
    await database.close()
    return paths


@pytest.mark.parametrize("form", ["csv", "json"])
def test_f4_verify_works_on_a_file_alone(tmp_path: Path, form: str) -> None:
    keys = Keyring.open(tmp_path / "data" / "keys", may_create=True)
    path = asyncio.run(made(tmp_path, keys, AuditFilter()))[form]
    nowhere = tmp_path / "no data here"
    total = 21 if form == "csv" else 22

    key = voiceassist("audit", "key", data=tmp_path / "data").stdout.strip()
    intact = voiceassist("audit", "verify", str(path), data=nowhere)
    assert intact.returncode == 0, intact.stdout + intact.stderr
    assert intact.stdout.startswith(f"{total} rows, seq 1 to {total}, intact\n")
    assert f"Signed by {key}" in intact.stdout
    assert "own word" in intact.stdout

    pinned = voiceassist("audit", "verify", str(path), "--key", key.upper(), data=nowhere)
    assert (pinned.returncode, "own word" in pinned.stdout) == (0, False)
    other = voiceassist("audit", "verify", str(path), "--key", "00" * 32, data=nowhere)
    assert (other.returncode, "bad signature" in other.stdout) == (1, True)

    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join([*lines[:7], *lines[8:]]))
    broken = voiceassist("audit", "verify", str(path), data=nowhere)
    assert broken.returncode == 1
    assert "missing before: row 8 row 7 is missing before it" in broken.stdout
    as_json = voiceassist("audit", "verify", "--json", str(path), data=nowhere)
    report = json.loads(as_json.stdout)
    assert (as_json.returncode, report["intact"], report["rows"]) == (1, False, 6)
    assert (report["finding"]["row"], report["finding"]["fault"]) == (8, "missing before")
    assert not nowhere.exists()


def test_a_selection_is_told_as_one(tmp_path: Path) -> None:
    keys = Keyring(bytes(32))
    path = asyncio.run(made(tmp_path, keys, AuditFilter(action="thing.do")))["csv"]
    done = voiceassist("audit", "verify", str(path), data=tmp_path)
    assert done.returncode == 0
    assert "a selection" in done.stdout


def test_what_is_no_export_has_its_own_exit_code(tmp_path: Path) -> None:
    path = tmp_path / "notes.csv"
    path.write_text("a,b\n1,2\n")
    for wrong in (path, tmp_path / "absent.csv"):
        refused = voiceassist("audit", "verify", str(wrong), data=tmp_path)
        assert (refused.returncode, refused.stdout) == (2, "")
        assert "Traceback" not in refused.stderr


def test_there_is_no_key_without_data(tmp_path: Path) -> None:
    refused = voiceassist("audit", "key", data=tmp_path / "data")
    assert refused.returncode == 1
    assert not (tmp_path / "data").exists()
