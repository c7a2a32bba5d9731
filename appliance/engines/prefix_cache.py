"""Beginnings of prompts whose keys and values are kept in host memory. Pure bookkeeping.

A prompt begins with what is the same for everybody who gets these passages (instructions, then
passages) and goes on with what one person wrote. Across persons only the first part is ever used.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Beginning:
    """Tokens of a prompt and what was written after it, and whose they are.

    The first `shared` tokens are nobody's own. "" owns nothing: it is nobody's, not somebody's.
    """

    owner: str
    tokens: NDArray[np.int32]
    shared: int

    def usable_for(self, other: Beginning) -> int:
        """How many tokens of the two are the same and may be the same for both."""
        length = min(len(self.tokens), len(other.tokens))
        if not self.owner or self.owner != other.owner:
            length = min(length, self.shared, other.shared)
        differ = self.tokens[:length] != other.tokens[:length]
        return int(differ.argmax()) if differ.any() else length


def beginning(owner: str, tokens: Sequence[int], shared: int) -> Beginning:
    return Beginning(owner, np.array(tokens, np.int32), min(shared, len(tokens)))


@dataclass(frozen=True, slots=True)
class Kept:
    """`state` is what the context gave for exactly these tokens."""

    beginning: Beginning
    state: bytes

    @property
    def size(self) -> int:
        return len(self.state) + self.beginning.tokens.nbytes


class PrefixCache:
    """Least recently used first out; never more than `limit` bytes."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._kept: OrderedDict[int, Kept] = OrderedDict()
        self._next = 0
        self._pinned: Kept | None = None
        self._bytes = 0

    @property
    def bytes_held(self) -> int:
        return self._bytes

    def __len__(self) -> int:
        return len(self._kept) + (self._pinned is not None)

    def fits(self, size: int) -> bool:
        """Whether a state of `size` bytes could be kept at all."""
        return size <= self._limit - (self._pinned.size if self._pinned else 0)

    def covers(self, wanted: Beginning) -> bool:
        """Whether all of `wanted` is held already, and may be used for it."""
        return any(kept.beginning.usable_for(wanted) == len(wanted.tokens) for kept in self._all())

    def pin(self, kept: Kept) -> None:
        """Hold `kept`, in place of what was pinned before, whatever else comes."""
        if self._pinned is not None:
            self._bytes -= self._pinned.size
            self._pinned = None
        if kept.size > self._limit:
            return
        self._pinned = kept
        self._bytes += kept.size
        self._make_room(0)

    def put(self, kept: Kept) -> None:
        """Keep it, in place of the same owner's shorter ones; one too large is not kept."""
        if not self.fits(kept.size):
            return
        new = kept.beginning
        for number, old in list(self._kept.items()):
            held = old.beginning
            same = held.owner == new.owner and held.shared <= new.shared
            if same and new.usable_for(held) == len(held.tokens):
                self._drop(number)
        self._make_room(kept.size)
        self._kept[self._next] = kept
        self._next += 1
        self._bytes += kept.size

    def best(self, wanted: Beginning) -> tuple[Kept, int] | None:
        """What saves `wanted` the most reading, and how many of its tokens; None for nothing."""
        found: tuple[int, int, int] | None = None  # usable, the smaller first, number
        for number, kept in self._kept.items():
            choice = (kept.beginning.usable_for(wanted), -kept.size, number)
            found = choice if found is None else max(found, choice)
        usable, _, number = found or (0, 0, 0)
        if self._pinned is not None:
            pinned = self._pinned.beginning.usable_for(wanted)
            if pinned and pinned >= usable:
                return self._pinned, pinned
        if not usable:
            return None
        self._kept.move_to_end(number)
        return self._kept[number], usable

    def clear(self) -> None:
        self._kept.clear()
        self._pinned = None
        self._bytes = 0

    def _all(self) -> list[Kept]:
        return [*self._kept.values(), *([self._pinned] if self._pinned else [])]

    def _make_room(self, size: int) -> None:
        while self._kept and self._bytes + size > self._limit:
            self._drop(next(iter(self._kept)))

    def _drop(self, number: int) -> None:
        self._bytes -= self._kept.pop(number).size
