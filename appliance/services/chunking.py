"""Cuts pages into chunks that an embedding model reads whole, where a reader would pause.

A chunk is a slice of one page, to the character; every character of a page that is neither white
space nor furniture is in exactly one chunk. Its section is the heading that stands above it,
carried over from page to page. Tables and lists are cut only where they do not fit, between rows
and items, and go on with their head or lead as context. A boxed warning is one chunk though the
model then reads no more than its beginning: half of it, quoted as the warning, would mislead.
"""

from __future__ import annotations

import hashlib
import uuid
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence

from appliance.domain import Chunk, Page
from appliance.services.structure import Break, Structure
from appliance.services.title_forms import asked_name
from appliance.services.token_weights import Weighed, clipped, weight
from appliance.services.wholes import LARGEST_BOX

# Sizes in estimated WordPiece tokens: MiniLM reads 256 with its context. Clinical prose has some
# 1.6 tokens to a word.
_WINDOW = 236  # the estimate is up to some per cent too low
_TARGET = 175
_LEAST = 100
_LEAST_BEFORE_WHOLE = 30  # so may a table or a list that would be cut
_LEAST_SECTION = 10  # a new section may begin a chunk this soon: a wrong section misleads
# What of the context is embedded, at most.
_TITLE, _PATH, _SECTION, _LEAD = 20, 30, 40, 60
_LEAST_ROOM = 80  # for the text itself
# How good a place is to end a chunk.
_RATES = {
    Break.SECTION: 2.0,
    Break.GAP: 1.6,
    Break.ITEM: 1.3,
    Break.SENTENCE: 1.0,
    Break.LINE: 0.3,
    Break.WORD: 0.0,
    Break.CELL: -3.0,
}
_IN_WHOLE = 0.35  # share of that quality left to places inside a table, a list or a box
_STUMP = 55  # a rest smaller than this is better kept with what stands before it


def chunked(document_id: str, pages: Sequence[Page]) -> list[Chunk]:
    """The chunks of a document in reading order.

    Ids depend on the document, the place and the words: the same text gives the same ids again,
    so that citations outlive a reindex.
    """
    namespace = uuid.UUID(document_id)
    structure = Structure([page.text for page in pages])
    cutters = [_Cutter(structure, number) for number in range(len(pages))]
    spans = [
        (number, start, end)
        for number, cutter in enumerate(cutters)
        for start, end in cutter.spans()
    ]
    torn = [structure.is_torn(number, start) for number, start, _ in spans]
    chunks: list[Chunk] = []
    for ordinal, (number, start, end) in enumerate(spans):
        text = pages[number].text[start:end]
        path = cutters[number].path_of(start)
        digest = hashlib.sha256(text.encode()).hexdigest()
        name = f"{pages[number].number}:{start}:{end}:{digest}"
        chunks.append(
            Chunk(
                id=str(uuid.uuid5(namespace, name)),
                document_id=document_id,
                ordinal=ordinal,
                page=pages[number].number,
                section=path[-1] if path else None,
                char_start=start,
                char_end=end,
                text=text,
                path=path[:-1],
                lead=structure.lead_at(number, start),
                torn_start=torn[ordinal],
                torn_end=ordinal + 1 < len(spans) and torn[ordinal + 1],
            )
        )
    return chunks


def with_context(title: str, chunk: Chunk) -> str:
    """What is embedded and indexed: a dose alone does not say of which drug it is."""
    parts = (clipped(title, _TITLE), *_context(chunk.path, chunk.section, chunk.lead), chunk.text)
    return "\n".join(part for part in parts if part)


def _context(path: Sequence[str], section: str | None, lead: str | None) -> Iterator[str]:
    """What stands above a chunk, no longer than there is room for: near headings first."""
    outer: list[str] = []
    left: float = _PATH
    for heading in reversed(path):
        outer.insert(0, clipped(heading, left))
        left -= weight(outer[0])
    yield from outer
    yield clipped(asked_name(section), _SECTION)
    yield clipped(lead or "", _LEAD)


