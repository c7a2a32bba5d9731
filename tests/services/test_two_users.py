"""A2: whatever one user tries with another's ids, the other's words never come back."""

from __future__ import annotations

import random
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from appliance.domain import Rating
from appliance.errors import ApplianceError, Busy
from appliance.services.answer_streams import AnswerStream
from appliance.services.answering import Begun
from appliance.services.conversations import Changes
from appliance.services.exports import ExportFormat, Exports
from appliance.services.message_actions import MessageActions
from appliance.storage.database import Database
from tests.answering_parts import ORIGIN, World, build_world, enrol, principal, said
from tests.conftest import SettableClock

ADA, BEN = principal("ada"), principal("ben")
CANARY = "canary"
STEPS = 250


async def populate(world: World) -> list[str]:
    """Conversations of Ada's that all say the canary; every id there is in them."""
    ids = []
    for number in range(3):
        world.engine.enqueue([f"{CANARY} answer"], hangs=number == 2)
        stream = await world.answering.reply(
            ADA, ORIGIN, f"{CANARY} question", client_message_id=f"{CANARY}{number}"
        )
        if number < 2:
            await stream.wait()
        branch, message = await world.conversations.create_branch(
            ADA,
            ORIGIN,
            stream.conversation_id,
            parent_message_id=stream.user_message_id,
            initial_message=f"{CANARY} aside",
        )
        assert message is not None
        ids += [stream.conversation_id, stream.message_id, stream.user_message_id]
        ids += [branch.id, message.id]
    return ids


def attempts(
    world: World, pick: Callable[[], str], number: int
) -> list[Callable[[], Awaitable[Any]]]:
    own, reads, answering = world.conversations, world.reads, world.answering
    acts = MessageActions(world.database, world.streams)
    exports = Exports(world.database)
    exports.close()  # reading is what is tried, not laying out
    return [
        lambda: reads.get(BEN, ORIGIN, pick()),
        lambda: reads.find(BEN, ORIGIN, folder_id=pick()),
        lambda: reads.find(BEN, ORIGIN),
        lambda: own.update(BEN, ORIGIN, pick(), Changes(title="mine", folder_id=pick())),
        lambda: own.update(BEN, ORIGIN, pick(), Changes(title="mine")),
        lambda: own.delete(BEN, ORIGIN, pick()),
        lambda: own.delete_all(BEN, ORIGIN),
        lambda: reads.list_branches(BEN, ORIGIN, pick()),
        lambda: own.create_branch(BEN, ORIGIN, pick(), parent_message_id=pick()),
        lambda: reads.messages(BEN, ORIGIN, pick()),
        lambda: reads.messages(BEN, ORIGIN, pick(), branch_id=pick()),
        lambda: reads.messages(BEN, ORIGIN, pick(), cursor=pick()),
        lambda: world.search.find(BEN, ORIGIN, CANARY),
        lambda: reads.find(BEN, ORIGIN, search=CANARY),
        lambda: answering.resume(BEN, ORIGIN, pick()),
        lambda: answering.cancel(BEN, pick()),
        lambda: answering.reply(BEN, ORIGIN, "what?", conversation_id=pick()),
        lambda: answering.reply(BEN, ORIGIN, "what?", client_message_id=f"{CANARY}{number % 3}"),
        lambda: answering.reply(
            BEN,
            ORIGIN,
            "what?",
            conversation_id=pick(),
            branch_id=pick(),
            parent_message_id=pick(),
        ),
        lambda: answering.ask_again(BEN, ORIGIN, pick(), pick()),
        lambda: acts.add(BEN, ORIGIN, pick(), "what?", parent_message_id=pick()),
        lambda: acts.add(BEN, ORIGIN, pick(), "what?", client_message_id=f"{CANARY}{number % 3}"),
        lambda: acts.edit(BEN, ORIGIN, pick(), pick(), "mine"),
        lambda: acts.delete(BEN, ORIGIN, pick(), pick()),
        lambda: acts.stop(BEN, ORIGIN, pick(), pick()),
        lambda: acts.rate(BEN, ORIGIN, pick(), pick(), Rating.DOWN, "mine"),
        lambda: acts.unrate(BEN, ORIGIN, pick(), pick()),
        lambda: exports.transcript(BEN, ORIGIN, pick(), ExportFormat.JSON),
        lambda: exports.transcript(BEN, ORIGIN, pick(), ExportFormat.MD, branch_id=pick()),
    ]


@pytest.mark.parametrize("seed", [1, 2, 3])
async def test_a2_a_user_never_obtains_anothers_words(
    seed: int, database: Database, tmp_path: Path, clock: SettableClock
) -> None:
    await enrol(database, ADA, BEN)
    world, cache = await build_world(database, tmp_path / "cache", clock=clock)
    theirs = await populate(world)
    chooser = random.Random(seed)
    known = list(theirs)

    def pick() -> str:
        return chooser.choice(known)

    for number in range(STEPS):
        clock.advance(seconds=1)
        attempt = chooser.choice(attempts(world, pick, number))
        try:
            got = await attempt()
        except Busy:
            continue
        except ApplianceError as error:
            got = error.message
        if isinstance(got, Begun):
            got = got.stream
        if isinstance(got, AnswerStream):
            await got.wait()
            known += [got.conversation_id, got.message_id, got.user_message_id]
            got = (said(got), await got.wait(), [str(q) for q in world.engine.history[-1:]])
        assert f"{CANARY} " not in repr(got), number
    left = await world.reads.find(ADA, ORIGIN)
    assert [c.title for c in left.items] == [f"{CANARY} question"] * 3
    assert world.engine.running == 1  # Ada's third answer still goes on
    await world.answering.drain(0)
    await cache.close()
