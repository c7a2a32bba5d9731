"""Loading and changing the language model, over real files and a real database."""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest

from appliance.engines.protocols import QueuePlace
from appliance.errors import Conflict, Invalid, NotFound, StorageFull, Unavailable
from appliance.services.language_models import LanguageModels, LlmChange
from appliance.services.llm_swap import LlmSwap, Phase
from appliance.services.model_files import ModelFiles
from appliance.services.serving_llm import ServingLlm
from appliance.storage.database import Database
from tests.answering_parts import ORIGIN, enrol, principal, rows
from tests.engines.questions import question
from tests.fake_engine import FakeEngine
from tests.fake_loader import FakeLoader

ADA = principal("ada")
AS_ADA: dict[str, Any] = {"actor": ADA, "origin": ORIGIN}
QUESTION = question("What is the dose?", ["5 mg"])


class Machine:
    """The appliance's language model; `start` again is a restart."""

    def __init__(self, database: Database, root: Path) -> None:
        self.database, self.directory = database, root / "models"
        self.directory.mkdir()
        self.default: Path | None = None
        self.catalogue: dict[str, str] = {}
        self.loader = FakeLoader()
        self.started: list[tuple[LanguageModels, ModelFiles]] = []
        self.new()

    def new(self) -> None:
        self.serving = ServingLlm()
        files = ModelFiles(self.database, self.directory, self.catalogue)
        swap = LlmSwap(self.serving, files, self.loader)
        self.models = LanguageModels(self.database, self.serving, files, swap, default=self.default)
        self.started.append((self.models, files))

    def put(self, name: str, content: str = "good") -> Path:
        path = self.directory / name
        path.write_text(content)
        return path

    async def start(self, default: Path | None = None) -> None:
        await self.stop()
        self.default = default
        self.new()
        await self.models.start()
        await self.models.settled()

    async def choose(self, name: str, sha256: str | None = None) -> None:
        await self.models.choose(name, sha256=sha256, **AS_ADA)
        await self.models.settled()

    async def stop(self) -> None:
        for models, files in self.started:
            await models.close()
            files.close()
        self.started.clear()

    def served(self) -> tuple[str | None, str | None]:
        return self.models.status.model, self.models.status.file

    @property
    def change(self) -> LlmChange:
        change = self.models.status.change
        assert change is not None
        return change

    async def until(self, phase: Phase) -> None:
        async with asyncio.timeout(10):
            while self.models.status.change is None or self.change.phase is not phase:  # noqa: ASYNC110
                await asyncio.sleep(0.002)

    async def begin_answer(self, *pieces: str) -> Any:
        engine = self.serving.engine
        assert isinstance(engine, FakeEngine)
        engine.enqueue(pieces, hangs=True)
        asked = self.serving.for_question()
        assert asked is not None
        stream = asked.answer(QUESTION)
        await anext(stream)
        return stream

    async def audited(self) -> list[tuple[str, str | None, int, dict[str, Any]]]:
        found = await rows(
            self.database,
            "SELECT * FROM audit_log WHERE action LIKE 'llm.%' ORDER BY seq",
        )
        return [
            (row["action"], row["resource_id"], row["success"], json.loads(row["details"]))
            for row in found
        ]


@pytest.fixture
async def machine(database: Database, tmp_path: Path) -> AsyncIterator[Machine]:
    await enrol(database, ADA)
    made = Machine(database, tmp_path)
    yield made
    made.loader.hold.set()
    await made.stop()
    assert made.loader.open_engines == []


async def test_the_settings_model_is_loaded_in_the_background(machine: Machine) -> None:
    default = machine.put("default.gguf")
    machine.default = default
    machine.new()
    machine.loader.hold.clear()
    await machine.models.start()
    await machine.until(Phase.LOADING)
    assert machine.served() == (None, None)
    assert (machine.change.file, machine.change.progress) == ("default.gguf", 0.5)
    asked = machine.serving.for_question()
    assert asked is not None
    with pytest.raises(Unavailable, match=r"not ready yet \(loading, 50% done\)") as refused:
        await anext(asked.answer(QUESTION))
    assert refused.value.retry_after
    machine.loader.hold.set()
    await machine.models.settled()
    assert machine.served() == ("default", "default.gguf")
    assert machine.models.status.change is None
    good = hashlib.sha256(b"good").hexdigest()
    assert await machine.audited() == [("llm.load", "default.gguf", 1, {"sha256": good})]


