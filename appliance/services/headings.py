"""Which lines of a document are headings, judged by their form and by what stands around them."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from appliance.services.furniture import recurring, shape_of
from appliance.services.page_lines import Line


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


_DOTTED = re.compile(r"(?P<number>\d{1,2}(?:\.\d{1,2}){1,3})\.?\s+(?P<title>\S.*)")
_PLAIN = re.compile(
    r"(?:(?P<word>(?i:section|chapter|appendix|annex|part))\s+(?:(?P<part>\d{1,2})|[A-Z]|[IVX]{1,5})"
    r"[.:)]?|(?P<number>\d{1,2})[.:)]?|(?:[A-Z]|[IVX]{1,5})(?:\.?[a-z](?:/[a-z])?)?[.:)])"
    r"\s+(?P<title>\S.*)"
)
# "5 Potassium replacement", but no list item ("5. Check the site") and no amount ("2 Tablets").
_NUMBERED = re.compile(
    r"(?P<number>\d{1,2})\s+(?!(?:tablets?|capsules?|units?|drops?|puffs?|vials?|ampoules?|bags?|"
    r"doses?|litres?|minutes?|hours?|days?|weeks?|months?|years?|patients?)\b)"
    r"(?P<title>[^\W\d_].*)",
    re.I,
)
_BOX_TITLE = re.compile(r"(?:boxed )?warnings?\b", re.I)
_WORD = re.compile(r"[^\W\d_]+(?:[-’'][^\W\d_]+)*")
_MARK = re.compile(r"[•●○◦▪■□❑❏➢✓‣∙·*–—-]\s*\S|\(?\w{1,3}[.)]\s")
_TABLE_TITLE = re.compile(r"(?:table|figure|fig\.)\s*\d", re.I)
_LONGEST = 100  # characters of a line of a heading
_LONGEST_WHOLE = 300
_MOST_LINES = 4
_MOST_WORDS = 14
_STOP = re.compile(r"(?<!\b[A-Z])\. ")  # but "E. coli"
_LABEL = re.compile(r"^(?:(?:\w{1,5}[.)]){1,4}\s+|[\d. ]+)")  # in front of a title
_ENDED = re.compile(r"[.!?)][\"'’”]*$")
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
_CAPTION_WORDS = 8
_LABEL_WORDS = 10  # of a title above a list without marks
_ALONE_WORDS = 8  # of a title written as a sentence is, with blank lines to set it off
_DIGITS = re.compile(r"\d")
_BRACKETS = re.compile(r"(?<=\S)\s*[(\[](?:.*[)\]]|[^)\]]*)$")
_CODE = re.compile(r"\b(?=\w*\d)(?=\w*[A-Z])\w{8,}\b")
# Words that stay small in a title.
_SMALL = frozenset(
    "with without from into than that over under after before between during through within upon "
    "your versus".split()
)
_CONTENTS = 6  # so many numbered titles with nothing between them are a list of contents
_LEADERS = re.compile(r"(?:\.\s?){4,}\s*\d*$|…{2,}\s*\d*$")
_NEARBY = 8  # lines on either side that tell how wide the column is
_NARROW = 24  # columns narrower than this tell nothing
_LETTERS = 0.7
_LOOK_BACK = 200  # headings
_MOST_SKIPPED = 4  # chapters
_ROOM = 0.95
_ROOM_ABOVE = 0.8


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
    if _is_capitals(line.text) and (heading := _of_capitals(lines, first)) is not None:
        return heading
    is_below = bool(before) and before[-1].last == first - 1
    is_free = line.after_gap or first == 0 or is_below
    if (is_free or _ENDED.search(lines[first - 1].text)) and _QUESTION.match(line.text):
        if (end := _end_of_question(lines, first)) is not None:
            return Heading(first, end, _text(lines, first, end), Style.QUESTION)
    last = _last_of(lines, first, _goes_on)
    if match := _numbered(lines, first, is_free=is_free):
        if first + 1 < len(lines) and _text(lines, first, first + 1) in known:
            last = first + 1
        return _of_number(match, first, last, _text(lines, first, last), before)
    is_alone = is_below or _stands_alone(lines, first, is_free=is_free)
    if is_alone and _is_caption(lines, first, last):
        return Heading(first, last, _text(lines, first, last), Style.TITLE)
    return None


def _of_capitals(lines: Sequence[Line], first: int) -> Heading | None:
    is_box = _BOX_TITLE.match(lines[first].text) is not None
    last = _last_of(lines, first, _is_capitals, whole=is_box)
    text = _text(lines, first, last)
    if last > first and not (len(text) <= _LONGEST_WHOLE and _is_unended(text)):
        last, text = first, lines[first].text
    if last > first or _is_short(text):
        return Heading(first, last, text, Style.CAPITALS)
    return None


def _of_number(
    match: re.Match[str], first: int, last: int, text: str, before: Sequence[Heading]
) -> Heading | None:
    groups = match.groupdict()
    number = groups["number"] or groups.get("part")
    parts = tuple(int(part) for part in number.split(".")) if number else ()
    if number and not _follows(parts, before):
        return None
    # "A." and "IV.a" may count anything: only digits and words say how deep.
    style = Style.NUMBERED if number or groups.get("word") else Style.TITLE
    return Heading(first, last, text, style, parts)


def _text(lines: Sequence[Line], first: int, last: int) -> str:
    return " ".join(" ".join(line.text for line in lines[first : last + 1]).split())


def _numbered(lines: Sequence[Line], first: int, *, is_free: bool) -> re.Match[str] | None:
    """The number and the title of a line that is a numbered heading."""
    text = lines[first].text
    if not _is_short(text):
        return None
    if (match := _DOTTED.fullmatch(text)) and _is_title(match["title"], share=0.5):
        return match
    if (match := _PLAIN.fullmatch(text)) and _is_title(match["title"], share=0.75):
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


def _is_capitals(line: str) -> bool:
    """Capitals ("WARNING: BLEEDING RISK"), at least one word of them."""
    words = _WORD.findall(line)
    if line.upper() != line or max(map(len, words), default=0) < 4 or len(line) > _LONGEST:
        return False
    if sum(map(len, words)) < _LETTERS * sum(not character.isspace() for character in line):
        return False  # a row of a table
    if _CODE.search(line):
        return False
    return _DOTTED.fullmatch(line) is None and not line[0].isdigit()


def _is_short(line: str) -> bool:
    """Some words, not too many, that do not end as a sentence does and hold no end of one."""
    return len(line) <= _LONGEST and len(_WORD.findall(line)) <= _MOST_WORDS and _is_unended(line)


def _is_unended(text: str) -> bool:
    if text.endswith((".", ";", ",", "]")) or _STOP.search(_LABEL.sub("", text, count=1)):
        return False
    return _WORD.search(text) is not None


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
        text = _text(lines, first, last)
        is_open_bracket = text.count("(") > text.count(")") or following.text.startswith("(")
        is_bracket = is_open_bracket and following.text.endswith(")")
        is_open = _OPEN.search(line.text) or _JOINS.match(following.text)
        is_more_of_it = is_more(following.text) and (
            whole or is_open or not _had_room(lines, last, _ROOM)
        )
        if not (is_more_of_it or is_bracket):
            break
        last += 1
    return last


def _goes_on(line: str) -> bool:
    """What may be the second line of a title: titles, not numbered, no end of a sentence."""
    if not _is_short(line) or _MARK.match(line) or line[0].isdigit():
        return False
    return _is_title(line.lstrip("(")[:1].upper() + line.lstrip("(")[1:], share=0.75)


def _end_of_question(lines: Sequence[Line], first: int) -> int | None:
    """The line on which a question ends, if it has its lines to itself and one or two of them."""
    for last in range(first, min(first + 2, len(lines))):
        if last > first and (lines[last].after_gap or lines[last].page != lines[first].page):
            return None
        text = lines[last].text
        if "? " in text or ". " in text or text.endswith((".", ":", ";")):
            return None
        if text.endswith("?"):
            words = _text(lines, first, last).split()
            return last if 2 < len(words) <= _QUESTION_WORDS else None
    return None


def _is_broken_off(lines: Sequence[Line], number: int) -> bool:
    """Whether the line ended though the next word had room, where the column is wide enough to
    tell.
    """
    return _width(lines, number) >= _NARROW and _had_room(lines, number, _ROOM_ABOVE)


def _width(lines: Sequence[Line], number: int) -> int:
    """Of the column, by the second widest line nearby: the widest may be no line of it."""
    nearby = [
        len(other.text)
        for other in lines[max(0, number - _NEARBY) : number + _NEARBY + 1]
        if other.page == lines[number].page
    ]
    return sorted(nearby)[-2] if len(nearby) > 1 else 0


def _had_room(lines: Sequence[Line], number: int, share: float) -> bool:
    """Whether the line could have taken the first word of the next, by the lines nearby."""
    width = _width(lines, number)
    if width < _NARROW:
        return True
    first_word = lines[number + 1].text.split(maxsplit=1)[0]
    return len(lines[number].text) + 1 + len(first_word) < share * width


def _stands_alone(lines: Sequence[Line], first: int, *, is_free: bool) -> bool:
    """Nothing goes on with this line: it is no item below a colon and no rest of a sentence."""
    if first == 0:
        return True
    above = lines[first - 1]
    if above.text.endswith(":"):
        return False
    if is_free or _ENDED.search(above.text):
        return True
    following = lines[first + 1].text if first + 1 < len(lines) else ""
    is_other = 2.5 * len(lines[first].text) < len(following) or following[:1].islower()
    return is_other and _is_broken_off(lines, first - 1)


def _is_caption(lines: Sequence[Line], first: int, last: int) -> bool:
    """A short title without a number ("Risk Assessment") above a line that begins something."""
    text = _text(lines, first, last)
    following = lines[last + 1] if last + 1 < len(lines) else None
    if following is None or _DIGITS.search(text) or _MARK.match(text) or not text[0].isupper():
        return False
    text = _BRACKETS.sub("", text) or text
    words = text.split()
    if lines[first].after_gap and len(words) <= _ALONE_WORDS:
        above = lines[first - 1].text if first else ""
        is_top = first == 0 or lines[first - 1].page != lines[first].page
        is_above_list = not is_top and _MARK.match(following.text) is not None
        is_line = following.after_gap or is_above_list
        if (is_line or _is_broken_off(lines, last)) and _is_set_off(text, above, following):
            return True
    if _is_label(lines, first, last, text):
        return True
    if len(words) > _CAPTION_WORDS + 4 * (last - first):
        return False
    if "," in text or not (words[-1][-1].isalnum() or last > first):
        return False
    below = " ".join(line.text for line in lines[last + 1 : last + 3])
    if not following.text[:1].isupper() or len(below.split()) <= len(words) + 1:
        return False
    if not (following.after_gap or _had_room(lines, last, _ROOM_ABOVE)):
        return False  # the first line of a paragraph
    return _is_title(text, share=1.0 if last == first else 0.75)


def _is_label(lines: Sequence[Line], first: int, last: int, text: str) -> bool:
    """A line that begins anew, above one that begins small and had room on it: a list without
    marks ("Ask a doctor before use if you have").
    """
    below = lines[last + 1].text
    if len(text.split()) > _LABEL_WORDS or text.endswith((":", "!")) or not _is_unended(text):
        return False
    return below[:1].islower() and not lines[last + 1].after_gap and _is_broken_off(lines, last)


def _is_set_off(text: str, above: str, following: Line) -> bool:
    """A line below a gap, without an end, and longer text or a list below it."""
    if not _is_unended(text) or text.endswith((":", "!")) or above.endswith((":", ",", ";")):
        return False
    if _MARK.match(following.text) or "\t" in following.text:
        return True
    if following.after_gap and not _is_title(text, share=0.75):
        return False  # it may be all that its paragraph says
    return len(following.text.split()) > max(4, 1.5 * len(text.split()))


def _is_title(text: str, *, share: float) -> bool:
    """Begins with a capital, as `share` of its longer words do: a list item reads otherwise."""
    words = _WORD.findall(_BRACKETS.sub("", text))
    long_words = [word for word in words if len(word) >= 4 and word not in _SMALL]
    capitals = sum(word[0].isupper() for word in long_words)
    return text[:1].isupper() and bool(long_words) and capitals >= share * len(long_words)


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
    return len(between) <= 1 and not any(_ENDED.search(line.text) for line in between)
