"""Says which of a question's words were taken for others: no drug is exchanged unseen. Pure."""

from __future__ import annotations

import re

from appliance.sentences.words import stem
from appliance.services.long_questions import essence

MOST_TOLD = 6
_WORD = re.compile(r"[^\W\d_]+")


def corrections(question: str, understood: str) -> list[tuple[str, str]]:
    """(word, what it was read as) of `question`, which was searched for as `understood`.

    Another spelling of the same word, such as the British one, is none.
    """
    asked = _WORD.findall(essence(" ".join(question.split())))
    read = _WORD.findall(understood)
    if len(asked) != len(read):
        return []
    pairs = dict.fromkeys(zip(asked, read, strict=True))
    return [(word, other) for word, other in pairs if stem(word) != stem(other)]


def reading(question: str, understood: str) -> str | None:
    """One line for the reader of the answer, or None where no word was put right."""
    found = corrections(question, understood)
    if not found:
        return None
    told = [f"“{word}” as “{other}”" for word, other in found[:MOST_TOLD]]
    more = ", and other words likewise" if len(found) > MOST_TOLD else ""
    return f"This question was read with {', '.join(told)}{more}."
