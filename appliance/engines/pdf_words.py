"""Words from characters with places: pure geometry, without a PDF."""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from appliance.engines.pdf_places import Box, Character
from appliance.sentences.invisible import INVISIBLE

# All in shares of the type size.
_GAP = 0.25  # from here on two characters stand apart
_OVERLAP = 0.6  # by how much one character may reach back over the one before it
SAME_BASE = 0.12
SAME_SIZE = 0.85
BREAK = "\u00ad"
# PDFium marks the hyphen of a word broken over two lines by one of these.
_BROKEN_WORD = re.compile("[\u0002\ufffe]")
_UNPRINTABLE = re.compile("[\u0000-\u0008\u000e-\u001f\u007f-\u009f\ud800-\udfff\ufeff\uffff]")
# The bullet of a symbol font; hyphens that differ only in where a line may end.
_SAME = str.maketrans("\uf0b7\u2010\u2011", "\u2022--")
_LIGATURE = re.compile("[\ufb00-\ufb06]")
_LEADER = 5  # as many dots or dashes in a row are drawn, not said
_LEADERS = frozenset("-_.=·…‒–—―")


@dataclass(slots=True)
class Word:
    """Characters without white space between them, of one size on one base line.

    `after_space`: white space comes before it in the file.
    """

    text: str
    left: float
    bottom: float
    right: float
    top: float
    base: float
    size: float
    after_space: bool
    leftward: bool = False

    @property
    def middle(self) -> tuple[float, float]:
        """Of what is seen: half-way along it, at half the height of small letters."""
        return (self.left + self.right) / 2, self.base + 0.3 * self.size


def cleaned(text: str) -> str:
    """The characters as they can be shown and stored; BREAK for a hyphen that may break a word."""
    if text.isascii() and text.isprintable():
        return text
    text = _UNPRINTABLE.sub("", _BROKEN_WORD.sub(BREAK, text)).translate(_SAME)
    return _LIGATURE.sub(lambda match: unicodedata.normalize("NFKC", match[0]), text)


def printed(characters: Sequence[Character]) -> Sequence[Character]:
    """Without the characters that nobody sees; the white space before one, or the room that it
    takes, is before the next.
    """
    text = "".join([character.text[0] for character in characters])
    if text.isascii():
        return characters
    unseen = {m.start() for m in INVISIBLE.finditer(text) if m.group() != BREAK}
    if not unseen:
        return characters
    kept: list[Character] = []
    space = False
    for number, character in enumerate(characters):
        space = space or character.after_space
        if number in unseen:
            space = space or character.right - character.left > _GAP * character.size
        else:
            kept.append(character._replace(after_space=space))
            space = False
    return kept


def words_of(characters: Iterable[Character], walls: Sequence[Box] = ()) -> list[Word]:
    """Words in the order of the file; drawn leaders ("........") are left out.

    `walls` are upright rules: two cells may be so full that no white space parts their words.
    """
    walled = _Walls(walls)
    words: list[Word] = []
    letters: list[str] = []
    word: Word | None = None
    reach = 0.0  # where the character before begins
    for character in characters:
        text, left, bottom, right, top, base, size, after_space = character
        if (
            word is not None
            and not after_space
            and _continues(word, character, reach)
            and not (walls and walled.between(reach, character))
        ):
            letters.append(text)
            reach = left
            word.left = min(word.left, left)
            word.right = max(word.right, right)
            word.bottom = min(word.bottom, bottom)
            word.top = max(word.top, top)
            continue
        if word is not None:
            _finish(words, word, letters)
        word = Word("", left, bottom, right, top, base, size, after_space)
        word.leftward = _is_leftward(text)
        letters = [text]
        reach = left
    if word is not None:
        _finish(words, word, letters)
    return words


def _continues(word: Word, character: Character, reach: float) -> bool:
    size = word.size
    if abs(character.base - word.base) > SAME_BASE * size:
        return False
    if not SAME_SIZE < (character.size / size if size else 1.0) < 1 / SAME_SIZE:
        return False
    # Fonts without a width give no room to measure.
    gap = max(_GAP * size, 0.5)
    if word.leftward:
        return -_OVERLAP * size < word.left - character.right < gap
    # The letters of a ligature have one box between them.
    furthest = min(word.right - _OVERLAP * size, reach)
    return furthest <= character.left < word.right + gap


class _Walls:
    def __init__(self, walls: Sequence[Box]) -> None:
        self._walls = sorted(((w[0] + w[2]) / 2, w[1], w[3]) for w in walls)

    def between(self, reach: float, character: Character) -> bool:
        """Whether a wall stands between where the letter before begins and this one's middle."""
        number = bisect_left(self._walls, (reach + 0.1 * character.size,))
        end = character.left + 0.3 * character.size
        for x, bottom, top in self._walls[number:]:
            if x > end:
                return False
            if bottom <= character.base + 0.3 * character.size <= top:
                return True
        return False


def _finish(words: list[Word], word: Word, letters: list[str]) -> None:
    word.text = cleaned("".join(letters))
    if not word.text:
        return
    if len(word.text) >= _LEADER and word.text[0] in _LEADERS and len(set(word.text)) == 1:
        return
    words.append(word)


def _is_leftward(letter: str) -> bool:
    return letter > "\u0590" and unicodedata.bidirectional(letter) in ("R", "AL")
