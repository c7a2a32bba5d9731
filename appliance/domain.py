"""The nouns of the appliance. Frozen values; no behaviour that needs a database or an engine."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from typing import NamedTuple

MAIN_BRANCH = "main"


def utc_now() -> datetime:
    """The clock of production; what needs the time is given a `Callable[[], datetime]`."""
    return datetime.now(UTC)


class AdminRole(StrEnum):
    USER = "user"
    VIEWER = "viewer"
    ADMIN = "admin"


@dataclass(frozen=True, slots=True)
class User:
    id: str
    email: str
    full_name: str
    is_active: bool
    admin_role: AdminRole
    created_at: datetime
    last_login: datetime | None = None

    @property
    def is_admin(self) -> bool:
        return self.admin_role is AdminRole.ADMIN


@dataclass(frozen=True, slots=True)
class RoleChange:
    id: str
    user_id: str
    changed_at: datetime
    actor_id: str | None  # None: the console
    from_role: AdminRole
    to_role: AdminRole
    reason: str | None
    request_id: str | None


class LockStatus(StrEnum):
    LOCKED = "locked"
    UNLOCKED = "unlocked"


@dataclass(frozen=True, slots=True)
class LockEvent:
    """An account was locked (wrong passwords, or an admin's act) or unlocked."""

    id: str
    user_id: str
    timestamp: datetime
    actor_id: str | None  # None: the appliance itself, or the console
    status: LockStatus
    reason: str | None
    request_id: str | None


@dataclass(frozen=True, slots=True)
class Session:
    """One sign-in on one device; the family of its refresh tokens."""

    id: str
    user_id: str
    created_at: datetime
    expires_at: datetime
    ip: str
    user_agent: str
    revoked_at: datetime | None = None
    last_used_at: datetime | None = None  # when its tokens were last renewed


@dataclass(frozen=True, slots=True)
class Principal:
    """Who is calling: an active user in a session that holds."""

    user: User
    session_id: str


@dataclass(frozen=True, slots=True)
class RequestOrigin:
    """Where a request came from, for the audit trail."""

    request_id: str
    ip: str
    user_agent: str = ""


@dataclass(frozen=True, slots=True)
class Conversation:
    id: str
    user_id: str
    title: str
    archived: bool
    folder_id: str | None
    message_count: int
    last_message_preview: str | None
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class Branch:
    id: str
    conversation_id: str
    parent_message_id: str | None
    message_count: int
    created_at: datetime
    last_activity: datetime


@dataclass(frozen=True, slots=True)
class Folder:
    """A place for conversations; folders nest."""

    id: str
    user_id: str
    parent_id: str | None
    name: str
    created_at: datetime


class MessageRole(StrEnum):
    USER = "user"
    ASSISTANT = "assistant"
    SYSTEM = "system"


class MessageStatus(StrEnum):
    COMPLETE = "complete"
    STREAMING = "streaming"
    INTERRUPTED = "interrupted"
    FAILED = "failed"


Box = tuple[float, float, float, float]  # left, bottom, right, top, in points from the page's foot


@dataclass(frozen=True, slots=True)
class Citation:
    """One [n] of an answer: a snapshot, so that it still reads when the document has gone.

    `char_start`/`char_end` delimit the quoted words in the page's text; `snippet` is those words
    with white space folded. `supports` holds the 0-based numbers of the answer's sentences that
    rest on it.
    """

    id: str
    index: int
    document_id: str
    chunk_id: str
    title: str
    category: str | None
    page: int
    page_count: int
    section: str | None
    snippet: str
    char_start: int
    char_end: int
    score: float
    document_version: str | None = None
    effective_date: str | None = None
    review_by: str | None = None
    supports: tuple[int, ...] = ()
    boxes: tuple[Box, ...] = ()


@dataclass(frozen=True, slots=True)
class NearestSection:
    """Where a refusal found what is nearest to the question, though it does not answer it."""

    document_id: str
    chunk_id: str
    title: str
    section: str | None
    page: int


@dataclass(frozen=True, slots=True)
class Sentence:
    """One sentence of an answer and whether its cited passages bear it out.

    `start`/`end` are character positions in the answer; `citations` are the [n] it carries.
    """

    start: int
    end: int
    supported: bool
    citations: tuple[int, ...] = ()


class Rating(StrEnum):
    UP = "up"
    DOWN = "down"


@dataclass(frozen=True, slots=True)
class Feedback:
    """What the reader of an answer thought of it."""

    rating: Rating
    reason: str | None
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Message:
    id: str
    conversation_id: str
    branch_id: str
    parent_message_id: str | None
    role: MessageRole
    content: str
    status: MessageStatus
    created_at: datetime
    client_message_id: str | None = None
    model: str | None = None
    tokens: int | None = None
    edited_at: datetime | None = None
    feedback: Feedback | None = None
    citations: tuple[Citation, ...] = ()
    sentences: tuple[Sentence, ...] = ()
    withheld: int = 0  # sentences that the passages did not bear out
    nearest: tuple[NearestSection, ...] = ()


class DocumentStatus(StrEnum):
    UPLOADED = "uploaded"
    PROCESSING = "processing"
    INDEXED = "indexed"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Document:
    id: str
    title: str
    category: str | None
    filename: str
    file_type: str  # "pdf" or "txt"
    size: int  # bytes
    sha256: str
    status: DocumentStatus
    uploaded_by: str | None
    upload_date: datetime
    error: str | None = None
    progress: float = 0.0
    pages: int | None = None
    chunks_indexed: int = 0
    version: str | None = None
    supersedes: str | None = None
    issuer: str | None = None
    effective_date: str | None = None
    review_by: str | None = None
    owner: str | None = None
    indexed_at: datetime | None = None
    warnings: tuple[str, ...] = ()  # what reading it found that people should look at
    superseded_by: str | None = None


class PlacedWord(NamedTuple):
    """Where the characters `start`..`end` of a page's text stand on it."""

    start: int
    end: int
    box: Box


@dataclass(frozen=True, slots=True)
class ReadPage:
    """A page as the reader of a file found it; `text` is None where it cannot be read.

    `width` and `height` in points; `hidden`: it has text that nobody can see, which is left out.
    """

    number: int  # from 1
    total: int
    text: str | None
    width: float | None = None
    height: float | None = None
    words: Sequence[PlacedWord] = ()
    hidden: bool = False


@dataclass(frozen=True, slots=True)
class Page:
    """`width` and `height` in points, and `layout` (see `services/page_layout.py`), where they are
    known; `hidden`: its file has text that nobody can see, which is not in `text`.
    """

    number: int  # from 1
    text: str
    width: float | None = None
    height: float | None = None
    layout: bytes | None = None
    hidden: bool = False


@dataclass(frozen=True, slots=True)
class Chunk:
    """A passage of one page: `text == page.text[char_start:char_end]`, to the character.

    `section` is the nearest heading above it, `path` those above that one, outermost first. `lead`
    is what stands above and its first words must not be read without: the title and head rows of
    the table that it goes on with (cells divided by TABs), or the words that lead to the list.
    `torn_start`: a sentence begun in the chunk before ends here; `torn_end`: its last sentence
    goes on in the next. Neither half is a sentence.
    """

    id: str
    document_id: str
    ordinal: int
    page: int
    section: str | None
    char_start: int
    char_end: int
    text: str
    path: tuple[str, ...] = ()
    lead: str | None = None
    torn_start: bool = False
    torn_end: bool = False

    @property
    def place(self) -> str | None:
        """Where it stands, for people: "5 WARNINGS › 5.1 Lactic Acidosis"."""
        return " › ".join((*self.path, self.section)) if self.section else None


@dataclass(frozen=True, slots=True)
class Passage:
    """A chunk that retrieval found, with what a citation needs to say about its document.

    `score` is the fused relevance in 0..1, `similarity` the cosine of question and chunk.
    """

    chunk: Chunk
    document: Document
    score: float
    similarity: float


class JobState(StrEnum):
    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Job:
    id: str
    document_id: str
    state: JobState
    stage: str
    progress: float
    attempts: int
    error: str | None
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class Turn:
    """One earlier message of the conversation, as the answer engine sees it."""

    role: MessageRole
    content: str


@dataclass(frozen=True, slots=True)
class Question:
    """What an answer engine is asked: passages are numbered [1]..[n] in this order.

    `asker` is the id of a user, "" for nobody's: what is known of one's question helps no other's.
    `patient` is what a long question says of its patient beside what it asks, which is `text`.
    `spelt_out` is `text` for a model of meanings, where that differs.
    """

    text: str
    passages: tuple[Passage, ...]
    history: tuple[Turn, ...] = field(default=())
    asker: str = ""
    patient: str = ""
    spelt_out: str = ""

    @property
    def case(self) -> str:
        """What it asks, and what it says of its patient."""
        return f"{self.text} {self.patient}" if self.patient else self.text


@dataclass(frozen=True, slots=True)
class FeatureFlag:
    """A switch. It holds for a user when enabled and the user falls into the rollout."""

    name: str
    enabled: bool
    description: str
    rollout_percentage: int
    created_at: datetime
    updated_at: datetime
