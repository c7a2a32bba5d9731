"""Conversations on the wire."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field, field_validator

from appliance.api.fields import Body, CamelOutput, Instant, Line, Output, Query
from appliance.domain import Conversation
from appliance.services.conversation_reads import ConversationPage
from appliance.services.conversation_search import Hit, SearchPage
from appliance.services.conversations import Changes

Title = Annotated[Line, Field(min_length=1, max_length=200)]
SearchText = Annotated[
    Line,
    Field(min_length=1, max_length=200, description="Words; the last may be unfinished."),
]
Id = Annotated[str, Field(max_length=64)]
Cursor = Annotated[str, Field(max_length=512, description="The nextCursor of the page before.")]


class ConversationCreate(Body):
    title: Title | None = None
    folder_id: Id | None = None


class ConversationUpdate(Body):
    """Absent fields stay as they are; a null `folder_id` takes the conversation out of its
    folder.
    """

    title: Title | None = None
    archived: bool | None = None
    folder_id: Id | None = None

    @field_validator("title", "archived", mode="before")
    @classmethod
    def _not_null(cls, value: Any) -> Any:
        if value is None:
            raise ValueError("must not be null")
        return value

    def changes(self) -> Changes:
        return Changes(
            title=self.title,
            archived=self.archived,
            folder_id=self.folder_id,
            unfile="folder_id" in self.model_fields_set and self.folder_id is None,
        )


class ConversationQuery(Query):
    archived: bool | None = None
    folder_id: Id | None = None
    search: SearchText | None = None
    page: Annotated[int, Field(ge=1, le=1_000_000)] = 1
    page_size: Annotated[int, Field(ge=1, le=100)] = 20
    cursor: Cursor | None = None


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


class SearchQuery(Query):
    q: SearchText
    limit: Annotated[int, Field(ge=1, le=50)] = 20
    cursor: Cursor | None = None


class HitOut(CamelOutput):
    """A message; or, with a null `message_id`, a conversation found by its title."""

    conversation: ConversationOut
    message_id: str | None
    branch_id: str | None
    role: str | None
    snippet: str = Field(description="Plain text around the first match.")
    matches: list[tuple[int, int]] = Field(
        description="[start, end] of what matched, in code points of the snippet."
    )
    created_at: Instant

    @classmethod
    def of(cls, hit: Hit) -> HitOut:
        message = hit.message
        return cls(
            conversation=ConversationOut.of(hit.conversation),
            message_id=message.id if message else None,
            branch_id=message.branch_id if message else None,
            role=message.role.value if message else None,
            snippet=hit.snippet.text,
            matches=list(hit.snippet.matches),
            created_at=(message or hit.conversation).created_at,
        )


class SearchResults(CamelOutput):
    items: list[HitOut]
    next_cursor: str | None

    @classmethod
    def of(cls, found: SearchPage) -> SearchResults:
        return cls(items=[HitOut.of(hit) for hit in found.items], next_cursor=found.next_cursor)


class Deleted(Output):
    message: str


class AllDeleted(Deleted):
    deleted_count: int
