"""The known word that a misspelt one was meant to be. Pure.

After Damerau, "A technique for computer detection and correction of spelling errors" (1964): a
letter more, less, other or two exchanged. A drug must never become one of a similar name, so one
such slip is all there may be, or two of the kinds that leave the sound as it is ("amoxicilin",
"metroprolol", but not "prednisone" for "prednisolone"). Nor is a term of the language that lies as
near to another a slip: see `near_terms`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np
from numpy.typing import NDArray

from appliance.services.near_terms import are_two_terms

_SHORTEST = 5  # shorter words have too many neighbours
_TWO_SLIPS = 8  # letters
_MOST_ALIKE = 150  # words that are looked at more closely
_ALIKE = 0.5
_SOUNDS = ("aeiouy", "cksqxz", "fv", "dt", "mn")
_SILENT = "eh"
# British and American spellings of the same ending or stem.
_SPELLINGS = (
    ("ae", "e"), ("oe", "e"), ("our", "or"), ("isation", "ization"), ("ise", "ize"),
    ("ising", "izing"), ("ised", "ized"), ("yse", "yze"), ("sulph", "sulf"), ("tre", "ter"),
    ("lling", "ling"), ("lled", "led"), ("ogue", "og"), ("mme", "m"), ("ph", "f"),
)  # fmt: skip


class Speller:
    def __init__(self, frequencies: Mapping[str, int]) -> None:
        """`frequencies`: in how many documents each word stands; lower case."""
        self._frequencies = frequencies
        self._buckets = _buckets(frequencies)

    def corrected(self, word: str) -> str | None:
        """The known word nearest to `word`, in lower case; None where `word` is known, also in the
        other number, is too short, an abbreviation or no word, or near to nothing.
        """
        if word.isupper() or not word.isalpha():
            return None  # an abbreviation, or no word
        word = word.casefold()
        if not self._frequencies.keys().isdisjoint((word, word + "s", word.removesuffix("s"))):
            return None
        variants = [v for v in spellings(word) if v in self._frequencies]
        if variants:
            return max(variants, key=self._rank)
        if len(word) < _SHORTEST:
            return None
        reach = 2 if len(word) >= _TWO_SLIPS else 1
        near = [(distance(word, other), other) for other in self._alike(word, reach)]
        near = [
            (slips, other) for slips, other in near if slips <= 1 and not are_two_terms(word, other)
        ]
        if not near:
            return None
        return min(near, key=lambda found: (found[0], -self._frequencies[found[1]], found[1]))[1]

    def _rank(self, word: str) -> tuple[int, str]:
        return self._frequencies[word], word

    def _alike(self, word: str, reach: int) -> Iterable[str]:
        """Known words with the same first letter that differ in few enough letters to be near: the
        most alike, and of these the most usual, for a document may hold any number of them.
        """
        mask = _letters(word)
        alike: list[tuple[int, str]] = []
        for length in range(len(word) - reach, len(word) + reach + 1):
            words, masks = self._buckets.get((word[0], length), ([], np.empty(0, np.uint32)))
            # Each slip changes at most two letters of the set.
            other = np.bitwise_count(masks ^ mask)
            near = np.flatnonzero(other <= 2 * reach)
            near = near[np.argsort(other[near], kind="stable")][:_MOST_ALIKE]
            alike += [(int(other[number]), words[number]) for number in near]
        alike.sort(key=lambda found: found[0])
        return [found for _, found in alike[:_MOST_ALIKE]]


def spellings(word: str) -> set[str]:
    """`word` as the other side of the Atlantic writes it, or as it sounds."""
    found = {
        word.replace(old, new)
        for pair in _SPELLINGS
        for old, new in (pair, pair[::-1])
        if old in word
    }
    return found - {word}


def distance(one: str, other: str) -> float:
    """Slips between two words (optimal string alignment); one that sounds alike counts half."""
    before: list[float] = []
    row = [float(n) for n in range(len(other) + 1)]
    for i, letter in enumerate(one, 1):
        before, last, row = row, before, [float(i)]
        for j, wanted in enumerate(other, 1):
            cost = min(
                before[j] + _odd(one, i - 1),
                row[j - 1] + _odd(other, j - 1),
                before[j - 1] + _exchanged(letter, wanted),
            )
            if i > 1 and j > 1 and letter == other[j - 2] and one[i - 2] == wanted:
                cost = min(cost, last[j - 2] + _ALIKE)
            row.append(cost)
    return row[-1]


def _odd(word: str, place: int) -> float:
    """A letter too many or too few: less where it is silent or doubles its neighbour."""
    letter = word[place]
    doubles = letter in word[max(0, place - 1) : place] or letter in word[place + 1 : place + 2]
    return _ALIKE if doubles or letter in _SILENT else 1.0


def _exchanged(letter: str, wanted: str) -> float:
    if letter == wanted:
        return 0.0
    return _ALIKE if any(letter in some and wanted in some for some in _SOUNDS) else 1.0


def _buckets(
    words: Mapping[str, int],
) -> dict[tuple[str, int], tuple[list[str], NDArray[np.uint32]]]:
    grouped: dict[tuple[str, int], list[str]] = {}
    for word in sorted(words, key=lambda word: (-words[word], word)):
        if len(word) >= _SHORTEST - 1:
            grouped.setdefault((word[0], len(word)), []).append(word)
    return {
        key: (some, np.array([_letters(word) for word in some], np.uint32))
        for key, some in grouped.items()
    }


def _letters(word: str) -> int:
    """The set of a word's letters as bits; letters beyond a to z share some."""
    mask = 0
    for letter in word:
        mask |= 1 << (ord(letter) - 97) % 32
    return mask
