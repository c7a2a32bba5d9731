"""Where the sentences end that the end of a passage cuts in two. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from appliance.domain import Passage
from appliance.sentences import Kind, fold, segments
from appliance.sentences.orders import orders


def ends_elsewhere(passages: Sequence[Passage]) -> dict[int, tuple[int, str]]:
    """By the place of each of `passages` that ends within a sentence: the place of the passage
    behind it, where that is there, and the words with which the sentence ends.
    """
    places = {(p.document.id, p.chunk.ordinal): number for number, p in enumerate(passages)}
    found = {}
    for number, passage in enumerate(passages):
        behind = places.get((passage.document.id, passage.chunk.ordinal + 1))
        if behind is not None and passage.chunk.torn_end:
            if ended := _end_of_sentence(passages[behind]):
                found[number] = behind, ended
    return found


def _end_of_sentence(passage: Passage) -> str | None:
    """Its first words, where they end the sentence of another; none of one that gives orders."""
    text = passage.chunk.text
    first = next(iter(segments(text)), None)
    if first is None or first.kind is not Kind.SENTENCE or not passage.chunk.torn_start:
        return None
    return None if orders(text) else fold(text[first.start : first.end])
