"""Running heads and feet, page numbers and what a printer adds: which lines are no text.

Only lines at the edge of a page can be: what is left of a page is one stretch of it.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence

from appliance.sentences.list_marks import BULLETS
from appliance.services.page_lines import Line

_EDGE = 4  # lines at either end of a page that may be furniture
_FEWEST_PAGES = 4  # a line on so many pages,
_SHARE = 0.2  # and on more than this share of them, runs
_LONGEST = 120  # characters
_OFFSET = 1000  # from pages to the numbers on them: years count nothing
_ENDS = ".!?:;"
_SENTENCE_WORDS = 3
_DOTTED = re.compile(r"\d{1,3}\.\d{1,2}[.\s]")
_TOP, _FOOT = "top", "foot"
_ITEM = re.compile(rf"[{BULLETS}]\s*\S|\(?(?:\d{{1,2}}|[a-zA-Z])[.)]\s")
_DIGITS = re.compile(r"\d+")
_PAGE_NUMBER = re.compile(
    r"[-–—\[( ]*(?:page\s*)?\d{1,4}(?:\s*(?:of|/)\s*\d{1,4})?[-–—\]) ]*", re.I
)
_SAYS_PAGE = re.compile(r"page\s*\d{1,4}(?:\s*(?:of|/)\s*\d{1,4})?", re.I)
# What is no text of a document wherever it stands at an edge: the stamp of a drug agency, and the
# date and address that a browser prints.
_STAMP = re.compile(
    r"reference id:?\s*\d{5,}|\d{1,2}/\d{1,2}/\d{2,4},\s+\d{1,2}:\d\d\b.*|"
    r"(?:https?://|file:///)\S+\s+\d{1,4}/\d{1,4}",
    re.IGNORECASE,
)


def without_furniture(lines: Sequence[Line]) -> list[Line]:
    """`lines` of a document's pages, but for those at the edges that are not its text."""
    pages = _by_page(lines)
    running = _running(pages)
    kept: list[Line] = []
    for page in pages:
        first, last = 0, len(page)
        while first < min(_EDGE, last) and _is_furniture(page[first], running):
            first += 1
        while last > max(first, len(page) - _EDGE) and _is_furniture(page[last - 1], running):
            last -= 1
        # A page of nothing else says something with it.
        kept += page[first:last] if first < last else page
    return kept


def recurring(lines: Sequence[Line]) -> frozenset[str]:
    """The shapes of lines that stand on many pages, wherever: they are no headings."""
    pages = _by_page(lines)
    seen = Counter(shape for page in pages for shape in {shape_of(line.text) for line in page})
    return frozenset(shape for shape, count in seen.items() if _runs(count, len(pages)))


def shape_of(text: str) -> str:
    """The same for lines that differ by their numbers."""
    return _DIGITS.sub("#", " ".join(text.split()))


def _by_page(lines: Sequence[Line]) -> list[list[Line]]:
    pages: dict[int, list[Line]] = defaultdict(list)
    for line in lines:
        pages[line.page].append(line)
    return list(pages.values())


def _is_furniture(line: Line, running: set[tuple[int, str]]) -> bool:
    text = " ".join(line.text.split())
    return bool(
        (line.page, text) in running or _STAMP.fullmatch(text) or _SAYS_PAGE.fullmatch(text)
    )


def _running(pages: Sequence[Sequence[Line]]) -> set[tuple[int, str]]:
    """(page, text) of the lines at the edges that run through the document: the same words on many
    pages, or with a number that counts the pages.
    """
    same: dict[str, list[tuple[int, str]]] = defaultdict(list)
    alike: dict[str, set[tuple[int, str]]] = defaultdict(set)
    for page in pages:
        for line, edge in _edges(page):
            text = " ".join(line.text.split())
            same[text].append((line.page, edge))
            alike[shape_of(text)].add((line.page, text))
    running: set[tuple[int, str]] = set()
    for text, found in same.items():
        numbers = {page for page, _ in found}
        if _PAGE_NUMBER.fullmatch(text):
            continue  # a bare number may be a cell or a raised figure: it must count the pages
        # In a short document it must be the very first, or the last, of every page.
        is_outermost = {edge for _, edge in found} in ({_TOP}, {_FOOT})
        is_on_all = len(numbers) == len(pages) > 1
        if _runs(len(numbers), len(pages)) or (is_on_all and is_outermost):
            running |= {(number, text) for number in numbers}
    for lines in alike.values():
        counted = _counted(lines)
        if len(counted) > max(1, _SHARE * len(pages)):
            running |= counted
    return running


def _edges(page: Sequence[Line]) -> Iterator[tuple[Line, str]]:
    """The lines near the ends of a page that may run, and of the very first and last which it is.

    No items, numbered headings and sentences: what a document says on every page is still said. And
    no rows of tables: a head that every page repeats is read.
    """
    for number, line in enumerate(page):
        if _EDGE <= number < len(page) - _EDGE or len(line.text) > _LONGEST:
            continue
        if _ITEM.match(line.text) or _DOTTED.match(line.text):
            continue
        if line.text[-1] in _ENDS and len(line.text.split()) >= _SENTENCE_WORDS:
            continue
        beside = page[max(number - 1, 0) : number + 2]
        if "\t" in line.text and sum("\t" in other.text for other in beside) > 1:
            continue
        yield line, {0: _TOP, len(page) - 1: _FOOT}.get(number, "")


def _runs(count: int, pages: int) -> bool:
    return count >= _FEWEST_PAGES and count > _SHARE * pages


def _counted(lines: set[tuple[int, str]]) -> set[tuple[int, str]]:
    """Those of lines of one shape in which a number grows as the pages do."""
    by_offset: dict[tuple[int, int], set[tuple[int, str]]] = defaultdict(set)
    for page, text in lines:
        for place, number in enumerate(_DIGITS.findall(text)):
            if (offset := int(number[:9]) - page) < _OFFSET:
                by_offset[place, offset].add((page, text))
    return max([set(), *by_offset.values()], key=lambda found: len({page for page, _ in found}))
