"""Conversations on the wire."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field, model_validator

from appliance.api.fields import Body, CamelOutput, Instant, Line, Output, Query
from appliance.domain import Conversation
from appliance.services.conversations import Changes, ConversationPage

Title = Annotated[Line, Field(min_length=1, max_length=200)]


class ConversationCreate(Body):
    title: Title | None = None
    folder_id: str | None = None


class ConversationUpdate(Body):
    """Absent fields stay as they are; a null `folder_id` takes the conversation out of its
    folder.
    """

    title: Title | None = None
    archived: bool | None = None
    folder_id: str | None = None

    @model_validator(mode="before")
    @classmethod
    def _nulls(cls, values: Any) -> Any:
        if isinstance(values, dict):
            for name in ("title", "archived"):
                if name in values and values[name] is None:
                    raise ValueError(f"{name} must not be null")
        return values

    def changes(self) -> Changes:
        return Changes(
            title=self.title,
            archived=self.archived,
            folder_id=self.folder_id,
            unfile="folder_id" in self.model_fields_set and self.folder_id is None,
        )


class ConversationQuery(Query):
    archived: bool | None = None
    folder_id: str | None = None
    page: Annotated[int, Field(ge=1, le=1_000_000)] = 1
    page_size: Annotated[int, Field(ge=1, le=100)] = 20
    cursor: str | None = None


class ConversationOut(CamelOutput):
    id: str
    user_id: str
    title: str
    archived: bool
    message_count: int
    folder_id: str | None
    created_at: Instant
    updated_at: Instant
    last_message_preview: str | None

    @classmethod
    def of(cls, conversation: Conversation) -> ConversationOut:
        return cls(
            id=conversation.id,
            user_id=conversation.user_id,
            title=conversation.title,
            archived=conversation.archived,
            message_count=conversation.message_count,
            folder_id=conversation.folder_id,
            created_at=conversation.created_at,
            updated_at=conversation.updated_at,
            last_message_preview=conversation.last_message_preview,
        )


class ConversationList(CamelOutput):
    items: list[ConversationOut]
    total: int
    page: int
    page_size: int
    next_cursor: str | None

    @classmethod
    def of(cls, found: ConversationPage, query: ConversationQuery) -> ConversationList:
        return cls(
            items=[ConversationOut.of(conversation) for conversation in found.items],
            total=found.total,
            page=query.page,
            page_size=query.page_size,
            next_cursor=found.next_cursor,
        )


class Deleted(Output):
    message: str


class AllDeleted(Deleted):
    deleted_count: int
