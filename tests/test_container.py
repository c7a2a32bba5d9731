"""What the container does at its start and at its end, with a real process killed between them."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, cast

import pytest

from appliance.container import Container
from appliance.domain import Passage
from appliance.errors import Unavailable
from appliance.services.health import ComponentState
from appliance.services.query import Query
from appliance.settings import Settings
from tests.answering_parts import (
    DOSE,
    ORIGIN,
    all_bear,
    enrol,
    passage,
    pieces_said,
    principal,
    rows,
)
from tests.fake_embedder import FakeEmbedder
from tests.fake_engine import FakeEngine

ROOT = Path(__file__).parents[1]
ADA = principal("ada")
WORDS = "The usual dose is "
LEFT = "SELECT content, status FROM messages WHERE role = 'assistant'"


class Known:
    """A retrieval that always finds the same passage."""

    async def understood(self, question: str) -> Query:
        return Query(question)

    async def find(self, question: str) -> list[Passage]:
        return [passage(DOSE)]


def container_of(data_dir: Path, engine: FakeEngine | None = None) -> Container:
    settings = Settings(data_dir=data_dir)
    return Container(settings, embedder=FakeEmbedder(), engine=engine or FakeEngine())


async def answer_until_killed(data_dir: Path) -> None:
    """In the child: say some words of an answer, tell so on standard output, and say no more."""
    engine = FakeEngine()
    engine.enqueue([WORDS], hangs=True)
    container = container_of(data_dir, engine)
    await container.open()
    await enrol(container.database, ADA)
    answering = container.services.answering
    writer = cast(Any, answering)._writer
    writer._retrieval = Known()
    writer._bearing = all_bear
    stream = await answering.reply(ADA, ORIGIN, "What is the dose?")
    await pieces_said(stream, 1)
    listener = stream.listen(lambda: None)
    print(stream.message_id, flush=True)
    await asyncio.sleep(60)
    listener.leave(may_return=False)


def killed_in_the_middle_of_an_answer(data_dir: Path) -> str:
    with subprocess.Popen(
        [sys.executable, "-m", "tests.test_container", str(data_dir)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    ) as child:
        try:
            assert child.stdout is not None
            message_id = child.stdout.readline().strip()
        finally:
            os.kill(child.pid, signal.SIGKILL)
    assert child.returncode == -signal.SIGKILL
    assert message_id
    return message_id


@asynccontextmanager
async def closing(container: Container) -> AsyncIterator[Container]:
    """Closed also when an assertion fails: the database's threads outlive the test otherwise."""
    try:
        yield container
    finally:
        await container.close()


async def test_no_answer_streams_for_ever_after_kill_9(tmp_path: Path) -> None:
    message_id = await asyncio.to_thread(killed_in_the_middle_of_an_answer, tmp_path / "data")
    async with closing(container_of(tmp_path / "data")) as left:
        await left.open_accounts()  # the storage as the dead process left it
        assert [row["status"] for row in await rows(left.database, LEFT)] == ["streaming"]
    async with closing(container_of(tmp_path / "data")) as started:
        await started.open()
        assert [row["status"] for row in await rows(started.database, LEFT)] == ["interrupted"]
        assert await rows(
            started.database,
            "SELECT resource_id FROM audit_log WHERE action = 'answer.interrupted'",
        ) == [{"resource_id": message_id}]


async def test_draining_says_first_that_it_is_not_ready(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A load balancer stops sending while running answers still end."""
    async with closing(container_of(tmp_path / "data")) as container:
        await container.open()
        readiness = [container.services.health.stopping]

        async def drained(timeout_s: float) -> None:
            readiness.append(container.services.health.stopping)

        monkeypatch.setattr(container.services.answering, "drain", drained)
        await container.drain(5.0)
        assert readiness == [False, True]


async def test_answers_are_ready_while_their_engine_says_that_it_is(tmp_path: Path) -> None:
    engine = FakeEngine(writes=True, device="a card")
    async with closing(container_of(tmp_path / "data", engine)) as container:
        await container.open()

        async def answers() -> ComponentState:
            states = await container.services.health.states()
            return next(state for state in states if state.name == "answers")

        assert (await answers()).ok
        detail = (await answers()).detail
        assert detail is not None and detail.device == "a card"
        engine.failure = Unavailable("It is stuck.")
        assert not (await answers()).ok
        engine.failure = None
        assert (await answers()).ok


async def test_draining_what_never_opened_is_nothing(tmp_path: Path) -> None:
    async with closing(container_of(tmp_path / "data")) as container:
        await container.drain(5.0)


if __name__ == "__main__":
    asyncio.run(answer_until_killed(Path(sys.argv[1])))
