"""A document's own reference marks. In an answer [n] names one of its sources, so that they are
shown there in round brackets. Pure.
"""

from __future__ import annotations

import re

MARK = re.compile(r"\[(\d{1,4}(?:\s*[,;–-]\s*\d{1,4})*)\]")


def rebracketed(text: str) -> str:
    """`text` with "(7)" for "[7]", character for character."""
    return MARK.sub(r"(\1)", text)
