"""What of a passage can be quoted: whole sentences, and lists with what leads to them. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from appliance.domain import Chunk, Passage
from appliance.engines.list_items import are_cases, items_below, run_of, taken_by
from appliance.engines.quotable import (
    LETTERS_OF_ITEM,
    SENTENCE_WORDS,
    is_item,
    is_sentence,
    is_statement,
    is_text,
    is_title,
    is_torn,
    leans,
    populations,
    stands_alone,
    unmarked,
)
from appliance.engines.table_rows import rows_of
from appliance.sentences import Kind, Segment, fold, segments
from appliance.sentences.orders import orders, without_orders
from appliance.sentences.unmarked_lists import UnmarkedList, unmarked_lists

LONGEST_LIST = 1_500  # characters; of a longer one each item is quoted with its lead
LONGEST_ITEM = 700
_MOST_LEANING = 3  # sentences that lean on each other
_DENIAL = re.compile(r"\b(?:not|never|no|without|unless|nor)\b|n[’']t\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Quote:
    """Something of passage `passage` (from 0) that reads well alone.

    `lines` are its words as they stand, white space folded: a sentence, with those that it leans
    on; all items of a list, or one that is a sentence itself; or a row of a table, cells divided by
    TABs. `lead` is what they must not be read without: the words in front of a list, a heading that
    says for whom, or title and head of the table, a line each. `heading` is the title it stands
    under; `start` its place in the passage. `is_rest`: all, or one item each, of a list that
    begins above the passage. `rest`: the other passage and its words, of a sentence that a
    passage's end cuts in two.
    """

    passage: int
    start: int
    heading: str
    lead: str
    lines: tuple[str, ...]
    is_rest: bool = False
    rest: tuple[int, str] | None = None

    @property
    def passages(self) -> tuple[int, ...]:
        """Those that its words stand in."""
        return (self.passage,) if self.rest is None else (self.passage, self.rest[0])

    @property
    def text(self) -> str:
        ended = () if self.rest is None else (self.rest[1],)
        return fold(" ".join((self.lead, *self.lines, *ended)))

    def holds(self, other: Quote) -> bool:
        """Every line of `other`, of the same passage, is one of its own."""
        return self.passage == other.passage and set(other.lines) <= set(self.lines)

    def goes_on_with(self, other: Quote) -> bool:
        """One list, of which `other` has the beginning, or a part before, or a part behind."""
        return (
            (self.is_rest or other.is_rest)
            and self.passage != other.passage
            and self.lead == other.lead
            and self.heading == other.heading
        )


def quotes(
    number: int, passage: Passage, *, rest: tuple[int, str] | None = None
) -> Iterator[Quote]:
    """All quotes of `passage`; no headings, contents lines, references or torn sentences, and
    none that gives orders to a program. `rest`: the passage with the end of the sentence that its
    own end cuts, and those words; then that sentence is quoted, too.
    """
    rows, text = rows_of(passage.chunk)
    section = without_orders(passage.chunk.section or "")
    for row in rows:
        if len(row.text) <= LONGEST_LIST and not orders(row.text):
            yield Quote(number, row.start, section, row.lead, (row.text,))
    yield from _Reader(number, passage.chunk, section, text, rest).quotes()


class _Reader:
    """Reads one passage, its tables taken out of `text`, from top to bottom."""

    def __init__(
        self, number: int, chunk: Chunk, section: str, text: str, rest: tuple[int, str] | None
    ) -> None:
        self._number = number
        self._rest = rest
        self._chunk = chunk
        self._text = text
        self._heading, self._own_heading = section, False
        self._section = fold(section)
        self._path = tuple(map(without_orders, chunk.path))
        self._above = self._path  # the headings above the one of the moment
        self._addressed = orders(text)
        # The lead of a list that begins above the passage.
        lead = chunk.lead or ""
        self._carried = "" if "\t" in lead else fold(without_orders(lead))
        self._before: Quote | None = None  # the sentence in front

    def quotes(self) -> Iterator[Quote]:
        yield from self._unmarked_lists()
        parts = segments(self._text)
        if self._chunk.torn_start:
            parts = parts[1:]
        torn = parts[-1:] if self._chunk.torn_end else []
        if torn:
            parts = parts[:-1]
        parts = [part for part in parts if not self._is_addressed(part.start, part.end)]
        place = 0
        while place < len(parts):
            part = parts[place]
            words = self._words(part)
            taken = 1
            if part.kind is not Kind.SENTENCE and part.kind is not Kind.REFERENCE:
                self._before = None
            if part.kind is Kind.HEADING or words.endswith("?"):
                if is_title(words):
                    self._own_heading = True
                    self._stand_under(self._whole_title(words))
            elif part.kind is Kind.LEAD:
                items = items_below(self._text, parts, place + 1)
                taken = taken_by(parts, place, items)
                if items and not words.endswith(":") and _DENIAL.search(words):
                    yield self._in_one(part.start, items[-1].end)
                elif not is_torn(words, part.start) and is_text(words):
                    yield from self._list(part.start, unmarked(words), self._lines(items))
            elif part.kind is Kind.ITEM:
                run = run_of(parts, place)
                taken = len(run)
                if self._carried and not self._own_heading:
                    yield from self._list(part.start, self._carried, self._lines(run), is_rest=True)
                else:
                    yield from self._loose_items(run)
            elif part.kind is Kind.SENTENCE:
                yield from self._sentence(part, words)
            if part.kind is not Kind.ITEM:
                self._carried = ""
            place += taken
        for part in torn:
            yield from self._torn(part)

    def _stand_under(self, heading: str) -> None:
        """The headings above one of the passage's own stay; another may be none of theirs."""
        places = [fold(above) for above in self._path]
        if heading in places:
            self._above = self._path[: places.index(heading)]
        else:
            self._above = self._path if heading == fold(self._chunk.section or "") else ()
        self._heading = heading

    def _qualifier(self, words: str) -> str:
        """The nearest heading that says for whom, where the words below do not say it again."""
        for heading in (self._heading, *reversed(self._above)):
            if who := populations(heading):
                return heading if who - populations(words) else ""
        return ""

    def _words(self, part: Segment) -> str:
        return fold(self._text[part.start : part.end])

    def _whole_title(self, words: str) -> str:
        """The section's title, where `words` are the last line of it."""
        return self._section if self._section.endswith(f" {words}") else words

    def _lines(self, items: Sequence[Segment]) -> list[str]:
        lines = [unmarked(self._words(item)) for item in items]
        return [line for line in lines if is_item(line)]

    def _is_addressed(self, start: int, end: int) -> bool:
        """Overlaps what gives orders to a program."""
        return any(start < last and first < end for first, last in self._addressed)

    def _unmarked_lists(self) -> Iterator[Quote]:
        """Those whose items have no mark; they are taken out of the text."""
        lists = unmarked_lists(self._text, carried=bool(self._carried))
        if not lists:
            return
        begin = len(self._text) - len(self._text.lstrip())
        headings = [part for part in segments(self._text) if part.kind is Kind.HEADING]
        place = self._heading, self._above
        for found in lists:
            for part in headings:
                if part.end <= found.start and is_title(self._words(part)):
                    self._stand_under(self._whole_title(self._words(part)))
            lead = found.lead or (self._carried if found.start == begin else "") or self._heading
            if lead and self._is_whole(found, begin) and all(map(_is_short_item, found.items)):
                if found.lead and not found.lead.endswith(":") and _DENIAL.search(found.lead):
                    yield self._in_one(found.start, found.end)
                else:
                    is_rest = not found.lead and lead == self._carried
                    yield from self._list(found.start, lead, found.items, is_rest=is_rest)
                blank = re.sub(r"\S", " ", self._text[found.start : found.end])
                self._text = self._text[: found.start] + blank + self._text[found.end :]
        self._heading, self._above = place

    def _in_one(self, start: int, end: int) -> Quote:
        """A list that its lead denies: no item may be read, or checked, without the "not"."""
        words = fold(self._text[start:end])
        lead = self._qualifier(words)
        return Quote(self._number, start, self._heading, lead, (words,))

    def _is_whole(self, found: UnmarkedList, begin: int) -> bool:
        if self._is_addressed(found.start, found.end):
            return False
        if self._chunk.torn_start and found.start == begin:
            return False
        return not (self._chunk.torn_end and found.end == len(self._text.rstrip()))

    def _sentence(self, part: Segment, words: str) -> Iterator[Quote]:
        words = _without_heading(words, self._heading)
        before, self._before = self._before, None
        quotable = is_sentence(words) or (is_statement(words) and self._ends_block(part))
        if not quotable or is_torn(words, part.start):
            return
        lines: tuple[str, ...] = (words,)
        start = part.start
        if leans(words) and before is not None and len(before.lines) < _MOST_LEANING:
            lines, start = (*before.lines, words), before.start
        lead = self._qualifier(" ".join(lines))
        self._before = Quote(self._number, start, self._heading, lead, lines)
        yield self._before

    def _torn(self, part: Segment) -> Iterator[Quote]:
        """The last sentence, which ends in another passage."""
        if self._rest is None or part.kind is not Kind.SENTENCE or self._addressed:
            return
        words = self._words(part)
        whole = f"{words} {self._rest[1]}"
        if not is_sentence(whole) or is_torn(words, part.start) or leans(whole) or orders(whole):
            return
        lead = self._qualifier(whole)
        yield Quote(self._number, part.start, self._heading, lead, (words,), rest=self._rest)

    def _ends_block(self, part: Segment) -> bool:
        behind = self._text[part.end :].lstrip(" \t\r")
        return not behind or behind.startswith("\n\n") or behind.lstrip()[:1].isupper()

    def _list(
        self, start: int, lead: str, lines: Sequence[str], *, is_rest: bool = False
    ) -> Iterator[Quote]:
        """Whole; and one by one items that are sentences, of which a question may want one, but for
        those that are cases of one thing; or all where there are too many.
        """
        if not lines:
            return
        if lead != self._heading and (who := self._qualifier(f"{lead} {lines[0]}")):
            lead = f"{who}\n{lead}"
        fits = sum(map(len, lines)) <= LONGEST_LIST
        if fits:
            yield Quote(self._number, start, self._heading, lead, tuple(lines), is_rest)
        apart = all(map(stands_alone, lines)) and not are_cases(lines)
        if len(lines) > 1 and (not fits or apart):
            for place, line in enumerate(lines, start=1):
                rest = is_rest and not fits
                yield Quote(self._number, start + place, self._heading, lead, (line,), rest)

    def _loose_items(self, run: Sequence[Segment]) -> Iterator[Quote]:
        """Items without a lead: below their heading, or each alone where all are sentences."""
        lines = self._lines(run)
        if not lines:
            return
        alone = all(map(stands_alone, lines))
        if self._own_heading and all(map(_is_short_item, lines)):
            if len(lines) > 1 or len(lines[0].split()) >= SENTENCE_WORDS:
                yield from self._list(run[0].start, self._heading, lines)
        elif alone:
            for place, line in enumerate(lines):
                if is_text(line):
                    lead = self._qualifier(line)
                    yield Quote(self._number, run[0].start + place, self._heading, lead, (line,))


def _is_short_item(line: str) -> bool:
    return len(line) <= LONGEST_ITEM and is_item(line) and is_text(line, letters=LETTERS_OF_ITEM)


def _without_heading(words: str, heading: str) -> str:
    """A title that ran into the sentence below it is none of its words."""
    rest = words.removeprefix(fold(heading)).lstrip() if heading else words
    return rest if rest and rest[0].isupper() else words
