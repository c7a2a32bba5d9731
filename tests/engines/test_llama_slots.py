"""On a real context: what it holds is compared with what a context that read it anew holds."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import llama_cpp
import numpy as np
import pytest
from numpy.typing import NDArray

from appliance.engines.llama_context import LlamaContext
from appliance.engines.llama_runtime import Part
from appliance.engines.llama_slots import WORTH_TOKENS, LlamaSlots, Slot
from appliance.engines.prefix_cache import PrefixCache

SHARED = [1, *range(300, 340)]  # instructions and passages
ANN = [*SHARED, *range(100, 130)]  # and her own words
BOB = [*SHARED, *range(200, 230)]


@pytest.fixture
def context(small_model: Path) -> Iterator[LlamaContext]:
    made = LlamaContext(small_model, threads=1, window=256, slots=3)
    yield made
    made.close()


@pytest.fixture
def cache() -> PrefixCache:
    return PrefixCache(16 << 20)


@pytest.fixture
def slots(context: LlamaContext, cache: PrefixCache) -> LlamaSlots:
    return LlamaSlots(context, cache)


def read(context: LlamaContext, slot: Slot, prompt: list[int]) -> NDArray[np.float32]:
    """Reads what of `prompt` the slot does not hold; returns the logits behind its last token."""
    start = len(slot.tokens)
    code, rows = context.decode([Part(slot.number, start, prompt[start:], output=True)])
    assert code == 0
    slot.tokens = list(prompt)
    count = llama_cpp.llama_vocab_n_tokens(context.model.vocab)
    logits = llama_cpp.llama_get_logits_ith(context.pointer, rows[0])
    return np.ctypeslib.as_array(logits, (count,)).copy()


def asked(
    slots: LlamaSlots, context: LlamaContext, owner: str, prompt: list[int], shared: int
) -> tuple[Slot, int, NDArray[np.float32]]:
    slot = slots.take()
    known = slots.begin(slot, owner, prompt, shared)
    return slot, known, read(context, slot, prompt)


def alone(model: Path, prompt: list[int]) -> NDArray[np.float32]:
    context = LlamaContext(model, threads=1, window=256, slots=1)
    _, known, logits = asked(LlamaSlots(context, PrefixCache(0)), context, "x", prompt, 0)
    context.close()
    assert known == 0
    return logits


def test_a_conversation_goes_on_where_it_was(
    slots: LlamaSlots, context: LlamaContext, small_model: Path
) -> None:
    slot, known, _ = asked(slots, context, "ann", ANN, len(SHARED))
    assert known == 0
    slots.release(slot)
    again, known, logits = asked(slots, context, "ann", [*ANN, 7, 8, 9], len(SHARED))
    assert known == len(ANN)
    np.testing.assert_allclose(logits, alone(small_model, [*ANN, 7, 8, 9]), atol=0.02)
    assert again.tokens == [*ANN, 7, 8, 9]


def test_the_same_prompt_again_leaves_one_token_to_read(
    slots: LlamaSlots, context: LlamaContext
) -> None:
    slot, _, first = asked(slots, context, "ann", ANN, len(SHARED))
    slots.release(slot)
    _, known, second = asked(slots, context, "ann", ANN, len(SHARED))
    assert known == len(ANN) - 1
    np.testing.assert_allclose(first, second, atol=0.02)


@pytest.mark.parametrize("is_busy", [True, False])
@pytest.mark.parametrize("prompt", [BOB, ANN], ids=["other words", "the very same words"])
def test_of_another_person_only_the_shared_beginning_is_used(
    slots: LlamaSlots, context: LlamaContext, small_model: Path, prompt: list[int], is_busy: bool
) -> None:
    """Even who guesses somebody's words is not served from them, which could be timed."""
    slot, _, _ = asked(slots, context, "ann", ANN, len(SHARED))
    if not is_busy:
        slots.release(slot)
    _, known, logits = asked(slots, context, "bob", prompt, len(SHARED))
    assert known == len(SHARED)
    np.testing.assert_allclose(logits, alone(small_model, prompt), atol=0.02)


