"""Where the words of a page stand on it, kept small, and the boxes around its characters."""

from __future__ import annotations

import struct
import zlib
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise

from appliance.domain import Box, PlacedWord

_PARTS = 10  # of a point
_COLUMNS = 6


@dataclass(frozen=True, slots=True)
class PageLayout:
    """`words` in the order of the text. Boxes are (left, bottom, right, top) in points of the page
    as it is shown, turned and cropped, from its lower left corner: scaled by the width of its
    image over the width of the page, they fit the image.
    """

    words: Sequence[PlacedWord]

    @classmethod
    def unpacked(cls, data: bytes) -> PageLayout:
        """The other way about of `packed`."""
        raw = zlib.decompress(data)
        numbers = struct.unpack(f"<{len(raw) // 4}i", raw)
        count = len(numbers) // _COLUMNS
        gaps, lengths, *sides = (numbers[n * count : (n + 1) * count] for n in range(_COLUMNS))
        lefts, bottoms, rights, tops = (accumulate(side) for side in sides)
        words = []
        at = 0
        for gap, length, *box in zip(gaps, lengths, lefts, bottoms, rights, tops, strict=True):
            left, bottom, right, top = (side / _PARTS for side in box)
            words.append(PlacedWord(at + gap, at + gap + length, (left, bottom, right, top)))
            at += gap + length
        return cls(words)

    def packed(self) -> bytes:
        """Differences from word to word, number by number, as little-endian int32 through zlib."""
        ends = [0, *(word.end for word in self.words)]
        columns = [
            [word.start - end for word, end in zip(self.words, ends, strict=False)],
            [word.end - word.start for word in self.words],
            *(
                _differences(round(word.box[side] * _PARTS) for word in self.words)
                for side in range(4)
            ),
        ]
        numbers = [number for column in columns for number in column]
        return zlib.compress(struct.pack(f"<{len(numbers)}i", *numbers))

    def without(self, dropped: Sequence[int]) -> PageLayout:
        """The same for the text from which the characters at these places were taken."""
        if not dropped:
            return self
        return PageLayout(
            [
                PlacedWord(
                    word.start - bisect_left(dropped, word.start),
                    word.end - bisect_left(dropped, word.end),
                    word.box,
                )
                for word in self.words
            ]
        )

    def boxes(self, start: int, end: int) -> tuple[Box, ...]:
        """Around the words that the characters `start`..`end` touch: one for each line."""
        boxes: list[Box] = []
        for word in self._touched(start, end):
            left, bottom, right, top = word.box
            # Words of one line have its height.
            if boxes and (boxes[-1][1], boxes[-1][3]) == (bottom, top):
                boxes[-1] = min(boxes[-1][0], left), bottom, max(boxes[-1][2], right), top
            else:
                boxes.append(word.box)
        return tuple(boxes)

    def _touched(self, start: int, end: int) -> Iterator[PlacedWord]:
        if start >= end:
            return
        first = bisect_left(self.words, start + 1, key=lambda word: word.end)
        for word in self.words[first:]:
            if word.start >= end:
                return
            yield word


def _differences(numbers: Iterable[int]) -> Iterator[int]:
    return (after - before for before, after in pairwise([0, *numbers]))
