"""The items of a list in a text that was read as segments. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from appliance.engines.quotable import unmarked
from appliance.sentences import Kind, Segment, fold

_GAP = re.compile(r"\n[ \t\r]*\n")
# Items that begin with one of these, and alike ("For patients with"), are cases of one thing.
_CASE_WORDS = frozenset("for in if when patients".split())
_ALIKE_WORDS = 2


def items_below(text: str, parts: Sequence[Segment], begin: int) -> list[Segment]:
    """What a lead leads to: items, those of lists within it included; or else sentences that have a
    line of their own each, or that are the cases of one thing.
    """
    return _cases(text, parts, begin) or _items(text, parts, begin)


def taken_by(parts: Sequence[Segment], place: int, items: Sequence[Segment]) -> int:
    """How many parts a lead at `place` and its items take up."""
    end = items[-1].end if items else parts[place].end
    return sum(part.start < end for part in parts[place:])


def run_of(parts: Sequence[Segment], begin: int) -> list[Segment]:
    """The items that follow each other."""
    end = begin
    while end < len(parts) and parts[end].kind is Kind.ITEM:
        end += 1
    return list(parts[begin:end])


def are_cases(lines: Sequence[str]) -> bool:
    """Alternatives, each for other patients: one alone may be that of another patient."""
    begins = {tuple(line.casefold().split()[:_ALIKE_WORDS]) for line in lines}
    return len(lines) > 1 and len(begins) == 1 and begins.pop()[0] in _CASE_WORDS


def _cases(text: str, parts: Sequence[Segment], begin: int) -> list[Segment]:
    """Paragraphs that begin alike; each goes on until the next line that one begins."""
    found: list[Segment] = []
    for part in parts[begin:]:
        if part.kind is not Kind.SENTENCE or (
            found and _GAP.search(text, found[-1].end, part.start)
        ):
            break
        if not _begins_line(text, part):
            if not found:
                return []
            found[-1] = replace(found[-1], end=part.end)
        elif found and not are_cases([_begin(text, found[0]), _begin(text, part)]):
            break
        else:
            found.append(part)
    return found if len(found) > 1 else []


def _begin(text: str, part: Segment) -> str:
    return fold(text[part.start : part.end])


def _items(text: str, parts: Sequence[Segment], begin: int) -> list[Segment]:
    items: list[Segment] = []
    for part in parts[begin:]:
        if part.kind is Kind.REFERENCE:
            continue
        marked = unmarked(words := fold(text[part.start : part.end])) != words
        if part.kind is Kind.LEAD and not (marked and items):
            break
        if part.kind not in (Kind.ITEM, Kind.SENTENCE, Kind.LEAD):
            break
        if items and part.kind is not items[0].kind and not marked:
            break
        if items and text[part.start].islower() != text[items[0].start].islower() and not marked:
            break
        if part.kind is Kind.SENTENCE and not marked and not _has_own_line(text, part):
            break
        items.append(part)
    return items


def _begins_line(text: str, part: Segment) -> bool:
    return text[: part.start].rstrip(" \t\r").endswith("\n")


def _has_own_line(text: str, part: Segment) -> bool:
    after = text[part.end :].lstrip(" \t\r")
    return _begins_line(text, part) and (not after or after.startswith("\n"))
