"""Sentences that the end of a passage cuts in two, where both parts are there. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from appliance.domain import Passage
from appliance.engines.quotable import is_sentence, is_torn, leans
from appliance.engines.quotes import Quote
from appliance.sentences import Kind, fold, segments
from appliance.sentences.orders import orders


def torn_quotes(passages: Sequence[Passage]) -> Iterator[Quote]:
    """A quote of two passages for each."""
    places = {(p.document.id, p.chunk.ordinal): number for number, p in enumerate(passages)}
    for number, passage in enumerate(passages):
        behind = places.get((passage.document.id, passage.chunk.ordinal + 1))
        if behind is None or not passage.chunk.torn_end:
            continue
        if quote := _joined(number, passage, behind, passages[behind]):
            yield quote


def _joined(number: int, passage: Passage, behind: int, following: Passage) -> Quote | None:
    text, rest = passage.chunk.text, following.chunk.text
    parts, others = segments(text), segments(rest)
    if not parts or not others or not following.chunk.torn_start:
        return None
    last, first = parts[-1], others[0]
    if last.kind is not Kind.SENTENCE or first.kind is not Kind.SENTENCE:
        return None
    begun, ended = fold(text[last.start : last.end]), fold(rest[first.start : first.end])
    whole = f"{begun} {ended}"
    if not is_sentence(whole) or is_torn(begun, last.start) or leans(whole):
        return None
    if any(orders(words) for words in (whole, text, rest)):
        return None
    heading = passage.chunk.section or ""
    return Quote(number, last.start, heading, "", (begun,), rest=(behind, ended))
