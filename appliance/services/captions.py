"""Titles that only their surroundings tell from text: no number, no capitals throughout."""

from __future__ import annotations

import re
from collections.abc import Sequence

from appliance.services.columns import had_room, is_broken_off
from appliance.services.page_lines import Line, joined
from appliance.services.title_forms import BRACKETS, ENDED, MARK, is_title, is_unended, unbulleted

_CAPTION_WORDS = 8
_LABEL_WORDS = 10  # of a title above a list without marks
_ALONE_WORDS = 8  # of a title written as a sentence is, with blank lines to set it off
_NAME = re.compile(r"(?:[A-Z][\w’'-]*\s+){2,}[a-z]")
_DIGITS = re.compile(r"\d")


def is_caption(lines: Sequence[Line], first: int, last: int) -> bool:
    """A short title without a number ("Risk Assessment") above a line that begins something."""
    text = joined(lines, first, last)
    following = lines[last + 1] if last + 1 < len(lines) else None
    if following is None or _DIGITS.search(text) or MARK.match(text) or not text[0].isupper():
        return False
    text = BRACKETS.sub("", text) or text
    words = text.split()
    if lines[first].after_gap and len(words) <= _ALONE_WORDS:
        above = lines[first - 1].text if first else ""
        is_top = first == 0 or lines[first - 1].page != lines[first].page
        is_above_list = not is_top and MARK.match(following.text) is not None
        is_line = following.after_gap or is_above_list
        if (is_line or is_broken_off(lines, last)) and _is_set_off(text, above, following):
            return True
    if _is_label(lines, first, last, text):
        return True
    if len(words) > _CAPTION_WORDS + 4 * (last - first):
        return False
    if "," in text or not (words[-1][-1].isalnum() or last > first):
        return False
    if _runs_on(lines, last, text):
        return False
    below = " ".join(line.text for line in lines[last + 1 : last + 3])
    if not following.text[:1].isupper() or len(below.split()) <= len(words) + 1:
        return False
    return is_title(text, share=1.0 if last == first else 0.75)


def stands_alone(lines: Sequence[Line], first: int, *, is_free: bool) -> bool:
    """Nothing goes on with this line: it is no item below a colon and no rest of a sentence."""
    if first == 0:
        return True
    above = lines[first - 1]
    if above.text.endswith(":"):
        return False
    if is_free or ENDED.search(above.text):
        return True
    following = lines[first + 1].text if first + 1 < len(lines) else ""
    begins_small = unbulleted(following)[:1].islower()
    is_other = 2.5 * len(lines[first].text) < len(following) or begins_small
    return is_other and is_broken_off(lines, first - 1)


def _is_label(lines: Sequence[Line], first: int, last: int, text: str) -> bool:
    """A line that begins anew, above one that begins small and had room on it: a list ("Ask a
    doctor before use if you have").
    """
    below = unbulleted(lines[last + 1].text)
    if len(text.split()) > _LABEL_WORDS or text.endswith((":", "!")) or not is_unended(text):
        return False
    return below[:1].islower() and not lines[last + 1].after_gap and is_broken_off(lines, last)


def _runs_on(lines: Sequence[Line], last: int, text: str) -> bool:
    """Whether a name goes on from a full line to the next, and there a sentence about it ("the
    Example / Pathogens Standard has helped"). That one may begin with the title itself.
    """
    below = lines[last + 1]
    is_name = _NAME.match(below.text) is not None and not below.text.startswith(text)
    return is_name and not below.after_gap and not had_room(lines, last)


def _is_set_off(text: str, above: str, following: Line) -> bool:
    """A line below a gap, without an end, and longer text or a list below it."""
    if not is_unended(text) or text.endswith((":", "!")) or above.endswith((":", ",", ";")):
        return False
    if MARK.match(following.text) or "\t" in following.text:
        return True
    if following.after_gap and not is_title(text, share=0.75):
        return False  # it may be all that its paragraph says
    return len(following.text.split()) > max(4, 1.5 * len(text.split()))
