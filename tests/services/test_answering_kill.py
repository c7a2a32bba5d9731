"""E1: what was acknowledged is there after the process was killed."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from pathlib import Path

from appliance.domain import MessageStatus, utc_now
from appliance.services.answer_streams import Done
from appliance.storage.database import Database
from tests.answering_parts import ORIGIN, build_world, enrol, principal
from tests.conftest import KEY

ROOT = Path(__file__).parents[2]
ADA = principal("ada")


async def ask_until_killed(directory: Path) -> None:
    """In the child: acknowledge questions on standard output until there is no more of us."""
    database = await Database.open(directory / "test.db", KEY)
    world, _ = await build_world(database, directory / "cache", clock=utc_now)
    await enrol(database, ADA)
    for number in range(1000):
        world.engine.enqueue(["words "], hangs=number % 2 == 1)
        stream = await world.answering.reply(
            ADA, ORIGIN, f"Question {number}?", client_message_id=f"c{number}"
        )
        print(stream.conversation_id, stream.message_id, f"c{number}", flush=True)
        if number % 2:
            await asyncio.sleep(0.005)
            stream.cancel()
        await stream.wait()


def acknowledged_before_the_kill(directory: Path) -> list[list[str]]:
    with subprocess.Popen(
        [sys.executable, "-m", "tests.services.test_answering_kill", str(directory)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    ) as child:
        try:
            assert child.stdout is not None
            acknowledged = [child.stdout.readline().split() for _ in range(6)]
        finally:
            os.kill(child.pid, signal.SIGKILL)
        acknowledged += [line.split() for line in child.stdout if line.endswith("\n")]
    assert child.returncode == -signal.SIGKILL
    assert all(len(line) == 3 for line in acknowledged), acknowledged
    return acknowledged


async def test_e1_an_acknowledged_question_survives_kill_9(tmp_path: Path) -> None:
    acknowledged = await asyncio.to_thread(acknowledged_before_the_kill, tmp_path)
    database = await Database.open(tmp_path / "test.db", KEY)
    world, cache = await build_world(database, tmp_path / "cache", clock=utc_now)
    interrupted = await world.answering.recover()
    assert interrupted <= 1
    for conversation_id, message_id, client_id in acknowledged:
        question, answer = (await world.reads.messages(ADA, ORIGIN, conversation_id)).items
        assert question.client_message_id == client_id
        assert answer.id == message_id
        assert answer.status is not MessageStatus.STREAMING
        again = await world.answering.reply(
            ADA, ORIGIN, question.content, client_message_id=client_id
        )
        end = await again.wait()
        assert isinstance(end, Done) and end.message.id == message_id
    assert world.engine.history == []
    await cache.close()
    await database.close()


if __name__ == "__main__":
    asyncio.run(ask_until_killed(Path(sys.argv[1])))
