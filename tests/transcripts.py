"""Conversations to export, made without a database."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from appliance.domain import Citation, Message, MessageRole, MessageStatus, Sentence
from appliance.services.conversation_rules import new_conversation
from appliance.services.transcript import Transcript
from tests.answering_parts import NOW


def question(content: str, **more: Any) -> Message:
    made = Message(
        id="q",
        conversation_id="c",
        branch_id="main",
        parent_message_id=None,
        role=MessageRole.USER,
        content=content,
        status=MessageStatus.COMPLETE,
        created_at=NOW,
    )
    return replace(made, **more)


def answer(content: str, **more: Any) -> Message:
    return question(content, role=MessageRole.ASSISTANT, **more)


def citation(index: int, **more: Any) -> Citation:
    made = Citation(
        id=str(index),
        index=index,
        document_id="d",
        chunk_id="k",
        title="Ward handbook",
        category="medicines",
        page=3,
        page_count=12,
        section="4.2 Doses",
        snippet="The usual dose is 5 mg.",
        char_start=0,
        char_end=23,
        score=0.9,
        document_version="7",
        effective_date="2025-01-01",
    )
    return replace(made, **more)


def transcript(*messages: Message, title: str = "Doses") -> Transcript:
    conversation = new_conversation("u", title, NOW)
    return Transcript(conversation, "main", (), messages, NOW)


MARKED = answer(
    "The usual dose is 5 mg. [1] Cats like it.\nNever 10 mg. [2]",
    citations=(citation(1), citation(2, page=4, section=None, document_version=None)),
    sentences=(
        Sentence(0, 27, True, (1,)),
        Sentence(28, 41, False),
        Sentence(42, 58, True, (2,)),
    ),
)