async def test_without_a_model_nothing_is_loaded(machine: Machine) -> None:
    await machine.start()
    assert machine.served() == (None, None) and machine.models.status.change is None
    assert machine.serving.for_question() is None
    assert await machine.audited() == []


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (None, "default.gguf does not exist"),
        ("no model", "is no model"),
        ("listed", "is not the file of that name in the catalogue"),
        ("broken", "cannot be loaded"),
        ("harmful", "makes it fail"),
    ],
)
async def test_a_failed_start_says_why_and_can_be_put_right(
    content: str | None, reason: str, machine: Machine
) -> None:
    default = machine.directory / "default.gguf"
    if content is not None:
        machine.put("default.gguf", content)
    if content == "listed":
        machine.catalogue["default.gguf"] = "0" * 64
    await machine.start(default)
    assert machine.change.phase is Phase.FAILED
    assert machine.change.reason is not None and reason in machine.change.reason
    assert str(machine.directory) not in machine.change.reason
    for _ in range(2):
        with pytest.raises(Unavailable, match=reason):
            machine.serving.check()
    action, name, success, _ = (await machine.audited())[-1]
    assert (action, name, success) == ("llm.load", "default.gguf", 0)
    assert await rows(machine.database, "SELECT * FROM model_files") == []
    machine.put("other.gguf")
    await machine.choose("other.gguf")
    assert machine.served() == ("other", "other.gguf")
    machine.serving.check()


async def test_a_change_holds_over_restarts_and_can_be_forgotten(machine: Machine) -> None:
    default = machine.put("default.gguf")
    machine.put("other.gguf", "also good")
    await machine.start(default)
    await machine.choose("other.gguf")
    assert machine.served() == ("other", "other.gguf")
    assert machine.loader.open_engines == ["other"]
    shown = [(each.name, each.is_served) for each in await machine.models.candidates()]
    assert shown == [("default.gguf", False), ("other.gguf", True)]
    await machine.start(default)
    assert machine.served() == ("other", "other.gguf")
    await machine.models.reset(**AS_ADA)
    await machine.models.settled()
    assert machine.served() == ("default", "default.gguf")
    await machine.start(default)
    assert machine.served() == ("default", "default.gguf")
    entries = [entry[:3] for entry in await machine.audited()]
    assert entries == [
        ("llm.load", "default.gguf", 1),
        ("llm.change", "other.gguf", 1),
        ("llm.load", "other.gguf", 1),
        ("llm.load", "other.gguf", 1),
        ("llm.change", "default.gguf", 1),
        ("llm.load", "default.gguf", 1),
        ("llm.load", "default.gguf", 1),
    ]
    who = "SELECT user_id, ip FROM audit_log WHERE action = 'llm.change'"
    expected = {"user_id": ADA.user.id, "ip": ORIGIN.ip}
    assert await rows(machine.database, who) == [expected, expected]


async def test_back_to_no_language_model_lets_running_answers_end(machine: Machine) -> None:
    machine.put("m.gguf")
    await machine.start()
    await machine.choose("m.gguf")
    stream = await machine.begin_answer("a")
    await machine.models.reset(**AS_ADA)
    await machine.models.settled()
    assert machine.served() == (None, None) and machine.serving.for_question() is None
    assert machine.loader.open_engines == ["m"]
    await stream.aclose()
    async with asyncio.timeout(5):
        while machine.loader.open_engines:  # noqa: ASYNC110
            await asyncio.sleep(0.002)


async def test_a_chosen_file_that_is_gone_is_named_at_the_start(machine: Machine) -> None:
    path = machine.put("chosen.gguf")
    await machine.start()
    await machine.choose("chosen.gguf")
    path.unlink()
    await machine.start()
    assert "chosen.gguf" in (machine.change.reason or "")
    assert "models_dir" in (machine.change.reason or "")
    assert str(machine.directory) not in (machine.change.reason or "")


async def test_while_memory_holds_both_the_old_one_answers_until_the_new_one_can(
    machine: Machine,
) -> None:
    machine.put("new.gguf")
    await machine.start(machine.put("old.gguf"))
    machine.loader.hold.clear()
    await machine.models.choose("new.gguf", sha256=None, **AS_ADA)
    await machine.until(Phase.LOADING)
    assert machine.served() == ("old", "old.gguf")
    machine.serving.check()
    stream = await machine.begin_answer("a")
    machine.loader.hold.set()
    await machine.models.settled()
    assert machine.served() == ("new", "new.gguf")
    assert machine.loader.open_engines == ["old", "new"]  # an answer of the old one is running
    await stream.aclose()
    async with asyncio.timeout(5):
        while machine.loader.open_engines != ["new"]:  # noqa: ASYNC110
            await asyncio.sleep(0.002)


