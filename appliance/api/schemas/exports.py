"""A conversation as a file."""

from __future__ import annotations

from pydantic import Field

from appliance.api.fields import CamelOutput, Instant, Query
from appliance.api.schemas.conversations import ConversationOut
from appliance.api.schemas.messages import BranchOut, MessageOut
from appliance.services.exports import ExportFormat
from appliance.services.transcript import Transcript, cautions, is_overdue


class ExportQuery(Query):
    format: ExportFormat = ExportFormat.MD
    branch_id: str | None = None


class CautionOut(CamelOutput):
    """A cited document that a reader should not take for the present state of knowledge."""

    source_id: str = Field(description="Id of the document.")
    title: str
    review_by: str | None
    review_passed: bool = Field(description="Whether it should have been reviewed before now.")
    superseded: bool = Field(description="Whether a newer document has taken its place.")


class ExportOut(CamelOutput):
    """Messages in the order in which they were written; each names its branch."""

    conversation: ConversationOut
    branches: list[BranchOut]
    messages: list[MessageOut]
    cautions: list[CautionOut]
    exported_at: Instant

    @classmethod
    def of(cls, transcript: Transcript) -> ExportOut:
        return cls(
            conversation=ConversationOut.of(transcript.conversation),
            branches=[BranchOut.of(branch) for branch in transcript.branches],
            messages=[MessageOut.of(message) for message in transcript.messages],
            cautions=_cautions(transcript),
            exported_at=transcript.exported_at,
        )


def _cautions(transcript: Transcript) -> list[CautionOut]:
    """Each document once, as the latest answer that cites it has it."""
    found = {}
    for message in transcript.messages:
        for citation in message.citations:
            if cautions(transcript, citation):
                found[citation.document_id] = CautionOut(
                    source_id=citation.document_id,
                    title=citation.title,
                    review_by=citation.review_by,
                    review_passed=is_overdue(transcript, citation),
                    superseded=citation.document_id in transcript.superseded,
                )
    return list(found.values())
