"""Which lines of a document are headings, judged by their form and by what stands around them."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from appliance.services.captions import is_caption, stands_alone
from appliance.services.columns import had_room
from appliance.services.furniture import recurring, shape_of
from appliance.services.page_lines import Line, joined
from appliance.services.title_forms import (
    DOTTED,
    ENDED,
    is_capitals,
    is_short,
    is_title,
    is_unended,
    may_go_on,
)


class Style(StrEnum):
    NUMBERED = "numbered"  # "5.1 Hemorrhage", "Section 3: Facilities"
    CAPITALS = "capitals"  # "CONTRAINDICATIONS"
    QUESTION = "question"  # "Who should not take it?"
    TITLE = "title"  # "Risk Assessment"


@dataclass(frozen=True, slots=True)
class Heading:
    """Lines `first`..`last` of the document. `number` is (5, 1) for "5.1", else empty."""

    first: int
    last: int
    text: str
    style: Style
    number: tuple[int, ...] = ()


_PLAIN = re.compile(
    r"(?:(?P<word>(?i:section|chapter|appendix|annex|part))\s+(?:(?P<part>\d{1,2})|[A-Z]|[IVX]{1,5})"
    r"[.:)]?|(?P<number>\d{1,2})[.:)]?|(?:[A-Z]|[IVX]{1,5})(?:\.?[a-z](?:/[a-z])?)?[.:)])"
    r"\s+(?P<title>\S.*)"
)
_MARKED = re.compile(r"[•◦▪●○■]\s*(?=\d)")  # "• 2.1 Title": a mark that says nothing
# "VII.b. Injection safety": no item of a list is counted so.
_OUTLINE = re.compile(r"[IVX]{1,5}\.[a-z](?:/[a-z])?[.:)]\s+(?P<title>\S.*)")
# "5 Potassium replacement", but no list item ("5. Check the site") and no amount ("2 Tablets").
_NUMBERED = re.compile(
    r"(?P<number>\d{1,2})\s+(?!(?:tablets?|capsules?|units?|drops?|puffs?|vials?|ampoules?|bags?|"
    r"doses?|litres?|minutes?|hours?|days?|weeks?|months?|years?|patients?)\b)"
    r"(?P<title>[^\W\d_].*)",
    re.I,
)
_BOX_TITLE = re.compile(r"(?:boxed )?warnings?\b", re.I)
_TABLE_TITLE = re.compile(r"(?:table|figure|fig\.)\s*\d", re.I)
_LONGEST_WHOLE = 300
_MOST_LINES = 4
_CONTINUED = re.compile(r"\s*[-–—(]*\s*cont(?:inued|[’']?d)?\.?\s*\)?$", re.I)
_OPEN = re.compile(
    r"(?:[,/–:-]|\b(?:a|an|the|and|or|nor|of|in|on|at|to|for|from|by|with|as|than|including|"
    r"is|are|if|not))$",
    re.I,
)
# A line of a title that begins so has another above it.
_JOINS = re.compile(r"(?:OF|FOR|AND|OR|IN|WITH|TO|BY|FROM)\b|(?:of|for|and|or|with|to|by|from)\b")
_QUESTION = re.compile(
    r"(?:What|Who|Whom|Whose|How|When|Why|Where|Which|Can|Could|Should|Do|Does|Did|Is|Are|May|"
    r"Will|Must)\b"
)
_QUESTION_WORDS = 20
_CONTENTS = 6  # so many numbered titles with nothing between them are a list of contents
_LEADERS = re.compile(r"(?:\.\s?){4,}\s*\d*$|…{2,}\s*\d*$")
_FULL = 0.95  # of the width: a title that is broken had no room for its next word
_LOOK_BACK = 200  # headings
_MOST_SKIPPED = 4  # chapters


def headings_of(lines: Sequence[Line]) -> list[Heading]:
    """In order; no running heads, lists of contents or titles of tables."""
    seen = recurring(lines)
    known = frozenset(" ".join(line.text.split()) for line in lines if line.text[0].isdigit())
    found: list[Heading] = []
    titles: set[str] = set()
    number = 0
    while number < len(lines):
        heading = (
            None if shape_of(lines[number].text) in seen else _heading(lines, number, found, known)
        )
        if heading is None:
            number += 1
        else:
            # "... (continued)" says again what stood on the page before.
            title = _CONTINUED.sub("", heading.text)
            if title == heading.text or title not in titles:
                found.append(heading)
            titles.add(title)
            number = heading.last + 1
    return _without_contents(lines, found)


def _heading(
    lines: Sequence[Line], first: int, before: Sequence[Heading], known: frozenset[str]
) -> Heading | None:
    """The heading that begins on line `first`. `known`: lines that begin with a number: a title
    broken here may stand unbroken in the contents.
    """
    line = lines[first]
    if "\t" in line.text or _LEADERS.search(line.text) or _TABLE_TITLE.match(line.text):
        return None
    if is_capitals(line.text) and (heading := _of_capitals(lines, first)) is not None:
        return heading
    is_below = bool(before) and before[-1].last == first - 1
    is_free = line.after_gap or first == 0 or is_below
    if (is_free or ENDED.search(lines[first - 1].text)) and _QUESTION.match(line.text):
        if (end := _end_of_question(lines, first)) is not None:
            return Heading(first, end, joined(lines, first, end), Style.QUESTION)
    last = _last_of(lines, first, may_go_on)
    if match := _numbered(lines, first, is_free=is_free):
        if first + 1 < len(lines) and joined(lines, first, first + 1) in known:
            last = first + 1
        title = _MARKED.sub("", joined(lines, first, last), count=1)
        return _of_number(match, first, last, title, before)
    is_alone = is_below or stands_alone(lines, first, is_free=is_free)
    if is_alone and is_caption(lines, first, last):
        return Heading(first, last, joined(lines, first, last), Style.TITLE)
    return None


def _of_capitals(lines: Sequence[Line], first: int) -> Heading | None:
    is_box = _BOX_TITLE.match(lines[first].text) is not None
    last = _last_of(lines, first, is_capitals, whole=is_box)
    text = joined(lines, first, last)
    if last > first and not (len(text) <= _LONGEST_WHOLE and is_unended(text)):
        last, text = first, lines[first].text
    if last > first or is_short(text):
        return Heading(first, last, text, Style.CAPITALS)
    return None


def _of_number(
    match: re.Match[str], first: int, last: int, text: str, before: Sequence[Heading]
) -> Heading | None:
    groups = match.groupdict()
    number = groups.get("number") or groups.get("part")
    parts = tuple(int(part) for part in number.split(".")) if number else ()
    if number and not _follows(parts, before):
        return None
    # "A." and "IV.a" may count anything: only digits and words say how deep.
    style = Style.NUMBERED if number or groups.get("word") else Style.TITLE
    return Heading(first, last, text, style, parts)


def _numbered(lines: Sequence[Line], first: int, *, is_free: bool) -> re.Match[str] | None:
    """The number and the title of a line that is a numbered heading."""
    text = lines[first].text
    if not is_short(text):
        return None
    bare = text[mark.end() :] if (mark := _MARKED.match(text)) else text
    if (match := DOTTED.fullmatch(bare)) and is_title(match["title"], share=0.5):
        return match
    if (match := _OUTLINE.fullmatch(text)) and is_title(match["title"], share=0.5):
        return match
    if (match := _PLAIN.fullmatch(text)) and is_title(match["title"], share=0.75):
        return match
    following = lines[first + 1].text if first + 1 < len(lines) else ""
    above = lines[first - 1].text if first else ""
    match = _NUMBERED.fullmatch(text)
    if match is None or not is_free or text.endswith((":", "!", "?")) or not following:
        return None
    if _NUMBERED.fullmatch(above) or _NUMBERED.fullmatch(following):
        return None  # one of a list of such lines
    return match if match["title"][0].isupper() else None


def _follows(number: tuple[int, ...], before: Sequence[Heading]) -> bool:
    """Chapters count up, or begin again: the end of "... Red No." is none."""
    chapters = [heading.number[0] for heading in before[-_LOOK_BACK:] if heading.number]
    return (
        len(number) > 1
        or not chapters
        or number[0] == 1
        or (chapters[-1] <= number[0] <= chapters[-1] + _MOST_SKIPPED)
    )


def _last_of(
    lines: Sequence[Line], first: int, is_more: Callable[[str], bool], *, whole: bool = False
) -> int:
    """The last line of a title that lines like its first make up: each had no room for the next
    word, or ends amid a phrase; or all of them.
    """
    last = first
    while last + 1 < len(lines) and last - first + 1 < _MOST_LINES:
        line, following = lines[last], lines[last + 1]
        is_next_page = following.page != line.page
        if following.after_gap and not is_next_page:
            break
        if is_next_page and not _OPEN.search(line.text):
            break
        text = joined(lines, first, last)
        is_open_bracket = text.count("(") > text.count(")") or following.text.startswith("(")
        is_bracket = is_open_bracket and following.text.endswith(")")
        is_open = _OPEN.search(line.text) or _JOINS.match(following.text)
        is_more_of_it = is_more(following.text) and (
            whole or is_open or not had_room(lines, last, share=_FULL)
        )
        if not (is_more_of_it or is_bracket):
            break
        last += 1
    return last


def _end_of_question(lines: Sequence[Line], first: int) -> int | None:
    """The line on which a question ends, if it has its lines to itself and one or two of them."""
    for last in range(first, min(first + 2, len(lines))):
        if last > first and (lines[last].after_gap or lines[last].page != lines[first].page):
            return None
        text = lines[last].text
        if "? " in text or ". " in text or text.endswith((".", ":", ";")):
            return None
        if text.endswith("?"):
            words = joined(lines, first, last).split()
            return last if 2 < len(words) <= _QUESTION_WORDS else None
    return None


def _without_contents(lines: Sequence[Line], found: Sequence[Heading]) -> list[Heading]:
    """Without numbered titles that follow each other, a line or none between two of them."""
    kept: list[Heading] = []
    run: list[Heading] = []
    for heading in found:
        if run and not _is_next_entry(lines, run[-1], heading):
            kept += run if len(run) < _CONTENTS else ()
            run = []
        if heading.style is Style.NUMBERED:
            run.append(heading)
        else:
            kept += run if len(run) < _CONTENTS else ()
            run = []
            kept.append(heading)
    return kept + (run if len(run) < _CONTENTS else [])


def _is_next_entry(lines: Sequence[Line], above: Heading, heading: Heading) -> bool:
    between = lines[above.last + 1 : heading.first]
    return len(between) <= 1 and not any(ENDED.search(line.text) for line in between)
