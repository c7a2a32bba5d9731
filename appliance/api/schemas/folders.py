"""Folders on the wire."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field, field_validator

from appliance.api.fields import Body, CamelOutput, Instant, Line
from appliance.services.folders import FolderChanges, FolderNode

Name = Annotated[Line, Field(min_length=1, max_length=100)]
ParentId = Annotated[str, Field(max_length=64)]


class FolderCreate(Body):
    """Without a `parent_id` it lies at the top."""

    name: Name
    parent_id: ParentId | None = None


class FolderUpdate(Body):
    """Absent fields stay as they are; a null `parent_id` takes the folder to the top."""

    name: Name | None = None
    parent_id: ParentId | None = None

    @field_validator("name", mode="before")
    @classmethod
    def _not_null(cls, value: Any) -> Any:
        if value is None:
            raise ValueError("must not be null")
        return value

    def changes(self) -> FolderChanges:
        return FolderChanges(
            name=self.name,
            parent_id=self.parent_id,
            to_top="parent_id" in self.model_fields_set and self.parent_id is None,
        )


class FolderOut(CamelOutput):
    id: str
    name: str
    parent_id: str | None
    created_at: Instant
    conversation_count: int = Field(description="Without those in its subfolders.")
    children: list[FolderOut]

    @classmethod
    def of(cls, node: FolderNode) -> FolderOut:
        return cls(
            id=node.folder.id,
            name=node.folder.name,
            parent_id=node.folder.parent_id,
            created_at=node.folder.created_at,
            conversation_count=node.conversations,
            children=[FolderOut.of(child) for child in node.children],
        )


class FolderTree(CamelOutput):
    items: list[FolderOut]
    total: int = Field(description="Of all folders, subfolders included.")

    @classmethod
    def of(cls, nodes: list[FolderNode]) -> FolderTree:
        return cls(items=[FolderOut.of(node) for node in nodes], total=sum(map(_size, nodes)))


class FolderDeleted(CamelOutput):
    message: str
    folder_id: str


def _size(node: FolderNode) -> int:
    return 1 + sum(map(_size, node.children))
