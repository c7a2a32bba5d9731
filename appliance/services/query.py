"""What a question asks the search for: its words put right, and the other names of its subjects.

Pure; what the documents taught comes in as a `Vocabulary`.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Set
from dataclasses import dataclass
from itertools import islice

from appliance.services.beginnings import SHORTEST_NAME, Beginnings
from appliance.services.drug_names import known_name
from appliance.services.long_questions import essence
from appliance.services.spelling import Speller
from appliance.storage.terms import content_words

_TOKEN = re.compile(r"[^\W_](?:[\w/+-]*[^\W_])?")
_NAMES_EACH = 2  # meanings of one abbreviation, the most usual in the documents
_RARER = 5  # times rarer than the most usual one: no meaning to search for
_LONGEST_NAME = 8  # words
_MOST_RIGHTED = 64  # words of a question that may be slips


@dataclass(frozen=True, slots=True)
class Query:
    """`text` is what is searched for; `names`: words in it, and another name for them.

    `spelt_out`: `text` for a model of meanings, which knows "AF" best as "AF (atrial
    fibrillation)"; "" where that is `text` itself.
    """

    text: str
    names: tuple[tuple[str, str], ...] = ()
    spelt_out: str = ""


class Vocabulary:
    """What the documents taught together."""

    def __init__(
        self,
        frequencies: Counter[str] | None = None,
        names: Iterable[tuple[str, str, int]] = (),
        *,
        titles: Iterable[str] = (),
        common: Set[str] = frozenset(),
    ) -> None:
        """`frequencies`: documents with each word; `names`: short form, long form, documents;
        `titles` of the documents; `common`: words of the language, in small letters.
        """
        names = list(names)
        self._known = frequencies or Counter()
        self._speller = Speller(self._known)
        self._common = common
        self._beginnings = Beginnings(self._known, titles, names, common)
        self._long: dict[str, list[str]] = {}
        self._short: dict[tuple[str, ...], list[str]] = {}
        seen: dict[str, set[tuple[str, ...]]] = {}
        most: dict[str, int] = {}
        for short, long, count in sorted(names, key=lambda name: (-name[2], name[0], name[1])):
            words = tuple(content_words(long))
            if count * _RARER < most.setdefault(short, count):
                continue  # one document must not give a usual abbreviation a meaning of its own
            if not words or words in seen.setdefault(short, set()):
                continue
            seen[short].add(words)
            if len(self._long.setdefault(short, [])) < _NAMES_EACH:
                self._long[short].append(long)
            if len(self._short.setdefault(words, [])) < _NAMES_EACH:
                self._short[words].append(short)
        self._folded = {short.casefold(): short for short in reversed(list(self._long))}

    def understood(self, question: str) -> Query:
        """`question` reduced to what it asks, its slips put right, with other names of its words.

        Numbers and what denies stay as they are: neither is ever taken for a slip.
        """
        asked = essence(question)
        read = {
            word: self._right(word)
            for word in islice(dict.fromkeys(_TOKEN.findall(asked)), _MOST_RIGHTED)
        }
        text = _TOKEN.sub(lambda match: read.get(match.group(), match.group()), asked)
        names = tuple(self.names(text))
        spelt_out = self._spelt_out(text, names)
        return Query(text, names, "" if spelt_out == text else spelt_out)

    def _spelt_out(self, text: str, names: Iterable[tuple[str, str]]) -> str:
        """`text` with its abbreviations spelt out where they have one meaning."""
        meanings: dict[str, list[str]] = {}
        for name, other in names:
            meanings.setdefault(name, []).append(other)
        long = {
            name: f"{name} ({others[0]})"
            for name, others in meanings.items()
            if len(others) == 1 and self._folded.get(name.casefold()) is not None
        }
        return _TOKEN.sub(lambda match: long.get(match.group(), match.group()), text)

    def _right(self, word: str) -> str:
        if not self._known:
            return word
        if (short := self._folded.get(word.casefold())) is not None:
            return self._beginnings.substance(short, self._long[short]) or word
        if (name := known_name(word, self._known) or self._beginnings.name(word)) is not None:
            return name
        corrected = self._speller.corrected(word) or word
        return corrected if self._beginnings.may_be_slip(word, corrected) else word

    def _is_word(self, folded: str) -> bool:
        """In small letters it is an abbreviation only where it is no word of its own; a trade name
        is one that documents may write so too.
        """
        if folded not in self._known:
            return False
        return not (self._common and folded not in self._common and len(folded) >= SHORTEST_NAME)

    def names(self, text: str) -> Iterable[tuple[str, str]]:
        """Words of `text`, each with another name that the documents have for them."""
        for token in dict.fromkeys(_TOKEN.findall(text)):
            short = token if token in self._long else self._folded.get(token.casefold())
            if short is not None and (short == token or not self._is_word(token.casefold())):
                yield from ((token, long) for long in self._long[short])
        words = content_words(text)
        for start in range(len(words)):
            for end in range(start + 1, min(len(words), start + _LONGEST_NAME) + 1):
                part = tuple(words[start:end])
                yield from ((" ".join(part), short) for short in self._short.get(part, ()))
