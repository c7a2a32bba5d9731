"""What of a passage can be quoted: whole sentences, and lists with what leads to them. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from appliance.domain import Passage
from appliance.sentences import Kind, Segment, fold, segments
from appliance.sentences.blocks import OPEN_WORDS
from appliance.sentences.orders import orders, without_orders
from appliance.sentences.words import stem

MOST_ITEMS = 12
LONGEST_QUOTE = 700  # characters; longer "sentences" are tables that lost their lines
LONGEST_LIST = 1_200
_FEWEST_SMALL_WORDS = 3
_SENTENCE_WORDS = 6  # an item of so many words with a full stop stands on its own
_LETTERS = 0.55  # share of letters among the characters that are no white space
_NUMBERS = 0.45  # share of numbers among the words: more is a table

_WORD = re.compile(r"[^\W\d_]{2,}")
_TITLE_WORD = re.compile(r"[^\W\d_]{4,}")  # marks, page numbers and "Yes No" are no titles
_TERMINAL = re.compile(r"[.!?:;][\"'”’)\]]*[\d,]{0,5}$|[)\]]$")
_CONTENTS_LINE = re.compile(r"(?:\.\s?){4,}\s*\d*$|…{2,}\s*\d*$")
_REFERENCE_ENTRY = re.compile(
    r"\bet al\b|\bdoi\b|\b(?:19|20)\d{2}\s?;\s?\d+|\b\d+\s?\(\d+\)\s?:\s?\d+|\bISBN\b|"
    r"(?:https?://|www\.)\S+\s*\.?$|\bavailable (?:at|from)\s*:?\s*(?:https?|www)",
    re.IGNORECASE,
)
# Sentences that send the reader elsewhere, and what is left of a form's boxes to tick.
_POINTER = re.compile(
    r"^[(\[]?(?:for (?:more|further|complete|additional)\b.*\b)?see\b|^(?:not applicable|n/a)\b",
    re.IGNORECASE,
)
_ENUMERATOR = re.compile(r"^(?:\(?\d{1,2}[.)]|\(?[a-zA-Z][.)]|\(?[ivx]{1,5}[.)])\s+")
_WHO = re.compile(
    r"\b(?:p(?:a)?ediatrics?|child(?:ren)?|infants?|neonat\w+|adolescents?|adults?|geriatric|"
    r"elderly|women|"
    r"men|females?|males?|pregnan\w+|lactation|renal|kidney|hepatic|liver|dialysis|hemodialysis)\b",
    re.IGNORECASE,
)
_MARK = re.compile(r"^(?:[•●○◦▪■□❑❏➢✓‣∙·*–—-]\s*)+")


@dataclass(frozen=True, slots=True)
class Quote:
    """Something of passage `passage` (from 0) that reads well alone.

    `lines` are its words as they stand, white space folded: a sentence, or all items of a list.
    `lead` is what they must not be read without: the words in front of a list, or a heading that
    says for whom. `heading` is the title it stands under; `start` its place in the passage.
    """

    passage: int
    start: int
    heading: str
    lead: str
    lines: tuple[str, ...]

    @property
    def text(self) -> str:
        return " ".join((self.lead, *self.lines) if self.lead else self.lines)


def quotes(number: int, passage: Passage) -> Iterator[Quote]:
    """All quotes of `passage`, in order; no headings, contents lines, references, torn sentences
    or paragraphs that give orders to a program.
    """
    text = passage.chunk.text
    addressed = orders(text)
    parts = [
        part
        for part in segments(text)
        if not any(part.start < end and start < part.end for start, end in addressed)
    ]
    heading, own_heading = without_orders(passage.chunk.section or ""), False
    place = 0
    while place < len(parts):
        part = parts[place]
        words = fold(text[part.start : part.end])
        if part.kind is Kind.HEADING or words.endswith("?"):
            if _TITLE_WORD.search(words):
                heading, own_heading = words, True
        elif part.kind is Kind.LEAD:
            items = _items(text, parts, place + 1)
            lines = [line for line in (_clean(text, item) for item in items) if _is_item(line)]
            if lines and not _is_torn(words, place) and _is_text(words):
                yield from _list(number, part.start, heading, _unmarked(words), lines)
            place += len(items)
        elif part.kind is Kind.ITEM:
            run = _run(parts, place)
            place += len(run) - 1
            run = [item for item in run if not _POINTER.match(_clean(text, item))]
            lines = [_clean(text, item) for item in run]
            yield from _loose_items(number, run, heading, own_heading, lines)
        elif part.kind is Kind.SENTENCE and _is_sentence(words) and not _is_torn(words, place):
            lead = _qualifier(heading, words) if own_heading else ""
            yield Quote(number, part.start, heading, lead, (words,))
        place += 1


def populations(text: str) -> frozenset[str]:
    """Whom `text` names, by stem: children, pregnancy, the kidney's patients."""
    return frozenset(stem(match) for match in _WHO.findall(text))


