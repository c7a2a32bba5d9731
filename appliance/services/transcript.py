"""A conversation to be read outside the appliance, and the words in which every form of it says
the same things.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from appliance.domain import Branch, Citation, Conversation, Message, MessageRole, MessageStatus

UNSUPPORTED = "not supported by a document"
UNSUPPORTED_LEGEND = (
    f"Sentences marked “{UNSUPPORTED}” are not borne out by the passages that they cite."
)
_NOTES = {
    MessageStatus.INTERRUPTED: "This answer was interrupted.",
    MessageStatus.FAILED: "This answer could not be finished.",
    MessageStatus.STREAMING: "This answer was still being written.",
}
_UNPRINTABLE = re.compile("[\x00-\x08\x0e-\x1f\x7f-\x9f\ud800-\udfff]")
_LINE_END = re.compile("\r\n|[\r\x0b\x0c\x85\u2028\u2029]")


@dataclass(frozen=True, slots=True)
class Transcript:
    """`messages` are oldest first: those of `branch_id`, or where that is None those of all
    branches. `superseded` are ids of documents that they cite.
    """

    conversation: Conversation
    branch_id: str | None
    branches: tuple[Branch, ...]
    messages: tuple[Message, ...]
    exported_at: datetime
    superseded: frozenset[str] = frozenset()


def printable(text: str) -> str:
    """`text` with one kind of line end and nothing that only machines read."""
    return _UNPRINTABLE.sub("\ufffd", _LINE_END.sub("\n", text))


def moment(at: datetime) -> str:
    return at.strftime("%Y-%m-%d %H:%M UTC")


def speaker(message: Message) -> str:
    return {
        MessageRole.USER: "Question",
        MessageRole.ASSISTANT: "Answer",
        MessageRole.SYSTEM: "Note",
    }[message.role]


def remarks(message: Message) -> list[str]:
    """What a reader has to know of a message besides its words."""
    found = []
    if message.edited_at is not None:
        found.append(f"Edited {moment(message.edited_at)}.")
    if message.status in _NOTES:
        found.append(_NOTES[message.status])
    if any(not sentence.supported for sentence in message.sentences):
        found.append(UNSUPPORTED_LEGEND)
    return found


def source_of(citation: Citation) -> str:
    """Where the quoted words stand, on one line."""
    parts = [
        citation.title,
        f"section {citation.section}" if citation.section else None,
        f"page {citation.page} of {citation.page_count}",
        f"version {citation.document_version}" if citation.document_version else None,
        f"effective {citation.effective_date}" if citation.effective_date else None,
    ]
    return " ".join(printable(", ".join(part for part in parts if part)).split())


def cautions(transcript: Transcript, citation: Citation) -> list[str]:
    """What has happened to the cited document, or is due, that a reader has to know."""
    found = []
    if is_overdue(transcript, citation):
        found.append(f"Its review was due by {citation.review_by}: check that it still holds.")
    if citation.document_id in transcript.superseded:
        found.append("It has been replaced by a newer document since.")
    return found


def is_overdue(transcript: Transcript, citation: Citation) -> bool:
    today = transcript.exported_at.date().isoformat()
    return citation.review_by is not None and citation.review_by < today


def passages_of(message: Message) -> Iterator[tuple[str, bool]]:
    """The words of `message` in pieces, and whether a piece is a sentence that nothing bears out.

    The pieces joined are its content.
    """
    at = 0
    for sentence in message.sentences:
        if sentence.supported:
            continue
        if at < sentence.start:
            yield message.content[at : sentence.start], False
        yield message.content[sentence.start : sentence.end], True
        at = sentence.end
    if at < len(message.content):
        yield message.content[at:], False
