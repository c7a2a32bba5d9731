"""Lines of a page put together again: headings, list items and paragraphs. Pure.

Page text is what a PDF gives: a line break may end a heading, an item or nothing at all. What
decides is punctuation, the first letter of the next line, and whether a line ends before the words
of its neighbours do.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from appliance.sentences.list_marks import BULLETS_AND_DASHES


class Kind(StrEnum):
    SENTENCE = "sentence"  # ended by a full stop or the like, or a paragraph that lost its end
    LEAD = "lead"  # ends with a colon, or amid a sentence: what follows belongs to it
    ITEM = "item"  # of a list
    HEADING = "heading"
    REFERENCE = "reference"  # a bare "( 5.1)" or "[see ...]" behind a full stop


@dataclass(frozen=True, slots=True)
class _Line:
    start: int
    end: int
    text: str
    after_gap: bool  # a blank line stands above


_BULLET = re.compile(rf"[{BULLETS_AND_DASHES}]\s*(?=\S)|o\s(?=[A-Z])")
ENUMERATOR = re.compile(
    r"(?:\(?\d{1,2}[.)]|\(?[a-zA-Z][.)]|\((?:[ivx]{1,5})\)|[ivx]{1,5}[.)]|Step "
    r"\d{1,2}[.:])\s+(?=\S)"
)
_NUMBERED_TITLE = re.compile(
    r"(?:(?:section|chapter|appendix|part)\s+)?(?:\d{1,2}(?:\.\d{1,2}){0,3}|[IVX]{1,4}|"
    r"[A-Z])[.:)]?\s+"
    r"(?P<title>[A-Z(].*)",
    re.IGNORECASE,
)
_TERMINAL = re.compile(r"[.!?][\"'”’)\]]*[0-9,]{0,5}$")
COLON = re.compile(r":[\"'”’)\]]*$")
CLOSED_REFERENCE = re.compile(
    r"[(\[]\s*(?:see\s(?:[^()\[\]]|\([\d.,; to]{1,30}\)){3,80}|[\d., ]{1,30})[)\]]$", re.IGNORECASE
)
SENTENCE_END = re.compile(
    r"(?P<stop>[.!?]+)(?P<closers>[\"'”’)\]]*)(?P<note>(?<=[^\d\s][.!?])\d{1,3}(?:[,-]\d{1,3})*)?"
    r"(?P<space>\s+)(?=[\"'“‘(\[•●▪■❑*–-]*\s*[A-Z0-9À-ÞΑ-ΩА-Я☐])"
)
_WORD = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*")
# A line that ends with one of these goes on.
OPEN_ENDS = (",", "-", "–", "/", "(")
OPEN_WORDS = frozenset(
    "a an the and or nor of in on at to for from by with as is are was were be been than that "
    "which who if when while into not may can should must will has have its their this these "
    "such".split()
)
_FURNITURE = re.compile(
    r"(?:version|revision|revised|updated|printed|page|effective date)\b.{0,40}\d{1,4}|"
    r"(?:https?://|www\.)\S+(?:\s+\d+/\d+)?|\d{1,2}/\d{1,2}/\d{2,4}.{0,80}",
    re.IGNORECASE,
)
_MOST_HEADING_WORDS = 14
_LONGEST_HEADING = 110
_CAPTION_WORDS = 8
_NEARBY = 8  # lines on either side that tell how wide the column is
_ROOM = 0.86  # a line that could have taken its next word in this share of the width ended early
_NARROW = 24  # columns narrower than this tell nothing


def _lines(text: str) -> list[_Line]:
    lines: list[_Line] = []
    position, gap = 0, False
    for raw in re.split(r"(\r\n|[\n\r\f\v])", text):
        stripped = raw.strip()
        if stripped:
            start = position + raw.index(stripped)
            lines.append(_Line(start, start + len(stripped), stripped, gap))
            gap = False
        elif "\f" in raw or (raw.strip("\r\n\v") == raw and lines and raw == ""):
            gap = gap or _blank_above(text, position)
        position += len(raw)
    return lines


def _blank_above(text: str, position: int) -> bool:
    return re.search(r"\n[ \t\r]*$|\f", text[max(0, position - 3) : position + 1]) is not None


def blocks(text: str) -> Iterator[tuple[int, int, Kind]]:
    """Start, end and kind of each, in order: lines that belong together. The last sentence of a
    `LEAD` is one.
    """
    lines = _lines(text)
    number = 0
    in_list = False  # below a colon
    lower_items: bool | None = None  # whether the items of that list begin with a small letter
    before = Kind.SENTENCE
    while number < len(lines):
        line = lines[number]
        marked = is_marked(line.text)
        if in_list and lower_items and not marked and line.text[:1].isupper():
            in_list = False
        if _is_furniture(line.text) or (
            not marked and not _leads(lines, number) and _is_heading(lines, number, in_list)
        ):
            last = number if _is_furniture(line.text) else _heading_end(lines, number)
            yield line.start, lines[last].end, Kind.HEADING
            # A paragraph begins with a capital: below this title is a list without marks.
            in_list = last + 1 < len(lines) and lines[last + 1].text[:1].islower()
            before, lower_items = Kind.HEADING, None
            number = last + 1
            continue
        last = number
        while last + 1 < len(lines) and not _breaks(text, lines, number, last, in_list):
            last += 1
        block = text[line.start : lines[last].end]
        kind = Kind.SENTENCE
        if _is_lead(block):
            in_list, lower_items = True, None
        elif not marked and (_leads(lines, last) or _stops_amid(lines, last)):
            kind = Kind.LEAD
            in_list, lower_items = True, None
        elif marked or (
            not (_TERMINAL.search(block) or SENTENCE_END.search(block))
            and (in_list or before is not Kind.SENTENCE)
        ):
            kind = Kind.ITEM
            if in_list and lower_items is None and not marked:
                lower_items = line.text[:1].islower()
        else:
            in_list = False
        yield line.start, lines[last].end, kind
        before = kind
        number = last + 1


def _is_lead(block: str) -> bool:
    """Ends with a colon that stands in no open bracket: "(available at:" leads to no list."""
    return bool(COLON.search(block)) and block.count("(") <= block.count(")")


def _leads(lines: Sequence[_Line], number: int) -> bool:
    """Whether a short line is a title and the words that lead to the marked lines below, which
    begin small: "Do not use" above "• if you have asthma".
    """
    text = lines[number].text
    if number + 1 == len(lines) or len(text) > _LONGEST_HEADING or not text[0].isupper():
        return False
    if _is_capitals(text) or _is_numbered_title(text) or _TERMINAL.search(text):
        return False
    begins = number == 0 or lines[number].after_gap or _ended_early(lines, number - 1)
    item = _item(lines[number + 1].text)
    return begins and not COLON.search(text) and item[:1].islower()


def _stops_amid(lines: Sequence[_Line], last: int) -> bool:
    """Whether a sentence stops ("... may occur if") that the marked lines below complete."""
    if last + 1 == len(lines) or not _item(lines[last + 1].text):
        return False
    return lines[last].text.split()[-1].casefold() in OPEN_WORDS


def _item(text: str) -> str:
    """What stands behind the bullet or enumerator of a line, or nothing."""
    mark = _BULLET.match(text) or ENUMERATOR.match(text)
    return text[mark.end() :] if mark else ""


def is_marked(text: str) -> bool:
    """Whether a bullet or an enumerator stands in front."""
    return bool(_BULLET.match(text) or ENUMERATOR.match(text))


def _is_furniture(text: str) -> bool:
    """Page numbers, rules, dates and addresses of a running head or foot."""
    if _FURNITURE.fullmatch(text):
        return True
    return not _WORD.search(text) and not text.startswith(("(", "["))


def _breaks(text: str, lines: Sequence[_Line], first: int, number: int, in_list: bool) -> bool:
    """Whether the end of line `number` ends the block that began on line `first`."""
    line, following = lines[number], lines[number + 1]
    if following.after_gap or is_marked(following.text) or _is_furniture(following.text):
        return True
    if COLON.search(line.text) and _is_lead(text[lines[first].start : line.end]):
        return True
    if _is_capitals(following.text):
        ended = _TERMINAL.search(line.text) or CLOSED_REFERENCE.search(line.text)
        return bool(ended) or _ended_early(lines, number)
    if _is_numbered_title(following.text):
        return True
    if _TERMINAL.search(line.text):
        # Sentences of one paragraph are told apart later; here only a line that ended early counts.
        return _ended_early(lines, number) or _is_short_title(following.text)
    words = line.text.split()
    if words[-1].casefold() in OPEN_WORDS or line.text.endswith(OPEN_ENDS):
        return False
    if following.text[:1] in "([,;)":
        return False
    if following.text[:1].islower():
        return in_list and _ended_early(lines, number)
    return bool(CLOSED_REFERENCE.search(line.text)) or _ended_early(lines, number)


def _ended_early(lines: Sequence[_Line], number: int) -> bool:
    """The line had room for the first word of the next, judged by the widest lines nearby."""
    line, following = lines[number], lines[number + 1]
    nearby = lines[max(0, number - _NEARBY) : number + _NEARBY + 1]
    # The second widest: the widest may be no line of this column.
    width = sorted(len(other.text) for other in nearby)[-2]
    if width < _NARROW:
        return True
    first_word = following.text.split(maxsplit=1)[0]
    return len(line.text) + 1 + len(first_word) < _ROOM * width


def _is_heading(lines: Sequence[_Line], number: int, in_list: bool) -> bool:
    line = lines[number]
    text = line.text
    if len(text) > _LONGEST_HEADING:
        return False
    if _TERMINAL.search(text) or text.endswith((";", ",", ":")):
        return _is_capitals(text) and text.endswith(":")
    if len(text.split()) > _MOST_HEADING_WORDS:
        return False
    if _is_capitals(text) or _is_numbered_title(text):
        return True
    if in_list and number + 1 < len(lines):
        # Among items only a title above a paragraph is one.
        return len(lines[number + 1].text) > 2.5 * len(text) and _is_caption(lines, number)
    return not in_list and _is_caption(lines, number)


def _is_capitals(text: str) -> bool:
    words = _WORD.findall(text)
    return text.upper() == text and any(len(word) >= 4 for word in words)


def _is_numbered_title(text: str) -> bool:
    match = _NUMBERED_TITLE.fullmatch(text)
    if match is None or len(text) > _LONGEST_HEADING or text.endswith((".", ";", ",", ":")):
        return False
    if ". " in match["title"] or (
        ENUMERATOR.match(text) and "." not in text.split()[0].rstrip(".):")
    ):
        return False
    return _is_title(match["title"], 0.6)


def _is_caption(lines: Sequence[_Line], number: int) -> bool:
    """A short title on a line of its own above something that begins anew."""
    text = lines[number].text
    if number + 1 < len(lines):
        following = lines[number + 1]
        if following.text[:1].islower() and not following.after_gap and len(text.split()) > 2:
            return False
        if not following.after_gap and not _ended_early(lines, number):
            return False
    if number and not lines[number].after_gap:
        above = lines[number - 1].text
        if not (
            _TERMINAL.search(above)
            or CLOSED_REFERENCE.search(above)
            or _ended_early(lines, number - 1)
        ):
            return False
    return _is_short_title(text)


def _is_short_title(text: str) -> bool:
    if len(text.split()) > _CAPTION_WORDS or not text[-1].isalnum():
        return False
    return _is_title(text, 1.0) and not re.search(r"\d\s?[a-zA-Z%]", text)


def _heading_end(lines: Sequence[_Line], number: int) -> int:
    """A title goes on while lines begin small and are still written as one."""
    while number + 1 < len(lines):
        text = lines[number + 1].text
        if not text[:1].islower() or _TERMINAL.search(text) or lines[number + 1].after_gap:
            break
        if len(text) > _LONGEST_HEADING or not _is_title(text[:1].upper() + text[1:], 0.6):
            break
        number += 1
    return number


def _is_title(text: str, share: float) -> bool:
    """Begins with a capital, as `share` of its longer words do."""
    long_words = [word for word in _WORD.findall(text) if len(word) >= 5]
    capitals = sum(word[0].isupper() for word in long_words)
    return text[:1].isupper() and capitals >= share * len(long_words)
