"""The console verbs, run as processes of their own."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from tests.embedding_model import embedding_model

ROOT = Path(__file__).parents[2]


def voiceassist(
    *arguments: str, data: Path, standard_input: str = "", **environment: str
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "appliance", *arguments],
        cwd=ROOT,
        env={**os.environ, "VOICEASSIST_DATA_DIR": str(data), **environment},
        input=standard_input,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_version_names_the_parts(tmp_path: Path) -> None:
    printed = json.loads(voiceassist("version", "--json", data=tmp_path).stdout)
    assert printed["api"] == "2.0.0"
    assert set(printed) == {"appliance", "api", "sqlite", "python"}


@pytest.mark.parametrize(
    "verb", [(), ("serve",), ("admin", "create"), ("kb", "import"), ("eval",), ("eval", "run")]
)
def test_help_explains_and_touches_nothing(tmp_path: Path, verb: tuple[str, ...]) -> None:
    data = tmp_path / "data"
    shown = voiceassist(*verb, "--help", data=data)
    assert shown.returncode == 0
    assert "Usage:" in shown.stdout
    assert not data.exists()


def test_admin_create_prints_a_password_once_and_refuses_a_second(tmp_path: Path) -> None:
    data = tmp_path / "data"
    made = voiceassist("admin", "create", "--email", "Chief@Hospital.example", data=data)
    assert made.returncode == 0, made.stderr
    lines = dict(line.split(": ", 1) for line in made.stdout.splitlines())
    assert lines["email"] == "chief@hospital.example"
    assert len(lines["password"]) >= 20
    again = voiceassist("admin", "create", "--email", "chief@hospital.example", data=data)
    assert again.returncode == 1
    assert again.stderr.startswith("error: ")
    assert "password" not in again.stdout


def test_admin_create_takes_a_password_from_standard_input(tmp_path: Path) -> None:
    arguments = ("admin", "create", "--email", "a@b.example", "--password-stdin")
    short = voiceassist(*arguments, data=tmp_path / "data", standard_input="short\n")
    assert (short.returncode, "12" in short.stderr) == (1, True)
    made = voiceassist(*arguments, data=tmp_path / "data", standard_input="correct horse battery\n")
    assert made.returncode == 0, made.stderr
    assert "correct horse" not in made.stdout + made.stderr
    empty = voiceassist(
        "admin", "create", "--email", "c@d.example", "--password-stdin", data=tmp_path / "data"
    )
    assert empty.returncode == 1


def test_a_wrong_setting_is_named(tmp_path: Path) -> None:
    refused = voiceassist("serve", data=tmp_path / "data", VOICEASSIST_PORT="http")
    assert refused.returncode == 2
    assert "VOICEASSIST_PORT" in refused.stderr
    assert not (tmp_path / "data").exists()


def test_a_taken_port_is_named(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        refused = voiceassist("serve", "--port", port, data=tmp_path / "data")
    assert refused.returncode == 1
    assert f"port {port}" in refused.stderr
    assert "Traceback" not in refused.stderr


def test_a_missing_embedding_model_is_named(tmp_path: Path) -> None:
    refused = voiceassist(
        "serve",
        "--port",
        "0",
        data=tmp_path / "data",
        VOICEASSIST_EMBEDDING_MODEL=str(tmp_path / "none.gguf"),
    )
    assert refused.returncode == 1
    assert "embedding_model" in refused.stderr
    assert "Traceback" not in refused.stderr


def test_data_without_its_key_is_refused(tmp_path: Path) -> None:
    data = tmp_path / "data"
    voiceassist("admin", "create", "--email", "a@b.example", data=data)
    (data / "keys" / "master.key").unlink()
    refused = voiceassist("admin", "create", "--email", "c@d.example", data=data)
    assert refused.returncode == 1
    assert "master.key" in refused.stderr
    assert not (data / "keys" / "master.key").exists()


def test_kb_import_indexes_and_reports_failures(tmp_path: Path) -> None:
    embedding_model()
    documents = tmp_path / "documents" / "below"
    documents.mkdir(parents=True)
    (documents / "falls.txt").write_text(
        "Falls are reported to the nurse in charge within 1 hour.\n"
    )
    (documents / "empty.txt").write_text("")
    (documents / "not.pdf").write_text("no PDF at all")
    (documents / "notes.docx").write_text("ignored")
    data = tmp_path / "data"
    done = voiceassist("kb", "import", str(tmp_path / "documents"), data=data)
    assert done.returncode == 1, done.stderr
    assert "1 of 3 documents are indexed." in done.stdout
    assert "empty.txt" in done.stderr
    assert "not.pdf" in done.stderr
    assert "docx" not in done.stdout + done.stderr
    again = voiceassist("kb", "import", str(documents), "--category", "ward", data=data)
    assert "1 of 3 documents are indexed." in again.stdout


def test_kb_import_of_nothing(tmp_path: Path) -> None:
    (tmp_path / "documents").mkdir()
    refused = voiceassist("kb", "import", str(tmp_path / "documents"), data=tmp_path / "data")
    assert refused.returncode == 1
    assert "There is no PDF or TXT" in refused.stderr


@pytest.mark.parametrize("verb", [("serve",), ("admin", "create", "--email", "a@b.example")])
def test_a_data_directory_that_cannot_be_is_told_in_one_line(
    tmp_path: Path, verb: tuple[str, ...]
) -> None:
    (tmp_path / "file").touch()
    refused = voiceassist(*verb, data=tmp_path / "file" / "data", VOICEASSIST_PORT="0")
    assert refused.returncode == 1
    assert refused.stderr.startswith("error: ")
    assert str(tmp_path / "file") in refused.stderr
    assert "Traceback" not in refused.stderr


@pytest.mark.parametrize("at", ["The first admin", "VoiceAssist serves at"])
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_stop_in_a_first_start_ends_it(tmp_path: Path, at: str, number: signal.Signals) -> None:
    model = embedding_model()
    with subprocess.Popen(
        [sys.executable, "-m", "appliance", "serve", "--first-run"],
        cwd=ROOT,
        env={
            **os.environ,
            "VOICEASSIST_DATA_DIR": str(tmp_path / "data"),
            "VOICEASSIST_PORT": "0",
            "VOICEASSIST_EMBEDDING_MODEL": str(model),
            "PYTHONUNBUFFERED": "1",
        },
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            assert process.stdout is not None
            assert any(line.startswith(at) for line in process.stdout)
            process.send_signal(number)
            _, said = process.communicate(timeout=20)
        finally:
            process.kill()
    assert process.returncode in (0, -number)
    assert "Traceback" not in said
