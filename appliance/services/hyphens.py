"""Words that a line break cut in two, put together as the rest of the document writes them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

BREAK = "\u00ad"  # where a reader of the file found a hyphen at a line's end
_BROKEN = re.compile(rf"([^\W_]*){BREAK}([^\W_]*)")
_WORD = re.compile(r"[^\W\d_]{4,}")


@dataclass(frozen=True, slots=True)
class Mended:
    """A page without BREAK; `dropped`: the places of those in the page as it was, in order, that
    nothing stands for.
    """

    text: str
    dropped: Sequence[int] = ()


def mended(pages: Sequence[str]) -> list[Mended]:
    """The pages without BREAK: "adminis|tration" is joined where the document has "administration"
    elsewhere; any other hyphen was meant ("alcohol-based") and stays.
    """
    if not any(BREAK in text for text in pages):
        return [Mended(text) for text in pages]
    known = {word.casefold() for text in pages for word in _WORD.findall(_BROKEN.sub(" ", text))}

    def mend(text: str) -> Mended:
        dropped: list[int] = []

        def whole(match: re.Match[str]) -> str:
            first, second = match.groups()
            if (first + second).casefold() not in known:
                return f"{first}-{second}"
            dropped.append(match.end(1))
            return f"{first}{second}"

        return Mended(_BROKEN.sub(whole, text), dropped)

    return [mend(text) for text in pages]