def _qualifier(heading: str, words: str) -> str:
    """A heading that says for whom, where the sentence below it does not say it again."""
    return heading if populations(heading) - populations(words) else ""


def _items(text: str, parts: Sequence[Segment], begin: int) -> list[Segment]:
    """What a lead leads to: items, or else sentences that have a line of their own each."""
    items: list[Segment] = []
    for place in range(begin, min(len(parts), begin + MOST_ITEMS)):
        part = parts[place]
        if part.kind is Kind.REFERENCE:
            continue
        if part.kind not in (Kind.ITEM, Kind.SENTENCE):
            break
        if items and part.kind is not items[0].kind:
            break
        if items and text[part.start].islower() != text[items[0].start].islower():
            break
        if part.kind is Kind.SENTENCE and not _has_own_line(text, part):
            break
        items.append(part)
    return items


def _has_own_line(text: str, part: Segment) -> bool:
    before, after = text[: part.start].rstrip(" \t\r"), text[part.end :].lstrip(" \t\r")
    return before.endswith("\n") and (not after or after.startswith("\n"))


def _run(parts: Sequence[Segment], begin: int) -> list[Segment]:
    end = begin
    while end < len(parts) and parts[end].kind is Kind.ITEM:
        end += 1
    return list(parts[begin:end])


def _list(
    number: int, start: int, heading: str, lead: str, lines: Sequence[str]
) -> Iterator[Quote]:
    """Items that are sentences are quotes each: a question mostly wants one. Others go together."""
    if all(_stands_alone(line) for line in lines):
        for place, line in enumerate(lines):
            yield Quote(number, start + 1 + place, heading, lead, (line,))
    elif sum(map(len, lines)) <= LONGEST_LIST:
        yield Quote(number, start, heading, lead, tuple(lines))


def _loose_items(
    number: int, run: Sequence[Segment], heading: str, own_heading: bool, lines: Sequence[str]
) -> Iterator[Quote]:
    """Items without a lead: each alone where all are sentences, else all below their heading."""
    if all(_stands_alone(line) for line in lines):
        for item, line in zip(run, lines, strict=True):
            if _is_text(line):
                lead = _qualifier(heading, line) if own_heading else ""
                yield Quote(number, item.start, heading, lead, (line,))
    elif (
        own_heading
        and 0 < len(run) <= MOST_ITEMS
        and sum(map(len, lines)) <= LONGEST_LIST
        and all(_is_item(line) and _is_text(line) for line in lines)
        and (len(lines) > 1 or len(lines[0].split()) >= _SENTENCE_WORDS)
    ):
        yield Quote(number, run[0].start, heading, heading, tuple(lines))


def _clean(text: str, item: Segment) -> str:
    return _unmarked(fold(text[item.start : item.end]))


def _unmarked(words: str) -> str:
    """Without its bullet or number: the list is written anew, and maybe in part."""
    bare = _MARK.sub("", words)
    return _MARK.sub("", _ENUMERATOR.sub("", bare, count=1)) or words


def _stands_alone(line: str) -> bool:
    return (
        len(line.split()) >= _SENTENCE_WORDS
        and line[:1].isalnum()
        and not (line[:1].islower() or _TERMINAL.search(line) is None or line.endswith((":", ";")))
    )


def _is_item(line: str) -> bool:
    if not _WORD.search(line) or _REFERENCE_ENTRY.search(line) or _POINTER.match(line):
        return False
    return line.split()[-1].casefold() not in OPEN_WORDS


def _is_sentence(words: str) -> bool:
    """Begins and ends as one, and is more than a title or a pointer to another place."""
    if words[0].islower() or not _TERMINAL.search(words) or _POINTER.match(words):
        return False
    small = sum(token[0].islower() for token in words.split())
    return small >= _FEWEST_SMALL_WORDS and _is_text(words)


def _is_torn(words: str, place: int) -> bool:
    """The first words of a passage may be the end of a sentence before it."""
    return place == 0 and (words[0].islower() or words[0].isdigit())


def _is_text(words: str) -> bool:
    """Prose, not a table, an address, a contents line or an entry of a list of references."""
    if len(words) > LONGEST_QUOTE or _CONTENTS_LINE.search(words) or _REFERENCE_ENTRY.search(words):
        return False
    solid = [character for character in words if not character.isspace()]
    if sum(character.isalpha() for character in solid) < _LETTERS * len(solid):
        return False
    tokens = words.split()
    return sum(token[0].isdigit() for token in tokens) <= max(2, _NUMBERS * len(tokens))
