"""The marks of list items that a page draws as shapes instead of writing them.

What turns HTML into PDF draws a disc, a ring or a square before each item: no character says where
one item ends and the next begins. Pure geometry, without a PDF.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence

from appliance.engines.pdf_places import Dot
from appliance.engines.pdf_words import Word

# All in shares of the type size of the word behind the mark.
_LEAST, _MOST = 0.12, 0.7  # side of a mark
_LOWEST, _HIGHEST = 0.05, 0.7  # of its middle over the base line
_FARTHEST = 3.0  # white space between a mark and its item
_FREE = 1.5  # before a mark: what has text there, or another shape, divides or decorates
_MAX_DOTS = 500  # a page with more is a chart
_MARKS = {(True, True): "\u2022", (False, True): "\u25e6", (True, False): "\u25aa"}


def with_bullets(words: Sequence[Word], dots: Sequence[Dot]) -> list[Word]:
    """The words, those that a shape marks as the first of an item with that mark before them."""
    if not dots or len(dots) > _MAX_DOTS:
        return list(words)
    by_base = sorted(range(len(words)), key=lambda number: words[number].base)
    bases = [words[number].base for number in by_base]
    largest = max((word.size for word in words), default=0.0)
    marked: dict[int, Word] = {}
    for dot in dots:
        level = (dot.box[1] + dot.box[3]) / 2
        first = bisect_left(bases, level - _HIGHEST * largest)
        last = bisect_right(bases, level)
        beside = [number for number in by_base[first:last] if _is_level(dot, words[number])]
        number = _begun(dot, words, beside, dots)
        if number is not None and number not in marked:
            word, box = words[number], dot.box
            mark = _MARKS.get((dot.filled, dot.round), "\u25a1")
            marked[number] = Word(
                mark, box[0], word.bottom, box[2], word.top, word.base, word.size, True
            )
    found: list[Word] = []
    for number, word in enumerate(words):
        if number in marked:
            found.append(marked[number])
        found.append(word)
    return found


def _is_level(dot: Dot, word: Word) -> bool:
    middle = (dot.box[1] + dot.box[3]) / 2 - word.base
    side = max(dot.box[2] - dot.box[0], dot.box[3] - dot.box[1])
    return (
        _LEAST * word.size <= side <= _MOST * word.size
        and _LOWEST * word.size <= middle <= _HIGHEST * word.size
    )


def _begun(
    dot: Dot, words: Sequence[Word], beside: Sequence[int], dots: Sequence[Dot]
) -> int | None:
    """The number of the word that is the first of the item marked by `dot`."""
    left, bottom, right, top = dot.box
    behind = [number for number in beside if words[number].left >= right]
    if not behind:
        return None
    first = min(behind, key=lambda number: words[number].left)
    size = words[first].size
    free = left - _FREE * size
    is_free = not any(
        words[number].right > free and words[number].left < right for number in beside
    ) and not any(
        other is not dot and other.box[2] > free and other.box[0] < words[first].left
        for other in dots
        if other.box[1] < top and other.box[3] > bottom
    )
    return first if is_free and words[first].left - right <= _FARTHEST * size else None
