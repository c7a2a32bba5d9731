"""Whether a text holds a word that is asked for, though it may be written otherwise there. Pure."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from appliance.sentences.words import STOP_WORDS, stem

# A member of the same family ("inherited", "inheritance"; "overdose", "overdosage"): it begins with
# the stem, or has so many first letters and so much of the longer word. Names of drugs of one class
# share their ends, or less of their beginnings.
STEM_LETTERS = 6
FAMILY_LETTERS = 5
FAMILY_SHARE = 0.7
FAMILY_WORTH = 0.9
SLIP_LETTERS = 6  # a shorter word with a letter changed is mostly another word
SLIP_WORTH = 0.9

_WORD = re.compile(r"[^\W_]+(?:['’][^\W\d_]+)?")
_COMPOUND = re.compile(r"(?<![^\W_])[^\W_]+(?:[-–/][^\W_]+)+")
_LINK = re.compile(r"[-–/]")
_SAID_OF_IT = re.compile(r"(?<![^\W_])([^\W_]+ed)\W*\Z", re.IGNORECASE)
_APART = re.compile(r"[^\s\-–/'’]")
_NO_LETTER = re.compile(r"(?:a|I)\s+\w")  # an article or a pronoun: "given to a child"
_NUMERALS = {n: str(i) for i, n in enumerate("i ii iii iv v vi vii viii ix x".split(), 1)}
_KINDS = frozenset(map(stem, ("type", "subtype", "factor", "form", "variant", "group")))
_TELLING = re.compile(r"\d{1,3}[a-z]?|[a-z]|[ivx]{1,4}")


@dataclass(frozen=True, slots=True)
class AskedWord:
    """`term` is the stem of `word`, which is in lower case; one that tells kinds apart has that of
    the word before it as well.
    """

    word: str
    term: str

    @property
    def tells(self) -> bool:
        return " " in self.term

    @property
    def tells_kind(self) -> bool:
        """Whether it names one kind of several, as "type 3" does and "day 3" does not."""
        return self.term.partition(" ")[0] in _KINDS and self.tells


def asked_words(text: str) -> list[AskedWord]:
    """The words of `text` that are no function words, each stem once, in order.

    A number or letter right behind a word tells one of its kind from another ("type 2", "type
    II"): it is asked for together with that word.
    """
    found: dict[str, AskedWord] = {}
    before, at = "", 0
    for match in _WORD.finditer(text):
        word = match.group().casefold()
        if (
            before
            and match.start() == at + 1
            and _TELLING.fullmatch(word)
            and (before in _KINDS or not _NO_LETTER.match(text, match.start()))
        ):
            term = f"{before} {_NUMERALS.get(word, word)}"
            found.setdefault(term, AskedWord(word, term))
            before = ""
            continue
        before, at = "", match.end()
        if word not in STOP_WORDS:
            found.setdefault(stem(word), AskedWord(word, stem(word)))
            before = stem(word) if word.isalpha() else ""
    return list(found.values())


class Wording:
    """The words of one text, to be asked for others."""

    def __init__(self, text: str) -> None:
        words = [word.casefold() for word in _WORD.findall(text)]
        self.counts = Counter(stem(word) for word in words if word not in STOP_WORDS)
        self._told = {
            f"{stem(word)} {_NUMERALS.get(telling, telling)}"
            for word, telling in pairwise(words)
            if len(telling) <= 4
        }
        self._compounds = {_LINK.sub("", word).casefold() for word in _COMPOUND.findall(text)}
        self._long = sorted({word for word in words if len(word) >= FAMILY_LETTERS})

    def holds(self, asked: AskedWord, *, may_be_slip: bool = False) -> float:
        """1 for the word itself, less for one of its family, 0 for none.

        `may_be_slip`: no document knows the word, so one that differs in a letter is meant.
        """
        if asked.tells:
            return float(asked.term in self._told)
        if asked.term in self.counts or asked.word in self._compounds:
            return 1.0
        has_stem = len(asked.term) >= STEM_LETTERS
        if any(
            is_family(asked.word, word) or (has_stem and word.startswith(asked.term))
            for word in self._long
        ):
            return FAMILY_WORTH
        if may_be_slip and any(is_slip(asked.word, word) for word in self._long):
            return SLIP_WORTH
        return 0.0


def phrase_of(word: AskedWord, words: Sequence[AskedWord], text: str) -> list[AskedWord]:
    """Of `words`, all asked for in `text`: those of the phrase that `word` stands in, with no more
    than a blank or a hyphen between them ("spinocerebellar ataxia type 3"). A participle that ends
    `text` is said of it and no part of it ("is the trolley checked?").
    """
    of = {known.word: known for known in words}
    phrase: list[AskedWord] = []
    end = 0
    for match in _WORD.finditer(text):
        found = of.get(match.group().casefold())
        if found is None or _APART.search(text[end : match.start()]):
            if word in phrase:
                break
            phrase = []
        if found is not None:
            phrase.append(found)
        end = match.end()
    ending = _SAID_OF_IT.search(text)
    if ending and phrase and phrase[-1] != word and phrase[-1].word == ending[1].casefold():
        phrase.pop()
    return phrase if word in phrase else [word]


def is_family(one: str, other: str) -> bool:
    if min(len(one), len(other)) < FAMILY_LETTERS or not (one.isalpha() and other.isalpha()):
        return False
    shared = _shared(zip(one, other, strict=False))
    return shared >= max(FAMILY_LETTERS, FAMILY_SHARE * max(len(one), len(other)))


def is_slip(one: str, other: str) -> bool:
    """One letter added, left out, changed or exchanged with the next, not the first one."""
    if min(len(one), len(other)) < SLIP_LETTERS or abs(len(one) - len(other)) > 1:
        return False
    if not (one.isalpha() and other.isalpha()) or one[0] != other[0] or one == other:
        return False
    begin = _shared(zip(one, other, strict=False))
    one, other = one[begin:], other[begin:]
    end = _shared(zip(reversed(one), reversed(other), strict=False))
    one, other = one[: len(one) - end], other[: len(other) - end]
    return max(len(one), len(other)) <= 1 or (len(one) == 2 and one == other[::-1])


def _shared(pairs: Iterable[tuple[str, str]]) -> int:
    count = 0
    for one, other in pairs:
        if one != other:
            break
        count += 1
    return count
