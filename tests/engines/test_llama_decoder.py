from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import llama_cpp
import numpy as np
import pytest
from numpy.typing import NDArray

from appliance.engines.llama_decoder import PREFILL_TOKENS, LlamaDecoder
from tests.random_gguf import tiny_vocabulary, write_random_llama

WORDS = 300  # token ids of the tiny vocabulary to draw prompts from


@pytest.fixture
def decoder(tmp_path: Path) -> Iterator[LlamaDecoder]:
    path = write_random_llama(tmp_path / "m.gguf", vocabulary=tiny_vocabulary(), context=1024)
    made = LlamaDecoder(path, threads=1, context_tokens=4096, temperature=0.0, seed=None)
    yield made
    made.close()


def logits_after(decoder: LlamaDecoder, prompt: Sequence[int]) -> tuple[int, NDArray[np.float32]]:
    """The tokens reused and the logits behind the prompt."""
    reused = decoder.begin(prompt)
    while decoder.read_step():
        pass
    row = llama_cpp.llama_get_logits_ith(decoder._context, -1)
    count = llama_cpp.llama_vocab_n_tokens(decoder.model.vocab)
    return reused, np.ctypeslib.as_array(row, (count,)).copy()


def test_the_context_is_no_longer_than_the_model_was_trained_for(decoder: LlamaDecoder) -> None:
    assert decoder.window == 1024


def test_a_reused_beginning_gives_the_same_logits(decoder: LlamaDecoder) -> None:
    first = [3 + n % WORDS for n in range(300)]
    second = first[:200] + [3 + (7 * n) % WORDS for n in range(250)]
    cold, expected = logits_after(decoder, second)
    assert cold == 0
    decoder.forget()
    logits_after(decoder, first)
    decoder.write_step(5)
    warm, found = logits_after(decoder, second)
    assert warm == 200
    assert np.allclose(found, expected, atol=0.02)
    # The same prompt again reads its last token only.
    warm, found = logits_after(decoder, second)
    assert warm == len(second) - 1
    assert np.allclose(found, expected, atol=0.02)


def test_a_prompt_is_read_in_parts(decoder: LlamaDecoder) -> None:
    decoder.begin([7] * (2 * PREFILL_TOKENS + 1))
    assert [decoder.read_step() for _ in range(3)] == [True, True, False]
    assert decoder.room == 1024 - 2 * PREFILL_TOKENS - 1


def test_a_prompt_left_half_read_leaves_nothing_behind(decoder: LlamaDecoder) -> None:
    prompt = [3 + n % WORDS for n in range(300)]
    _, expected = logits_after(decoder, prompt)
    decoder.forget()
    decoder.begin([9, *prompt])
    decoder.read_step()
    _, found = logits_after(decoder, prompt)
    assert np.allclose(found, expected, atol=0.02)
