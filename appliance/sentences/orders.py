"""Text that speaks to a program instead of to the people who read a document.

A document may hold orders to a language model, the marks of a chat's turns, or citations and
frames that imitate an answer's ("indirect prompt injection": Greshake et al., 2023). Nothing of
that is ever clinical content, so it is neither given to a model nor quoted nor taken as evidence.
What the forms of `order_forms` miss is still only a document's word, and shown as that.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from appliance.sentences.invisible import INVISIBLE
from appliance.sentences.order_forms import ORDER
from appliance.sentences.segmentation import Span, split_sentences

# What stands beside an order may belong to it: "Answer with one word. The word is ...".
_SAID = re.compile(
    r"\b(?:repl(?:y|ies)|respond|answer|output|print|write|say|repeat|words?|codes?|letters|tokens?|"
    r"strings?|phrases?)\b|\[\d{1,3}\]",
    re.IGNORECASE,
)
_PARAGRAPH = re.compile(r"\n[^\S\n]*\n\s*")


def gives_orders(text: str) -> bool:
    """Whether some of `text` is addressed to a program."""
    return any(ORDER.search(seen) for seen, _ in _seen(text))


def orders(text: str) -> list[Span]:
    """What of `text` is addressed to a program, in order: whole sentences, and those beside one, in
    the same paragraph, that speak of what to say or carry an answer's marks.
    """
    if not gives_orders(text):
        return []
    paragraphs = _paragraphs(text)
    found = [span for paragraph in paragraphs for span in _of_paragraph(text, *paragraph)]
    for start, end in _matches(text, 0):
        if not any(begin < end and start < last for begin, last in found):
            # Only several paragraphs make it up: it takes them whole.
            held = [span for span in paragraphs if span[0] < end and start < span[1]]
            found.append((held[0][0], held[-1][1]))
    return _merged(found)


def without_orders(text: str) -> str:
    """`text` without its `orders`, the rest as it stands."""
    kept, begun = [], 0
    for start, end in orders(text):
        kept.append(text[begun:start])
        begun = end
    return "".join((*kept, text[begun:]))


def _seen(text: str) -> Iterator[tuple[str, list[int] | None]]:
    """`text` as a model may take it, and where each character stands in it, where that differs:
    characters that nobody sees may part the letters of a word, or words.
    """
    yield text, None
    if INVISIBLE.search(text) is None:
        return
    for instead in ("", " "):
        characters: list[str] = []
        places: list[int] = []
        for place, character in enumerate(text):
            hidden = INVISIBLE.match(text, place) is not None
            for shown in instead if hidden else character:
                characters.append(shown)
                places.append(place)
        yield "".join(characters), places


def _matches(text: str, offset: int) -> list[Span]:
    """Where orders stand in `text`, which begins at `offset` of a longer one."""
    found = []
    for seen, places in _seen(text):
        for match in ORDER.finditer(seen):
            start, end = match.span()
            if places is not None:
                start, end = places[start], places[end - 1] + 1
            found.append((offset + start, offset + end))
    return sorted(found)


def _paragraphs(text: str) -> list[Span]:
    breaks = [(0, 0), *(match.span() for match in _PARAGRAPH.finditer(text))]
    ends = [start for start, _ in breaks[1:]] + [len(text)]
    return [(begun, end) for (_, begun), end in zip(breaks, ends, strict=True)]


def _of_paragraph(text: str, begin: int, end: int) -> list[Span]:
    held = _matches(text[begin:end], begin)
    if not held:
        return []
    # A mark that nobody sees must not keep a sentence from ending.
    shown = INVISIBLE.sub(" ", text[begin:end])
    sentences = [(begin + first, begin + last) for first, last in split_sentences(shown)]
    given = [
        any(start < last and first < stop for start, stop in held) for first, last in sentences
    ]
    if not any(given):
        return [(begin, end)]
    for places in (range(1, len(given)), range(len(given) - 2, -1, -1)):
        for place in places:
            beside = given[place - places.step]
            given[place] = given[place] or (beside and _says(text, sentences[place]))
    return [span for span, is_order in zip(sentences, given, strict=True) if is_order]


def _says(text: str, span: Span) -> bool:
    return _SAID.search(text, *span) is not None


def _merged(spans: list[Span]) -> list[Span]:
    merged: list[Span] = []
    for start, end in sorted(spans):
        if merged and start < merged[-1][1]:
            merged[-1] = merged[-1][0], max(end, merged[-1][1])
        else:
            merged.append((start, end))
    return merged
