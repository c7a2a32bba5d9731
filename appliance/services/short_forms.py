"""The name that a word is the beginning of: "cipro", "amox". Pure.

A ward shortens names. No drug must become another, so the documents may have one word alone that
begins so, and the beginning must leave off more than an ending: "penicillin" is none of
"penicillinase".
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Collection, Mapping

from appliance.sentences.words import stem

_SHORTEST = 4  # letters
_LONGEST_SHARE = 0.65  # of the name


class ShortForms:
    def __init__(self, frequencies: Mapping[str, int], common: Collection[str]) -> None:
        """`frequencies`: documents with each word; `common`: the words of the language, without
        which nothing tells a name from a word. Both lower case.
        """
        self._frequencies = frequencies
        self._common = common
        self._known = sorted(frequencies) if common else []

    def meant(self, word: str) -> str | None:
        """The name in lower case; None where `word` is a word itself, or may be several names."""
        word = word.casefold()
        if len(word) < _SHORTEST or not word.isalpha() or word in self._common:
            return None
        place = bisect_left(self._known, word)
        if place == len(self._known) or not self._known[place].startswith(word):
            return None
        name = self._known[place]
        after = place + 1
        # Sorted, what else begins so follows at once.
        while after < len(self._known) and self._known[after].startswith(word):
            if not self._is_same(self._known[after], name):
                return None
            after += 1
        if name in self._common or len(word) > _LONGEST_SHARE * len(name):
            return None
        return name

    def _is_same(self, other: str, name: str) -> bool:
        """In the other number, or run together with the word behind it, as pages do at times."""
        if stem(other) == stem(name):
            return True
        return other.startswith(name) and self._frequencies[other] < self._frequencies[name]
