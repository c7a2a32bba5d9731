"""Lets through what an engine writes sentence by sentence, as far as its passages bear it out.

The engine is not trusted: a sentence is held back until it is whole, checked against the passages
that it cites, and otherwise withheld and counted. How strict the check is depends on nothing.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncGenerator, AsyncIterator, Sequence

from appliance.domain import Passage
from appliance.engines.protocols import NO_ANSWER
from appliance.services.bearing import Evidence
from appliance.services.claims import MARKERS, Claim, divide, read_claims
from appliance.services.grounding import evidence_of

# Marks, the full stop behind them, and the sign that no more of either comes; or a line's end.
_END = re.compile(rf"{MARKERS}[.!?;:,)\]\"'”’]*(?=\s*[^\s\[.!?;:,)\]\"'”’])|\n+")
_TORN_MARK = re.compile(r"\s*\[[\d,\s]*$")


class SentenceGate:
    """For one answer. `withheld` is final when `sentences` has ended."""

    def __init__(self, passages: Sequence[Passage]) -> None:
        self._evidence: dict[int, Evidence] = evidence_of(passages)
        self.withheld = 0

    async def sentences(self, pieces: AsyncIterator[str]) -> AsyncGenerator[str]:
        """What may be shown, a sentence a piece; joined they are the whole text.

        A sentence that the end of `pieces` cuts short has no marks, and so is withheld.
        """
        separator = ""
        async for text in _parts(pieces):
            # In a thread: a sentence takes milliseconds, of which the event loop has none.
            checked = await asyncio.to_thread(self._checked, text)
            if checked:
                yield separator + checked
                separator = " "
            if separator and text.endswith("\n"):
                separator = "\n"

    def _checked(self, text: str) -> str:
        """The sentences of `text` that are borne out, each with the marks that do."""
        if text.strip() == NO_ANSWER:
            return ""
        kept = []
        for claim in read_claims(text):
            for part in divide(claim) if claim.text else ():
                borne = self._borne(part)
                if borne:
                    marks = "".join(f"[{number}]" for number in borne)
                    tail = text[part.words_end : part.end].rpartition("]")[2]
                    kept.append(f"{part.text} {marks}{tail}")
                else:
                    self.withheld += 1
        return " ".join(kept)

    def _borne(self, part: Claim) -> list[int]:
        return [
            number
            for number in part.numbers
            if number in self._evidence and self._evidence[number].span_of(part.text) is not None
        ]


async def _parts(pieces: AsyncIterator[str]) -> AsyncIterator[str]:
    """The text cut behind its marks and its line ends; what is left comes last.

    A mark that the end cuts through is none.
    """
    held = ""
    async for piece in pieces:
        held += piece
        while ("]" in held or "\n" in held) and (end := _END.search(held)) is not None:
            yield held[: end.end()]
            held = held[end.end() :]
    yield _TORN_MARK.sub("", held)