@pytest.mark.parametrize("prompt", [BOB, ANN], ids=["other words", "the very same words"])
def test_nor_of_what_the_cache_has_kept_of_them(
    slots: LlamaSlots,
    context: LlamaContext,
    cache: PrefixCache,
    small_model: Path,
    prompt: list[int],
) -> None:
    slot, _, _ = asked(slots, context, "ann", ANN, len(SHARED))
    slots.release(slot)
    for number in range(3):  # all slots get other tokens, and hers go into the cache
        other, _, _ = asked(slots, context, f"other-{number}", [1, *[400 + number] * 60], 0)
    assert len(cache) >= 1
    slots.release(other)
    _, known, logits = asked(slots, context, "bob", prompt, len(SHARED))
    assert known == len(SHARED)
    np.testing.assert_allclose(logits, alone(small_model, prompt), atol=0.02)


def test_what_had_to_leave_its_slot_comes_back_from_the_cache(
    slots: LlamaSlots, context: LlamaContext, small_model: Path
) -> None:
    slot, _, _ = asked(slots, context, "ann", ANN, len(SHARED))
    slots.release(slot)
    taken = [asked(slots, context, f"other-{n}", [1, *[400 + n] * 60], 0)[0] for n in range(3)]
    slots.release(taken[0])
    _, known, logits = asked(slots, context, "ann", [*ANN, 5], len(SHARED))
    assert known == len(ANN)
    np.testing.assert_allclose(logits, alone(small_model, [*ANN, 5]), atol=0.02)


def test_what_is_pinned_begins_every_prompt(
    slots: LlamaSlots, context: LlamaContext, small_model: Path
) -> None:
    slot = slots.take()
    slots.begin(slot, "", SHARED, len(SHARED))
    read(context, slot, SHARED)
    slots.pin(slot)
    slots.release(slot)
    for owner, prompt in (("ann", ANN), ("bob", BOB), ("cid", ANN)):
        _, known, logits = asked(slots, context, owner, prompt, len(SHARED))
        assert known == len(SHARED)
        np.testing.assert_allclose(logits, alone(small_model, prompt), atol=0.02)


def test_a_beginning_not_worth_a_copy_is_read(slots: LlamaSlots, context: LlamaContext) -> None:
    short = [1, *range(300, 300 + WORTH_TOKENS - 2)]
    slot, _, _ = asked(slots, context, "ann", [*short, *range(100, 120)], len(short))
    slots.release(slot)
    other = slots.take()
    assert slots.begin(other, "bob", [*short, *range(200, 220)], len(short)) == 0


def test_what_is_cleared_is_used_by_nobody(slots: LlamaSlots, context: LlamaContext) -> None:
    slot, _, _ = asked(slots, context, "ann", ANN, len(SHARED))
    slots.clear(slot)
    slots.release(slot)
    assert slots.begin(slots.take(), "ann", ANN, len(SHARED)) == 0


def test_a_gap_between_busy_slots_is_closed_and_nothing_changes(
    slots: LlamaSlots, context: LlamaContext, small_model: Path
) -> None:
    taken = [
        asked(slots, context, owner, prompt, len(SHARED))[0]
        for owner, prompt in (("ann", ANN), ("bob", BOB), ("cid", ANN))
    ]
    assert [slot.number for slot in taken] == [0, 1, 2]
    slots.release(taken[1])
    moved = slots.close_gap(taken[2])
    assert moved.number == 1
    assert (moved.owner, moved.tokens, moved.busy) == ("cid", ANN, True)
    assert slots.free == 1
    np.testing.assert_allclose(
        read(context, moved, [*ANN, 9]), alone(small_model, [*ANN, 9]), atol=0.02
    )
    assert slots.close_gap(moved) is moved
    slots.release(moved)
    _, known, _ = asked(slots, context, "bob", [*BOB, 3], len(SHARED))
    assert known == len(BOB)  # what stood in the gap is in the cache


def test_without_a_cache_slots_still_serve_their_own(
    context: LlamaContext, small_model: Path
) -> None:
    slots = LlamaSlots(context, PrefixCache(0))
    slot, _, _ = asked(slots, context, "ann", ANN, len(SHARED))
    slots.release(slot)
    _, known, logits = asked(slots, context, "ann", [*ANN, 5], len(SHARED))
    assert known == len(ANN)
    np.testing.assert_allclose(logits, alone(small_model, [*ANN, 5]), atol=0.02)
