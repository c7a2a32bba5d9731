from __future__ import annotations

import pytest

from appliance.engines.step_pacer import (
    BLOCK,
    BRIEF_S,
    GAP,
    GPU_BLOCK,
    LEAST,
    StepPacer,
    most_read,
)

MOST = most_read(BLOCK)
LONG = 1_000_000  # tokens


def paced(*, write: float, block: float, single: float | None = None) -> StepPacer:
    """One that has seen steps of one writer take `write` seconds, and what reading takes a token,
    in blocks and in fewer.
    """
    pacer = StepPacer()
    pacer.observe(1, 0, write)
    pacer.observe(0, BLOCK, block * BLOCK)
    if single is not None:
        pacer.observe(1, 10, write + 10 * single)
    return pacer


def test_with_nobody_writing_a_step_reads_as_much_as_it_can() -> None:
    assert StepPacer().budget(0, 1, 5_000) == MOST
    assert paced(write=0.01, block=1.0).budget(0, 1, 5_000) == MOST


def test_a_graphics_card_reads_more() -> None:
    card = StepPacer(GPU_BLOCK)
    assert card.budget(0, 1, 5_000) == 512
    assert card.budget(3, 2, 5_000) == GPU_BLOCK + 1


def test_several_prompts_and_brief_ones_are_read_in_whole_blocks() -> None:
    slow = paced(write=0.01, block=0.01)
    brief = round(BRIEF_S / 0.01)
    assert slow.budget(1, 2, LONG) == BLOCK + 1
    assert slow.budget(1, 1, brief) == BLOCK + 1
    assert slow.budget(1, 1, brief + 1) < BLOCK


def test_before_anything_is_known_a_block_is_read() -> None:
    assert StepPacer().budget(3, 1, LONG) == BLOCK + 1


@pytest.mark.parametrize("single", [0.0005, 0.002])
def test_a_long_prompt_keeps_the_gaps_of_the_others_short(single: float) -> None:
    write = 0.010
    budget = paced(write=write, block=single * 0.6, single=single).budget(1, 1, LONG)
    assert LEAST <= budget < BLOCK
    assert write + budget * single <= GAP * write + 1e-9
    assert write + (budget + 1) * single > GAP * write


def test_where_a_block_fits_into_the_gap_it_is_read_whole() -> None:
    assert paced(write=0.010, block=0.0001).budget(1, 1, LONG) == BLOCK + 1


def test_however_slow_reading_is_it_goes_on() -> None:
    assert paced(write=0.001, block=10.0).budget(1, 1, LONG) == LEAST


def test_more_writers_have_longer_steps_and_leave_room_for_more() -> None:
    pacer = paced(write=0.010, block=0.0003, single=0.0005)
    assert pacer.budget(4, 1, LONG) > pacer.budget(1, 1, LONG)


def test_it_follows_what_it_measures() -> None:
    pacer = paced(write=0.010, block=0.0003, single=0.0005)
    before = pacer.budget(1, 1, LONG)
    for _ in range(50):
        pacer.observe(1, before, 0.010 + before * 0.002)
    assert pacer.budget(1, 1, LONG) == pytest.approx(before / 4, abs=1)
