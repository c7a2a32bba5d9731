"""Stores a question and the row of its answer, in one transaction: acknowledged means durable."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from appliance.domain import (
    MAIN_BRANCH,
    Message,
    MessageRole,
    MessageStatus,
    Principal,
    RequestOrigin,
    Turn,
)
from appliance.errors import ApplianceError, Conflict
from appliance.services.conversation_rules import (
    check_branch,
    insert_conversation,
    insert_question,
    new_conversation,
    not_found,
    own_conversation,
    own_message,
    preview,
    record,
    title_of,
)
from appliance.services.conversations import MAX_BRANCHES
from appliance.storage import branches, conversations, messages
from appliance.storage.branches import Segment
from appliance.storage.database import Connection

HISTORY_MESSAGES = 6
HISTORY_CHARACTERS = 2000  # of each message
REFUSAL_MODEL = "refusal"


def _new_id() -> str:
    return str(uuid.uuid4())


@dataclass(frozen=True, slots=True)
class Ask:
    """What somebody wants answered. Without a `conversation_id` a new conversation is made."""

    principal: Principal
    origin: RequestOrigin
    content: str
    at: datetime
    conversation_id: str | None = None
    branch_id: str = MAIN_BRANCH
    parent_message_id: str | None = None
    client_message_id: str | None = None
    new_conversation_id: str = field(default_factory=_new_id)
    question_id: str = field(default_factory=_new_id)
    answer_id: str = field(default_factory=_new_id)


@dataclass(frozen=True, slots=True)
class AskAgain:
    """Whose answer, or which question, somebody wants answered anew."""

    principal: Principal
    origin: RequestOrigin
    at: datetime
    conversation_id: str
    message_id: str
    branch_id: str = field(default_factory=_new_id)
    answer_id: str = field(default_factory=_new_id)


@dataclass(frozen=True, slots=True)
class Stored:
    """A question, and what its line said before it; `is_new` is false for a retry."""

    question: Message
    before: list[Message]
    is_new: bool


@dataclass(frozen=True, slots=True)
class Asked:
    """`is_new` is false for a retry: then question and answer are those stored the first time."""

    question: Message
    answer: Message
    history: tuple[Turn, ...]
    is_new: bool


def store(tx: Connection, ask: Ask, *, refusal: ApplianceError | None) -> Asked:
    """Store what is new, return what is not. Raises `NotFound` for ids that are not the caller's.

    `refusal` is raised when there is something to store: a retry is answered even while no new
    question can be taken.
    """
    stored = store_question(tx, ask, refusal=refusal)
    question = stored.question
    if not stored.is_new:
        earlier = messages.answer_to(tx, question)
        if earlier is None:
            raise Conflict("This message was stored before, without an answer.")
        if earlier.status is not MessageStatus.FAILED or branches.starts_from(tx, earlier.id):
            return Asked(question, earlier, (), is_new=False)
        # Whoever asks again after a failure wants the answer.
        if refusal is not None:
            raise refusal
        messages.delete_answer(tx, earlier)
        conversations.touch(
            tx, question.conversation_id, preview=preview(question.content), added=-1, at=ask.at
        )
        answer = _insert_answer(tx, question, ask.answer_id, question.branch_id, ask.at)
        return Asked(question, answer, _turns(_before(tx, question)), is_new=True)
    answer = _insert_answer(tx, question, ask.answer_id, question.branch_id, ask.at)
    return Asked(question, answer, _turns(stored.before), is_new=True)


def store_question(tx: Connection, ask: Ask, *, refusal: ApplianceError | None = None) -> Stored:
    """The question alone; otherwise as `store`."""
    user_id = ask.principal.user.id
    if ask.conversation_id is not None:
        own_conversation(tx, ask.principal, ask.conversation_id)
    if ask.client_message_id is not None:
        earlier = messages.by_client_id(tx, user_id, ask.client_message_id, ask.conversation_id)
        if earlier is not None:
            if earlier.content != ask.content and earlier.edited_at is None:
                # Told, for it would be lost: the answer that stands there is to another question.
                raise Conflict(
                    "This client_message_id belongs to another message.", field="client_message_id"
                )
            record(tx, ask.at, "message.read", ask.principal, ask.origin, "message", earlier.id)
            return Stored(earlier, [], is_new=False)
    if refusal is not None:
        raise refusal
    conversation_id, line = _place(tx, ask)
    before = messages.last(tx, conversation_id, line, limit=HISTORY_MESSAGES)
    question = Message(
        id=ask.question_id,
        conversation_id=conversation_id,
        branch_id=ask.branch_id,
        parent_message_id=ask.parent_message_id or (before[-1].id if before else None),
        role=MessageRole.USER,
        content=ask.content,
        status=MessageStatus.COMPLETE,
        created_at=ask.at,
        client_message_id=ask.client_message_id,
    )
    insert_question(tx, ask.principal, ask.origin, question)
    conversations.touch(tx, conversation_id, preview=preview(ask.content), added=1, at=ask.at)
    return Stored(question, before, is_new=True)


def store_again(tx: Connection, again: AskAgain, *, refusal: ApplianceError | None) -> Asked:
    """Store the row of a new answer to a stored question, in a branch that starts from it.

    Raises `NotFound`, `Conflict` while the question is being answered or when there are too many
    branches, and `refusal`.
    """
    conversation = own_conversation(tx, again.principal, again.conversation_id)
    message = own_message(tx, again.principal, again.conversation_id, again.message_id)
    question: Message | None = message
    if message.role is MessageRole.ASSISTANT and message.parent_message_id is not None:
        question = messages.in_conversation(tx, conversation.id, message.parent_message_id)
    if question is None or question.role is not MessageRole.USER:
        raise Conflict("There is no question that this message answers.")
    if messages.is_being_answered(tx, question):
        raise Conflict("This question is being answered. Stop that answer first.")
    if len(branches.of_conversation(tx, conversation)) > MAX_BRANCHES:
        raise Conflict("This conversation has too many branches.")
    if refusal is not None:
        raise refusal
    before = _before(tx, question)
    branches.insert(tx, again.branch_id, conversation.id, question.id, again.at)
    who, origin = again.principal, again.origin
    record(tx, again.at, "branch.create", who, origin, "branch", again.branch_id)
    answer = _insert_answer(tx, question, again.answer_id, again.branch_id, again.at)
    record(tx, again.at, "answer.regenerate", who, origin, "message", answer.id)
    return Asked(question, answer, _turns(before), is_new=True)


def rehearsed(content: str, before: Sequence[Message], at: datetime) -> Asked:
    """A question after `before`, and its answer to be, that belong to no conversation."""
    question = Message(
        id=_new_id(),
        conversation_id=_new_id(),
        branch_id=MAIN_BRANCH,
        parent_message_id=None,
        role=MessageRole.USER,
        content=content,
        status=MessageStatus.COMPLETE,
        created_at=at,
    )
    answer = replace(
        question,
        id=_new_id(),
        parent_message_id=question.id,
        role=MessageRole.ASSISTANT,
        content="",
        status=MessageStatus.STREAMING,
    )
    return Asked(question, answer, _turns(before[-HISTORY_MESSAGES:]), is_new=True)


def _before(tx: Connection, question: Message) -> list[Message]:
    """What its line said before the question."""
    *ancestors, own = branches.lineage(tx, question.branch_id)
    seq = messages.seq_in(tx, question.conversation_id, question.id) or 0
    line = [*ancestors, Segment(own.branch_id, seq - 1)]
    return messages.last(tx, question.conversation_id, line, limit=HISTORY_MESSAGES)


def _insert_answer(
    tx: Connection, question: Message, answer_id: str, branch_id: str, at: datetime
) -> Message:
    """The row that the answer will be written to."""
    answer = Message(
        id=answer_id,
        conversation_id=question.conversation_id,
        branch_id=branch_id,
        parent_message_id=question.id,
        role=MessageRole.ASSISTANT,
        content="",
        status=MessageStatus.STREAMING,
        created_at=at,
    )
    messages.insert(tx, answer)
    conversations.touch(
        tx, question.conversation_id, preview=preview(question.content), added=1, at=at
    )
    return answer


def _place(tx: Connection, ask: Ask) -> tuple[str, list[Segment]]:
    """The conversation that the question goes to, made if need be, and the line in it."""
    if ask.conversation_id is None:
        if ask.branch_id != MAIN_BRANCH:
            raise not_found("branch")
        if ask.parent_message_id is not None:
            raise not_found("message")
        title = title_of(ask.content)
        conversation = new_conversation(
            ask.principal.user.id, title, ask.at, conversation_id=ask.new_conversation_id
        )
        insert_conversation(tx, ask.principal, ask.origin, conversation)
        return conversation.id, []
    check_branch(tx, ask.conversation_id, ask.branch_id)
    if ask.parent_message_id is not None:
        parent = messages.seq_in(tx, ask.conversation_id, ask.parent_message_id)
        if parent is None:
            raise not_found("message")
    return ask.conversation_id, branches.lineage(tx, ask.branch_id)


def _turns(before: Sequence[Message]) -> tuple[Turn, ...]:
    return tuple(
        Turn(message.role, message.content[:HISTORY_CHARACTERS])
        for message in before
        if message.content
        and message.status is MessageStatus.COMPLETE
        and message.model != REFUSAL_MODEL
    )
