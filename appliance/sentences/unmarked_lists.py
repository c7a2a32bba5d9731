"""Lists whose items have no mark: lines below the words that lead to them. Pure.

    Do not use
    if you have ever had an allergic reaction to this drug
    right before or after an operation

What decides is that a paragraph fills its lines and a list does not: words that stop in the middle
of a line, with no full stop, and go on below lead to something.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from appliance.sentences.blocks import CLOSED_REFERENCE, OPEN_ENDS, OPEN_WORDS, is_marked
from appliance.sentences.segmentation import fold, split_sentences

_LINE = re.compile(r"[^\r\n\f\v]+")
_GAP = re.compile(r"\n[ \t\r]*\n|\f")
_REFERENCES = re.compile(r"(?:\s*(?:\(\s*\d[\d., ]*\)|\[\s*see\s[^\[\]]*\]))+$", re.IGNORECASE)
# No item begins with these.
_GO_ON = frozenset("than and or nor but of which that whose".split())
_STOP = re.compile(r"[.!?][\"'”’)\]]*[\d,]{0,5}$")
_NUMBERED_TITLE = re.compile(r"\d{1,2}(?:\.\d{1,2})*\s+[A-Z]")
_ROOM = 0.86  # a line that could have taken its next word in this share of the width ended early
_SAME_WIDTH = 0.9  # lines so alike tell where lines are broken
_ALIKE = 0.25  # of all lines, which must be so alike
_MANY_LINES = 7  # of fewer, three must be
_LONGEST_LINE = 120  # characters of a page's line; a longer one has lost its break
_LOST = 0.15  # of all lines, which may have lost their breaks
_SHORT = 0.7  # of the longest line: words that lead to a list stop in the middle of theirs
_LONGEST_LEAD = 300
_LONGEST_ITEM = 400
_FEWEST_UNLED = 3  # items below a title alone
_UNLED_WORDS = 4  # of such an item, on the average: addresses and imprints have fewer
_ADDRESS = re.compile(r"(?:https?://|www\.)\S+", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class UnmarkedList:
    """`text[start:end]` is the list and its lead. `lead` and `items` have their white space folded;
    without a lead the title above leads to the items.
    """

    start: int
    end: int
    lead: str
    items: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Block:
    """Lines that run on."""

    start: int
    end: int
    text: str
    after_gap: bool
    stops_short: bool  # its last line has room left

    @property
    def is_marked(self) -> bool:
        return is_marked(self.text)

    @property
    def is_low(self) -> bool:
        return self.text[0].islower() and not (self.is_marked or _ADDRESS.match(self.text))

    @property
    def is_open(self) -> bool:
        """Without the end of a sentence: an item, a title, or a lead."""
        return not _STOP.search(_REFERENCES.sub("", self.text))

    @property
    def is_title(self) -> bool:
        return self.text.upper() == self.text or bool(_NUMBERED_TITLE.match(self.text))


def unmarked_lists(text: str, *, carried: bool = False) -> list[UnmarkedList]:
    """In order. `carried`: a lead stands above the text, which its first lines may be items of."""
    blocks = _blocks(text)
    found: list[UnmarkedList] = []
    at = 0
    if carried:
        at = _run_of_low(blocks, 0)
        if at:
            found.append(_list("", blocks[0].start, blocks[:at]))
    while at < len(blocks):
        listed = _led(blocks, at) or _unled(blocks, at)
        if listed is None:
            at += 1
        else:
            found.append(listed[0])
            at = listed[1]
    return found


def _led(blocks: Sequence[_Block], at: int) -> tuple[UnmarkedList, int] | None:
    """The list that block `at` leads to, and the number of the block behind it."""
    lead = blocks[at]
    has_colon = lead.text.endswith(":")
    if at + 1 == len(blocks) or lead.is_marked or not lead.is_open:
        return None
    if not (has_colon or lead.stops_short):
        return None
    words = lead.text[split_sentences(lead.text)[-1][0] :]
    if len(words) > _LONGEST_LEAD or not words[0].isupper():
        return None
    first = at + 1
    if blocks[first].is_low and (has_colon or not lead.is_title):
        last = _run_of_low(blocks, first)
    elif has_colon:
        last = _run_of_items(blocks, first)
    else:
        return None
    if last - first < 2:
        return None
    return _list(words, lead.end - len(words), blocks[first:last]), last


def _unled(blocks: Sequence[_Block], at: int) -> tuple[UnmarkedList, int] | None:
    last = _run_of_items(blocks, at)
    words = [block.text.split() for block in blocks[at:last]]
    if len(words) < _FEWEST_UNLED or sum(map(len, words)) < _UNLED_WORDS * len(words):
        return None
    if not all(block.text[0].isupper() for block in blocks[at:last]):
        return None
    return _list("", blocks[at].start, blocks[at:last]), last


def _run_of_low(blocks: Sequence[_Block], first: int) -> int:
    last = first
    while last < len(blocks) and blocks[last].is_low and len(blocks[last].text) <= _LONGEST_ITEM:
        last += 1
    return last


def _run_of_items(blocks: Sequence[_Block], first: int) -> int:
    """Open lines that follow each other without a gap."""
    last = first
    while last < len(blocks):
        block = blocks[last]
        if block.is_marked or block.is_title or not block.is_open or "\t" in block.text:
            break
        if block.after_gap and last > first:
            break
        if len(block.text) > _LONGEST_ITEM or len(block.text.split()) < 2 or block.is_low:
            break
        last += 1
    return last


def _list(lead: str, start: int, items: Sequence[_Block]) -> UnmarkedList:
    return UnmarkedList(start, items[-1].end, lead, tuple(item.text for item in items))


def _blocks(text: str) -> list[_Block]:
    lines = [
        (match.start() + match.group().index(words), words)
        for match in _LINE.finditer(text)
        if (words := match.group().strip())
    ]
    width = _width([words for _, words in lines])
    longest = width or max((len(w) for _, w in lines if len(w) <= _LONGEST_LINE), default=0)
    found: list[_Block] = []
    for number, (start, words) in enumerate(lines):
        before = found[-1].end if found else 0
        after_gap = bool(_GAP.search(text, before, start)) if found else False
        leads = (
            words[0].isupper()
            and len(words) < longest / 2
            and not _STOP.search(words)
            and number + 1 < len(lines)
            and lines[number + 1][1][0].islower()
        )
        goes_on = found and not (after_gap or leads)
        if goes_on and _runs_on(lines[number - 1][1], words, width, longest):
            first = found.pop()
            found.append(
                _Block(
                    first.start,
                    start + len(words),
                    fold(text[first.start : start + len(words)]),
                    first.after_gap,
                    len(words) < _SHORT * longest,
                )
            )
        else:
            end = start + len(words)
            found.append(_Block(start, end, fold(words), after_gap, len(words) < _SHORT * longest))
    return found


def _width(lines: Sequence[str]) -> int | None:
    """Where lines are broken, in characters; None where that does not show.

    The longest that others are about as long as: a line that lost its break is longer than all.
    """
    widths = sorted(map(len, lines), reverse=True)
    alike = max(2 if len(widths) >= _MANY_LINES else 3, round(_ALIKE * len(widths)))
    lost = int(_LOST * len(widths))
    for longest, other in zip(widths[: lost + 1], widths[alike - 1 :], strict=False):
        if other >= _SAME_WIDTH * longest:
            return longest
    return None


def _runs_on(line: str, following: str, width: int | None, longest: int) -> bool:
    if is_marked(following) or line.endswith(":"):
        return False
    if CLOSED_REFERENCE.search(line) and following[0].isupper():
        return False
    if line.endswith(OPEN_ENDS) or following.split()[0].casefold() in _GO_ON:
        return True
    if line.split()[-1].casefold() in OPEN_WORDS and len(line) >= _SHORT * longest:
        return True
    if following[0] in "([,;)":
        return True
    if width is None:
        return False
    first_word = following.split(maxsplit=1)[0]
    return len(line) + 1 + len(first_word) >= _ROOM * width
