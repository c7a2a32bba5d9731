"""Feedback belongs to its answer: one row at most, shown with it, gone with it."""

from __future__ import annotations

from datetime import timedelta

from appliance.domain import Feedback, Message, MessageRole, MessageStatus, Rating
from appliance.services.conversation_rules import new_conversation
from appliance.storage import conversations, feedback, messages
from appliance.storage.database import Connection, Database
from tests.answering_parts import NOW, enrol, principal

ADA = principal("ada")
CONVERSATION = new_conversation(ADA.user.id, "Doses", NOW)
ANSWER = Message(
    id="a",
    conversation_id=CONVERSATION.id,
    branch_id="main",
    parent_message_id=None,
    role=MessageRole.ASSISTANT,
    content="5 mg",
    status=MessageStatus.COMPLETE,
    created_at=NOW,
)


async def test_the_life_of_feedback(database: Database) -> None:
    await enrol(database, ADA)
    first = Feedback(Rating.UP, None, NOW)
    second = Feedback(Rating.DOWN, "Not our dose.\né", NOW + timedelta(seconds=1))

    def shown(tx: Connection) -> Feedback | None:
        found = messages.by_id(tx, ADA.user.id, "a")
        assert found is not None
        return found.feedback

    def work(tx: Connection) -> list[object]:
        conversations.insert(tx, CONVERSATION)
        messages.insert(tx, ANSWER)
        seen: list[object] = [shown(tx)]
        for given in (first, second):
            feedback.put(tx, "a", given)
            seen.append(shown(tx))
        seen += [feedback.delete(tx, "a"), shown(tx), feedback.delete(tx, "a")]
        feedback.put(tx, "a", first)
        messages.delete(tx, ANSWER)
        seen.append(feedback.of_messages(tx, ["a"]))
        return seen

    assert await database.write(work) == [None, first, second, True, None, False, {}]
