"""The lines around quotations: where they are from, and where they go on. Pure.

They claim nothing themselves.
"""

from __future__ import annotations

from collections.abc import Sequence

from appliance.domain import Passage

SEVERAL = "From the hospital's documents:"
_BRACKETS = str.maketrans("[]", "()")  # a title's "[1]" is no citation


def introduction(quoted: Sequence[Passage]) -> str:
    """Of quotations from `quoted`: the place, when there is one; the document, when there is one;
    else that they are from several.
    """
    document = quoted[0].document
    if any(passage.document.id != document.id for passage in quoted):
        return SEVERAL
    parts = [document.title]
    places = {(passage.chunk.section, passage.chunk.page) for passage in quoted}
    if len(places) == 1:
        parts += _place(*places.pop())
    if document.effective_date:
        parts.append(f"effective {document.effective_date}")
    return f"From {_line(parts)}:"


def continuation(passage: Passage) -> str:
    """That what was quoted is not the whole, and where the rest of it stands."""
    parts = [passage.document.title, *_place(passage.chunk.section, passage.chunk.page)]
    return f"What is quoted goes on in {_line(parts)}."


def _place(section: str | None, page: int) -> list[str]:
    return [*([section] if section else []), f"page {page}"]


def _line(parts: Sequence[str]) -> str:
    return " ".join(", ".join(parts).translate(_BRACKETS).split())


def introductions(passages: Sequence[Passage]) -> set[str]:
    """All that `introduction` and `continuation` say of some of `passages`."""
    found = {SEVERAL}
    for passage in passages:
        found |= {introduction([passage]), continuation(passage)}
        others = [other for other in passages if other.document.id == passage.document.id]
        found.add(introduction(others))
    return found
