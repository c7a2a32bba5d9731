"""What is said when the documents give no answer: what was searched, and what is nearest. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from appliance.domain import NearestSection, Passage
from appliance.sentences.marks import rebracketed
from appliance.sentences.words import FORM_WORDS, terms
from appliance.services.common_words import COMMON_WORDS

_GIVE = "give no answer to this question, so none is given."
_GIVES = "gives no answer to this question, so none is given."
MOST_NEAREST = 3
NEAR = 0.35  # the least cosine of what is worth a look; unrelated questions reach 0.25
NEAR_IN_WORDS = 0.25  # of what has a telling word of the question, which may be one of two words
ADVICE = "Try other words, or ask whoever looks after the documents whether one is missing."

_COMMON_TERMS = FORM_WORDS.union(terms(" ".join(COMMON_WORDS)))


def nearest_sections(question: str, passages: Sequence[Passage]) -> tuple[NearestSection, ...]:
    """The places nearest to the question, each once; none when nothing is near at all."""
    asked = _telling(question)
    found: dict[tuple[str, str | None, int], NearestSection] = {}
    for passage in sorted(passages, key=lambda passage: -passage.similarity):
        chunk, document = passage.chunk, passage.document
        place = document.id, chunk.place, chunk.page
        if place in found or len(found) == MOST_NEAREST:
            continue
        if passage.similarity >= NEAR or (
            passage.similarity >= NEAR_IN_WORDS and not asked.isdisjoint(_telling(_whole(passage)))
        ):
            found[place] = NearestSection(
                document.id, chunk.id, document.title, chunk.place, chunk.page
            )
    return tuple(found.values())


def _telling(text: str) -> set[str]:
    return {term for term in terms(text) if len(term) > 1} - _COMMON_TERMS


def _whole(passage: Passage) -> str:
    return f"{passage.document.title} {passage.chunk.place or ''} {passage.chunk.text}"


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
