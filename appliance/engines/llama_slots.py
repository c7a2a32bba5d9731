"""Which slot of the context holds whose tokens, and where a new prompt finds its beginning.

A slot keeps what it held when its answer ended, until it is needed: then that goes into the cache
in host memory. A beginning is taken from where the most of it is: the slot itself, another slot,
busy or not, or the cache. Low slots are taken first, because llama.cpp computes slots with
consecutive numbers in one go.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from appliance.engines.llama_context import LlamaContext
from appliance.engines.prefix_cache import Beginning, Kept, PrefixCache, beginning

WORTH_TOKENS = 16  # shorter beginnings are read as fast as they are copied


@dataclass(slots=True)
class Slot:
    """`tokens` are those whose keys and values the context holds, of which `shared` are nobody's
    own.
    """

    number: int
    owner: str = ""
    tokens: list[int] = field(default_factory=list)
    shared: int = 0
    busy: bool = False

    @property
    def beginning(self) -> Beginning:
        return beginning(self.owner, self.tokens, self.shared)


class LlamaSlots:
    def __init__(self, context: LlamaContext, cache: PrefixCache) -> None:
        self._context = context
        self._cache = cache
        self._slots = [Slot(number) for number in range(context.slots)]

    @property
    def free(self) -> int:
        return sum(not slot.busy for slot in self._slots)

    def take(self) -> Slot:
        """The lowest free slot, of which there is one; `begin` before it is used."""
        slot = next(slot for slot in self._slots if not slot.busy)
        slot.busy = True
        return slot

    def begin(self, slot: Slot, owner: str, prompt: list[int], shared: int) -> int:
        """Make the slot hold as much of `prompt` as is known; returns how many tokens that is.

        Never all of it: the last token is read for its logits. Of other owners' tokens none are
        used but those that are shared in both.
        """
        wanted = beginning(owner, prompt[:-1], shared)
        source, usable = self._source(slot, wanted)
        if source is slot:
            if len(slot.tokens) - usable >= WORTH_TOKENS:
                self._keep(slot)
            known = self._context.trim(slot.number, usable)
        else:
            self._keep(slot)
            if isinstance(source, Kept):
                known = self._context.restore(slot.number, source.state)
            else:
                known = source is not None and self._context.copy(source.number, slot.number)
            known = known and self._context.trim(slot.number, usable)
        if not known:
            self._context.trim(slot.number, 0)
            usable = 0
        slot.owner, slot.shared, slot.tokens = owner, shared, prompt[:usable]
        return usable

    def release(self, slot: Slot) -> None:
        """Its answer has ended; what it holds may serve the next."""
        slot.busy = False

    def clear(self, slot: Slot) -> None:
        """Nothing that the slot holds can be trusted any more."""
        self._context.trim(slot.number, 0)
        slot.tokens, slot.owner, slot.shared = [], "", 0

    def pin(self, slot: Slot) -> None:
        """Keep what the slot holds for as long as the context lives: every prompt begins so."""
        state = self._context.save(slot.number) if self._context.divisible else None
        if state is not None:
            self._cache.pin(Kept(slot.beginning, state))

    def close_gap(self, slot: Slot) -> Slot:
        """Move what the highest busy `slot` holds into a free one between the busy, if there is
        one; returns where it is then.
        """
        lowest = next(low.number for low in self._slots if low.busy)
        between = self._slots[lowest : slot.number]
        target = next((free for free in between if not free.busy), None)
        if target is None:
            return slot
        self._keep(target)
        if not self._context.copy(slot.number, target.number):
            self.clear(target)
            return slot
        target.owner, target.tokens, target.shared = slot.owner, slot.tokens, slot.shared
        target.busy = True
        slot.busy = False
        self.clear(slot)
        return target

    def _source(self, slot: Slot, wanted: Beginning) -> tuple[Slot | Kept | None, int]:
        """The place with the most of `wanted`; where that is equal, the cheapest to take it from.

        A slot is copied as a whole, what the cache holds is often shorter.
        """
        if not self._context.divisible:
            return None, 0
        found: Slot | Kept | None = slot
        usable = slot.beginning.usable_for(wanted)
        if (best := self._cache.best(wanted)) and best[1] > usable:
            found, usable = best
        for other in self._slots:
            if other is not slot and other.beginning.usable_for(wanted) > usable:
                found, usable = other, other.beginning.usable_for(wanted)
        return (found, usable) if usable >= WORTH_TOKENS else (None, 0)

    def _keep(self, slot: Slot) -> None:
        """Into the cache with what would be lost, unless that is there or not worth its place."""
        held = slot.beginning
        if not self._context.divisible or len(held.tokens) < WORTH_TOKENS:
            return
        size = self._context.state_size(slot.number) + held.tokens.nbytes
        if not self._cache.fits(size) or self._cache.covers(held):
            return
        if (state := self._context.save(slot.number)) is not None:
            self._cache.put(Kept(held, state))
