"""Which lines of a page are headings, judged by their form alone."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

_DOTTED = re.compile(r"\d{1,2}(?:\.\d{1,2}){1,3}\.?\s+(?P<title>\S.*)")
_PLAIN = re.compile(
    r"(?:(?:section|chapter|appendix)\s+)?(?:\d{1,2}|[A-Z])[.:)]?\s+(?P<title>\S.*)", re.I
)
# "5 Potassium replacement", but no list item ("5. Check the site") and no amount ("2 Tablets").
_NUMBERED = re.compile(
    r"\d{1,2}\s+(?!(?:tablets?|capsules?|units?|drops?|puffs?|vials?|ampoules?|bags?|doses?|litres?|"
    r"minutes?|hours?|days?|weeks?|months?|years?|patients?)\b)(?P<title>[^\W\d_].*)",
    re.I,
)
_WORD = re.compile(r"[^\W\d_]+")
_LONGEST = 100
_MOST_WORDS = 14
_NUMBER = "0123456789. "
_ENDS = (".", "!", "?", ")", ":")
_CAPTION_WORDS = 8
_DIGITS = re.compile(r"\d+")
# A line on more pages than these is a running head or foot.
_FURNITURE_PAGES = 3
_FURNITURE_SHARE = 0.2


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a page that is not blank: `text` is without the white space around it."""

    start: int
    end: int
    text: str
    is_heading: bool


def lines_of(page: str, furniture: frozenset[str]) -> list[Line]:
    lines: list[Line] = []
    found = [(*line, _shape(line[2]) in furniture) for line in _lines(page)]
    for number, (start, end, text, is_furniture) in enumerate(found):
        following = found[number + 1][2] if number + 1 < len(found) else ""
        is_free = number == 0 or found[number - 1][3] or lines[-1].is_heading
        stands_alone = is_free or found[number - 1][2].endswith(_ENDS)
        above = found[number - 1][2] if number else ""
        is_below_gap = is_free or page.count("\n", found[number - 1][1], start) > 1
        is_heading = (
            _is_heading(text)
            or (stands_alone and _is_caption(text, following))
            or (is_below_gap and _is_numbered(text, above, following))
        )
        lines.append(Line(start, end, text, is_heading and not is_furniture))
    return lines


def furniture_of(pages: Sequence[str]) -> frozenset[str]:
    """The shapes of running heads and feet."""
    seen = Counter(shape for page in pages for shape in {_shape(text) for *_, text in _lines(page)})
    fewest = max(_FURNITURE_PAGES, _FURNITURE_SHARE * len(pages))
    return frozenset(shape for shape, count in seen.items() if count > fewest)


def _lines(page: str) -> Iterator[tuple[int, int, str]]:
    start = 0
    for line in page.split("\n"):
        text = line.strip()
        if text:
            first = start + line.index(text)
            yield first, first + len(text), text
        start += len(line) + 1


def _shape(line: str) -> str:
    return _DIGITS.sub("#", line)


def _is_heading(line: str) -> bool:
    """A numbered title ("2.1 Recommended Dosage") or capitals ("WARNING: BLEEDING RISK")."""
    if not _is_short(line):
        return False
    words = _WORD.findall(line)
    if line.upper() == line and max(map(len, words)) >= 4:
        return True
    if match := _DOTTED.fullmatch(line):
        return _is_title(match["title"], share=0.5)
    if match := _PLAIN.fullmatch(line):
        return _is_title(match["title"], share=0.75)
    return False


def _is_short(line: str) -> bool:
    """Some words, not too many, that do not end as a sentence does and hold no end of one."""
    if len(line) > _LONGEST or line.endswith((".", ";", ",", "]")) or ". " in line.lstrip(_NUMBER):
        return False
    return 0 < len(_WORD.findall(line)) <= _MOST_WORDS


def _is_numbered(line: str, above: str, following: str) -> bool:
    """A numbered title written as a sentence is, below a gap: neither one of a list of such lines
    nor the last line of a page, which may go on.
    """
    match = _NUMBERED.fullmatch(line)
    if match is None or not _is_short(line) or line.endswith((":", "!", "?")) or not following:
        return False
    if _NUMBERED.fullmatch(above) or _NUMBERED.fullmatch(following):
        return False
    return match["title"][0].isupper()


def _is_caption(line: str, following: str) -> bool:
    """A short title without a number ("Risk Assessment") above a line that begins a sentence."""
    words = line.split()
    if len(words) > _CAPTION_WORDS or not words[-1][-1].isalnum() or not following[:1].isupper():
        return False
    if "," in line or _DIGITS.search(line) or len(following.split()) <= len(words):
        return False
    return _is_title(line, share=1.0)


def _is_title(text: str, *, share: float) -> bool:
    """Begins with a capital, as `share` of its longer words do: a list item reads otherwise."""
    long_words = [word for word in _WORD.findall(text) if len(word) >= 4]
    capitals = sum(word[0].isupper() for word in long_words)
    return text[0].isupper() and bool(long_words) and capitals >= share * len(long_words)
