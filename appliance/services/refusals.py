"""What is said when the documents give no answer: what was searched, and what is nearest. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from appliance.domain import NearestSection, Passage
from appliance.sentences.marks import rebracketed

_GIVE = "give no answer to this question, so none is given."
_GIVES = "gives no answer to this question, so none is given."
MOST_NEAREST = 3
NEAR = 0.35  # the least cosine of what is worth a look; unrelated questions reach 0.25
ADVICE = "Try other words, or ask whoever looks after the documents whether one is missing."


def nearest_sections(passages: Sequence[Passage]) -> tuple[NearestSection, ...]:
    """The places nearest to the question, each once; none when nothing is near at all."""
    found: dict[tuple[str, str | None, int], NearestSection] = {}
    for passage in sorted(passages, key=lambda passage: -passage.similarity):
        chunk, document = passage.chunk, passage.document
        place = document.id, chunk.place, chunk.page
        if passage.similarity >= NEAR and place not in found and len(found) < MOST_NEAREST:
            found[place] = NearestSection(
                document.id, chunk.id, document.title, chunk.place, chunk.page
            )
    return tuple(found.values())


def refusal(searched: int, nearest: Sequence[NearestSection], reading: str | None = None) -> str:
    """The text of a refusal after a search of `searched` documents; `reading` says which words of
    the question were put right for it.
    """
    if not searched:
        return (
            "There are no documents to answer from yet. Ask whoever looks after them to add some."
        )
    if searched == 1:
        first = f"The one document that was searched {_GIVES}"
    else:
        first = f"The {searched:,} documents that were searched {_GIVE}"
    if reading is not None:
        first = f"{first} {reading}"
    if not nearest:
        return f"{first} {ADVICE}"
    places = [
        rebracketed("- " + ", ".join(filter(None, (near.title, near.section, f"page {near.page}"))))
        for near in nearest
    ]
    return "\n".join([first, "", "Nearest to it are:", *places, "", ADVICE])
