"""What titles look like, whatever stands around them."""

from __future__ import annotations

import re

from appliance.sentences.list_marks import BULLETS_AND_DASHES

DOTTED = re.compile(r"(?P<number>\d{1,2}(?:\.\d{1,2}){1,3})\.?\s+(?P<title>\S.*)")
MARK = re.compile(rf"[{BULLETS_AND_DASHES}]\s*\S|\(?\w{{1,3}}[.)]\s")
_BULLET = re.compile(rf"[{BULLETS_AND_DASHES}]\s*(?=\S)")
ENDED = re.compile(r"[.!?)][\"'’”]*$")
BRACKETS = re.compile(r"(?<=\S)\s*[(\[](?:.*[)\]]|[^)\]]*)$")
# The title of a boxed warning, which hardly one calls itself; "WARNINGS" alone is a whole chapter.
_BOX = re.compile(r"(?:BOXED WARNINGS?\b|WARNINGS?\s*:|WARNING$)")
_WORD = re.compile(r"[^\W\d_]+(?:[-’'][^\W\d_]+)*")
_LONGEST = 100  # characters of a line of a heading
_MOST_WORDS = 14
_STOP = re.compile(r"(?<!\b[A-Z])\. ")  # but "E. coli"
_LABEL = re.compile(r"^(?:(?:\w{1,5}[.)]){1,4}\s+|[\d. ]+)")  # in front of a title
_CODE = re.compile(r"\b(?=\w*\d)(?=\w*[A-Z])\w{8,}\b")
_LETTERS = 0.7
# Words that stay small in a title.
_SMALL = frozenset(
    "with without from into than that over under after before between during through within upon "
    "your versus".split()
)


def is_capitals(line: str) -> bool:
    """Capitals ("WARNING: BLEEDING RISK"), at least one word of them."""
    words = _WORD.findall(line)
    if line.upper() != line or max(map(len, words), default=0) < 4 or len(line) > _LONGEST:
        return False
    if sum(map(len, words)) < _LETTERS * sum(not character.isspace() for character in line):
        return False  # a row of a table
    if _CODE.search(line):
        return False
    return DOTTED.fullmatch(line) is None and not line[0].isdigit()


def is_box_title(title: str) -> bool:
    return _BOX.match(title) is not None and is_capitals(title[:_LONGEST])


def asked_name(section: str | None) -> str:
    """A heading as people ask for it: nobody asks for "WARNING: BLEEDING RISK"."""
    name = section or ""
    return f"Boxed warning\n{name}" if is_box_title(name) else name


def unbulleted(line: str) -> str:
    return _BULLET.sub("", line, count=1) if _BULLET.match(line) else line


def is_short(line: str) -> bool:
    """Some words, not too many, that do not end as a sentence does and hold no end of one."""
    return len(line) <= _LONGEST and len(_WORD.findall(line)) <= _MOST_WORDS and is_unended(line)


def is_unended(text: str) -> bool:
    if text.endswith((".", ";", ",", "]")) or _STOP.search(_LABEL.sub("", text, count=1)):
        return False
    return _WORD.search(text) is not None


def may_go_on(line: str) -> bool:
    """What may be the second line of a title: titles, not numbered, no end of a sentence."""
    if not is_short(line) or MARK.match(line) or line[0].isdigit():
        return False
    return is_title(line.lstrip("(")[:1].upper() + line.lstrip("(")[1:], share=0.75)


def is_title(text: str, *, share: float) -> bool:
    """Begins with a capital, as `share` of its longer words do: a list item reads otherwise."""
    words = _WORD.findall(BRACKETS.sub("", text))
    long_words = [word for word in words if len(word) >= 4 and word not in _SMALL]
    capitals = sum(word[0].isupper() for word in long_words)
    return text[:1].isupper() and bool(long_words) and capitals >= share * len(long_words)
