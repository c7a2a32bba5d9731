"""Words as keyed hashes: full-text search while no word of a document is on disk in the clear.

The search index is plain files. It is given, for every word, eight characters that only the
holder of the key can tell from any other word; the same word always gives the same characters, so
counting and ranking work as on the words themselves (a blind index). Words are folded first:
case, accents, and the plural ("How effective is suffixing?", Harman 1991, finds no gain in
stronger stemming).
"""

from __future__ import annotations

import base64
import hashlib
import re
import unicodedata

# Words without a meaning of their own. What changes a meaning stays: no, not, without, before,
# after, under, over, between, more, less, only.
STOP_WORDS = frozenset(
    """a an and any are as at be been being by can could did do does for from had has have how i if
    in into is it its may me might my of on or our shall should so such than that the their them
    then there these they this those to was we were what when where which who whom whose why will
    with would you your""".split()
)
# Numbers keep their decimals: "2.5" must not match "2" and "5".
_WORD = re.compile(r"\d+(?:[.,]\d+)*|[^\W\d_]+(?:['’][^\W\d_]+)*")
_MIXED_FRACTION = re.compile(r"(?<=\d)(?=[\u00bc-\u00be\u2150-\u215e])")
_LONGEST = 40
_REMEMBERED = 200_000


class TermHasher:
    """Turns text into hashed words. Deterministic for one key."""

    def __init__(self, key: bytes) -> None:
        """`key`: up to 64 bytes."""
        self._key = key
        self._known: dict[str, str] = {}

    def hashed(self, text: str) -> str:
        """The text's words in order, hashed, with blanks between; stop words left out."""
        return " ".join(
            self._hash(word)
            for word in _folded(text)
            if word not in STOP_WORDS and len(word) <= _LONGEST
        )

    def _hash(self, word: str) -> str:
        known = self._known.get(word)
        if known is None:
            singular = _singular(word).encode()
            digest = hashlib.blake2b(singular, key=self._key, digest_size=5).digest()
            known = base64.b32encode(digest).decode().lower()
            if len(self._known) < _REMEMBERED:
                self._known[word] = known
        return known


def content_words(text: str) -> list[str]:
    """The words of `text` as they are compared, in order; stop words left out."""
    return [_singular(word) for word in _folded(text) if word not in STOP_WORDS]


def _folded(text: str) -> list[str]:
    """The words of `text` in order, without case and accents."""
    # "2½" is two numbers; decomposed as it stands it would begin with "21".
    apart = _MIXED_FRACTION.sub(" ", text.casefold())
    return _WORD.findall(without_accents(apart))


def without_accents(text: str) -> str:
    decomposed = unicodedata.normalize("NFKD", text)
    if decomposed.isascii():
        return decomposed
    return "".join(c for c in decomposed if unicodedata.category(c) != "Mn")


def _singular(word: str) -> str:
    """Harman's S stemmer, with the possessive."""
    if word.endswith(("'s", "’s")):
        word = word[:-2]
    if len(word) < 4 or not word.endswith("s"):
        return word
    if word.endswith("ies") and not word.endswith(("eies", "aies")):
        return word[:-3] + "y"
    if word.endswith("es") and not word.endswith(("aes", "ees", "oes")):
        return word[:-1]
    if word.endswith(("us", "ss")):
        return word
    return word[:-1]
