"""Documents of the knowledge base on the wire."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from pydantic import AfterValidator, Field, WithJsonSchema, field_validator

from appliance.api.fields import Body, Instant, Line, Output, Query
from appliance.domain import Document, DocumentStatus
from appliance.services.knowledge import Metadata


def _date(text: str) -> str:
    try:
        if len(text) != len("2026-01-31"):
            raise ValueError
        return date.fromisoformat(text).isoformat()
    except ValueError:
        raise ValueError("must be a date written as YYYY-MM-DD") from None


Short = Annotated[Line, Field(max_length=200)]
Day = Annotated[
    str,
    AfterValidator(_date),
    WithJsonSchema({"type": "string", "format": "date"}),
]
Uuid = Annotated[
    str, Field(pattern=r"^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$")
]


class DocumentForm(Body):
    """The text fields of an upload; the file comes beside them as `file`."""

    title: Annotated[Line, Field(max_length=300)] | None = None
    category: Annotated[Line, Field(max_length=100)] | None = None
    version: Short | None = None
    supersedes: Uuid | None = None
    issuer: Short | None = None
    effective_date: Day | None = None
    review_by: Day | None = None
    owner: Short | None = None

    def metadata(self) -> Metadata:
        return Metadata(**self.model_dump())


class DocumentUpdate(Body):
    """Absent fields stay as they are; null clears one, as blanks do a text. A title must stay."""

    title: Annotated[Line, Field(min_length=1, max_length=300)] | None = None
    category: Annotated[Line, Field(max_length=100)] | None = None
    version: Short | None = None
    supersedes: Uuid | None = None
    issuer: Short | None = None
    effective_date: Day | None = None
    review_by: Day | None = None
    owner: Short | None = None

    @field_validator("title")
    @classmethod
    def _title_stays(cls, title: str | None) -> str:
        if not title:
            raise ValueError("must not be null or empty")
        return title

    def changes(self) -> dict[str, str | None]:
        return {name: getattr(self, name) or None for name in self.model_fields_set}


class DocumentQuery(Query):
    offset: int = Field(0, ge=0, le=1_000_000)
    limit: int = Field(20, ge=1, le=100)
    status: DocumentStatus | None = None
    category: Annotated[Line, Field(max_length=100)] | None = None
    search: Annotated[Line, Field(max_length=200)] | None = None


class DocumentOut(Output):
    document_id: str
    title: str
    category: str | None
    filename: str
    file_type: str
    size: int
    sha256: str
    status: DocumentStatus
    error: str | None
    progress: float
    pages: int | None
    chunks_indexed: int
    version: str | None
    supersedes: str | None
    issuer: str | None
    effective_date: str | None
    review_by: str | None
    owner: str | None
    upload_date: Instant
    indexed_at: Instant | None
    uploaded_by: str | None
    warnings: list[str] = Field(description="What reading it found that people should look at.")
    superseded_by: str | None

    @classmethod
    def of(cls, document: Document) -> DocumentOut:
        return cls(
            document_id=document.id,
            title=document.title,
            category=document.category,
            filename=document.filename,
            file_type=document.file_type,
            size=document.size,
            sha256=document.sha256,
            status=document.status,
            error=document.error,
            progress=round(document.progress, 3),
            pages=document.pages,
            chunks_indexed=document.chunks_indexed,
            version=document.version,
            supersedes=document.supersedes,
            issuer=document.issuer,
            effective_date=document.effective_date,
            review_by=document.review_by,
            owner=document.owner,
            upload_date=document.upload_date,
            indexed_at=document.indexed_at,
            uploaded_by=document.uploaded_by,
            warnings=list(document.warnings),
            superseded_by=document.superseded_by,
        )


class DocumentList(Output):
    documents: list[DocumentOut]
    total: int
    offset: int
    limit: int


class DocumentDeleted(Output):
    message: str
    document_id: str
