"""Messages and citations on the wire, the same over REST and over the socket."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from appliance.api.fields import Body, CamelOutput, Instant, Prose, Query
from appliance.domain import (
    MAIN_BRANCH,
    Branch,
    Citation,
    Feedback,
    Message,
    NearestSection,
    Rating,
    Sentence,
)
from appliance.services.conversation_reads import MessagePage


class CitationOut(CamelOutput):
    id: str
    index: int = Field(description="The n of [n] in the text.")
    source_id: str = Field(description="Id of the document.")
    source_type: str
    title: str
    category: str | None
    page: int
    page_count: int
    section: str | None
    snippet: str = Field(description="The words that bear the answer out, white space folded.")
    char_start: int = Field(description="Where they begin in the text of the page, in code points.")
    char_end: int
    boxes: list[tuple[float, float, float, float]] = Field(
        description="Where the words stand on the page, a box a line: left, bottom, right, top in "
        "points from the page's lower left corner. Empty for text files."
    )
    score: float
    document_version: str | None
    effective_date: str | None
    review_by: str | None
    supports: list[int] = Field(description="Numbers of the sentences that rest on it.")
    url: str

    @classmethod
    def of(cls, citation: Citation) -> CitationOut:
        return cls(
            id=citation.id,
            index=citation.index,
            source_id=citation.document_id,
            source_type="kb",
            title=citation.title,
            category=citation.category,
            page=citation.page,
            page_count=citation.page_count,
            section=citation.section,
            snippet=citation.snippet,
            char_start=citation.char_start,
            char_end=citation.char_end,
            boxes=list(citation.boxes),
            score=citation.score,
            document_version=citation.document_version,
            effective_date=citation.effective_date,
            review_by=citation.review_by,
            supports=list(citation.supports),
            url=f"/api/documents/{citation.document_id}/passages/{citation.chunk_id}",
        )


class SentenceOut(CamelOutput):
    start: int = Field(description="Position in the content, in code points.")
    end: int
    supported: bool = Field(description="Whether a cited passage bears it out.")
    citations: list[int]

    @classmethod
    def of(cls, sentence: Sentence) -> SentenceOut:
        return cls(
            start=sentence.start,
            end=sentence.end,
            supported=sentence.supported,
            citations=list(sentence.citations),
        )


class NearestOut(CamelOutput):
    source_id: str = Field(description="Id of the document.")
    title: str
    section: str | None
    page: int
    url: str

    @classmethod
    def of(cls, nearest: NearestSection) -> NearestOut:
        return cls(
            source_id=nearest.document_id,
            title=nearest.title,
            section=nearest.section,
            page=nearest.page,
            url=f"/api/documents/{nearest.document_id}/passages/{nearest.chunk_id}",
        )


class FeedbackOut(CamelOutput):
    rating: Rating
    reason: str | None
    created_at: Instant

    @classmethod
    def of(cls, feedback: Feedback) -> FeedbackOut:
        return cls(rating=feedback.rating, reason=feedback.reason, created_at=feedback.created_at)


class MessageOut(CamelOutput):
    id: str
    conversation_id: str
    branch_id: str
    parent_message_id: str | None
    role: str
    content: str
    status: str
    citations: list[CitationOut]
    sentences: list[SentenceOut]
    withheld: int = Field(
        description="Sentences left out because the passages did not bear them out."
    )
    nearest: list[NearestOut] = Field(
        description="Of a refusal: the sections nearest to the question, which do not answer it."
    )
    client_message_id: str | None
    model: str | None
    tokens: int | None
    created_at: Instant
    edited_at: Instant | None
    feedback: FeedbackOut | None

    @classmethod
    def of(cls, message: Message) -> MessageOut:
        return cls(
            id=message.id,
            conversation_id=message.conversation_id,
            branch_id=message.branch_id,
            parent_message_id=message.parent_message_id,
            role=message.role.value,
            content=message.content,
            status=message.status.value,
            citations=[CitationOut.of(citation) for citation in message.citations],
            sentences=[SentenceOut.of(sentence) for sentence in message.sentences],
            withheld=message.withheld,
            nearest=[NearestOut.of(section) for section in message.nearest],
            client_message_id=message.client_message_id,
            model=message.model,
            tokens=message.tokens,
            created_at=message.created_at,
            edited_at=message.edited_at,
            feedback=None if message.feedback is None else FeedbackOut.of(message.feedback),
        )


class MessageCreate(Body):
    content: str
    branch_id: str | None = None
    parent_message_id: str | None = None
    client_message_id: str | None = None


class MessageCreateQuery(Query):
    answer: bool = Field(default=True, description="False stores the message and answers nothing.")


class MessageSent(MessageOut):
    is_duplicate: bool = Field(
        alias="is_duplicate", description="Whether this client_message_id had been sent before."
    )
    answer: MessageOut | None

    @classmethod
    def sent(cls, message: Message, answer: Message | None, *, is_duplicate: bool) -> MessageSent:
        fields = dict(MessageOut.of(message))
        told = None if answer is None else MessageOut.of(answer)
        return cls(**fields, is_duplicate=is_duplicate, answer=told)


class MessageEdit(Body):
    content: str


class MessageDeleted(CamelOutput):
    message: str
    deleted_count: int = Field(alias="deleted_count")  # spelt as of all conversations
    message_id: str


class FeedbackCreate(Body):
    rating: Annotated[Rating, Field(strict=False)]
    reason: Annotated[Prose, Field(max_length=2000)] | None = None


class MessageQuery(Query):
    """`limit` is the page size by another name, and wins; `cursor` overrides `page`."""

    branch_id: Annotated[str, Field(max_length=64)] = MAIN_BRANCH
    limit: Annotated[int | None, Field(ge=1, le=200)] = None
    page: Annotated[int, Field(ge=1, le=1_000_000)] = 1
    page_size: Annotated[int, Field(ge=1, le=200)] = 100
    cursor: Annotated[str | None, Field(max_length=64)] = None


class MessageList(CamelOutput):
    items: list[MessageOut]
    total: int
    limit: int
    page: int
    page_size: int
    branch_id: str
    next_cursor: str | None

    @classmethod
    def of(cls, found: MessagePage, query: MessageQuery, size: int) -> MessageList:
        return cls(
            items=[MessageOut.of(message) for message in found.items],
            total=found.total,
            limit=size,
            page=query.page,
            page_size=size,
            branch_id=query.branch_id,
            next_cursor=found.next_cursor,
        )


class BranchCreate(Body):
    parent_message_id: str
    initial_message: str | None = None


class BranchOut(CamelOutput):
    branch_id: str
    parent_message_id: str | None
    message_count: int
    created_at: Instant
    last_activity: Instant

    @classmethod
    def of(cls, branch: Branch) -> BranchOut:
        return cls(
            branch_id=branch.id,
            parent_message_id=branch.parent_message_id,
            message_count=branch.message_count,
            created_at=branch.created_at,
            last_activity=branch.last_activity,
        )


class BranchList(CamelOutput):
    items: list[BranchOut]


class BranchCreated(CamelOutput):
    branch_id: str
    conversation_id: str
    parent_message_id: str
    created_at: Instant
    message_count: int
    initial_message: MessageOut | None
