"""How many WordPiece tokens a text has, estimated from the form of its words.

The embedding model's own tokenizer is an engine's; the estimate is off by some per cent for a
passage. Fitted on drug labels and abstracts with the vocabulary of BERT (uncased).
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from dataclasses import dataclass
from itertools import accumulate

_TOKEN = re.compile(r"\w{1,40}|[^\w\s]")
_ABBREVIATION = 5  # capitals up to this long are mostly spelled out in pieces


@dataclass(frozen=True, slots=True)
class Weighed:
    """A text measured: where its tokens begin and what they weigh up to there."""

    text: str
    starts: list[int]
    weights: list[float]  # of the tokens before each, and of all at the end

    @classmethod
    def of(cls, text: str) -> Weighed:
        tokens = list(_TOKEN.finditer(text))
        weights = accumulate((_weight(match.group()) for match in tokens), initial=0.0)
        return cls(text, [match.start() for match in tokens], list(weights))

    def before(self, position: int) -> float:
        """The weight of the text before `position`."""
        return self.weights[bisect_left(self.starts, position)]

    def reach(self, weight: float) -> int:
        """Where the first token begins that does not fit into `weight`, or the end."""
        number = bisect_right(self.weights, weight) - 1
        return self.starts[number] if number < len(self.starts) else len(self.text)


def weight(text: str) -> float:
    """Estimated tokens of `text`, without those that open and close what a model reads."""
    return sum(_weight(match.group()) for match in _TOKEN.finditer(text))


def clipped(text: str, most: float) -> str:
    """As much of the beginning of `text` as weighs no more than `most`, cut between words."""
    weighed = Weighed.of(text)
    if weighed.weights[-1] <= most:
        return text
    end = weighed.reach(most)
    while end > 0 and not text[end - 1].isspace() and text[end - 1].isalnum():
        end -= 1
    return text[:end].rstrip()


def _weight(token: str) -> float:
    length = len(token)
    if not token.isascii():
        return max(1.0, 0.6 * length)  # other scripts go nearly by the letter
    if token.isdigit():
        return max(1.0, 0.6 * length - 0.6)
    if not token.isalpha():
        return max(1.0, 0.6 * length + 0.4) if token.isalnum() else float(length)
    if length <= _ABBREVIATION and token.isupper():
        return 0.7 + 0.3 * length
    return 1 + 0.42 * max(0, length - 7)
