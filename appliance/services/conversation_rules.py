"""Rules that everything which writes into a conversation keeps: ownership, content, audit rows."""

from __future__ import annotations

import re
import uuid
from collections.abc import Mapping
from datetime import datetime

from appliance.domain import Conversation, Message, Principal, RequestOrigin
from appliance.errors import Invalid, NotFound
from appliance.storage import audit, branches, conversations, messages
from appliance.storage.audit import AuditEntry
from appliance.storage.database import Connection

DEFAULT_TITLE = "New conversation"
TITLE_CHARACTERS = 80
PREVIEW_CHARACTERS = 120
MAX_CONTENT = 8000  # characters of a user's message
_CLIENT_MESSAGE_ID = re.compile(r"[\x21-\x7e]{1,128}")
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")


def own_conversation(tx: Connection, principal: Principal, conversation_id: str) -> Conversation:
    conversation = conversations.by_id(tx, principal.user.id, conversation_id)
    if conversation is None:
        raise not_found("conversation")
    return conversation


def check_branch(tx: Connection, conversation_id: str, branch_id: str) -> None:
    if not branches.exists(tx, conversation_id, branch_id):
        raise not_found("branch")


def own_message(
    tx: Connection, principal: Principal, conversation_id: str, message_id: str
) -> Message:
    own_conversation(tx, principal, conversation_id)
    message = messages.in_conversation(tx, conversation_id, message_id)
    if message is None:
        raise not_found("message")
    return message


def not_found(noun: str) -> NotFound:
    return NotFound(f"There is no such {noun}.")


def new_conversation(
    user_id: str,
    title: str,
    now: datetime,
    *,
    conversation_id: str | None = None,
    folder_id: str | None = None,
) -> Conversation:
    return Conversation(
        id=conversation_id or str(uuid.uuid4()),
        user_id=user_id,
        title=title,
        archived=False,
        folder_id=folder_id,
        message_count=0,
        last_message_preview=None,
        created_at=now,
        updated_at=now,
    )


def insert_conversation(
    tx: Connection, principal: Principal, origin: RequestOrigin, conversation: Conversation
) -> None:
    """With its audit row."""
    conversations.insert(tx, conversation)
    record(
        tx,
        conversation.created_at,
        "conversation.create",
        principal,
        origin,
        "conversation",
        conversation.id,
    )


def insert_question(
    tx: Connection, principal: Principal, origin: RequestOrigin, message: Message
) -> None:
    """A user's message, with its audit row."""
    messages.insert(tx, message)
    record(tx, message.created_at, "message.create", principal, origin, "message", message.id)


def preview(text: str | None) -> str | None:
    """What the list of conversations shows of its newest message."""
    return shortened(text, PREVIEW_CHARACTERS) if text else None


def title_of(question: str) -> str:
    """The title of a conversation that nobody gave one, by its first question."""
    return shortened(question, TITLE_CHARACTERS)


def shortened(text: str, characters: int) -> str:
    """`text` on one line, cut at a word where it is longer than `characters`."""
    line = " ".join(text.split())
    if len(line) <= characters:
        return line
    head = line[: characters - 1]
    cut = head.rfind(" ")
    return (head[:cut] if cut > characters // 2 else head).rstrip() + "…"


def checked_content(text: str, *, field: str = "content") -> str:
    """`text` as it may be stored as a user's message. Raises `Invalid` naming `field`."""
    if not text.strip():
        raise Invalid("The message must not be empty.", field=field)
    if len(text) > MAX_CONTENT:
        raise Invalid(f"The message must not be longer than {MAX_CONTENT} characters.", field=field)
    if _CONTROL.search(text):
        raise Invalid("The message must not contain control characters.", field=field)
    return text


def checked_client_id(client_message_id: str | None) -> str | None:
    """Raises `Invalid`."""
    if client_message_id is not None and not _CLIENT_MESSAGE_ID.fullmatch(client_message_id):
        raise Invalid(
            "client_message_id must be 1 to 128 visible ASCII characters.",
            field="client_message_id",
        )
    return client_message_id


def record(
    tx: Connection,
    at: datetime,
    action: str,
    principal: Principal,
    origin: RequestOrigin,
    resource_type: str,
    resource_id: str,
    details: Mapping[str, str | int | None] | None = None,
) -> None:
    """Append the audit row of something that succeeded."""
    audit.append(
        tx,
        AuditEntry(
            at=at,
            action=action,
            success=True,
            actor=principal,
            origin=origin,
            resource_type=resource_type,
            resource_id=resource_id,
            details=dict(details or {}),
        ),
    )
