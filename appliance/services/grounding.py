"""Checks an answer against the passages it cites and makes its citations, trusting no engine."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass

from appliance.domain import Chunk, Citation, Passage, Sentence
from appliance.sentences.marks import rebracketed
from appliance.services.bearing import Evidence, Span
from appliance.services.claims import Claim, divide, join, read_claims

PREVIEW_CHARACTERS = 300
MAX_INNER_MARKERS = 8


@dataclass(frozen=True, slots=True)
class Grounding:
    """The sentences of an answer that claim something, and the passages that bear them out."""

    sentences: tuple[Sentence, ...]
    citations: tuple[Citation, ...]


def ground(
    answer: str,
    passages: Sequence[Passage],
    citation_id: Callable[[int], str],
    *,
    introduction: Collection[str] = (),
) -> Grounding:
    """`passages` are numbered from 1 in their order; any other number in the text stays plain text.

    A citation is made for each passage that bears out a sentence citing it, and covers all the
    words in it that do. `citation_id(n)` names the citation of [n]; `introduction` are lines
    that claim nothing.
    """
    evidence = evidence_of(passages)
    sentences: list[Sentence] = []
    spans: dict[int, list[Span]] = {}
    supports: dict[int, list[int]] = {}
    claims = read_claims(answer, introduction=introduction)
    claims = [claim for claim in claims if not _is_heading(claim, passages)]
    for part, borne in _checked(answer, claims, evidence):
        for number, span in borne.items():
            spans.setdefault(number, []).append(span)
            supports.setdefault(number, []).append(len(sentences))
        sentences.append(
            Sentence(part.start, part.end, supported=bool(borne), citations=tuple(borne))
        )
    citations = [
        _citation(
            citation_id(number),
            number,
            passages[number - 1],
            (min(start for start, _ in found), max(end for _, end in found)),
            supports=tuple(supports[number]),
        )
        for number, found in sorted(spans.items())
    ]
    return Grounding(tuple(sentences), tuple(citations))


def evidence_of(passages: Sequence[Passage]) -> dict[int, Evidence]:
    """By the number that cites it."""
    return {
        number: Evidence(
            passage.chunk.text, about=_about(passage), heading=passage.chunk.section or ""
        )
        for number, passage in enumerate(passages, start=1)
    }


def _about(passage: Passage) -> str:
    chunk = passage.chunk
    headings = (passage.document.title, *chunk.path, chunk.section, chunk.lead)
    return ". ".join(heading for heading in headings if heading)


def preview(passages: Sequence[Passage], citation_id: Callable[[int], str]) -> tuple[Citation, ...]:
    """What an answer is about to be written from: every passage, by the beginning of its words."""
    return tuple(
        _citation(
            citation_id(number),
            number,
            passage,
            (0, min(len(passage.chunk.text), PREVIEW_CHARACTERS)),
        )
        for number, passage in enumerate(passages, start=1)
    )


def _is_heading(claim: Claim, passages: Sequence[Passage]) -> bool:
    """Only what stands above the passage that it cites, not in it: a heading, or a line of the
    lead that its table or list goes on with.
    """
    text = _folded(claim.text)
    return any(
        text == _folded(line)
        for number in claim.numbers
        if 0 < number <= len(passages)
        for line in _above(passages[number - 1].chunk)
    )


def _folded(text: str) -> str:
    return rebracketed(" ".join(text.split()))


def _above(chunk: Chunk) -> Iterator[str]:
    yield from filter(None, (*chunk.path, chunk.section))
    yield from filter(str.strip, (chunk.lead or "").split("\n"))


def _checked(
    answer: str, claims: Sequence[Claim], evidence: dict[int, Evidence]
) -> Iterator[tuple[Claim, dict[int, Span]]]:
    """Each claim with what bears it out: a quotation whole, all else sentence by sentence."""
    at = 0
    while at < len(claims):
        quotation = _quotation(answer, claims, at, evidence)
        if quotation is None and not claims[at].text:
            at += 1  # markers that nothing stands behind
        elif quotation is None:
            for part in divide(claims[at]):
                yield part, _borne(part, evidence, Evidence.span_of)
            at += 1
        else:
            claim, borne, at = quotation
            yield claim, borne


def _quotation(
    answer: str, claims: Sequence[Claim], at: int, evidence: dict[int, Evidence]
) -> tuple[Claim, dict[int, Span], int] | None:
    """The longest quotation that begins with claim `at`, and the number of the claim behind it.

    Documents have their own [1]s: inside a quotation they are words, and cite nothing.
    """
    for last in range(min(len(claims), at + MAX_INNER_MARKERS) - 1, at - 1, -1):
        if claims[last].line != claims[at].line:
            continue
        claim = join(answer, claims[at], claims[last])
        if borne := _borne(claim, evidence, Evidence.quoted):
            return claim, borne, last + 1
    return None


def _borne(
    claim: Claim,
    evidence: dict[int, Evidence],
    find: Callable[[Evidence, str], Span | None],
) -> dict[int, Span]:
    found = {}
    for number in claim.numbers:
        if number in evidence and (span := find(evidence[number], claim.text)) is not None:
            found[number] = span
    return found


def _citation(
    citation_id: str,
    number: int,
    passage: Passage,
    span: Span,
    *,
    supports: tuple[int, ...] = (),
) -> Citation:
    chunk, document = passage.chunk, passage.document
    start, end = span
    return Citation(
        id=citation_id,
        index=number,
        document_id=document.id,
        chunk_id=chunk.id,
        title=document.title,
        category=document.category,
        page=chunk.page,
        page_count=document.pages or chunk.page,
        section=chunk.place,
        snippet=" ".join(chunk.text[start:end].split()),
        char_start=chunk.char_start + start,
        char_end=chunk.char_start + end,
        score=passage.score,
        document_version=document.version,
        effective_date=document.effective_date,
        review_by=document.review_by,
        supports=supports,
    )
