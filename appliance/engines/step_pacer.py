"""How much of a prompt is read in a step in which others wait for their next word. Pure.

What a step takes is measured, by the number of answers being written and the tokens read beside
them. The processor is shared out: a prompt gets no more than makes the others' gaps `GAP` times
as long as without it, and the more prompts wait, the more of a step they get together.
"""

from __future__ import annotations

GAP = 2.2
# llama.cpp's attention on a processor has a second way for 64 tokens of a sequence or more, at
# about 0.6 of the time per token; one token goes into the part of the batch that the writers share.
BLOCK = 64
MOST = 2 * BLOCK
LEAST = 4
_WEIGHT = 0.3  # of the newest measurement


class StepPacer:
    def __init__(self) -> None:
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
        in_blocks = read >= BLOCK
        known = self._read_s.get(in_blocks, each)
        self._read_s[in_blocks] = known + _WEIGHT * (each - known)

    def budget(self, writers: int, pending: int) -> int:
        """Tokens to read in the next step, where `pending` (>= 1) prompts wait to be read."""
        if not writers:
            return MOST
        alone = self._written_alone(writers)
        in_blocks = self._read_s.get(True)
        if alone is None or in_blocks is None:
            return BLOCK + 1
        allowance = (GAP - 1) * alone * pending
        if allowance >= BLOCK * in_blocks:
            blocks = int(allowance / (BLOCK * in_blocks))
            return min(blocks * BLOCK, MOST) + 1
        single = self._read_s.get(False, in_blocks / 0.6)
        return min(max(int(allowance / max(single, 1e-9)), LEAST), BLOCK - 1)

    def _written_alone(self, writers: int) -> float | None:
        """From the nearest number of writers that was measured; about proportional to it."""
        if not self._write_s:
            return None
        nearest = min(self._write_s, key=lambda known: abs(known - writers))
        return self._write_s[nearest] * writers / nearest
