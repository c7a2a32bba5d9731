"""Says what did not fit the language model: no answer is taken for a fuller one. Pure."""

from __future__ import annotations

QUOTED_INSTEAD = "The question is too long for the language model: the documents are quoted."


def told_left_out(passages: int, *, found: int) -> str:
    """One line for the reader of the answer: the model did not read `passages` of those `found`.

    At least one, and never all.
    """
    were = "was" if passages == 1 else "were"
    return (
        f"{passages} of the {found} passages found did not fit the language model "
        f"and {were} left out."
    )
