"""How wide the column of a line is, and whether the line ended before the column did."""

from __future__ import annotations

from collections.abc import Sequence

from appliance.services.page_lines import Line

_NEARBY = 8  # lines on either side that tell how wide the column is
_NARROW = 24  # columns narrower than this tell nothing
_ROOM = 0.8  # share of the width that a line must leave to have ended early


def is_broken_off(lines: Sequence[Line], number: int) -> bool:
    """Whether the line ended though the next word had room, where the column is wide enough to
    tell.
    """
    return _width(lines, number) >= _NARROW and had_room(lines, number)


def _width(lines: Sequence[Line], number: int) -> int:
    """Of the column, by the second widest line nearby: the widest may be no line of it."""
    nearby = [
        len(other.text)
        for other in lines[max(0, number - _NEARBY) : number + _NEARBY + 1]
        if other.page == lines[number].page
    ]
    return sorted(nearby)[-2] if len(nearby) > 1 else 0


def had_room(lines: Sequence[Line], number: int, *, share: float = _ROOM) -> bool:
    """Whether the line could have taken the first word of the next within `share` of the width, by
    the lines nearby; yes where the column is too narrow to tell.
    """
    width = _width(lines, number)
    if width < _NARROW:
        return True
    first_word = lines[number + 1].text.split(maxsplit=1)[0]
    return len(lines[number].text) + 1 + len(first_word) < share * width