async def test_without_room_for_both_answers_end_first_and_new_ones_wait(
    machine: Machine,
) -> None:
    machine.put("new.gguf")
    await machine.start(machine.put("old.gguf"))
    machine.loader.holds_both = False
    open_at_load: list[list[str]] = []
    machine.loader.on_open = lambda path: open_at_load.append(machine.loader.open_engines)
    running = await machine.begin_answer("a")
    await machine.models.choose("new.gguf", sha256=None, **AS_ADA)
    await machine.until(Phase.DRAINING)
    assert machine.loader.open_engines == ["old"]
    asked = machine.serving.for_question()
    assert asked is not None
    waiting = asked.answer(QUESTION)
    assert isinstance(await anext(waiting), QueuePlace)
    answer = asyncio.ensure_future(anext(waiting))
    await running.aclose()
    assert await asyncio.wait_for(answer, 5) == "5 "
    assert asked.name == "new"
    await waiting.aclose()
    await machine.models.settled()
    assert machine.served() == ("new", "new.gguf")
    assert open_at_load == [[]]


def disk_full(machine: Machine) -> None:
    async def refuse(work: Callable[..., Any]) -> Any:
        raise StorageFull("There is no room left to store this.")

    machine.loader.on_open = lambda path: setattr(machine.database, "write", refuse)


def replaced(machine: Machine) -> None:
    def rewrite(path: Path) -> None:
        if path.name == "new.gguf":
            path.write_text("something else")

    machine.loader.on_open = rewrite


def crash(machine: Machine) -> None:
    def fail(path: Path) -> None:
        if path.name == "new.gguf":
            raise RuntimeError("a secret of the machine")

    machine.loader.on_open = fail


