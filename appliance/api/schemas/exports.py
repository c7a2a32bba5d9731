"""A conversation as a file."""

from __future__ import annotations

from appliance.api.fields import CamelOutput, Instant, Query
from appliance.api.schemas.conversations import ConversationOut
from appliance.api.schemas.messages import BranchOut, MessageOut
from appliance.services.exports import ExportFormat
from appliance.services.transcript import Transcript


class ExportQuery(Query):
    format: ExportFormat = ExportFormat.MD
    branch_id: str | None = None


class ExportOut(CamelOutput):
    """Messages in the order in which they were written; each names its branch."""

    conversation: ConversationOut
    branches: list[BranchOut]
    messages: list[MessageOut]
    exported_at: Instant

    @classmethod
    def of(cls, transcript: Transcript) -> ExportOut:
        return cls(
            conversation=ConversationOut.of(transcript.conversation),
            branches=[BranchOut.of(branch) for branch in transcript.branches],
            messages=[MessageOut.of(message) for message in transcript.messages],
            exported_at=transcript.exported_at,
        )
