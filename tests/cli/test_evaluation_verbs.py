"""`voiceassist eval`, as a process of its own over the sample handbook."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import shutil
import stat
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from appliance.cli import main
from appliance.container import Container
from appliance.services.evaluation.runs import EvaluationRuns
from appliance.settings import Settings
from appliance.storage.lock import DataLock
from tests.cli.test_verbs import ROOT, voiceassist
from tests.conftest import SettableClock
from tests.embedding_model import embedding_model
from tests.services.evaluation.parts import REFUSED, RIGHT, named, run_of

Invoked = Callable[..., Result]

HANDBOOK = ROOT / "data" / "sample_ward_handbook.txt"
SET = ROOT / "tests" / "quality" / "handbook.jsonl"
# What the sample must reach at least, on any machine.
REQUIRED = (
    "right >= 80%", "recall_at_5 >= 95%", "phrases >= 80%", "numbers >= 80%",
    "citation_precision >= 80%", "wrong_refusals <= 15%", "missed_refusals <= 0",
)  # fmt: skip
ONE_THREAD = {"OMP_WAIT_POLICY": "PASSIVE", "VOICEASSIST_THREADS": "1"}


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A knowledge base that holds the handbook alone."""
    embedding_model()
    folder = tmp_path_factory.mktemp("evaluation")
    (folder / "documents").mkdir()
    shutil.copy(HANDBOOK, folder / "documents")
    done = voiceassist(
        "kb", "import", str(folder / "documents"), data=folder / "data", **ONE_THREAD
    )
    assert done.returncode == 0, done.stderr
    return folder / "data"


def write_set(path: Path, *rows: dict[str, object]) -> Path:
    path.write_text("\n".join(map(json.dumps, rows)))
    return path


def row(question_id: str, question: str, **expected: object) -> dict[str, object]:
    return {"id": question_id, "question": question, **expected}


POTASSIUM = row(
    "potassium",
    "How often is potassium checked during replacement?",
    documents=[HANDBOOK.name],
)
CUP = row("cup", "Who won the football world cup in 1998?", refuse=True)