@pytest.mark.parametrize("holds_both", [True, False])
@pytest.mark.parametrize(
    ("content", "spoil", "reason"),
    [
        ("broken", lambda machine: None, "new.gguf cannot be loaded"),
        ("good", replaced, "changed while it was read"),
        ("good", crash, "the log says more"),
        ("good", disk_full, "no room left"),
    ],
)
async def test_when_the_new_one_fails_the_old_one_goes_on(
    holds_both: bool,
    content: str,
    spoil: Callable[[Machine], None],
    reason: str,
    machine: Machine,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    machine.put("new.gguf", content)
    await machine.start(machine.put("old.gguf"))
    machine.loader.holds_both = holds_both
    monkeypatch.setattr(machine.database, "write", machine.database.write)  # is put back
    spoil(machine)
    await machine.choose("new.gguf")
    assert machine.change.phase is Phase.FAILED and machine.change.file == "new.gguf"
    assert machine.change.reason is not None and reason in machine.change.reason
    assert machine.served() == ("old", "old.gguf")
    assert machine.loader.open_engines == ["old"]
    machine.serving.check()
    monkeypatch.undo()
    machine.loader.on_open = lambda path: None
    await machine.start(machine.default)
    assert machine.served() == ("old", "old.gguf")  # nothing was chosen


async def test_without_a_model_before_a_failed_change_leaves_it_so(machine: Machine) -> None:
    """Questions are answered by quoting then, before, during and after."""
    machine.put("new.gguf", "broken")
    await machine.start()
    machine.loader.hold.clear()
    await machine.models.choose("new.gguf", sha256=None, **AS_ADA)
    await machine.until(Phase.LOADING)
    assert machine.serving.for_question() is None
    machine.loader.hold.set()
    await machine.models.settled()
    assert machine.change.phase is Phase.FAILED
    assert machine.serving.for_question() is None
    machine.serving.check()


async def test_when_neither_can_be_loaded_it_says_so_and_lives(machine: Machine) -> None:
    old = machine.put("old.gguf")
    machine.put("new.gguf", "broken")
    await machine.start(old)
    machine.loader.holds_both = False

    def break_old(path: Path) -> None:
        old.write_text("broken")

    machine.loader.on_open = break_old
    await machine.choose("new.gguf")
    assert machine.served() == (None, None)
    with pytest.raises(Unavailable, match=r"new\.gguf cannot be loaded"):
        machine.serving.check()
    machine.put("third.gguf")
    machine.loader.on_open = lambda path: None
    await machine.choose("third.gguf")
    assert machine.served() == ("third", "third.gguf")


async def test_one_change_at_a_time(machine: Machine) -> None:
    machine.put("a.gguf")
    machine.loader.hold.clear()
    await machine.start()
    await machine.models.choose("a.gguf", sha256=None, **AS_ADA)
    for _ in range(2):
        with pytest.raises(Conflict, match="under way"):
            await machine.models.choose("a.gguf", sha256=None, **AS_ADA)
        with pytest.raises(Conflict, match="under way"):
            await machine.models.reset(**AS_ADA)
    machine.loader.hold.set()
    await machine.models.settled()
    changes = [entry for entry in await machine.audited() if entry[0] == "llm.change"]
    assert len(changes) == 1
    several = [machine.models.choose("a.gguf", sha256=None, **AS_ADA) for _ in range(10)]
    outcomes = await asyncio.gather(*several, return_exceptions=True)
    assert sum(outcome is None for outcome in outcomes) == 1
    assert sum(isinstance(outcome, Conflict) for outcome in outcomes) == 9


async def test_a_refused_request_changes_nothing_and_blocks_nobody(machine: Machine) -> None:
    machine.put("none.gguf", "no model")
    machine.put("good.gguf")
    await machine.start()
    for _ in range(2):
        with pytest.raises(NotFound):
            await machine.models.choose("absent.gguf", sha256=None, **AS_ADA)
        with pytest.raises(Invalid, match=r"none\.gguf is no model") as refused:
            await machine.models.choose("none.gguf", sha256=None, **AS_ADA)
        assert refused.value.field == "file"
    assert await machine.audited() == []
    await machine.choose("good.gguf")
    assert machine.served() == ("good", "good.gguf")


async def test_a_caller_that_goes_away_leaves_no_row_without_its_act(machine: Machine) -> None:
    machine.put("a.gguf")
    await machine.start()
    call = asyncio.ensure_future(machine.models.choose("a.gguf", sha256=None, **AS_ADA))
    await asyncio.sleep(0)
    call.cancel()
    async with asyncio.timeout(5):
        while machine.served()[1] is None:  # noqa: ASYNC110
            await asyncio.sleep(0.002)
    assert [entry[0] for entry in await machine.audited()] == ["llm.change", "llm.load"]


async def test_other_bytes_under_the_chosen_name_need_their_sum(machine: Machine) -> None:
    machine.put("m.gguf")
    await machine.start()
    await machine.choose("m.gguf")
    machine.put("m.gguf", "good, but another")
    await machine.start()
    assert "not the file that was accepted" in (machine.change.reason or "")
    await machine.choose("m.gguf")
    assert machine.served() == (None, None)
    await machine.choose("m.gguf", hashlib.sha256(b"good, but another").hexdigest())
    assert machine.served() == ("m", "m.gguf")
    await machine.start()
    assert machine.served() == ("m", "m.gguf")


async def test_only_bytes_that_are_new_are_tried_out_first(machine: Machine) -> None:
    default = machine.put("default.gguf")
    await machine.start(default)
    assert machine.loader.tried == ["default.gguf"]
    machine.put("default.gguf")  # the same again
    await machine.start(default)
    assert machine.loader.tried == ["default.gguf"]
    machine.put("bad.gguf", "harmful")
    await machine.choose("bad.gguf")
    assert machine.loader.tried == ["default.gguf", "bad.gguf"]
    assert machine.change.reason == "bad.gguf makes it fail."
    assert machine.served() == ("default", "default.gguf")
    assert [engine.name for engine in machine.loader.engines] == ["default", "default"]


async def test_closing_in_the_middle_of_a_change_closes_every_model(machine: Machine) -> None:
    machine.put("new.gguf")
    await machine.start(machine.put("old.gguf"))
    stream = await machine.begin_answer("a")
    machine.loader.hold.clear()
    await machine.models.choose("new.gguf", sha256=None, **AS_ADA)
    await machine.until(Phase.LOADING)
    await asyncio.wait_for(machine.stop(), 5)
    assert machine.loader.open_engines == []
    await stream.aclose()


async def test_what_is_no_file_of_ours_cannot_be_changed(
    database: Database, tmp_path: Path
) -> None:
    files = ModelFiles(database, tmp_path, {})
    models = LanguageModels(
        database, ServingLlm(FakeEngine("elsewhere")), files, None, default=None
    )
    await models.start()
    assert models.status.model == "elsewhere" and models.status.file is None
    with pytest.raises(Conflict, match="not one of its files"):
        await models.reset(**AS_ADA)
    await models.close()
    files.close()
