"""One sequence in a llama.cpp context: read a prompt, then write token by token.

Everything here blocks and belongs to the one thread that made the decoder. A step is one call of
`read_step` or `write_step`; between steps the owner may stop at no cost.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import llama_cpp

from appliance.engines.llama_runtime import LlamaModel, TokenBatch, compute
from appliance.engines.llama_sampler import LlamaSampler
from appliance.errors import Unavailable

SETTING = "llm_model"
PREFILL_TOKENS = 128


class LlamaDecoder:
    """A model, its context, and the tokens whose keys and values the context holds."""

    def __init__(
        self, path: Path, *, threads: int, context_tokens: int, temperature: float, seed: int | None
    ) -> None:
        """Load `path`. Raises Unavailable when it is no model that writes text."""
        self.model = LlamaModel(path, setting=SETTING)
        unfit = Unavailable(
            f"{path.name} is not a language model that writes text (setting {SETTING})."
        )
        if self.model.header.is_encoder or not llama_cpp.llama_model_has_decoder(
            self.model.pointer
        ):
            self.model.close()
            raise unfit
        trained = int(llama_cpp.llama_model_n_ctx_train(self.model.pointer))
        params = llama_cpp.llama_context_default_params()
        params.n_ctx = min(context_tokens, trained) if trained > 0 else context_tokens
        params.n_batch = params.n_ubatch = PREFILL_TOKENS
        params.n_threads = params.n_threads_batch = threads
        params.no_perf = True
        self._context = llama_cpp.llama_init_from_model(self.model.pointer, params)
        self._memory = llama_cpp.llama_get_memory(self._context) if self._context else None
        if not self._memory:
            if self._context:
                llama_cpp.llama_free(self._context)
            self.model.close()
            raise unfit
        self.window = int(llama_cpp.llama_n_ctx_seq(self._context))
        self._sampler = LlamaSampler(self.model, temperature=temperature, seed=seed)
        self._batch = TokenBatch(PREFILL_TOKENS)
        self._held: list[int] = []
        self._prompt: Sequence[int] = ()

    def begin(self, prompt: Sequence[int], grammar: str | None = None) -> int:
        """Start on `prompt`, which has at least one token and is shorter than the window.

        What is written keeps to `grammar` (GBNF) where one is given. Returns how many tokens of
        the prompt need no reading because the last prompt or answer began alike.
        """
        self._sampler.begin(grammar)
        shared = 0
        limit = min(
            len(self._held), len(prompt) - 1
        )  # the last one is read again: its logits are gone
        while shared < limit and self._held[shared] == prompt[shared]:
            shared += 1
        if not llama_cpp.llama_memory_seq_rm(self._memory, 0, shared, -1):
            self.forget()  # recurrent models cannot go back part of the way
            shared = 0
        del self._held[shared:]
        self._prompt = prompt
        return shared

    def read_step(self) -> bool:
        """Read the next part of the prompt; True while there is more. Raises Unavailable."""
        # Up to a multiple of the batch, where attention's padded span of 256 cells ends too: after
        # a reused prefix the following batches are aligned again and attend to no more than they
        # need.
        end = (len(self._held) // PREFILL_TOKENS + 1) * PREFILL_TOKENS
        part = self._prompt[len(self._held) : end]
        last = end >= len(self._prompt)
        self._decode(part, output=last)
        return not last

    def sample(self) -> int | None:
        """The next token, from what was read last; None when the model has finished."""
        return self._sampler.next(self._context)

    def write_step(self, token: int) -> None:
        """Take `token` into the context. Raises Unavailable."""
        self._decode((token,), output=True)

    @property
    def room(self) -> int:
        """How many more tokens the window takes."""
        return self.window - len(self._held)

    def _decode(self, tokens: Sequence[int], *, output: bool) -> None:
        self._batch.one_sequence(tokens, len(self._held), output_last=output)
        with compute.turn():
            code = llama_cpp.llama_decode(self._context, self._batch.native)
        if code != 0:
            self.forget()
            raise Unavailable(f"The language model failed (llama.cpp code {code}).")
        self._held.extend(tokens)

    def forget(self) -> None:
        """Drop all that the context holds."""
        llama_cpp.llama_memory_clear(self._memory, False)
        self._held.clear()

    def close(self) -> None:
        self._sampler.close()
        llama_cpp.llama_free(self._context)
        self.model.close()
