"""The line in front of quotations: where they are from. It claims nothing itself. Pure."""

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
        section, page = places.pop()
        parts += [section] if section else []
        parts.append(f"page {page}")
    if document.effective_date:
        parts.append(f"effective {document.effective_date}")
    return f"From {' '.join(', '.join(parts).translate(_BRACKETS).split())}:"


def introductions(passages: Sequence[Passage]) -> set[str]:
    """All that `introduction` says of some of `passages`."""
    found = {SEVERAL}
    for passage in passages:
        found.add(introduction([passage]))
        others = [other for other in passages if other.document.id == passage.document.id]
        found.add(introduction(others))
    return found
