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
# That of what shares words with the question: a few words, or short forms, are near to nothing.
NEAR_BY_WORDS = 0.2
SHARED = 0.5  # of the question's telling words
ADVICE = "Try other words, or ask whoever looks after the documents whether one is missing."

_COMMON_TERMS = FORM_WORDS.union(terms(" ".join(COMMON_WORDS)))


def nearest_sections(question: str, passages: Sequence[Passage]) -> tuple[NearestSection, ...]:
    """The places nearest to `question`, each once; none when nothing is near at all."""
    telling = set(terms(question)) - _COMMON_TERMS
    found: dict[tuple[str, str | None, int], NearestSection] = {}
    for passage in sorted(passages, key=lambda passage: -passage.similarity):
        chunk, document = passage.chunk, passage.document
        place = document.id, chunk.place, chunk.page
        if len(found) < MOST_NEAREST and place not in found and _is_near(telling, passage):
            found[place] = NearestSection(
                document.id, chunk.id, document.title, chunk.place, chunk.page
            )
    return tuple(found.values())


def _is_near(telling: set[str], passage: Passage) -> bool:
    if passage.similarity >= NEAR:
        return True
    if passage.similarity < NEAR_BY_WORDS:
        return False
    chunk = passage.chunk
    held = telling.intersection(
        terms(f"{passage.document.title} {chunk.section or ''} {chunk.text}")
    )
    return bool(held) and len(held) >= SHARED * len(telling)


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
