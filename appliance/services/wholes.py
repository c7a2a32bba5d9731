"""What of a document is read whole: tables, lists with the words that lead to them, boxed warnings;
and what must not be read without what: a row without its head, an item without its lead.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from appliance.sentences import Kind, split_sentences
from appliance.sentences.list_marks import BULLETS_AND_DASHES
from appliance.services.headings import Heading, Style
from appliance.services.page_lines import Line
from appliance.services.sentence_lines import Place, Sentence
from appliance.services.table_leads import Table
from appliance.services.title_forms import is_box_title
from appliance.services.token_weights import weight

_BOX = re.compile(r"(?:boxed )?warnings?\b", re.I)
_ENTRY = re.compile(r"\d{1,2}(?:\.\d{1,2})*\s+[A-Z]")
LARGEST_BOX = 900.0  # estimated tokens: the longest boxed warnings have some 450 words
_MARKS = (
    ("number", re.compile(r"\(?\d{1,2}[.)]\s")),
    ("roman", re.compile(r"\(?[ivx]{1,5}[.)]\s")),
    ("letter", re.compile(r"\(?[a-zA-Z][.)]\s")),
    ("bullet", re.compile(rf"([{BULLETS_AND_DASHES}])\s*\S|(o)\s")),
)


@dataclass(frozen=True, slots=True)
class Wholes:
    """`spans` are begin and end of what stays together where it fits, `boxes` of what does so
    though it is longer; `leads` says, by line, what that line must not be read without; `glued` are
    lines that stay with the one above, `apart` such as never do.
    """

    spans: list[tuple[Place, Place]] = field(default_factory=list)
    boxes: list[tuple[Place, Place]] = field(default_factory=list)
    leads: dict[int, str] = field(default_factory=dict)
    glued: set[int] = field(default_factory=set)
    apart: set[int] = field(default_factory=set)


def wholes_of(
    lines: Sequence[Line],
    headings: Sequence[Heading],
    tables: Sequence[Table],
    sentences: Sequence[Sentence],
) -> Wholes:
    """All but the first are what `lines` hold."""
    wholes = Wholes()
    for number, heading in enumerate(headings):
        if heading.style is Style.CAPITALS and _BOX.match(heading.text):
            last = _end_of_box(lines, heading, headings[number + 1 :])
            wholes.spans.append(_span(lines, heading.first, last))
            if is_box_title(heading.text):
                wholes.boxes.append(wholes.spans[-1])
    for table in tables:
        _add_table(wholes, lines, table)
    apart = {number for table in tables for number in range(table.rows, table.last + 1)}
    for heading in headings:
        apart.update(range(heading.first, heading.last + 1))
    _add_lists(wholes, sentences, lines, apart)
    return wholes


def _span(lines: Sequence[Line], first: int, last: int) -> tuple[Place, Place]:
    return (lines[first].page, lines[first].start), (lines[last].page, lines[last].end)


def _end_of_box(lines: Sequence[Line], title: Heading, following: Sequence[Heading]) -> int:
    """The last line of a boxed warning: a heading that is no line of its text ends it, else a gap.

    Text without frames may part the paragraphs of a box by blank lines: all up to the next heading
    are its own where they are not too much for one.
    """
    heading = next((one.first for one in following if _ends_box(lines, one)), len(lines))
    # In a list of contents entries stand below it, which are no headings.
    inside = range(title.last + 1, heading)
    end = next((n for n in inside if _ENTRY.match(lines[n].text)), heading)
    if end == heading < len(lines) and is_box_title(title.text):
        is_one_page = lines[title.first].page == lines[end - 1].page
        if is_one_page and sum(weight(lines[n].text) for n in inside) <= LARGEST_BOX:
            return end - 1
    number = title.last
    while number + 1 < end:
        if lines[number + 1].after_gap and number > title.last:
            if lines[number + 1].page == lines[number].page:
                break
        number += 1
    return number


def _ends_box(lines: Sequence[Line], heading: Heading) -> bool:
    """A box may have captions of its own, with no gap above them."""
    return lines[heading.first].after_gap or heading.style in (Style.CAPITALS, Style.NUMBERED)


def _add_table(wholes: Wholes, lines: Sequence[Line], table: Table) -> None:
    wholes.spans.append(_span(lines, table.first, table.last))
    begin = table.rows if table.is_torn else table.first
    wholes.glued.update(range(begin + 1, min(table.body, table.last) + 1))
    wholes.glued.update(number + 1 for number in table.groups)
    for number in range(table.rows if table.is_torn else table.body, table.last + 1):
        if lead := table.lead_of(lines, number):
            wholes.leads[number] = lead
    if table.below:
        # Its first cells stand on the next page: nothing in front of it says what it is about.
        wholes.apart.add(table.last)


@dataclass(slots=True)
class _OpenList:
    """A list that is being read: its lead, and the last of its items so far."""

    mark: str  # of the lead itself, where it is an item of another list
    lead: Sentence
    words: str
    last: Sentence | None = None


def _add_lists(
    wholes: Wholes, sentences: Sequence[Sentence], lines: Sequence[Line], apart: set[int]
) -> None:
    """A lead and the items below it; an item that leads to others is their lead, too. `apart` are
    lines of headings and tables, with which a list ends.
    """
    lists: list[_OpenList] = []

    def close(keep: int) -> None:
        for ended in lists[keep:]:
            if ended.last is not None:
                wholes.spans.append((ended.lead.start, ended.last.end))
        del lists[keep:]

    for part in sentences:
        if part.kind is Kind.REFERENCE:
            continue
        if part.first in apart:
            close(0)
            continue
        is_first = bool(lists) and lists[-1].last is None
        if is_first and lines[part.first].start == part.start[1]:
            wholes.glued.add(part.first)
        if part.kind not in (Kind.LEAD, Kind.ITEM):
            if is_first:  # what one sentence leads to may be a sentence
                _add_lead(wholes, lists, part)
            close(0)
            continue
        mark = _mark(part.text)
        # An item marked as a lead above is goes beside that one, not below it.
        beside = [place for place, outer in enumerate(lists) if mark and outer.mark == mark]
        if beside:
            close(beside[0])
        elif part.kind is Kind.LEAD and not mark:
            close(0)
        if lists:
            _add_lead(wholes, lists, part)
        if part.kind is Kind.LEAD:
            lists.append(_OpenList(mark, part, _last_sentence(part.text)))
    close(0)


def _add_lead(wholes: Wholes, lists: Sequence[_OpenList], item: Sentence) -> None:
    lead = "\n".join(outer.words for outer in lists)
    wholes.leads.update(dict.fromkeys(range(item.first, item.last + 1), lead))
    for outer in lists:
        outer.last = item


def _mark(text: str) -> str:
    """What kind of mark an item has."""
    for name, pattern in _MARKS:
        if match := pattern.match(text):
            return name + next((group for group in match.groups() if group), "")
    return ""


def _last_sentence(text: str) -> str:
    spans = split_sentences(text)
    start = spans[-1][0] if spans else 0
    return " ".join(text[start:].split())
