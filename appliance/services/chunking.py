"""Cuts pages into chunks that an embedding model reads whole, where a reader would pause.

A chunk is a slice of one page, to the character; every character of a page that is not white
space is in exactly one chunk. Its section is the heading that stands above it, carried over from
page to page.
"""

from __future__ import annotations

import hashlib
import re
import uuid
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise

from appliance.domain import Chunk, Page
from appliance.services.headings import Line, furniture_of, lines_of

# Sizes in estimated WordPiece tokens: MiniLM reads 256, and the estimate is up to a fifth too low
# for text full of abbreviations. Clinical prose has some 1.6 tokens to a word.
_TARGET = 185
_MOST = 220
_LEAST = 110
_LEAST_SECTION = 10  # a new section may begin a chunk this soon: a wrong section misleads
_TOKEN = re.compile(r"\w{1,40}|[^\w\s]")
_SENTENCE_END = re.compile(r"[.!?][\"'’”)\]]*\s+(?=[\"'‘“(\[]?[A-Z0-9•●❑])")
_ENDED = re.compile(r"[.!?:;][\"'’”)\]]*$")
_ITEM = re.compile(r"[•●○▪■❑–*-]\s|\(?\w{1,3}[.)]\s")
# How good a place is to end a chunk.
_AT_HEADING, _AT_GAP, _AT_LINE, _AT_SENTENCE, _IN_SENTENCE, _ANYWHERE = 2.0, 1.6, 1.3, 1.0, 0.3, 0.0
_BARE_HEADING = 15  # a section of no more than this is a heading at the foot of its page
_STUMP = 60  # a rest smaller than this is better kept with what stands before it


def chunked(document_id: str, pages: Sequence[Page]) -> list[Chunk]:
    """The chunks of a document in reading order.

    Ids depend on the document, the place and the words: the same text gives the same ids again,
    so that citations outlive a reindex.
    """
    furniture = furniture_of([page.text for page in pages])
    namespace = uuid.UUID(document_id)
    chunks: list[Chunk] = []
    section: str | None = None
    for page in pages:
        lines = lines_of(page.text, furniture)
        for start, end in _spans(page.text, lines):
            section = _section_at(lines, start, section)
            text = page.text[start:end]
            digest = hashlib.sha256(text.encode()).hexdigest()
            name = f"{page.number}:{start}:{end}:{digest}"
            chunk_id = str(uuid.uuid5(namespace, name))
            ordinal = len(chunks)
            chunks.append(
                Chunk(chunk_id, document_id, ordinal, page.number, section, start, end, text)
            )
        # A heading at the foot of a page is about the next one.
        headings = [line.text for line in lines if line.is_heading]
        section = headings[-1] if headings else section
    return chunks


def with_context(title: str, chunk: Chunk) -> str:
    """What is embedded and indexed: a dose alone does not say of which drug it is."""
    return "\n".join(part for part in (title, chunk.section, chunk.text) if part)


def _section_at(lines: Sequence[Line], start: int, before: str | None) -> str | None:
    """The heading above `start`, or the last of those that the chunk there begins with."""
    section = before
    for line in lines:
        if line.start > start and not line.is_heading:
            break
        if line.is_heading:
            section = line.text
        elif line.start == start:
            break
    return section


@dataclass(frozen=True, slots=True)
class _Text:
    """A page measured: where its tokens begin and what they weigh up to there."""

    text: str
    starts: list[int]
    weights: list[float]  # of the tokens before each, and of all at the end

    @classmethod
    def of(cls, text: str) -> _Text:
        tokens = list(_TOKEN.finditer(text))
        weights = accumulate((_weight(match.group()) for match in tokens), initial=0.0)
        return cls(text, [match.start() for match in tokens], list(weights))

    def before(self, position: int) -> float:
        """The weight of the text before `position`."""
        return self.weights[bisect_left(self.starts, position)]

    def reach(self, weight: float) -> int:
        """Where the first token begins that does not fit into `weight`, or the end."""
        number = bisect_right(self.weights, weight) - 1
        return self.starts[number] if number < len(self.starts) else len(self.text)


def _weight(token: str) -> float:
    """WordPiece tokens in a word, fitted on drug labels; other scripts go nearly by the letter."""
    if not token.isascii():
        return max(1.0, 0.6 * len(token))
    return 1 + 0.4 * max(0, len(token) - 7)


def _spans(text: str, lines: Sequence[Line]) -> list[tuple[int, int]]:
    measured = _Text.of(text)
    breaks = _breaks(text, lines)
    places = sorted(breaks)
    spans = []
    start = 0
    while start < len(text):
        end = _end(measured, places, breaks, start)
        span = text[start:end]
        if span.strip():
            first = start + len(span) - len(span.lstrip())
            spans.append((first, start + len(span.rstrip())))
        start = end
    return spans


def _end(measured: _Text, places: list[int], breaks: dict[int, float], start: int) -> int:
    """Where a chunk that begins at `start` ends best: before the next section, else at a pause."""
    base = measured.before(start)
    left = measured.weights[-1] - base
    limit = measured.reach(base + _MOST)
    best, best_score = (len(measured.text), -1.0) if left <= _MOST else (limit, -9.0)
    for place in places[bisect_right(places, start) : bisect_right(places, limit)]:
        weight = measured.before(place) - base
        quality = breaks[place]
        if quality == _AT_HEADING and weight >= _LEAST_SECTION and left - weight > _BARE_HEADING:
            return place
        if weight < _LEAST or left <= _MOST:
            continue  # too soon; or what is left makes one chunk
        score = quality - abs(weight - _TARGET) / _TARGET
        if left - weight < _STUMP:
            score -= 1
        if score > best_score:
            best, best_score = place, score
    return best


def _breaks(text: str, lines: Sequence[Line]) -> dict[int, float]:
    """Places where a chunk may end, and how good they are."""
    breaks: dict[int, float] = {match.end(): _ANYWHERE for match in re.finditer(r"\s+", text)}
    breaks.update({match.end(): _AT_SENTENCE for match in _SENTENCE_END.finditer(text)})
    for above, line in pairwise(lines):
        if line.is_heading and not above.is_heading:
            quality = _AT_HEADING
        elif above.is_heading:
            quality = _ANYWHERE  # a heading stays with what it is about
        elif text.count("\n", above.end, line.start) > 1:
            quality = _AT_GAP
        elif _ENDED.search(above.text) or _ITEM.match(line.text):
            quality = _AT_LINE
        else:
            quality = _IN_SENTENCE
        breaks[line.start] = quality
    return breaks