def test_the_sample_reaches_what_it_must(data: Path, tmp_path: Path) -> None:
    report = tmp_path / "report.html"
    report.write_text("others may read what stands here")
    report.chmod(0o644)
    required = [part for one in REQUIRED for part in ("--require", one)]
    done = voiceassist(
        "eval", "run", str(SET), "--report", str(report), "--json", *required, data=data,
        **ONE_THREAD,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    figures = json.loads(done.stdout)
    assert figures["missed"] == []
    assert figures["set"] == "handbook"
    assert figures["measures"]["number_errors"]["value"] == 0
    assert stat.S_IMODE(report.stat().st_mode) == 0o600
    written = report.read_text("utf-8")
    assert "How often is potassium checked during replacement?" in written
    assert "others may read" not in written
    assert "in the clear" in done.stderr
    assert list((data / "evaluation").iterdir()) == [data / "evaluation" / "appliance.lock"]


@pytest.fixture
def invoked() -> Iterator[Invoked]:
    """Runs a verb in this process: what needs no model is then told at once."""
    umask, root = os.umask(0o022), logging.getLogger()
    handlers, level = root.handlers[:], root.level

    def invoke(*arguments: str, data: Path) -> Result:
        # As typed: the environment of this process may name settings of its own.
        return CliRunner().invoke(main, [*arguments, "--data-dir", str(data)])

    yield invoke
    os.umask(umask)
    root.handlers[:] = handlers
    root.setLevel(level)
    logging.captureWarnings(False)


@pytest.fixture
def kept(tmp_path: Path) -> Path:
    """Data with three runs: one accepted, one the same, one that refuses what was answered."""
    container = Container(Settings(data_dir=tmp_path / "data"))

    async def fill() -> None:
        await container.open_accounts()
        clock = SettableClock()
        runs = EvaluationRuns(container.database, clock=clock)
        for run_id, visitors in (("old", RIGHT), ("same", RIGHT), ("worse", REFUSED)):
            run = run_of(named(RIGHT, "falls"), named(visitors, "visitors"), run_id=run_id)
            clock.advance(hours=1)
            await runs.keep(replace(run, created_at=clock.now), accepted=run_id == "old")
        await container.close()

    asyncio.run(fill())
    return tmp_path / "data"


def test_comparing(kept: Path, invoked: Invoked) -> None:
    same = invoked("eval", "compare", "same", data=kept)
    assert same.exit_code == 0, same.stderr
    worse = invoked("eval", "compare", data=kept)
    assert worse.exit_code == 1
    assert "now wrong: visitors" in worse.stdout
    assert RIGHT.question.text not in same.stdout + worse.stdout
    tolerated = invoked("eval", "compare", "--tolerance", "0.6", "--json", data=kept)
    assert tolerated.exit_code == 0
    assert json.loads(tolerated.stdout)["now_wrong"] == ["visitors"]


def test_accepting(kept: Path, invoked: Invoked) -> None:
    none = invoked("eval", "compare", "old", data=kept)
    assert (none.exit_code, "No other run" in none.stderr) == (1, True)
    accepted = invoked("eval", "accept", "wor", data=kept)
    assert accepted.stdout == "The run worse is accepted.\n"
    better = invoked("eval", "compare", "same", data=kept)
    assert better.exit_code == 0
    assert "now right: visitors" in better.stdout


def test_another_set_of_the_same_name_is_not_compared(
    kept: Path, tmp_path: Path, invoked: Invoked
) -> None:
    container = Container(Settings(data_dir=kept))

    async def keep() -> None:
        await container.open_accounts()
        clock = SettableClock()
        clock.advance(hours=9)
        run = replace(run_of(named(REFUSED, "stairs"), run_id="other"), created_at=clock.now)
        await EvaluationRuns(container.database, clock=clock).keep(run, accepted=False)
        await container.close()

    asyncio.run(keep())
    for arguments in ((), ("--json",), ("--tolerance", "1")):
        refused = invoked("eval", "compare", "other", *arguments, data=kept)
        assert (refused.exit_code, refused.stdout) == (1, "")
        assert "no question in common" in refused.stderr
        assert "Traceback" not in refused.stderr
    report = tmp_path / "report.html"
    assert invoked("eval", "report", "other", "--out", str(report), data=kept).exit_code == 0


def test_reports_and_deletion(kept: Path, tmp_path: Path, invoked: Invoked) -> None:
    listed = invoked("eval", "list", data=kept).stdout.splitlines()
    assert [line.split()[0] for line in listed] == ["worse", "same", "old"]
    assert ["accepted" in line for line in listed] == [False, False, True]
    report = tmp_path / "report.html"
    assert invoked("eval", "report", "--out", str(report), data=kept).exit_code == 0
    assert "Worse than the accepted run." in report.read_text("utf-8")
    unwritable = invoked("eval", "report", "--out", str(tmp_path / "no" / "x"), data=kept)
    assert (unwritable.exit_code, "Traceback" in unwritable.stderr) == (1, False)
    assert invoked("eval", "delete", "same", data=kept).exit_code == 0
    again = invoked("eval", "delete", "same", data=kept)
    assert (again.exit_code, again.stderr) == (1, "error: There is no run same.\n")


def test_it_works_beside_a_process_that_serves(data: Path, tmp_path: Path) -> None:
    asked = write_set(tmp_path / "beside.jsonl", CUP)
    arguments = ("eval", "run", str(asked), "--accept", "--require", "missed_refusals >= 0.5")
    serving = DataLock(data)
    try:
        done = voiceassist(*arguments, data=data, **ONE_THREAD)
    finally:
        serving.close()
    assert done.returncode == 1, done.stderr
    assert "missed_refusals >= 0.5 is missed: 0" in done.stdout
    assert "not accepted" in done.stdout
    evaluating = DataLock(data / "evaluation")
    try:
        refused = voiceassist("eval", "run", str(asked), data=data, **ONE_THREAD)
    finally:
        evaluating.close()
    assert (refused.returncode, "Another evaluation" in refused.stderr) == (1, True)


def test_a_set_of_other_documents_is_exit_code_2(data: Path, tmp_path: Path) -> None:
    asked = write_set(tmp_path / "other.jsonl", POTASSIUM | {"documents": ["missing.pdf"]})
    refused = voiceassist("eval", "run", str(asked), data=data, **ONE_THREAD)
    assert refused.returncode == 2
    assert "'missing.pdf'" in refused.stderr
    assert "Traceback" not in refused.stderr


@pytest.mark.parametrize(
    ("content", "arguments", "told"),
    [
        ("{", (), "line 1: not JSON"),
        (json.dumps(CUP), ("--require", "right"), "not of the form"),
        (json.dumps(CUP), ("--require", "wrong >= 1"), "is no measure"),
        (json.dumps(CUP), ("--require", "page_recall_at_5 >= 101%"), "is a share"),
    ],
)
def test_a_bad_set_is_exit_code_2(
    tmp_path: Path, invoked: Invoked, content: str, arguments: tuple[str, ...], told: str
) -> None:
    (tmp_path / "bad.jsonl").write_text(content)
    refused = invoked(
        "eval", "run", str(tmp_path / "bad.jsonl"), *arguments, data=tmp_path / "data"
    )
    assert refused.exit_code == 2
    assert refused.stderr.splitlines()[-1].startswith("error: ")
    assert told in refused.stderr
    assert "Traceback" not in refused.stderr


def test_what_is_not_there(tmp_path: Path, invoked: Invoked) -> None:
    asked = write_set(tmp_path / "set.jsonl", CUP)
    missing = invoked("eval", "run", str(tmp_path / "none.jsonl"), data=tmp_path / "data")
    assert missing.exit_code == 2
    nowhere = invoked("eval", "run", str(asked), data=tmp_path / "data")
    assert (nowhere.exit_code, "There is no appliance's data" in nowhere.stderr) == (1, True)
    assert not (tmp_path / "data").exists()
