"""How much of a prompt is read in a step in which others wait for their next word. Pure.

Prompts are read in the blocks that are cheapest per token, but for one: a prompt that takes long
and is the only one to be read makes the others' gaps no more than `GAP` times as long as without
it. It is then read several times slower, until the others have their answers. What a step takes is
measured, by the number of answers being written and the tokens read beside them.
"""

from __future__ import annotations

GAP = 2.2
# llama.cpp's attention on a processor has a second way for 64 tokens of a sequence or more, at
# about 0.6 of the time per token; one token goes into the part of the batch that the writers share.
BLOCK = 64
GPU_BLOCK = 256  # a graphics card is idle with less
LEAST = 1
BRIEF_S = 4.0  # a prompt read in so short a time is read before anybody minds the gaps
_BRIEF_BLOCKS = 8  # where nothing is known of the time
_WEIGHT = 0.3  # of the newest measurement


def most_read(block: int) -> int:
    """Tokens of a prompt that a step reads where nobody writes."""
    return 2 * block


class StepPacer:
    def __init__(self, block: int = BLOCK) -> None:
        """`block`: tokens that are read as cheaply as any."""
        self._block = block
        self._write_s: dict[int, float] = {}  # by the number of writers
        self._read_s: dict[bool, float] = {}  # a token, by whether it was read in blocks

    def observe(self, writers: int, read: int, seconds: float) -> None:
        """A step that wrote one token each of `writers` answers and read `read` of a prompt."""
        if not read:
            known = self._write_s.get(writers, seconds)
            self._write_s[writers] = known + _WEIGHT * (seconds - known)
            return
        alone = self._written_alone(writers) if writers else 0.0
        if alone is None:
            return
        each = max(seconds - alone, 0.0) / read
        in_blocks = read >= self._block
        known = self._read_s.get(in_blocks, each)
        self._read_s[in_blocks] = known + _WEIGHT * (each - known)

    def budget(self, writers: int, prompts: int, whole: int) -> int:
        """Tokens to read in the next step, of `prompts` (>= 1) prompts that had `whole` tokens to
        be read in all when it was begun.

        `writers` answers are being written meanwhile.
        """
        if not writers:
            return most_read(self._block)
        alone = self._written_alone(writers)
        in_blocks = self._read_s.get(True)
        is_brief = self._is_brief(whole, in_blocks)
        if prompts > 1 or is_brief or alone is None or in_blocks is None:
            return self._block + 1
        allowance = (GAP - 1) * alone
        if allowance >= self._block * in_blocks:
            return self._block + 1
        single = self._read_s.get(False, in_blocks / 0.6)
        return min(max(int(allowance / max(single, 1e-9)), LEAST), self._block - 1)

    def _is_brief(self, tokens: int, in_blocks: float | None) -> bool:
        if in_blocks is None:
            return tokens <= _BRIEF_BLOCKS * self._block
        return tokens * in_blocks <= BRIEF_S

    def _written_alone(self, writers: int) -> float | None:
        """From the nearest number of writers that was measured; about proportional to it."""
        if not self._write_s:
            return None
        nearest = min(self._write_s, key=lambda known: abs(known - writers))
        return self._write_s[nearest] * writers / nearest
