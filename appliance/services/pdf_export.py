"""A transcript as PDF."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing

from appliance.domain import Message, MessageRole
from appliance.errors import Unavailable
from appliance.services.pdf_flow import Colour, PdfFlow, Run
from appliance.services.transcript import (
    UNSUPPORTED,
    Transcript,
    cautions,
    moment,
    passages_of,
    printable,
    remarks,
    source_of,
    speaker,
)

_INK: Colour = (33, 37, 41)
_QUIET: Colour = (105, 112, 119)
_LINE: Colour = (206, 212, 218)
_QUESTION: Colour = (11, 83, 148)
_ANSWER: Colour = (47, 125, 91)
_WARNING: Colour = (166, 84, 0)


def to_pdf(transcript: Transcript, stopped: Callable[[], bool]) -> bytes:
    """Takes a second for some hundred pages: call it in a thread.

    `stopped` is asked before every message; once it is true, raises `Unavailable`.
    """
    with closing(PdfFlow("Conversation", transcript.exported_at)) as flow:
        _head(flow, transcript)
        for message in transcript.messages:
            if stopped():
                raise Unavailable("The export was stopped.")
            _message(flow, message, transcript)
        return flow.output()


def _head(flow: PdfFlow, transcript: Transcript) -> None:
    conversation = transcript.conversation
    flow.paragraph([Run(_folded(conversation.title), bold=True)], size=16)
    flow.space(4)
    facts = (
        f"Started {moment(conversation.created_at)}, exported {moment(transcript.exported_at)}. "
        f"Messages: {len(transcript.messages)}."
    )
    flow.paragraph([Run(facts, _QUIET)], size=8.5)
    flow.space(8)
    flow.rule(_LINE)
    flow.space(12)


def _message(flow: PdfFlow, message: Message, transcript: Transcript) -> None:
    asked = message.role is MessageRole.USER
    colour = _QUESTION if asked else _ANSWER
    flow.need(50)
    flow.paragraph(
        [Run(speaker(message), colour, bold=True), Run(f"   {moment(message.created_at)}", _QUIET)],
        size=8.5,
    )
    flow.space(3)
    flow.paragraph(_runs(message), size=10, indent=9, bar=colour if asked else None)
    for remark in remarks(message):
        flow.space(3)
        flow.paragraph([Run(remark, _QUIET)], size=8.5, indent=9)
    if message.citations:
        flow.space(6)
        flow.need(40)
        flow.paragraph([Run("References", _QUIET, bold=True)], size=8.5, indent=9)
    for citation in message.citations:
        flow.space(2)
        label = f"[{citation.index}]"
        flow.paragraph([Run(_folded(source_of(citation)))], size=8.5, indent=34, label=label)
        for caution in cautions(transcript, citation):
            flow.paragraph([Run(_folded(caution), _WARNING, bold=True)], size=8.5, indent=34)
        flow.paragraph([Run(f"“{_folded(citation.snippet)}”", _QUIET)], size=8.5, indent=34)
    flow.space(16)


def _runs(message: Message) -> list[Run]:
    runs = []
    for words, unsupported in passages_of(message):
        text = printable(words)
        runs.append(Run(text, _WARNING if unsupported else _INK))
        if unsupported:
            runs.append(Run(f" ({UNSUPPORTED})", _WARNING, bold=True))
    return runs or [Run("")]


def _folded(text: str) -> str:
    return " ".join(printable(text).split())
