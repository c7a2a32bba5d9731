"""Words that a line break cut in two, put together as the rest of the document writes them."""

from __future__ import annotations

import re
from collections.abc import Sequence

BREAK = "\u00ad"  # where a reader of the file found a hyphen at a line's end
_BROKEN = re.compile(rf"([^\W_]*){BREAK}([^\W_]*)")
_WORD = re.compile(r"[^\W\d_]{4,}")


def mended(pages: Sequence[str]) -> list[str]:
    """The pages without BREAK: "adminis|tration" is joined where the document has "administration"
    elsewhere; any other hyphen was meant ("alcohol-based") and stays.
    """
    if not any(BREAK in text for text in pages):
        return list(pages)
    known = {word.casefold() for text in pages for word in _WORD.findall(_BROKEN.sub(" ", text))}

    def mend(match: re.Match[str]) -> str:
        first, second = match.groups()
        joined = first + second
        return joined if joined.casefold() in known else f"{first}-{second}"

    return [_BROKEN.sub(mend, text) for text in pages]
