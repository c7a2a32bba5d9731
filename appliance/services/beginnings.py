"""Names as wards say them: "cipro" for the drug that the documents call ciprofloxacin, and a trade
name for the substance that a document is about. Pure; which names there are, the documents tell.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Set
from math import ceil

from appliance.sentences.words import stem
from appliance.services.spelling import spellings
from appliance.storage.terms import without_accents

SHORTEST = 4  # letters of a beginning
SHORTEST_NAME = 5
_RARER = 3  # times rarer than a name: another word with its beginning is not what is meant
_LONGEST_SHARE = 0.65  # of the name: "penicillin" is no beginning of "penicillinase"
_ALIKE = 0.85  # of the shortest word, what all share that are one word with other endings
_WORD = re.compile(r"[^\W\d_]+")


class Beginnings:
    def __init__(
        self,
        known: Mapping[str, int],
        titles: Iterable[str],
        names: Iterable[tuple[str, str, int]],
        common: Set[str],
    ) -> None:
        """`known`: documents with each word, in small letters; `names`: as a `Vocabulary` has
        them; `common`: words of the language, none of which names anything.
        """
        self._common = common
        self._frequencies = known
        self._known = sorted(known)
        self._titled = sorted(self._rare(" ".join(titles)))
        pairs = (f"{short} {long}" for short, long, _ in names if _is_name(short))
        self._named = sorted(self._rare(" ".join(pairs)) | set(self._titled))

    def name(self, word: str) -> str | None:
        """The only name that begins with `word`, among those in titles, else among all, else the
        only word of the documents, whatever its endings; None where it is a word of the documents
        or the language, may be an abbreviation, or begins another word that is as usual.
        """
        folded = word.casefold()
        if len(folded) < SHORTEST or not word.isalpha() or word.isupper():
            return None
        if (
            not self._common
            or without_accents(folded) in self._common
            or folded in self._frequencies
        ):
            return None
        for some in (self._titled, self._named, self._known):
            found = list(_beginning(some, folded))
            if found:
                break
        if not found or not self._is_one(found, every=some is self._known):
            return None
        name = max(found, key=lambda other: (self._frequencies.get(other, 0), -len(other)))
        if len(folded) > _LONGEST_SHARE * len(name) or self._may_be_another(folded, name):
            return None
        return name

    def substance(self, short: str, longs: Iterable[str]) -> str | None:
        """The word of titles that names what the trade name `short` stands for, if there is one
        and no title has the trade name.
        """
        if not _is_name(short) or _has(self._titled, short.casefold()):
            return None
        words = {word.casefold() for long in longs for word in _WORD.findall(long)}
        found = [word for word in words if _has(self._titled, word)]
        return found[0] if len(found) == 1 else None

    def may_be_slip(self, word: str, meant: str) -> bool:
        """Whether `meant` can be what `word` was to be: not where it is a word of the language, but
        for the spelling, or begins other words, of which it may be short for any.
        """
        folded = word.casefold()
        if without_accents(folded) in self._common and meant.casefold() not in spellings(folded):
            return False
        if len(folded) < SHORTEST or meant.casefold().startswith(folded):
            return True
        return all(other in self._common for other in _beginning(self._known, folded))

    def _is_one(self, words: list[str], *, every: bool) -> bool:
        """One word; of `every` word of the documents also with other endings, or run together with
        what follows: "streptococcus" and "streptococci", not "prednisone" and "prednisolone".
        """
        if len(words) == 1 or not every:
            return len(words) == 1 and not (every and self._is_common(words[0]))
        shortest = min(words, key=len)
        start = shortest[: ceil(_ALIKE * len(shortest))]
        return not self._is_common(shortest) and all(
            word.startswith(start)
            and (
                not word.startswith(shortest)
                or stem(word) == stem(shortest)
                or self._frequencies[word] < self._frequencies[shortest]
            )
            for word in words
            if word != shortest
        )

    def _may_be_another(self, start: str, name: str) -> bool:
        """Whether documents that are not about it hold another word with that beginning, which is
        not much rarer: metoclopramide beside the label of metoprolol.
        """
        usual = self._frequencies.get(name, 0)
        return any(
            self._frequencies[other] * _RARER > usual and not self._is_common(other)
            for other in _beginning(self._known, start)
            if not self._is_one(sorted({name, other}), every=True)
        )

    def _is_common(self, folded: str) -> bool:
        return without_accents(folded) in self._common

    def _rare(self, text: str) -> set[str]:
        words = {word.casefold() for word in _WORD.findall(text)}
        return {
            word
            for word in words
            if len(word) >= SHORTEST_NAME and without_accents(word) not in self._common
        }


def _is_name(short: str) -> bool:
    """Whether it is a trade name and no abbreviation."""
    return len(short) >= SHORTEST_NAME and short.isalpha()


def _has(words: list[str], word: str) -> bool:
    at = bisect_left(words, word)
    return at < len(words) and words[at] == word


def _beginning(words: list[str], start: str) -> Iterator[str]:
    for place in range(bisect_left(words, start), len(words)):
        if not words[place].startswith(start):
            return
        yield words[place]
