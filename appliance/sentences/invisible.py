"""Characters that nobody sees and a program reads: they can carry orders that no reader finds.

Zero-width and directional marks, fillers, variation selectors, and the tag characters of
U+E0000 with which a whole hidden text can be written (Boucher et al., "Bad Characters", 2021).
"""

from __future__ import annotations

import re

# Between Arabic and Indic letters the joiners U+200C and U+200D are part of the spelling.
INVISIBLE = re.compile(
    "(?<![\u0600-\u0dff])[\u200c\u200d]|"
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b\u200e\u200f\u202a-\u202e"
    "\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb\U000e0000-\U000e0fff]"
)
# A single zero-width mark is a slip of an editor; these hide something.
HIDING = re.compile(
    "[\u202a-\u202e\u2066-\u2069\U000e0000-\U000e0fff]|[\u200b-\u200f\u2060-\u2064\ufe00-\ufe0f]{4}"
)


def visible(text: str) -> str:
    return INVISIBLE.sub("", text)