class _Cutter:
    """Cuts one page."""

    def __init__(self, structure: Structure, page: int) -> None:
        """`page` counts from 0."""
        self._structure = structure
        self._page = structure.of_page(page)
        self._number = page
        self._weighed = Weighed.of(self._page.text[: self._page.end])
        self._breaks = self._rated()
        self._places = sorted(self._breaks)

    def spans(self) -> Iterator[tuple[int, int]]:
        """Start and end of each chunk, in order."""
        text, start = self._page.text, self._page.start
        while start < self._page.end:
            end = self._end_of(start)
            span = text[start:end]
            if span.strip():
                yield start + len(span) - len(span.lstrip()), start + len(span.rstrip())
            start = end

    def path_of(self, start: int) -> tuple[str, ...]:
        """The headings that a chunk from `start` on is under. A few words in front of a heading
        are the end of something else, and too little for a chunk.
        """
        number = bisect_right(self._places, start)
        limit = self._weighed.reach(self._weighed.before(start) + _LEAST_SECTION)
        while number < len(self._places) and (place := self._places[number]) < limit:
            if self._page.breaks[place] is Break.SECTION and place < self._page.bare_from:
                return self._structure.path_at(self._number, place)
            number += 1
        return self._structure.path_at(self._number, start)

    def _end_of(self, start: int) -> int:
        """Where a chunk that begins at `start` ends best: before the next section or before what
        would be cut and need not be, else at a pause.
        """
        if (box_end := self._end_of_box(start)) is not None:
            return box_end
        room = self._room(start)
        base = self._weighed.before(start)
        left = self._weighed.weights[-1] - base
        fits = left <= room
        limit = max(self._weighed.reach(base + room), start + 1)
        target, least = min(_TARGET, 0.85 * room), min(_LEAST, 0.5 * room)
        best, best_score = (self._page.end, -1.0) if fits else (limit, -9.0)
        first, last = bisect_right(self._places, start), bisect_right(self._places, limit)
        for place in self._places[first:last]:
            if place in self._page.apart:
                return place
            gone = self._weighed.before(place) - base
            quality = self._breaks[place]
            if quality == _RATES[Break.SECTION] and gone >= _LEAST_SECTION:
                if place < self._page.bare_from:
                    return place
            elif gone >= _LEAST_BEFORE_WHOLE and self._keeps_whole(place, limit):
                return place
            if gone < least or fits:
                continue  # too soon; or what is left makes one chunk
            score = quality - abs(gone - target) / target
            if left - gone < _STUMP:
                score -= 1
            if score > best_score:
                best, best_score = place, score
        return best

    def _end_of_box(self, start: int) -> int | None:
        """Where the boxed warning ends that begins at `start`, or so soon behind it that what is
        before it is too little for a chunk; None where there is none, or it is too long.
        """
        for place, end in self._page.boxes.items():
            before = self._weighed.before(place) - self._weighed.before(start)
            size = self._weighed.before(end) - self._weighed.before(start)
            if start <= place and before < _LEAST_SECTION and size <= LARGEST_BOX:
                return end
        return None

    def _room(self, start: int) -> float:
        """What is left for the text of a chunk that begins at `start`."""
        path = self.path_of(start)
        lead = self._structure.lead_at(self._number, start)
        context = _context(path[:-1], path[-1] if path else None, lead)
        return max(_WINDOW - _TITLE - sum(map(weight, context)), _LEAST_ROOM)

    def _keeps_whole(self, place: int, limit: int) -> bool:
        """Whether something begins at `place` that goes on past `limit`, but fits alone."""
        return any(
            end > limit
            and self._weighed.before(end) - self._weighed.before(place) <= self._room(place)
            for end in self._page.wholes.get(place, ())
        )

    def _rated(self) -> dict[int, float]:
        """Places where a chunk may end, and how good they are."""
        rated = {place: _RATES[kind] for place, kind in self._page.breaks.items()}
        places = sorted(rated)
        inside: set[int] = set()
        for start, ends in self._page.wholes.items():
            first, last = bisect_right(places, start), bisect_left(places, max(ends))
            inside.update(places[first:last])
        for place in inside:
            rated[place] = min(rated[place], rated[place] * _IN_WHOLE)
        return rated
