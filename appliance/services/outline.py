"""The levels of a document's headings: which stands under which."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from itertools import pairwise

from appliance.services.headings import Heading, Style

_Level = tuple[int, int]  # smaller is further out

# Unless the document shows otherwise, capitals stand beside the chapters, and titles without
# a number below everything that has one.
_CHAPTER: _Level = (1, 1)
_BELOW_CHAPTERS: _Level = (1, 2)
_BELOW_NUMBERS: _Level = (2, 0)
_BELOW_ALL: _Level = (3, 0)
_CHAPTER_OF_TITLES: _Level = (1, 0)
_EVIDENCE = 2  # pairs that must agree before a document's own order counts


def paths_of(headings: Sequence[Heading]) -> list[tuple[str, ...]]:
    """For each heading the headings above it, outermost first, and itself."""
    levels = _levels(headings)
    above: list[tuple[_Level, Heading]] = []
    numbered: dict[tuple[int, ...], list[tuple[_Level, Heading]]] = {}
    paths: list[tuple[str, ...]] = []
    for heading in headings:
        level = (1, len(heading.number) or 1)
        if heading.style is not Style.NUMBERED:
            level = levels[heading.style]
        # What came between "2.3" and "2.4" without a number stood below "2".
        above = numbered.get(heading.number[:-1], above)
        above = [
            (other, outer) for other, outer in above if other < level and _holds(outer, heading)
        ]
        above.append((level, heading))
        if heading.number:
            numbered[heading.number] = above
        paths.append(tuple(outer.text for _, outer in above))
    return paths


def _holds(outer: Heading, heading: Heading) -> bool:
    """ "5" does not hold "6.1", though "6" may have been missed; nor do capitals hold a "1.1"."""
    if len(heading.number) > 1 and not outer.number:
        return False
    return not heading.number or heading.number[: len(outer.number)] == outer.number


def _levels(headings: Sequence[Heading]) -> dict[Style, _Level]:
    """Where a heading stands right above another, it is the outer one."""
    stacked = Counter(
        (upper.style, lower.style)
        for upper, lower in pairwise(headings)
        if upper.last + 1 == lower.first and len(upper.number) < 2
    )

    def is_outer(style: Style, other: Style) -> bool:
        return stacked[style, other] >= max(_EVIDENCE, 2 * stacked[other, style])

    capitals, title = _CHAPTER, _BELOW_ALL
    if is_outer(Style.NUMBERED, Style.CAPITALS):
        capitals = _BELOW_NUMBERS
    chapters = sum(len(heading.number) == 1 for heading in headings)
    inner = Style.NUMBERED if chapters else Style.CAPITALS
    if is_outer(Style.TITLE, inner) and 2 * stacked[Style.TITLE, inner] >= chapters:
        title = _CHAPTER_OF_TITLES
    return {Style.CAPITALS: capitals, Style.QUESTION: _BELOW_CHAPTERS, Style.TITLE: title}
